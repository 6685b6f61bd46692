"""A block that is written down has both arms; one half of it is trained again."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.baselines.lines import append_line
from benchmarks.baselines.trainings import load_trainings
from benchmarks.errors import RecordError
from benchmarks.records import Arm
from benchmarks.records.convergence import ArmTraining, TrainingLine
from tests.reports.convergence.example_trainings import SETTING, make_blocks, make_line, make_training


def test_blocks_go_through_a_file_infinite_losses_too(tmp_path: Path) -> None:
    raw = tmp_path / "raw.jsonl"
    assert load_trainings(raw) == {}
    blocks = make_blocks([4, 11], [1, 2])
    for lines in blocks.values():
        for line in lines.values():
            append_line(raw, line)
    assert load_trainings(raw) == blocks


def test_half_a_block_is_not_there_and_its_later_half_counts(tmp_path: Path) -> None:
    raw = tmp_path / "raw.jsonl"
    append_line(raw, make_line(Arm.CONTROL, make_training(2)))
    assert load_trainings(raw) == {}
    for arm in Arm:
        append_line(raw, make_line(arm, make_training(5)))
    ((place, lines),) = load_trainings(raw).items()
    assert place == (SETTING, 1, False)
    assert lines[Arm.CONTROL].training == make_training(5)


def test_a_line_that_is_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "raw.jsonl").write_text('{"version": "2.15"}\n', encoding="utf-8")
    with pytest.raises(RecordError, match=r"raw\.jsonl, line 1: expected a training, got something else .*remove that"):
        load_trainings(tmp_path / "raw.jsonl")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"pass_ns": (1,)}, "expected as many epochs in each column, at least 2, got"),
        ({"pass_ns": (1, 0)}, "expected passes longer than 0 ns and losses of at least 0"),
        ({"held_loss": (1.0, -0.1)}, "expected passes longer than 0 ns and losses of at least 0"),
        ({"minority_recall": (0.0, 1.1)}, "expected recalls from 0 to 1"),
        ({"others_recall": (-0.1, 1.0)}, "expected recalls from 0 to 1"),
    ],
)
def test_a_training_that_cannot_be_is_refused(values: dict[str, tuple[float, ...]], message: str) -> None:
    fields = {"pass_ns": (1, 1), "held_loss": (1.0, 1.0), "minority_recall": (0.0, 1.0), "others_recall": (0.0, 1.0)}
    with pytest.raises(RecordError, match=message):
        ArmTraining(**fields | values)  # type: ignore[arg-type]


def test_a_loss_that_is_no_number_is_refused() -> None:
    line = make_line(Arm.CONTROL, make_training(2)).to_json()
    line["training"]["held_loss"][0] = float("nan")
    with pytest.raises(RecordError, match=r"a training, training\.held_loss\[0\]: expected a finite number, got nan"):
        TrainingLine.from_json(line)
