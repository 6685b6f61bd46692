"""An exception that nobody foresaw is one FAILED case, told in a line and saved; pytest's own outcomes pass through."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import pytest

from benchmarks.protocols import Launcher
from benchmarks.records import Block, BlockRequest, Case, Meeting, Profile
from tests.plugin.conftest import RunSuite
from tests.plugin.fakes import FakeLauncher

pytest_plugins = ["pytester"]

_TWO = ("test_step_time.py", "--method", "loop_graph,loop_jit")
_CASE = "step_time[mlp-depth2-batch256-loop_graph]"


def raise_in_block(error: BaseException, at: int = 1) -> Callable[[Case, int], None]:
    """Return a fault in the measuring side: an exception in block number `at` of the weighted case of loop_graph."""

    def fail(case: Case, index: int) -> None:
        if case.method == "loop_graph" and not case.null and index == at:
            raise error

    return fail


def test_an_exception_is_one_failed_case_that_says_what_and_where(
    run_suite: RunSuite, pytester: pytest.Pytester
) -> None:
    launcher = FakeLauncher(before_block=raise_in_block(ZeroDivisionError("division\nby zero"), at=2))
    result = run_suite(*_TWO, "--benchmark-json=run.json", launcher=launcher)
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*loop_graph[]]*FAILED*",
            "ZeroDivisionError: division by zero, at *test_faults.py:*",
            "*Captured traceback call*",
            "FAILED *loop_graph[]]: ZeroDivisionError: division by zero, at *test_faults.py:*",
        ]
    )
    stored = json.loads((pytester.path / "run.json").read_text())
    assert list(stored["sample_weighting_run"]["failed_cases"]) == [_CASE]
    blocks = {each["name"]: each["extra_info"]["sample_weighting"] for each in stored["benchmarks"]}
    assert blocks[f"test_{_CASE}"]["verdict"]["outcome"] == "FAILED"
    assert len(blocks[f"test_{_CASE}"]["blocks"]) == 2, "the blocks before the exception are kept"


def test_an_exception_before_the_first_block_is_saved_too(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    launcher = FakeLauncher(before_block=raise_in_block(KeyError("x"), at=0))
    run_suite(*_TWO, "--benchmark-json=run.json", launcher=launcher).assert_outcomes(passed=3, failed=1)
    failed = json.loads((pytester.path / "run.json").read_text())["sample_weighting_run"]["failed_cases"]
    assert failed[_CASE].startswith("KeyError: 'x', at ")


def test_an_exception_in_the_report_on_a_case_fails_it_too(run_suite: RunSuite) -> None:
    class Timeless(FakeLauncher):
        """A target whose blocks took no time at all, of which there is no share."""

        def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
            return dataclasses.replace(super().run_block(request), wall_ns=0)

    result = run_suite(*_TWO, launcher=Timeless())
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["FAILED *: ZeroDivisionError: division by zero, at *timed.py:*"])


def test_a_launcher_that_cannot_be_made_fails_each_case_and_ends_no_run(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object) -> Launcher:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("tests.plugin.conftest.FakeTarget.pytest_configure", lambda self, config: None)
    monkeypatch.setattr("benchmarks.plugin.run._make_launcher", fail)
    result = run_suite(*_TWO)
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["FAILED *: OSError: *Too many open files, at *"])


def test_a_start_ahead_that_fails_costs_no_case_whose_requests_succeed(run_suite: RunSuite) -> None:
    class Sluggish(FakeLauncher):
        """A target that cannot be started before it is asked for something."""

        def start(self, count: int = 1) -> None:
            raise OSError(11, "Resource temporarily unavailable")

    run_suite(*_TWO, launcher=Sluggish()).assert_outcomes(passed=4)


def test_another_target_whose_launcher_cannot_be_made_ends_the_run_in_one_line(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object) -> Launcher:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("benchmarks.plugin.run._make_other_launcher", fail)
    launcher = FakeLauncher()
    result = run_suite(*_TWO, "--against", "tensorflow-cpu==2.20.0", launcher=launcher)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --against: OSError: *Too many open files, at *test_faults.py:*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    assert not launcher.requests


def test_an_exception_while_a_case_is_explained_changes_no_verdict(run_suite: RunSuite) -> None:
    class Speechless(FakeLauncher):
        """A target whose profile cannot be read."""

        def profile(self, request: BlockRequest) -> Profile:
            raise ValueError("no such frame")

    result = run_suite(*_TWO, "--explain", launcher=Speechless())
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["  could not be explained: ValueError: no such frame, at *"])


@pytest.mark.parametrize(
    ("error", "outcomes"),
    [(pytest.skip.Exception("not today"), {"passed": 3, "skipped": 1}), (pytest.fail.Exception("so"), {"failed": 1})],
)
def test_what_ends_a_test_by_pytests_own_means_passes_through(
    run_suite: RunSuite, pytester: pytest.Pytester, error: BaseException, outcomes: dict[str, int]
) -> None:
    run = run_suite(*_TWO, "--benchmark-json=run.json", launcher=FakeLauncher(before_block=raise_in_block(error)))
    run.assert_outcomes(**({"passed": 3} | outcomes))
    assert json.loads((pytester.path / "run.json").read_text())["sample_weighting_run"]["failed_cases"] == {}


def test_an_exit_ends_the_run(run_suite: RunSuite) -> None:
    launcher = FakeLauncher(before_block=raise_in_block(pytest.exit.Exception("enough", returncode=3)))
    result = run_suite(*_TWO, launcher=launcher)
    assert result.ret == 3
    result.stdout.fnmatch_lines(["Does sample weighting slow TensorFlow training here, or cost it memory?"])
