"""A summary holds numbers as numbers, puts red verdicts first, and survives being saved."""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks.records import Outcome, Question
from benchmarks.records.quantities import Unit
from benchmarks.reports.summary import Provenance, Summary, TimeRow, Topic
from tests.examples import make_environment, make_read_block
from tests.reports.example_reports import COSTLY, FREE, make_graph, make_null, make_read, make_timed, summarise

_REPORTS = [
    make_null("loop_graph", Outcome.HELD),
    make_timed("loop_graph", FREE, outcome=Outcome.UNDECIDED, reason="open"),
    make_timed("fit_dataset", COSTLY, deviations=(0.0,), outcome=Outcome.REGRESSED, reason="slower"),
    make_timed("fit_packed", outcome=Outcome.FAILED, reason="killed"),
    make_read(Question.PEAK_MEMORY, *(make_read_block("pass_peak_tensor_bytes", 1e6, 1e6 + e) for e in (4, 8, 9))),
    make_read(Question.TRAINING_GRAPH, make_graph(), outcome=Outcome.HELD),
]


def test_a_summary_comes_back_as_it_was_saved() -> None:
    summary = summarise(_REPORTS, notes=("as it is",), provenance=Provenance(sweep="gate", seed=1, command="pytest"))
    assert Summary.from_json(json.loads(json.dumps(summary.to_json()))) == summary


def test_what_turns_a_run_red_comes_first_with_its_reason() -> None:
    told = [(verdict.outcome, verdict.reason) for verdict in summarise(_REPORTS).verdicts]
    assert told == [
        (Outcome.REGRESSED, "slower"),
        (Outcome.FAILED, "killed"),
        (Outcome.UNDECIDED, "open"),
        (Outcome.HELD, "as told"),
        (Outcome.HELD, "because"),
    ]


def test_times_are_in_nanoseconds_and_a_case_without_any_has_a_row_all_the_same() -> None:
    null, weighted, _, failed = summarise(_REPORTS).times
    assert null.case.null
    assert (weighted.blocks, weighted.control_ns) == (4, 1e6)
    assert weighted.weighted_ns == pytest.approx(1.003e6, rel=0.01)
    assert weighted.overhead_ratio is not None
    assert failed == TimeRow(case=failed.case, outcome=Outcome.FAILED)


def test_quantities_have_their_unit_and_the_differences_of_their_blocks() -> None:
    peak, *counts = summarise(_REPORTS).quantities
    assert (peak.key, peak.unit, peak.blocks) == ("pass_peak_tensor_bytes[CPU:0]", Unit.BYTES, 3)
    assert (peak.control, peak.difference, peak.least_difference, peak.greatest_difference) == (1e6, 8, 4, 9)
    assert {row.unit for row in counts} == {Unit.COUNT}
    assert {row.key: dict(row.op_types) for row in counts if row.op_types} == {"graph_nodes": {"Mul": 2}}


def test_what_could_not_be_read_is_there_with_the_reason() -> None:
    block = make_read_block("pass_peak_resident_bytes", 1e6, 1e6)
    why = {"pass_peak_tensor_bytes[CPU:0]": "CPU:0 keeps no allocator statistics"}
    block = dataclasses.replace(block, weighted=dataclasses.replace(block.weighted, missing=why))
    summary = summarise([make_read(Question.PEAK_MEMORY, block)])
    assert [row.key for row in summary.quantities] == ["pass_peak_resident_bytes"]
    assert {missing.key: missing.reason for missing in summary.missing} == why


def test_remarks_are_sorted_by_what_they_are_on() -> None:
    summary = summarise(_REPORTS, notes=("as it is",))
    assert summary.list_remarks(Topic.RUN) == ["as it is"]
    assert any(text.startswith("Position effect") for text in summary.list_remarks(Topic.TIMES))


def test_the_targets_are_those_that_measured() -> None:
    assert summarise(_REPORTS).provenance.targets == (make_environment(),)
    assert summarise(_REPORTS).provenance.other_targets == ()
