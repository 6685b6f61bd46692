"""What cannot end well is refused in one line before anything is measured, and what works elsewhere works here."""

from __future__ import annotations

import fnmatch
import json

import pytest

from tests.plugin.conftest import STEP, RunSuite, refuse

pytest_plugins = ["pytester"]


_NO_SHARDS = ("0/2", "3/2", "2", "a/b", "1/0", "-1/2")

_XDIST_OPTIONS = """
    def pytest_addoption(parser):
        group = parser.getgroup("xdist")
        group._addoption("-n", dest="numprocesses", type=int)
        group.addoption("--dist", default="no")
"""
"""The two options by which pytest-xdist is on."""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--sweep slow", "--sweep: expected one of quick, gate, full, got 'slow'*"),
        ("--blocks 0", "--blocks: expected a whole number above 0, got '0'*"),
        ("--blocks two", "--blocks: expected a whole number above 0, got 'two'*"),
        ("--blocks 12-", "--blocks: expected a whole number above 0, got ''*"),
        ("--blocks 12-8", "--blocks: expected the most blocks last, got '12-8'; write for example 12-24"),
        ("--block-seconds nan", "--block-seconds: expected a number above 0, got 'nan'*"),
        ("--tolerance 2", "--tolerance: expected a percentage*got '2'*"),
        ("--tolerance stop_time=2%", "--tolerance: expected one of step_time*got 'stop_time'*"),
        ("--tolerance training_graph=2%", "--tolerance: *got 'training_graph'; counts are compared exactly"),
        ("--target no/such/python", "target: expected a Python interpreter*got 'no/such/python'*"),
        ("--plant step", "--plant: expected step=+PERCENT, tensor=+PERCENT, leak=BYTES or retrace, got 'step'*"),
        ("--plant step=-5%", "--plant: planted step: expected more than 0 %*"),
        ("--plant leak=64", "--plant: expected a number of bytes such as 64KiB*"),
        ("--plant step=+5% --benchmark-save=x", "--plant: expected a run that is not saved*--benchmark-save*"),
        ("--plant step=+5% --benchmark-autosave", "--plant:*--benchmark-autosave*"),
        ("--plant step=+5% --benchmark-json=x", "--plant:*--benchmark-json*"),
        ("--byte-floor 0B", "--byte-floor: expected more than 0 bytes*"),
        ("--method ,", "--method: expected at least one value*"),
        *((f"--shard={each}", f"--shard: expected K/N with K from 1 to N, got '{each}'*") for each in _NO_SHARDS),
    ],
)
def test_an_option_that_makes_no_sense_ends_the_run_in_one_line(
    run_suite: RunSuite, arguments: str, message: str
) -> None:
    assert fnmatch.fnmatchcase(refuse(run_suite, *arguments.split()), message)


@pytest.mark.parametrize("compare", ["--benchmark-compare", "--against=missing/python"])
@pytest.mark.parametrize("several", ["-n2", "--dist=load"])
def test_comparing_in_several_processes_is_refused(
    run_suite: RunSuite, pytester: pytest.Pytester, compare: str, several: str
) -> None:
    """pytest-benchmark disables itself then, so that nothing would be compared."""
    pytester.makeconftest(_XDIST_OPTIONS)
    option = compare.partition("=")[0]
    named = several.replace("-n2", "-n 2").replace("=", " ")
    assert refuse(run_suite, compare, several) == (
        f"{option}: expected a run in one process, got {named} as well; leave one of the two out: cases that are "
        "measured side by side slow each other down"
    )


@pytest.mark.parametrize("several", [(), ("-n0",), ("--dist=no",)])
def test_a_plugin_for_several_processes_that_is_off_is_no_reason(
    run_suite: RunSuite, pytester: pytest.Pytester, several: tuple[str, ...]
) -> None:
    pytester.makeconftest(_XDIST_OPTIONS)
    run_suite(*STEP, "--benchmark-save=base")
    run_suite(*STEP, "--benchmark-compare", *several).assert_outcomes(passed=2)


@pytest.mark.parametrize("option", ["--benchmark-compare", "--against=missing/python", "--strict-verdicts"])
def test_comparing_while_nothing_is_measured_is_refused(run_suite: RunSuite, option: str) -> None:
    assert refuse(run_suite, "--benchmark-disable", option).startswith(
        f"{option.partition('=')[0]}: expected a run that measures, got --benchmark-disable as well; leave one"
    )


