"""A bisection compares releases in turns, lists only real releases, and tells how sure it is.

The first bad one is found in as few comparisons as a binary search takes, each against the last good one.
"""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.commands import MisuseError, bisect
from benchmarks.commands.bisect import Step, find_first_bad
from benchmarks.errors import StatisticsError
from benchmarks.gate.confirm import Expectation, Judgement, ReadingFigures
from benchmarks.gate.plan import LEAST_ARM_TOLERANCE, Plan, count_steps
from benchmarks.launch.targets import Target
from benchmarks.records import Aspect, Outcome, Question
from tests.examples import make_case, make_read_block
from tests.plugin.fakes import FakeLauncher

_LISTING = (
    "tensorflow-cpu (2.21.0)\nAvailable versions: 2.21.0, 2.20.0, 2.19.1, 2.19.0, 2.19.0rc1, 2.18.1, 2.10.0, 2.9.3\n"
)


FakeTargets = Callable[[Callable[[str], FakeLauncher]], list[str]]


def make_launcher(version: str, *, bad: bool) -> FakeLauncher:
    """Return a target in which weighting costs 20 % more where it is bad."""
    return FakeLauncher(0.2 if bad else 0.0, run_seed=zlib.crc32(version.encode()))


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip lists seven releases and a candidate of one."""

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, stdout=_LISTING, stderr="")

    monkeypatch.setattr("subprocess.run", run)


@pytest.fixture
def fake_targets(monkeypatch: pytest.MonkeyPatch) -> FakeTargets:
    """Have targets of releases played by what is made of a release's number; return what is asked to be built."""

    def play(make: Callable[[str], FakeLauncher]) -> list[str]:
        built: list[str] = []

        def build(requirement: str) -> Target:
            built.append(requirement)
            return Target(interpreter=Path(requirement.split(maxsplit=1)[0].split("==")[1]))

        monkeypatch.setattr(bisect, "build_target", build)
        monkeypatch.setattr(bisect, "launch_target", lambda target, limits: make(str(target.interpreter)))
        return built

    return play


def test_releases_are_those_between_the_two_in_order(pip: None) -> None:
    assert bisect.list_releases("tensorflow-cpu", "2.9.3", "2.19.1") == [
        "2.9.3",
        "2.10.0",
        "2.18.1",
        "2.19.0",
        "2.19.1",
    ]


def test_a_release_may_be_written_without_its_last_zero(pip: None) -> None:
    assert bisect.list_releases("tensorflow-cpu", "2.19", "2.20") == ["2.19.0", "2.19.1", "2.20.0"]


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [
        ("2.11.0", "2.19.1", "expected one of .* got '2.11.0'"),
        ("2.20.0", "2.18.1", "expected the good one before the bad"),
        ("2.10.0", "2.9.3", "expected the good one before the bad"),
        ("2.x", "2.18.1", "expected a version, got '2.x'"),
    ],
)
def test_releases_that_make_no_sense_are_refused(pip: None, good: str, bad: str, reason: str) -> None:
    with pytest.raises(MisuseError, match=reason):
        bisect.list_releases("tensorflow-cpu", good, bad)


def test_the_first_release_with_a_larger_overhead_is_found(
    pip: None, fake_targets: FakeTargets, capsys: pytest.CaptureFixture[str]
) -> None:
    """From 2.19.0 on, weighting costs 20 % more."""
    bad = {"2.19.0", "2.19.1", "2.20.0", "2.21.0"}
    fake_targets(lambda version: make_launcher(version, bad=version in bad))
    assert bisect.main(["--good", "2.9.3", "--bad", "2.21.0", "--aspect", "overhead"]) == 0
    output = capsys.readouterr()
    assert "First bad release: 2.19.0 (last good: 2.18.1)." in output.out
    assert "is called bad with a probability of at most" in output.out


@pytest.mark.parametrize(
    ("arguments", "quantity"),
    [
        (
            ("--question", "peak_memory", "--dataset-size", "100000"),
            "peak tensor bytes of a pass, weighted arm: 20.4 MiB →",
        ),
        (("--question", "training_graph"), "graph nodes of the step, weighted arm: 107 → 140"),
    ],
)
def test_bytes_and_counts_can_be_searched_too(
    pip: None,
    fake_targets: FakeTargets,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    quantity: str,
) -> None:
    """From 2.18.1 on both arms need half as much memory more, and the weighted graph has more nodes."""

    def make(version: str) -> FakeLauncher:
        bad = version not in {"2.9.3", "2.10.0"}
        return FakeLauncher(base_bytes=(30 if bad else 20) * 2**20, extra_nodes=40 if bad else 7)

    fake_targets(make)
    assert bisect.main(["--good", "2.9.3", "--bad", "2.21.0", *arguments]) == 0
    output = capsys.readouterr().out
    assert "First bad release: 2.18.1 (last good: 2.10.0)." in output
    assert quantity in output


