"""Whole pytest sessions of the suite on a fake target."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import benchmarks.measuring.cases  # noqa: F401 - pytester forgets what a session imported, and NumPy loads only once
from benchmarks.launch.targets import CACHE_VARIABLE
from benchmarks.plugin.run import find_run
from benchmarks.protocols import Launcher
from tests.examples import make_environment
from tests.plugin.fakes import FakeLauncher

_BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

RunSuite = Callable[..., pytest.RunResult]

STEP = ("test_step_time.py", "--method", "loop_graph")
GRAPH = ("test_training_graph.py", "--method", "loop_graph")
MEMORY = ("test_peak_memory.py", "--method", "fit_dataset")
LEAK = ("test_retained_memory.py", "--method", "fit_array")
"""The null case and the weighted case of one method."""

AGAINST = ("--against", "tensorflow-cpu==2.20.0")


class FakeTarget:
    """A pytest plugin that puts a fake launcher in the place of the real one."""

    def __init__(self, launcher: FakeLauncher) -> None:
        self._launcher = launcher

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        find_run(config).make_launcher = lambda settings: self._launcher


@pytest.fixture
def run_suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> RunSuite:
    """Run the question files in a folder of their own, on a fake target."""
    for path in _BENCHMARKS.glob("test_*.py"):
        shutil.copy(path, pytester.path)
    pytester.makeini("[pytest]\naddopts = --benchmark-columns=median -p no:hypothesispytest\n")
    monkeypatch.setenv("COLUMNS", "160")
    for variable in ("CI", "BUILD_NUMBER"):  # where one is set, pytest says each failure twice
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(CACHE_VARIABLE, str(pytester.path / "cache"))  # runs of the tests are not to notice others

    def run(*arguments: str, launcher: FakeLauncher | None = None) -> pytest.RunResult:
        plugin = FakeTarget(launcher or FakeLauncher())
        return pytester.runpytest_inprocess(
            "-p", "benchmarks.plugin", *arguments, plugins=[plugin], no_reraise_ctrlc=True
        )

    return run


@pytest.fixture
def run_against(run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch) -> RunSuite:
    """Run the suite on a fake target against another fake one."""

    def run(*arguments: str, launcher: FakeLauncher | None = None, other: Launcher | None = None) -> pytest.RunResult:
        chosen = other or FakeLauncher(run_seed=7, environment=make_environment(tensorflow="2.20.0"))
        monkeypatch.setattr("benchmarks.plugin.run._make_other_launcher", lambda settings: chosen)
        return run_suite(*arguments, *AGAINST, launcher=launcher)

    return run


def save_baseline(run_suite: RunSuite, *arguments: str, overhead: float = 0.02) -> None:
    """Save a run, which passes, where the next one finds it."""
    result = run_suite(*arguments, "--benchmark-save=base", launcher=FakeLauncher(overhead))
    assert result.ret == pytest.ExitCode.OK


def refuse(run_suite: RunSuite, *arguments: str) -> str:
    """Return the line that refuses these arguments; nothing was measured."""
    launcher = FakeLauncher()
    result = run_suite(*STEP, *arguments, launcher=launcher)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert not launcher.requests
    text = result.stderr.str() + result.stdout.str()
    assert "Traceback" not in text
    (line,) = [line.removeprefix("ERROR: ") for line in text.splitlines() if line.startswith("ERROR: ")]
    return line