def test_a_disabling_that_is_taken_back_is_no_reason(run_suite: RunSuite) -> None:
    run_suite(*STEP, "--benchmark-save=base")
    result = run_suite(*STEP, "--benchmark-compare", "--benchmark-disable", "--benchmark-enable")
    result.assert_outcomes(passed=2)


def test_comparing_times_across_runs_is_refused_and_the_tolerance_is_named(run_suite: RunSuite) -> None:
    assert "write --tolerance" in refuse(run_suite, "--benchmark-compare", "--benchmark-compare-fail=min:5%")


def test_profiling_the_replay_is_refused_and_the_explanation_is_named(run_suite: RunSuite) -> None:
    assert "write --explain" in refuse(run_suite, "--benchmark-cprofile=tottime")


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("--benchmark-json=missing/run.json", "expected a file in a folder that exists, got 'missing/run.json'; make"),
        ("--benchmark-json=.", "expected a file in a folder that exists, got '.'"),
        ("--benchmark-save=x --benchmark-storage=file://taken/runs", "expected a folder that can be made, got"),
        ("--benchmark-autosave --benchmark-storage=taken", "expected a folder that can be made, got"),
        ("--benchmark-histogram=taken/h", "expected a folder that can be made, got"),
        ("--summary=missing/summary.md", "expected a file in a folder that exists, got 'missing/summary.md'"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused(
    run_suite: RunSuite, pytester: pytest.Pytester, option: str, reason: str
) -> None:
    (pytester.path / "taken").write_text("a file where a folder would have to be")
    name = option.rsplit(maxsplit=1)[-1].partition("=")[0]
    assert refuse(run_suite, *option.split()).startswith(f"{name}: {reason}")


def test_a_folder_that_may_not_be_written_to_is_refused(
    run_suite: RunSuite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system says is replaced, for whom everything is allowed sees no such folder."""
    (pytester.path / "locked").mkdir()
    monkeypatch.setattr("benchmarks.plugin.benchmark._may_write", lambda folder: folder.name != "locked")
    assert "got 'locked/run.json'" in refuse(run_suite, "--benchmark-json=locked/run.json")
    assert "got 'locked/runs'" in refuse(run_suite, "--benchmark-save=x", "--benchmark-storage=locked/runs")


def test_places_that_pytest_benchmark_makes_itself_are_no_reason(
    run_suite: RunSuite, pytester: pytest.Pytester
) -> None:
    run_suite(*STEP, "--benchmark-save=x", "--benchmark-storage=new/runs").assert_outcomes(passed=2)
    assert list((pytester.path / "new" / "runs").rglob("0001_x.json"))
    assert run_suite(*STEP, "--benchmark-histogram=pictures/of", "--collect-only").ret == pytest.ExitCode.OK


def test_cases_without_an_axis_are_a_group_of_their_own(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    arguments = ("test_step_time.py", "test_epoch_time.py", "--method", "loop_graph", "--benchmark-save=x")
    result = run_suite(*arguments, "--benchmark-group-by=func,param:dataset_size", "--benchmark-json=run.json")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "*benchmark 'test_epoch_time dataset_size=20480': 2 tests*",
            "*benchmark 'test_step_time dataset_size=none': 2 tests*",
        ]
    )
    stored = json.loads((pytester.path / "run.json").read_text())["benchmarks"]
    assert [each["params"].get("dataset_size") for each in stored].count("none") == 0, "what is saved is left alone"
    compared = run_suite(*arguments, "--benchmark-compare", "--benchmark-group-by=param:dataset_size")
    compared.stdout.fnmatch_lines(["*benchmark 'dataset_size=none': 4 tests*"])


def test_other_benchmarks_can_be_grouped_with_those_of_the_suite(
    run_suite: RunSuite, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(test_other="def test_other(benchmark): benchmark(lambda: None)")
    result = run_suite(*STEP, "test_other.py", "--benchmark-group-by=param:method")
    result.stdout.fnmatch_lines(["*benchmark 'method=none': 1 tests*"])


@pytest.mark.parametrize("label", ["param:size", "colour"])
def test_a_grouping_that_there_is_not_is_refused(run_suite: RunSuite, label: str) -> None:
    line = refuse(run_suite, f"--benchmark-group-by=func,{label}")
    assert line.startswith("--benchmark-group-by: expected some of group, name, func, ")
    assert line.endswith(f"param:method, got {label!r}; choose among them")
