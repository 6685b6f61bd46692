"""What is measured? A case of a sweep, the two arms of a block, and a fault planted on purpose."""

from __future__ import annotations

import dataclasses
from enum import Enum

from benchmarks.errors import CaseError, RecordError
from benchmarks.records.json_form import Json

_LARGEST_PLANT = 10.0
"""Ten times the step: a larger fault needs no gate to be seen."""


class Question(str, Enum):
    """Which quantity a case compares between its arms."""

    STEP_TIME = "step_time"
    EPOCH_TIME = "epoch_time"
    STARTUP_TIME = "startup_time"


class Arm(str, Enum):
    """The two sides of a block. In a null case the weighted arm is a second control."""

    CONTROL = "control"
    WEIGHTED = "weighted"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One point of a sweep.

    `dataset_size` counts samples and is None where the question does not depend on it (step time).
    With `null` the method's control is measured against itself.
    """

    question: Question
    workload: str
    depth: int
    batch_size: int
    dataset_size: int | None
    method: str
    null: bool = False

    def __post_init__(self) -> None:
        """Raise CaseError where the values cannot be measured together."""
        for axis, value in (("depth", self.depth), ("batch size", self.batch_size)):
            if value < 1:
                raise CaseError(f"{axis}: expected a whole number of at least 1, got {value}; choose a larger one")
        if self.dataset_size is None:
            if self.question is not Question.STEP_TIME:
                raise CaseError(f"{self.question.value}: expected a dataset size, got none; pass --dataset-size")
        elif self.batch_size > self.dataset_size:
            raise CaseError(
                f"batch size: expected at most the dataset size {self.dataset_size}, got {self.batch_size}; "
                "choose a smaller --batch-size or a larger --dataset-size"
            )

    @property
    def params_id(self) -> str:
        """The part between the brackets of the test's id: `mlp-depth4-batch256-loop_graph`."""
        size = "" if self.dataset_size is None else f"-size{self.dataset_size}"
        null = "-null" if self.null else ""
        return f"{self.workload}-depth{self.depth}-batch{self.batch_size}{size}-{self.method}{null}"

    @property
    def case_id(self) -> str:
        """The name of this case in output and stored runs: `step_time[mlp-depth4-batch256-loop_graph]`."""
        return f"{self.question.value}[{self.params_id}]"

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return dataclasses.asdict(self) | {"question": self.question.value}

    @classmethod
    def from_json(cls, data: Json) -> Case:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            return cls(**(data | {"question": Question(data["question"])}))
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"expected a stored case, got {data!r} ({error}); record the run again") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """A deliberate fault in the weighted arm, to see the gate fail. `step_fraction` 0.1 makes a slice 10 % longer."""

    step_fraction: float

    def __post_init__(self) -> None:
        """Refuse a plant that would make time run backwards."""
        if not 0.0 < self.step_fraction <= _LARGEST_PLANT:
            raise CaseError(
                f"planted slowdown: expected more than 0 % and at most 1000 %, got {self.step_fraction:.1%}; "
                "write for example --plant step=+10%"
            )
