"""Convergence trains what is missing, goes on where it stopped, and refuses in one line what it cannot go on with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.baselines.trainings import load_trainings
from benchmarks.commands import convergence
from benchmarks.errors import BlockError
from benchmarks.imbalanced import load_split
from benchmarks.measuring.convergence import LEARNING_RATES, Plan, list_settings
from benchmarks.records import Environment
from benchmarks.records.convergence import TrainedBlock, TrainRequest
from tests.examples import make_environment
from tests.reports.convergence.example_trainings import make_training

SETTINGS = sum(map(len, LEARNING_RATES.values()))
"""Of one data set."""


class FakeTrainer:
    """A target that trains nothing: the weighted arm reaches its targets in half of the epochs."""

    environment = make_environment()

    def __init__(self, trainers: Trainers) -> None:
        self._trainers = trainers
        self.closed = False

    def start(self) -> None:
        """Have nothing to start."""

    def describe_environment(self) -> Environment:
        return self.environment

    def train(self, request: TrainRequest) -> TrainedBlock:
        self._trainers.before(request)
        self._trainers.requests.append(request)
        assert load_split(Path(request.data_path)).count_classes().size == 2
        reached = 2 * (1 + request.seed % 3)
        return TrainedBlock(
            steps_per_epoch=31,
            control=make_training(reached, epochs=request.epochs),
            weighted=make_training(reached if request.null else reached // 2, epochs=request.epochs),
        )

    def close(self) -> None:
        self.closed = True


class Trainers:
    """The trainers that a command makes, and what they were asked for."""

    def __init__(self) -> None:
        self.made: list[FakeTrainer] = []
        self.requests: list[TrainRequest] = []
        self.before: Callable[[TrainRequest], None] = lambda request: None

    def make(self, *_: object, **options: object) -> FakeTrainer:
        assert options["intra_op_threads"] == options["inter_op_threads"] == 1
        self.made.append(FakeTrainer(self))
        return self.made[-1]


@pytest.fixture
def trainers(monkeypatch: pytest.MonkeyPatch) -> Trainers:
    """Fake servers in the place of real ones."""
    trainers = Trainers()
    monkeypatch.setattr("benchmarks.launch.launcher.ServerLauncher", trainers.make)
    return trainers


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw.jsonl"


def run(raw: Path, *arguments: str) -> int:
    return convergence.main(["--raw", str(raw), "--data", "synthetic", "--epochs", "10", *arguments])


def test_each_setting_is_trained_from_each_seed_and_a_null_block_of_each(trainers: Trainers, raw: Path) -> None:
    assert run(raw, "--seeds", "3") == 0
    blocks = load_trainings(raw)
    assert len(blocks) == len(trainers.requests) == 4 * SETTINGS
    assert sum(null for _, _, null in blocks) == SETTINGS
    assert {setting for setting, _, _ in blocks} == set(list_settings(["synthetic"]))
    assert len(raw.read_text().splitlines()) == 2 * len(blocks), "a line for each arm"
    assert all(trainer.closed for trainer in trainers.made)


def test_null_blocks_come_first_and_then_all_settings_seed_by_seed() -> None:
    plan = Plan(settings=list_settings(["synthetic", "digits"]), seeds=3, epochs=5)
    places = plan.list_blocks()
    count = len(plan.settings)
    assert [null for _, _, null in places] == [True] * count + [False] * 3 * count
    for seed in (1, 2, 3):
        part = places[seed * count : (seed + 1) * count]
        assert {number for _, number, _ in part} == {seed}
        assert {setting for setting, _, _ in part} == set(plan.settings)
    assert places == plan.list_blocks()
    assert [setting for setting, _, _ in places[:count]] != [setting for setting, _, _ in places[count : 2 * count]]


def test_what_is_written_down_is_not_trained_again(trainers: Trainers, raw: Path) -> None:
    run(raw, "--seeds", "1")
    run(raw, "--seeds", "1")
    assert len(trainers.requests) == 2 * SETTINGS
    run(raw, "--seeds", "2")
    assert len(trainers.requests) == 3 * SETTINGS


def test_a_line_that_was_torn_is_trained_again_with_its_other_arm(trainers: Trainers, raw: Path) -> None:
    run(raw, "--seeds", "1")
    whole = load_trainings(raw)
    raw.write_bytes(raw.read_bytes()[:-20])
    assert len(load_trainings(raw)) == len(whole) - 1
    run(raw, "--seeds", "1")
    assert load_trainings(raw) == whole


def test_a_block_that_fails_is_named_and_what_came_before_is_kept(
    trainers: Trainers, raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(request: TrainRequest) -> None:
        if request.seed == 2:
            raise BlockError("the block was killed")

    trainers.before = fail
    assert run(raw, "--seeds", "2") == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith(", seed 2: the block was killed")
    assert len(load_trainings(raw)) == 2 * SETTINGS
    assert all(trainer.closed for trainer in trainers.made)
    trainers.before = lambda request: None
    assert run(raw, "--seeds", "2") == 0
    assert len(load_trainings(raw)) == 3 * SETTINGS


def test_an_interruption_is_one_line_and_is_gone_on_with(
    trainers: Trainers, raw: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both servers are ended, so that nothing is waited for; here a thread waits until they are."""
    ended = threading.Event()
    monkeypatch.setattr(FakeTrainer, "close", lambda trainer: ended.set())

    def wait(request: TrainRequest) -> None:
        if not request.null:
            ended.wait(10.0)

    trainers.before = wait

    def interrupt(done: int, planned: int) -> None:
        if done == SETTINGS:
            raise KeyboardInterrupt

    monkeypatch.setattr(convergence, "_make_progress", lambda: interrupt)
    assert run(raw, "--seeds", "3") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"interrupted; what was trained is in {raw}, and the same command goes on with it"
    assert len(load_trainings(raw)) == SETTINGS
    assert len(trainers.requests) <= SETTINGS + 2, "only what had begun was done"


