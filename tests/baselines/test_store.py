"""A stored run answers for each case, or says why it cannot.

A measured case survives being stored, and what another schema or program stored is told apart.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.baselines.store import (
    EXTRA_INFO_KEY,
    MAX_RUN_FILE_BYTES,
    SCHEMA_VERSION,
    check_run,
    from_extra_info,
    load_run,
    read_baseline,
    to_extra_info,
)
from benchmarks.errors import BaselineError, RecordError
from benchmarks.records import CaseReport, Interval, Outcome, Verdict
from tests.examples import EXAMPLE_CASE, make_case, make_case_report, make_measurement


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


RECORDED = Path(__file__).parents[2] / "benchmarks/baselines/recorded/Linux-CPython-3.11-64bit/0001_gate.json"


def store(case_depth: int = 4, **changes: Any) -> dict[str, Any]:
    """Return one stored benchmark, with some of what the suite stored changed."""
    case = make_case(depth=case_depth)
    report = make_case_report(make_measurement(case))
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


def damage(case_depth: int, *path: Any, value: object) -> dict[str, Any]:
    """Return a stored benchmark with one value in its measurement replaced, as it comes from a file."""
    benchmark: dict[str, Any] = json.loads(json.dumps(store(case_depth)))
    place = benchmark["extra_info"][EXTRA_INFO_KEY]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return benchmark


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("environment", "cores"), [], "environment.cores: expected a whole number, got a list of 0"),
        (("environment", "cores"), 10**400, "environment.cores: expected a whole number of at most 64 bits, got a num"),
        (("blocks", 0, "log_ratio"), 1e308, "blocks[0].log_ratio: expected a number of at most 64 bits, got 1e+308"),
        (("blocks", 0, "timed_ns"), 10**400, "blocks[0].timed_ns: expected a whole number of at most 64 bits"),
        (
            ("blocks", 1, "control_median_ns"),
            1e308,
            "blocks[1].control_median_ns: expected a number of at most 64 bits",
        ),
        (("blocks", 1, "control_median_ns"), 0, "expected medians above 0 ns, got 0 and 1010000.0"),
        (("blocks", 1, "control_median_ns"), -5.0, "expected medians above 0 ns, got -5.0 and 1010000.0"),
        (("blocks",), [], "expected blocks alone, got 0 blocks and 0 readings"),
        (("case", "batch_size"), 0, "case: batch size: expected a whole number of at least 1, got 0"),
        (("case", "depth"), 9, "the stored run calls step_time[mlp-depth9-batch256-loop_graph] 'step_time[mlp-depth8"),
        (("schema_version",), True, "schema version True, this suite reads 2"),
        (("schema_version",), [1], "schema version a list of 1, this suite reads 2"),
    ],
)
def test_a_damaged_case_says_what_is_wrong_and_takes_no_other_along(
    path: tuple[Any, ...], value: object, reason: str
) -> None:
    baseline = read_baseline({"benchmarks": [store(), damage(8, *path, value=value), store(2)]})
    assert list(baseline.measurements) == [make_case(depth=depth).case_id for depth in (4, 2)]
    with pytest.raises(BaselineError) as refused:
        baseline.find_measurement(make_case(depth=8).case_id)
    assert reason in str(refused.value)


@pytest.mark.parametrize("extra_info", [[1], "x", {EXTRA_INFO_KEY: []}, {EXTRA_INFO_KEY: {"case_id": 7}}])
def test_a_case_that_is_damaged_beyond_its_name_is_known_by_that_of_its_test(extra_info: object) -> None:
    damaged = {"name": f"test_{make_case(depth=8).case_id}", "extra_info": extra_info}
    baseline = read_baseline({"benchmarks": [store(), damaged]})
    assert list(baseline.unreadable) == [make_case(depth=8).case_id]


def test_what_is_no_benchmark_is_known_by_its_place() -> None:
    assert list(read_baseline({"benchmarks": [store(), 3]}).unreadable) == ["benchmarks[1]"]


def test_a_case_that_is_stored_twice_is_not_used() -> None:
    baseline = read_baseline({"benchmarks": [store(), store(8), store()]})
    assert list(baseline.measurements) == [make_case(depth=8).case_id]
    assert "twice" in baseline.unreadable[EXAMPLE_CASE.case_id]


@pytest.mark.parametrize("stored_run", [{}, [], None, {"benchmarks": {}}, {"benchmarks": 10**400}])
def test_what_has_no_list_of_benchmarks_is_refused(stored_run: object) -> None:
    with pytest.raises(BaselineError, match="got one whose benchmarks are"):
        read_baseline(stored_run)


def test_cases_that_are_gone_are_listed() -> None:
    baseline = read_baseline({"benchmarks": [store(), store(8, schema_version=0), store(2)]})
    gone = baseline.list_removed([EXAMPLE_CASE.case_id])
    assert gone == (make_case(depth=2).case_id, make_case(depth=8).case_id)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        (f'{{"benchmarks": {"1" * 5000}}}', "is not JSON"),
        ("[]", "no list of benchmarks"),
        ('{"benchmarks": 1}', "no list of"),
        ('{"benchmarks": []}', "nothing as machine_info"),
    ],
    ids=["absent", "torn", "deep", "number", "list", "benchmarks", "machine"],
)
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BaselineError, match=message):
        load_run(path)


def test_what_is_no_file_is_refused_without_being_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.json")
    for path in (tmp_path, tmp_path / "run.json"):
        with pytest.raises(BaselineError, match="expected the file of a stored run"):
            load_run(path)


def test_a_file_of_a_huge_size_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.touch()
    os.truncate(path, MAX_RUN_FILE_BYTES + 1)
    with pytest.raises(BaselineError, match=r"at most 1073741824 bytes, but '.*' has 1073741825; record it without"):
        load_run(path)


def test_a_recorded_run_is_one_that_can_be_compared_with() -> None:
    load_run(RECORDED)
    baseline = read_baseline(json.loads(RECORDED.read_text(encoding="utf-8")))
    assert (len(baseline.measurements), len(baseline.unreadable)) == (63, 0)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("machine_info",), None, "None as machine_info"),
        (("benchmarks", 1), 3, "3 as benchmarks[1]"),
        (("benchmarks", 1, "fullname"), ["a"], "a list of 1 as benchmarks[1].fullname"),
        (("benchmarks", 1, "stats"), [], "a list of 0 as benchmarks[1].stats"),
        (("benchmarks", 1, "stats", "median"), "1", "'1' as benchmarks[1].stats.median"),
        (("benchmarks", 1, "stats", "iqr"), 10**400, "a number of 1329 bits as benchmarks[1].stats.iqr"),
        (("benchmarks", 1, "stats", "iqr"), float("nan"), "nan as benchmarks[1].stats.iqr"),
        (("benchmarks", 1, "stats", "ops"), None, "None as benchmarks[1].stats.ops"),
        (("benchmarks", 1, "stats", "outliers"), 2, "2 as benchmarks[1].stats.outliers"),
        (("benchmarks", 1, "stats"), {"mean": 0}, "nothing as benchmarks[1].stats.min"),
    ],
)
def test_what_pytest_benchmark_would_break_on_is_refused_in_one_line(
    path: tuple[Any, ...], value: object, problem: str
) -> None:
    run = place = json.loads(RECORDED.read_text(encoding="utf-8"))
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(BaselineError) as refused:
        check_run(run, "it")
    assert f"expected the JSON of a pytest-benchmark run, but it has {problem}; record it again" in str(refused.value)
