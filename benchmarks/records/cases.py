"""What is measured? A case of a sweep with its id, the two arms of a block, and a fault planted on purpose.

And can a target measure it? Two checkouts of the suite may meet, one measured against the other. What they send each
other has a version, so that two that would misread each other are told apart at once; what only one of them has is
known from the lists by which a target's server introduces itself, before it is asked for.

Leaves out: how a case is asked for, and which is its null case (`benchmarks.cases`).
"""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Any

from benchmarks.errors import CaseError, RecordError
from benchmarks.questions import Question
from benchmarks.records.json_form import Json, JsonRecord

NULL_SUFFIX = "-null"
"""Marks a value of the method axis whose control is measured against itself."""

_LARGEST_PLANT = 10.0
"""Ten times the step: a larger fault needs no gate to be seen."""


class Arm(str, Enum):
    """The two sides of a block. In a null case the weighted arm is a second control."""

    CONTROL = "control"
    WEIGHTED = "weighted"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case(JsonRecord):
    """One point of a sweep.

    `dataset_size` counts samples and is None where the question does not depend on it (step time, training graph).
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
            if self.question.needs_dataset_size:
                raise CaseError(f"{self.question.value}: expected a dataset size, got none; pass --dataset-size")
        elif self.batch_size > self.dataset_size:
            raise CaseError(
                f"batch size: expected at most the dataset size {self.dataset_size}, got {self.batch_size}; "
                "choose a smaller --batch-size or a larger --dataset-size"
            )

    @property
    def params_id(self) -> str:
        """The part between the brackets of the test's id: `mlp-depth4-batch256-loop_graph`."""
        return name_params(
            workload=self.workload,
            depth=self.depth,
            batch_size=self.batch_size,
            dataset_size=self.dataset_size,
            method=self.method,
            null=self.null,
        )

    @property
    def asked_method(self) -> str:
        """The value of the method axis that asks for this case: `loop_graph`, or `loop_graph-null` of a null case."""
        return f"{self.method}{NULL_SUFFIX}" if self.null else self.method

    @property
    def case_id(self) -> str:
        """The name of this case in output and stored runs: `step_time[mlp-depth4-batch256-loop_graph]`."""
        return f"{self.question.value}[{self.params_id}]"


def name_params(
    *, workload: str, depth: int, batch_size: int, dataset_size: int | None, method: str, null: bool
) -> str:
    """Return the part between the brackets of a test's id, also for values that make no case together."""
    size = "" if dataset_size is None else f"-size{dataset_size}"
    return f"{workload}-depth{depth}-batch{batch_size}{size}-{method}{NULL_SUFFIX if null else ''}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plant(JsonRecord):
    """A deliberate fault in the weighted arm, to see the gate fail; exactly one of the fields says which.

    `step_fraction` 0.1 makes a timed slice 10 % longer. `leak_bytes` are kept alive at the end of each epoch.
    `tensor_fraction` 0.05 holds a tensor of 5 % of the control's peak while that of a pass is read; `tensor_bytes` is
    the same once the control's peak is known. With `retrace` the labels come with another dtype after the first pass.
    """

    step_fraction: float = 0.0
    leak_bytes: int = 0
    tensor_fraction: float = 0.0
    tensor_bytes: int = 0
    retrace: bool = False

    def __post_init__(self) -> None:
        """Refuse a plant that would make time run backwards, and one that is none or two."""
        for fraction, name in ((self.step_fraction, "step"), (self.tensor_fraction, "tensor")):
            if not 0.0 <= fraction <= _LARGEST_PLANT:
                raise CaseError(
                    f"planted {name}: expected more than 0 % and at most 1000 %, got {fraction:.1%}; "
                    f"write for example --plant {name}=+10%"
                )
        if self.leak_bytes < 0 or self.tensor_bytes < 0:
            raise CaseError(f"a plant: expected bytes above 0, got {self}; write for example --plant leak=64KiB")
        faults = (self.step_fraction, self.leak_bytes, self.tensor_fraction, self.tensor_bytes, self.retrace)
        if sum(map(bool, faults)) != 1:
            raise CaseError(
                f"a plant: expected exactly one fault above 0, got {self}; write for example --plant step=+10%"
            )

    def concerns(self, question: Question) -> bool:
        """Return whether cases of this question can show the fault."""
        if self.step_fraction:
            return question.is_timed
        if self.leak_bytes:
            return question is Question.RETAINED_MEMORY
        return question is (Question.TRAINING_GRAPH if self.retrace else Question.PEAK_MEMORY)

    @property
    def description(self) -> str:
        """What was done to the weighted arms, as the end of a sentence."""
        if self.step_fraction:
            return f"weighted arms {self.step_fraction:+.1%} slower"
        if self.leak_bytes:
            return f"weighted arms keep {self.leak_bytes} bytes at the end of each epoch"
        if self.tensor_fraction:
            return f"weighted arms hold a tensor of {self.tensor_fraction:+.1%} of their control's peak"
        if self.tensor_bytes:
            return f"weighted arms hold a tensor of {self.tensor_bytes} bytes"
        return "weighted arms get labels of another dtype after the first pass"


