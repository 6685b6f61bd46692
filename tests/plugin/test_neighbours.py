"""Two runs on one machine notice each other, tell it once, and go on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from benchmarks.plugin.run import Neighbours
from benchmarks.records import Case
from tests.plugin.conftest import STEP, RunSuite
from tests.plugin.fakes import FakeLauncher, interrupt_block

pytest_plugins = ["pytester"]


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    """The folder of `SAMPLE_WEIGHTING_CACHE` in which runs leave their marks."""
    path = pytester.path / "cache" / "measuring"
    path.mkdir(parents=True)
    return path


def test_a_run_that_finds_another_one_says_so_at_its_beginning_and_in_the_summary(
    run_suite: RunSuite, folder: Path, pytester: pytest.Pytester
) -> None:
    with FileLock(folder / "4321.lock"):
        result = run_suite(*STEP, "--summary=summary.md")
    result.assert_outcomes(passed=2)
    warnings = [line for line in result.stdout.lines if "another run" in line]
    assert warnings == [
        "WARNING: another run of this suite is measuring on this machine (pid 4321); times of both suffer",
        "WARNING: another run of this suite was measuring on this machine (pid 4321); times of both suffer",
    ]
    assert warnings[1] in (pytester.path / "summary.md").read_text()
    assert (folder / "4321.met").read_text() == f"{os.getpid()}\n", "the other one is told"


def test_a_run_that_another_one_joined_says_so_in_the_summary(run_suite: RunSuite, folder: Path) -> None:
    """Also where the other one is over by then."""
    other = Neighbours(folder, pid=77)

    def join(case: Case, index: int) -> None:
        if index == 0 and not case.null:
            assert other.begin() == {os.getpid()}
            other.end()

    result = run_suite(*STEP, launcher=FakeLauncher(before_block=join))
    assert [line for line in result.stdout.lines if "another run" in line] == [
        "WARNING: another run of this suite was measuring on this machine (pid 77); times of both suffer"
    ]


def test_a_run_alone_says_nothing_and_leaves_nothing(run_suite: RunSuite, folder: Path) -> None:
    """What a run that was killed left behind is no run."""
    (folder / "99.lock").touch()
    (folder / "99.met").write_text("98\n")
    result = run_suite(*STEP)
    assert "another run" not in result.stdout.str()
    assert list(folder.iterdir()) == []


def test_an_interrupted_run_leaves_nothing(run_suite: RunSuite, folder: Path) -> None:
    run_suite(*STEP, launcher=FakeLauncher(before_block=interrupt_block("loop_graph", at=1)))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("arguments", [("--collect-only",), ("--benchmark-skip",), ("test_other.py",)])
def test_what_measures_nothing_disturbs_nobody(
    run_suite: RunSuite, folder: Path, pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    pytester.makepyfile(test_other="def test_other(): pass")
    with FileLock(folder / "4321.lock"):
        result = run_suite(*(arguments if arguments[0] == "test_other.py" else (*STEP, *arguments)))
    assert "another run" not in result.stdout.str()
    assert not (folder / "4321.met").exists()


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    (pytester.path / "cache").write_text("a file where the folder would be")
    run_suite(*STEP).assert_outcomes(passed=2)


def test_three_runs_notice_each_other_in_any_order_of_ending(tmp_path: Path) -> None:
    first, second, third = (Neighbours(tmp_path, pid=pid) for pid in (1, 2, 3))
    assert first.begin() == set()
    assert second.begin() == {1}
    assert first.end() == {2}
    assert third.begin() == {2}
    assert second.end() == {1, 3}
    assert third.end() == {2}
    assert list(tmp_path.iterdir()) == []
