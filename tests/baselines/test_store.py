"""A stored run answers for each case, or says why it cannot."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from benchmarks.baselines.schema import EXTRA_INFO_KEY, to_extra_info
from benchmarks.baselines.store import check_run_file, describe_differences, read_baseline
from benchmarks.errors import BaselineError
from benchmarks.records import CaseReport
from tests.examples import EXAMPLE_CASE, make_case, make_environment, make_measurement


def store(case_depth: int = 4, **changes: Any) -> dict[str, Any]:
    """Return one stored benchmark, with some of what the suite stored changed."""
    case = make_case(depth=case_depth)
    report = CaseReport(
        case=case,
        measurement=make_measurement(case),
        overhead_ratio=None,
        position_ratio=None,
        timed_share=None,
        verdict=None,
    )
    return {"extra_info": {EXTRA_INFO_KEY: to_extra_info(report) | changes}}


def test_a_stored_case_is_found() -> None:
    baseline = read_baseline({"benchmarks": [store()]})
    assert baseline.find_measurement(EXAMPLE_CASE.case_id) == make_measurement()


def test_a_case_that_is_not_stored_is_told_of() -> None:
    baseline = read_baseline({"benchmarks": [store()]})
    with pytest.raises(BaselineError, match="does not have this case"):
        baseline.find_measurement(make_case(depth=8).case_id)


def test_a_case_of_another_schema_is_told_of_without_hiding_the_others() -> None:
    baseline = read_baseline({"benchmarks": [store(), store(8, schema_version=0)]})
    assert baseline.find_measurement(EXAMPLE_CASE.case_id) == make_measurement()
    with pytest.raises(BaselineError, match="schema version 0"):
        baseline.find_measurement(make_case(depth=8).case_id)


def test_benchmarks_of_others_are_left_alone() -> None:
    assert len(read_baseline({"benchmarks": [store(), {"extra_info": {}}, {}]}).measurements) == 1


def test_a_run_without_one_benchmark_of_this_suite_is_refused() -> None:
    with pytest.raises(BaselineError, match="one with 1 benchmarks and none of them its own"):
        read_baseline({"benchmarks": [{"extra_info": {}}]})


def test_cases_that_are_gone_are_listed() -> None:
    baseline = read_baseline({"benchmarks": [store(), store(8, schema_version=0), store(2)]})
    gone = baseline.list_removed([EXAMPLE_CASE.case_id])
    assert gone == (make_case(depth=2).case_id, make_case(depth=8).case_id)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("{", "is not JSON"),
        ("[]", "no list of benchmarks"),
        ('{"benchmarks": 1}', "no list of"),
    ],
)
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BaselineError, match=message):
        check_run_file(path)


def test_what_differs_between_two_environments_is_named() -> None:
    stored = make_environment(cores=4)
    current = dataclasses.replace(stored, cores=2, tensorflow="2.20.0")
    assert describe_differences(stored, current) == (
        "tensorflow: 2.21.0 stored, 2.20.0 now",
        "cores: 4 stored, 2 now",
    )