WIRE_VERSION: int = 3
"""Version of what the measuring side and a target's server send each other.

Raise it by one with every change after which one side would refuse or misread what the other side of before sends: a
field that is added to, taken from or given another meaning in what they send (Case, Plant, BlockRequest, ReadRequest,
Meeting, Block, ArmReadings, Profile, Environment, Introduction, the limits), another order of the messages, another way
to start the worker. Not for a question, method or workload more or less: those are in the lists.
"""

_UNDERSTOOD = (1, 2, WIRE_VERSION)
"""Versions that servers may speak: 1 lacks `Environment.jit_compile`, which is then empty, and 1 and 2 lack
`BlockRequest.enough_rounds`, which they are not sent."""

_KNOWS_ENOUGH_ROUNDS = 3

_REMEDY = (
    "update the older of the two checkouts, or name an interpreter or pip requirements, which are measured with the "
    "code of this one"
)

_LISTS = ("questions", "methods", "workloads")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """What a target's server speaks, which questions, methods and workloads it has, and the versions it runs on."""

    wire_version: int
    questions: tuple[str, ...]
    methods: tuple[str, ...]
    workloads: tuple[str, ...]
    tensorflow: str
    keras: str
    numpy: str
    python: str

    def list_missing(self, case: Case) -> tuple[str, ...]:
        """Return what this target lacks of a case, such as `method loop_new`; nothing where it has all of it."""
        asked = (
            ("question", case.question.value, self.questions),
            ("workload", case.workload, self.workloads),
            ("method", case.method, self.methods),
        )
        return tuple(f"{kind} {name}" for kind, name, known in asked if name not in known)

    def leave_out_unknown(self, request: Json) -> Json:
        """Return a block's or a reading's request without what this target is too old to know.

        Without `enough_rounds` a block takes all the time it was given.
        """
        known = self.wire_version >= _KNOWS_ENOUGH_ROUNDS
        return {name: value for name, value in request.items() if known or name != "enough_rounds"}

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Introduction:
        """Read the JSON form; raise RecordError where it is not one, or one of another wire version."""
        version = data.get("wire_version") if isinstance(data, dict) else None
        if version not in _UNDERSTOOD:
            got = "does not introduce itself" if version is None else f"speaks {version!r}"
            raise RecordError(
                f"expected a server that speaks wire version {WIRE_VERSION}, got one that {got}; {_REMEDY}"
            )
        try:
            return cls(**(data | {name: tuple(data[name]) for name in _LISTS}))
        except (KeyError, TypeError) as error:
            raise RecordError(
                f"expected the introduction of a server, got something else ({error}); {_REMEDY}"
            ) from error
