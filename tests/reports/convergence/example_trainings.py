"""Trainings that reach their targets in given epochs, for whoever tells of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.baselines.trainings import Blocks
from benchmarks.records import Arm
from benchmarks.records.convergence import ArmTraining, Optimizer, Setting, TrainingLine
from tests.examples import make_environment

EPOCHS = 10

SETTING = Setting(data="synthetic", optimizer=Optimizer.ADAM, learning_rate=0.01)

NEVER = EPOCHS + 1


def make_training(reached: int, *, pass_ns: int = 1_000_000, epochs: int = EPOCHS) -> ArmTraining:
    """Return a training that reaches both targets in this epoch, for good; its first pass is slow."""
    before = min(reached - 1, epochs)
    return ArmTraining(
        pass_ns=(500_000_000, *[pass_ns] * (epochs - 1)),
        held_loss=(*[math.inf] * before, *[0.0] * (epochs - before)),
        minority_recall=(*[0.0] * before, *[1.0] * (epochs - before)),
        others_recall=(1.0,) * epochs,
    )


def make_line(arm: Arm, training: ArmTraining, **values: Any) -> TrainingLine:
    """Return the line of an arm, with other fields replaced."""
    fields: dict[str, Any] = {
        "environment": make_environment(),
        "setting": SETTING,
        "method": "fit_dataset",
        "batch_size": 32,
        "seed": 1,
        "null": False,
        "arm": arm,
        "steps_per_epoch": 31,
        "training": training,
    }
    return TrainingLine(**(fields | values))


def make_blocks(control: Sequence[int], weighted: Sequence[int], **values: Any) -> Blocks:
    """Return a block for each seed whose arms reach their targets in these epochs, and a null one."""
    setting = values.get("setting", SETTING)
    blocks: Blocks = {}
    for seed, (one, other) in enumerate(zip(control, weighted, strict=True), start=1):
        blocks[setting, seed, False] = {
            Arm.CONTROL: make_line(Arm.CONTROL, make_training(one), **{"seed": seed} | values),
            Arm.WEIGHTED: make_line(Arm.WEIGHTED, make_training(other, pass_ns=2_000_000), **{"seed": seed} | values),
        }
    blocks[setting, 1, True] = {arm: make_line(arm, make_training(3), **{"null": True} | values) for arm in Arm}
    return blocks
