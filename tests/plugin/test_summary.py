"""Nothing measured is lost: the summary is told, and what can be is saved, however a run ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.records import Case, Question
from tests.plugin.conftest import STEP, RunSuite
from tests.plugin.fakes import FakeLauncher

pytest_plugins = ["pytester"]

_ROOT = Path(__file__).resolve().parents[2]
_FIRST_BLOCKS = Question.STEP_TIME.row.first_blocks
_QUESTION = "Does sample weighting slow TensorFlow training here, or cost it memory?"


def count_summaries(result: pytest.RunResult) -> int:
    return result.stdout.str().count(_QUESTION)


def test_the_summary_is_told_when_the_run_can_no_longer_be_saved(
    run_suite: RunSuite, pytester: pytest.Pytester
) -> None:
    path = pytester.path / "run.json"

    def spoil(case: Case, index: int) -> None:
        path.mkdir(exist_ok=True)

    launcher = FakeLauncher(before_block=spoil)
    result = run_suite(*STEP, f"--benchmark-json={path}", "--summary=summary.md", launcher=launcher)
    assert result.ret not in {pytest.ExitCode.OK, pytest.ExitCode.USAGE_ERROR}
    assert count_summaries(result) == 1
    assert _QUESTION in (pytester.path / "summary.md").read_text()
    assert "IsADirectoryError" in result.stderr.str()
    assert launcher.closed


@pytest.mark.parametrize(
    "hook",
    [
        "def pytest_benchmark_update_json(): raise RuntimeError('late')",
        "def pytest_sessionfinish(): raise RuntimeError('late')",
        "@pytest.hookimpl(wrapper=True, tryfirst=True)\ndef pytest_sessionfinish(): raise RuntimeError('late'); yield",
        "@pytest.hookimpl(tryfirst=True)\ndef pytest_terminal_summary(): raise RuntimeError('late')",
        "def pytest_terminal_summary(): raise RuntimeError('late')",
        "def pytest_runtest_logfinish(nodeid):\n    if 'null' not in nodeid: raise RuntimeError('late')",
    ],
)
def test_the_summary_is_told_once_whatever_another_plugin_raises(
    run_suite: RunSuite, pytester: pytest.Pytester, hook: str
) -> None:
    pytester.makeconftest(f"import pytest\n\n{hook}\n")
    launcher = FakeLauncher()
    result = run_suite(*STEP, "--benchmark-json=run.json", launcher=launcher)
    assert result.ret not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    assert "late" in result.stderr.str() + result.stdout.str()
    assert count_summaries(result) == 1
    assert launcher.closed


def test_a_summary_file_that_can_no_longer_be_written_does_not_cost_the_text(
    run_suite: RunSuite, pytester: pytest.Pytester
) -> None:
    def spoil(case: Case, index: int) -> None:
        (pytester.path / "summary.md").mkdir(exist_ok=True)

    result = run_suite(*STEP, "--summary=summary.md", launcher=FakeLauncher(before_block=spoil))
    assert result.ret != pytest.ExitCode.OK
    assert count_summaries(result) == 1


def test_without_a_terminal_the_file_is_written_all_the_same(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    assert run_suite(*STEP, "--summary=summary.md", "-p", "no:terminalreporter").ret == pytest.ExitCode.OK
    assert _QUESTION in (pytester.path / "summary.md").read_text()


def test_a_usage_error_has_no_summary(run_suite: RunSuite) -> None:
    assert count_summaries(run_suite(*STEP, "--blocks=0")) == 0


_SLOW_TARGET = """
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from benchmarks.plugin.run import find_run
from tests.plugin.fakes import FakeLauncher

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # inherited as ignored where the tests were started with nohup


class Slow(FakeLauncher):
    def __init__(self):
        super().__init__(before_block=self._dawdle)
        self._server = subprocess.Popen(["sleep", "600"])

    def _dawdle(self, case, index):
        if not case.null and index == 2:
            Path("server").write_text(str(self._server.pid))
            os.rename("server", "measuring")
            time.sleep(60)

    def close(self):
        self._server.kill()
        self._server.wait()


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    find_run(config).make_launcher = lambda settings: Slow()
"""


@pytest.fixture
def slow_run(run_suite: RunSuite, pytester: pytest.Pytester) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own that is in the middle of a block; `measuring` holds the pid of its server."""
    pytester.makepyfile(slow_target=_SLOW_TARGET)
    command = [sys.executable, "-m", "pytest", "-p", "benchmarks.plugin", "-p", "slow_target", *STEP]
    process = subprocess.Popen(
        [*command, "--benchmark-json=run.json", "--summary=summary.md"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{_ROOT}{os.pathsep}{pytester.path}"},
    )
    deadline = time.monotonic() + 60.0
    while not (pytester.path / "measuring").exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield process
    process.kill()
    process.wait()
    with contextlib.suppress(ProcessLookupError):
        os.kill(int((pytester.path / "measuring").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_run_that_is_told_to_end_ends_as_by_ctrl_c(
    slow_run: subprocess.Popen[str], pytester: pytest.Pytester, name: str
) -> None:
    slow_run.send_signal(getattr(signal, name))
    output, _ = slow_run.communicate(timeout=30)
    assert slow_run.returncode == pytest.ExitCode.INTERRUPTED
    assert _QUESTION in output
    assert name == "SIGINT" or f"KeyboardInterrupt: {name}" in output
    assert _QUESTION in (pytester.path / "summary.md").read_text()
    stored = json.loads((pytester.path / "run.json").read_text())
    blocks = [each["extra_info"]["sample_weighting"]["blocks"] for each in stored["benchmarks"]]
    assert list(map(len, blocks)) == [_FIRST_BLOCKS, 2]
    assert [row["blocks"] for row in stored["sample_weighting_run"]["summary"]["times"]] == [_FIRST_BLOCKS, 2]
    with pytest.raises(ProcessLookupError):
        os.kill(int((pytester.path / "measuring").read_text()), 0)


def test_the_handlers_of_signals_are_as_before_after_a_run(run_suite: RunSuite) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    during: list[object] = []

    def look(case: Case, index: int) -> None:
        during.append(signal.getsignal(signal.SIGTERM))

    run_suite(*STEP, launcher=FakeLauncher(before_block=look))
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before
    assert before[0] not in during


def test_a_hang_up_that_is_ignored_stays_so(run_suite: RunSuite) -> None:
    """As under nohup, which is there so that a run survives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    during: list[object] = []
    try:
        run_suite(*STEP, launcher=FakeLauncher(before_block=lambda case, index: during.append(look_at_hang_up())))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert set(during) == {signal.SIG_IGN}


def look_at_hang_up() -> object:
    return signal.getsignal(signal.SIGHUP)


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_interrupt_the_ending(
    run_suite: RunSuite, pytester: pytest.Pytester, first: signal.Signals
) -> None:
    """As when a workflow is cancelled: SIGINT, and SIGTERM seconds later, while the run is being saved."""
    pytester.makeconftest(
        "import os, signal\n\n"
        "def pytest_benchmark_update_json():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
    )

    def end(case: Case, index: int) -> None:
        if not case.null:
            os.kill(os.getpid(), first)
            time.sleep(10)

    before = signal.signal(signal.SIGTERM, lambda number, frame: None)  # to outlive the signal if it is not handled
    try:
        result = run_suite(*STEP, "--benchmark-json=run.json", launcher=FakeLauncher(before_block=end))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert len(json.loads((pytester.path / "run.json").read_text())["benchmarks"]) == 1
    assert count_summaries(result) == 1
