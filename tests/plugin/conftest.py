"""Whole pytest sessions of the suite on a fake target."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import benchmarks.measuring.cases  # noqa: F401 - pytester forgets what a session imported, and NumPy loads only once
from benchmarks.launch.targets import CACHE_VARIABLE
from benchmarks.plugin.run import find_run
from tests.plugin.fakes import FakeLauncher

_BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

RunSuite = Callable[..., pytest.RunResult]


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
