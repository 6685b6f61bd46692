"""What is a target asked to train, and what comes back? Both arms from one seed, epoch by epoch, and a line for each.

Leaves out: the data (`benchmarks.imbalanced`), and when a target was reached (`benchmarks.reports.convergence`).
"""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import ClassVar

from benchmarks.errors import RecordError
from benchmarks.records.cases import Arm
from benchmarks.records.findings import Environment
from benchmarks.records.json_form import JsonRecord, UnboundedFloat

FEWEST_EPOCHS: int = 2
"""The first pass traces, so that what a pass takes is known from the second on."""


class Optimizer(str, Enum):
    """By its class in `tf.keras.optimizers`."""

    SGD = "SGD"
    ADAM = "Adam"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Setting(JsonRecord):
    """What is trained on which data: all that differs between two comparisons of the arms."""

    data: str
    optimizer: Optimizer
    learning_rate: float

    def __str__(self) -> str:
        return f"{self.data}, {self.optimizer.value} at {self.learning_rate:g}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest(JsonRecord):
    """What one fresh process is asked to train: both arms of a setting, from the same initial weights, in turns.

    `seed` decides initial weights and, epoch by epoch, the order of the samples; `data_path` is the file of a split.
    With `null` the weighted arm is a second control.
    """

    json_remedy: ClassVar[str] = "run one checkout on both sides"

    setting: Setting
    method: str
    seed: int
    epochs: int
    batch_size: int
    data_path: str
    null: bool = False
    intra_op_threads: int | None = None
    inter_op_threads: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ArmTraining(JsonRecord):
    """How one arm was trained: entry i of each tuple belongs to epoch i + 1.

    `pass_ns` is the wall time of the pass over the training data, the first with the tracing. `held_loss` is the mean
    cross-entropy of held-out samples, without weights, as of data whose classes are as frequent as in training;
    infinite where training diverged. `minority_recall` is the share of the rare class that was recognised among them,
    and `others_recall` that of the samples of all other classes.
    """

    json_name: ClassVar[str] = "the training of an arm"

    pass_ns: tuple[int, ...]
    held_loss: tuple[UnboundedFloat, ...]
    minority_recall: tuple[float, ...]
    others_recall: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raise RecordError where epochs do not match or are too few, or a number cannot be what it is said to be."""
        counts = {len(getattr(self, field.name)) for field in dataclasses.fields(self)}
        if len(counts) > 1 or min(counts) < FEWEST_EPOCHS:
            raise RecordError(f"expected as many epochs in each column, at least {FEWEST_EPOCHS}, got {sorted(counts)}")
        if min(self.pass_ns) <= 0 or min(self.held_loss) < 0.0:
            raise RecordError("expected passes longer than 0 ns and losses of at least 0, got one below")
        recalls = (*self.minority_recall, *self.others_recall)
        if not 0.0 <= min(recalls) <= max(recalls) <= 1.0:
            raise RecordError("expected recalls from 0 to 1, got one that is not")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrainedBlock(JsonRecord):
    """What came of a `TrainRequest`."""

    steps_per_epoch: int
    control: ArmTraining
    weighted: ArmTraining

    def get_training(self, arm: Arm) -> ArmTraining:
        """Return how this arm was trained."""
        return self.weighted if arm is Arm.WEIGHTED else self.control


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLine(JsonRecord):
    """One line of a raw file: one arm of a setting, trained from one seed; two of a seed are a block."""

    json_name: ClassVar[str] = "a training"
    json_remedy: ClassVar[str] = "remove the line"

    environment: Environment
    setting: Setting
    method: str
    batch_size: int
    seed: int
    null: bool
    arm: Arm
    steps_per_epoch: int
    training: ArmTraining

    @property
    def epochs(self) -> int:
        """How many epochs it was trained for."""
        return len(self.training.pass_ns)
