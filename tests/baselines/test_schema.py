"""A measured case survives being stored, and what another schema or program stored is told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.baselines.schema import EXTRA_INFO_KEY, SCHEMA_VERSION, from_extra_info, to_extra_info
from benchmarks.errors import BaselineError, RecordError
from benchmarks.records import CaseReport, Interval, Outcome, Verdict
from tests.examples import EXAMPLE_CASE, make_measurement


def make_report(**values: Any) -> CaseReport:
    fields: dict[str, Any] = {
        "case": EXAMPLE_CASE,
        "measurement": make_measurement(),
        "overhead_ratio": Interval(estimate=1.015, lower=1.0, upper=1.03, confidence=0.95),
        "position_ratio": Interval(estimate=1.0, lower=0.99, upper=1.01, confidence=0.95),
        "timed_share": 0.5,
        "verdict": Verdict(outcome=Outcome.HELD, reason="held"),
    }
    return CaseReport(**(fields | values))


def test_a_measurement_comes_back_as_it_was_stored() -> None:
    stored = json.loads(json.dumps({EXTRA_INFO_KEY: to_extra_info(make_report())}))
    assert from_extra_info(stored) == make_measurement()


def test_readers_of_the_file_find_the_ratio_and_the_verdict() -> None:
    stored = to_extra_info(make_report())
    assert stored["schema_version"] == SCHEMA_VERSION
    assert stored["overhead_ratio"]["estimate"] == 1.015
    assert stored["verdict"]["outcome"] == "HELD"


def test_a_report_without_a_measurement_is_not_stored() -> None:
    with pytest.raises(RecordError, match="without a measurement"):
        to_extra_info(make_report(measurement=None))


@pytest.mark.parametrize(
    ("extra_info", "message"),
    [
        ({}, "was not written by this suite"),
        ({EXTRA_INFO_KEY: 3}, "was not written by this suite"),
        ({EXTRA_INFO_KEY: {"schema_version": 99}}, "schema version 99, this suite reads 2"),
        ({EXTRA_INFO_KEY: {"schema_version": SCHEMA_VERSION}}, "record the run again"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(extra_info: dict[str, Any], message: str) -> None:
    with pytest.raises(BaselineError, match=message):
        from_extra_info(extra_info)