def test_a_release_that_is_not_worse_ends_in_one_line(
    pip: None, fake_targets: FakeTargets, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_targets(lambda version: FakeLauncher())
    assert bisect.main(["--good", "2.9.3", "--bad", "2.21.0", "--aspect", "overhead"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("a bisection: expected 2.21.0 to be worse than 2.9.3")


@pytest.mark.parametrize(
    ("arguments", "tolerance"),
    [
        (("--aspect", "overhead"), Question.STEP_TIME.row.tolerance),
        (("--aspect", "overhead", "--method", "fit_class_weight_dataset"), 0.10),
        (("--aspect", Aspect.CPU.value), Question.STEP_TIME.row.cpu_tolerance),
        ((), LEAST_ARM_TOLERANCE),
        (("--aspect", "overhead", "--question", "training_graph"), 0.0),
        (("--aspect", "overhead", "--tolerance", "7%"), 0.07),
    ],
)
def test_what_is_tolerated_is_that_of_the_question_unless_it_is_asked_for(
    pip: None, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], tolerance: float
) -> None:
    planned = []

    def plan(question: Question, aspect: Aspect, *, comparisons: int, tolerance: float) -> Plan:
        planned.append(tolerance)
        raise StatisticsError("nothing is measured here")

    monkeypatch.setattr(bisect, "plan_bisection", plan)
    assert bisect.main(["--good", "2.9.3", "--bad", "2.21.0", *arguments]) == 1
    assert planned == [pytest.approx(tolerance)]


def test_an_aspect_that_the_question_has_not_is_refused(pip: None, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--question", "training_graph", "--aspect", Aspect.CPU.value]
    assert bisect.main(["--good", "2.9.3", "--bad", "2.21.0", *arguments]) == 1
    assert "aspect of training_graph: expected one of overhead" in capsys.readouterr().err


@pytest.mark.parametrize("rises", [True, False])
def test_undecided_bytes_are_taken_by_their_direction(*, rises: bool) -> None:
    """They are undecided only beyond their limit, where the ranges overlap."""
    comparer = bisect.Comparer(make_case(question=Question.PEAK_MEMORY, dataset_size=512), Aspect.WEIGHTED, 0.05, 3)
    medians = (20.0, 22.0) if rises else (22.0, 20.0)
    block = make_read_block("pass_peak_tensor_bytes", 20.0, 22.0)
    found = Judgement(
        key="pass_peak_tensor_bytes[CPU:0]",
        aspect=Aspect.WEIGHTED,
        outcome=Outcome.UNDECIDED,
        figures=ReadingFigures(values=(22.0,), block=block, expected=Expectation(values=(20.0,)), limit=1.0),
        medians=medians,
    )
    step = comparer._decide("2.19.0", [found])
    assert step.bad == rises
    assert step.reason.endswith("not certain, taken by its estimate")


def test_releases_of_keras_are_searched_with_one_tensorflow(
    monkeypatch: pytest.MonkeyPatch, fake_targets: FakeTargets, capsys: pytest.CaptureFixture[str]
) -> None:
    """From 3.6.0 on, weighting costs 20 % more."""
    listed = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        listed.append(command[-1])
        listing = "keras (3.7.0)\nAvailable versions: 3.7.0, 3.6.0, 3.5.0, 3.4.1, 3.4.0, 3.3.3\n"
        return subprocess.CompletedProcess(command, 0, stdout=listing, stderr="")

    monkeypatch.setattr("subprocess.run", run)
    built = fake_targets(lambda version: make_launcher(version, bad=version >= "3.6"))
    arguments = ["--package", "keras", "--with", "tensorflow-cpu==2.16.2", "--good", "3.3.3", "--bad", "3.7.0"]
    assert bisect.main([*arguments, "--aspect", "overhead"]) == 0
    assert "First bad release: 3.6.0 (last good: 3.5.0)." in capsys.readouterr().out
    assert listed[-1] == "keras"
    assert built[0] in {"keras==3.7.0 tensorflow-cpu==2.16.2", "keras==3.3.3 tensorflow-cpu==2.16.2"}


def test_keras_is_searched_with_a_tensorflow_or_not_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert bisect.main(["--package", "keras", "--good", "3.3.3", "--bad", "3.7.0"]) == 2
    assert "--package keras: expected a TensorFlow to measure it with, got none" in capsys.readouterr().err


@given(st.integers(2, 60), st.data())
def test_the_first_bad_release_is_found(count: int, data: st.DataObject) -> None:
    first_bad = data.draw(st.integers(1, count - 1))
    judged: list[tuple[int, int]] = []

    def judge(good: str, version: str) -> Step:
        judged.append((int(good), int(version)))
        return Step(version=version, bad=int(version) >= first_bad, reason="as told")

    found = find_first_bad([str(number) for number in range(count)], judge)
    assert (found.last_good, found.first_bad) == (str(first_bad - 1), str(first_bad))
    assert len(judged) <= count_steps(count)
    assert all(good < first_bad for good, _ in judged)


def test_a_last_release_that_is_not_bad_ends_the_search() -> None:
    with pytest.raises(StatisticsError, match="expected 2 to be worse than 1, but HELD"):
        find_first_bad(["1", "2"], lambda good, version: Step(version=version, bad=False, reason="HELD"))


def test_one_release_is_refused() -> None:
    with pytest.raises(StatisticsError, match="expected a good and a bad release, got 1"):
        find_first_bad(["1"], lambda good, version: Step(version=version, bad=True, reason=""))


def test_all_releases_that_were_judged_are_kept_in_order() -> None:
    found = find_first_bad(
        ["1", "2", "3", "4", "5"],
        lambda good, version: Step(version=version, bad=version > "2", reason=f"after {good}"),
    )
    assert [(step.version, step.bad, step.reason) for step in found.steps] == [
        ("5", True, "after 1"),
        ("3", True, "after 1"),
        ("2", False, "after 1"),
    ]


def test_a_last_release_that_is_not_bad_is_named_with_what_to_do() -> None:
    with pytest.raises(
        StatisticsError, match=r"expected 3 to be worse than 1.*; choose another case, or two other rel"
    ):
        find_first_bad(["1", "2", "3"], lambda good, version: Step(version=version, bad=False, reason="HELD"))