@pytest.mark.parametrize(
    ("here", "written", "message"),
    [
        ("AMD EPYC", "another", "expected trainings with cpu_model AMD EPYC, got some with cpu_model another; go on"),
        ('"keras": "3.15.1"', '"keras": "3.0.0"', "expected trainings with keras 3.15.1, got some with keras 3.0.0;"),
        ('"batch_size": 32', '"batch_size": 64', "expected trainings with batch size 32, got some with batch size 64;"),
        ('"fit_dataset"', '"loop_jit"', "expected trainings with method fit_dataset, got some with method loop_jit;"),
    ],
)
def test_trainings_of_elsewhere_are_not_gone_on_with(
    trainers: Trainers, raw: Path, capsys: pytest.CaptureFixture[str], here: str, written: str, message: str
) -> None:
    run(raw, "--seeds", "1")
    capsys.readouterr()
    raw.write_text(raw.read_text().replace(here, written))
    assert run(raw, "--seeds", "2") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{raw}: {message}")
    assert line.endswith("or name another file with --raw")


def test_trainings_of_other_epochs_are_not_gone_on_with(
    trainers: Trainers, raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(raw, "--seeds", "1")
    capsys.readouterr()
    assert run(raw, "--seeds", "1", "--epochs", "12") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "expected trainings with epochs 12, got some with epochs 10; " in line


def test_page_and_terminal_are_written_of_what_was_trained(
    trainers: Trainers, raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    assert run(raw, "--seeds", "12", "--page", str(page)) == 0
    assert capsys.readouterr().out.startswith("Does weighting slow convergence?\nNo. ")
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Does weighting slow convergence?\n\nNo. ")
    assert "In 6 of 6 null blocks" in text
    trained = len(trainers.requests)
    assert run(raw, "--only-render") == 0
    assert len(trainers.requests) == trained


def test_pictures_are_linked_as_seen_from_the_page(trainers: Trainers, raw: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install --group convergence")
    folder = tmp_path / "pictures"
    folder.mkdir()
    page = tmp_path / "page.md"
    assert run(raw, "--seeds", "1", "--page", str(page), "--picture", str(folder / "c.svg")) == 0
    assert "](pictures/c.svg)" in page.read_text(encoding="utf-8")
    assert "](pictures/c-loss.svg)" in page.read_text(encoding="utf-8")
    assert len(list(folder.iterdir())) == 2


def test_the_time_left_is_that_of_the_blocks_so_far(capsys: pytest.CaptureFixture[str]) -> None:
    """Two blocks in 30 s, four to come."""
    seconds = iter([0.0, 20.0, 30.0])
    report = convergence._make_progress(lambda: next(seconds))
    report(5, 10)
    report(6, 10)
    assert capsys.readouterr().err.splitlines()[-1] == "6 of 10 blocks, 1:00 left"
