"""A damaged stored run costs what is damaged of it, or ends the session in one line before anything is measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.conftest import RunSuite, save_baseline
from tests.plugin.fakes import FakeLauncher

pytest_plugins = ["pytester"]

_ONE = ("test_step_time.py", "--method", "loop_graph,loop_jit")

_CASE = "step_time[mlp-depth2-batch256-loop_graph]"


@pytest.fixture
def rewrite_baseline(run_suite: RunSuite, pytester: pytest.Pytester) -> Callable[[Callable[[Any], None]], Path]:
    """Record a baseline, damage it and return its file."""

    def rewrite(damage: Callable[[Any], None]) -> Path:
        save_baseline(run_suite, *_ONE)
        (path,) = (pytester.path / ".benchmarks").rglob("*.json")
        run = json.loads(path.read_text())
        damage(run)
        path.write_text(json.dumps(run))
        return path

    return rewrite


def remove_machine(run: Any) -> None:
    del run["machine_info"]


def remove_full_name(run: Any) -> None:
    del run["benchmarks"][0]["fullname"]


def enlarge_median(run: Any) -> None:
    run["benchmarks"][0]["stats"]["median"] = 10**400


def empty_benchmarks(run: Any) -> None:
    run["benchmarks"] = {}


@pytest.mark.parametrize("chosen", ["latest", "number", "path"])
@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (remove_machine, "nothing as machine_info"),
        (remove_full_name, "nothing as benchmarks[[]0[]].fullname"),
        (empty_benchmarks, "no list of benchmarks"),
        (enlarge_median, "a number of 1329 bits as benchmarks[[]0[]].stats.median"),
    ],
    ids=["machine", "name", "list", "number"],
)
def test_what_pytest_benchmark_would_break_on_ends_the_run_in_one_line_however_it_was_chosen(
    run_suite: RunSuite,
    rewrite_baseline: Callable[[Callable[[Any], None]], Path],
    chosen: str,
    damage: Callable[[Any], None],
    problem: str,
) -> None:
    path = rewrite_baseline(damage)
    option = {"latest": "--benchmark-compare", "number": "--benchmark-compare=0001"}.get(
        chosen, f"--benchmark-compare={path}"
    )
    launcher = FakeLauncher()
    result = run_suite(*_ONE, option, launcher=launcher)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: baseline: expected the JSON of a pytest-benchmark run, but * has {problem};*"]
    )
    result.stderr.no_fnmatch_line("*Traceback*")
    assert not launcher.requests


def find_stored(run: Any, case_id: str) -> Any:
    (stored,) = (
        each["extra_info"]["sample_weighting"]
        for each in run["benchmarks"]
        if each["extra_info"]["sample_weighting"]["case_id"] == case_id
    )
    return stored


@pytest.mark.parametrize(
    ("name", "value"),
    [("log_ratio", 1e308), ("log_ratio", None), ("control_median_ns", 0), ("timed_ns", 10**400), ("surprise", 1)],
    ids=["large", "none", "zero", "huge", "unknown"],
)
def test_a_damaged_case_is_not_comparable_and_the_others_are_held(
    run_suite: RunSuite, rewrite_baseline: Callable[[Callable[[Any], None]], Path], name: str, value: object
) -> None:
    def damage(run: Any) -> None:
        find_stored(run, _CASE)["blocks"][0][name] = value

    rewrite_baseline(damage)
    result = run_suite(*_ONE, "--benchmark-compare", launcher=FakeLauncher(0.02, run_seed=2))
    result.stdout.fnmatch_lines_random(["*loop_graph[]] *NOT COMPARABLE*", "*loop_jit[]] *HELD*"])
    result.stdout.fnmatch_lines(["*a measurement, blocks*0*: *"])
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("cores", [[], {}, 10**400, "two", True], ids=["list", "object", "huge", "text", "truth"])
def test_an_environment_that_is_none_costs_its_case_alone(
    run_suite: RunSuite, rewrite_baseline: Callable[[Callable[[Any], None]], Path], cores: object
) -> None:
    def damage(run: Any) -> None:
        find_stored(run, _CASE)["environment"]["cores"] = cores

    rewrite_baseline(damage)
    result = run_suite(*_ONE, "--benchmark-compare", launcher=FakeLauncher(0.02, run_seed=2))
    result.stdout.fnmatch_lines_random(["*loop_graph[]] *NOT COMPARABLE*", "*loop_jit[]] *HELD*"])
    assert result.ret == pytest.ExitCode.OK


def test_extra_info_that_is_a_list_costs_its_case_alone(
    run_suite: RunSuite, rewrite_baseline: Callable[[Callable[[Any], None]], Path]
) -> None:
    def damage(run: Any) -> None:
        (benchmark,) = (each for each in run["benchmarks"] if each["name"] == f"test_{_CASE}")
        benchmark["extra_info"] = [benchmark["extra_info"]]

    rewrite_baseline(damage)
    result = run_suite(*_ONE, "--benchmark-compare", launcher=FakeLauncher(0.02, run_seed=2))
    result.stdout.fnmatch_lines_random(["*loop_graph[]] *NOT COMPARABLE*", "*loop_jit[]] *HELD*"])
    result.stdout.fnmatch_lines(["*the stored run was not written by this suite*"])


@pytest.mark.parametrize("benchmarks", [None, [3], [[]]])
@pytest.mark.filterwarnings("ignore:Failed to load:pytest_benchmark.logger.PytestBenchmarkWarning")
@pytest.mark.filterwarnings("ignore:Can't compare:pytest_benchmark.logger.PytestBenchmarkWarning")
def test_a_latest_run_that_pytest_benchmark_cannot_load_leaves_nothing_to_compare_with(
    run_suite: RunSuite, rewrite_baseline: Callable[[Callable[[Any], None]], Path], benchmarks: object
) -> None:
    rewrite_baseline(lambda run: run.update(benchmarks=benchmarks))
    result = run_suite(*_ONE, "--benchmark-compare")
    result.stdout.fnmatch_lines(["*loop_graph[]]*NOT COMPARABLE*", "*no stored run was found that could be read*"])
