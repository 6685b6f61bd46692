"""What crosses processes, floors and files: frozen records, their invariants and their JSON form.

Leaves out: every computation on them. Times are integers in nanoseconds; ratios are weighted ÷ control, 1.00 = free.
"""

from __future__ import annotations

import dataclasses
import math
from enum import Enum
from typing import Any

from benchmarks.errors import CaseError, RecordError

Json = dict[str, Any]


class Question(str, Enum):
    """Which quantity a case compares between its arms."""

    STEP_TIME = "step_time"
    EPOCH_TIME = "epoch_time"
    STARTUP_TIME = "startup_time"


class Arm(str, Enum):
    """The two sides of a block. In a null case the weighted arm is a second control."""

    CONTROL = "control"
    WEIGHTED = "weighted"


class Outcome(str, Enum):
    """What a verdict can say."""

    HELD = "HELD"
    REGRESSED = "REGRESSED"
    IMPROVED = "IMPROVED"
    UNDECIDED = "UNDECIDED"
    NOT_COMPARABLE = "NOT COMPARABLE"
    FAILED = "FAILED"


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
        if not 0.0 < self.step_fraction <= 10.0:
            raise CaseError(
                f"planted slowdown: expected more than 0 % and at most 1000 %, got {self.step_fraction:.1%}; "
                "write for example --plant step=+10%"
            )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockRequest:
    """What one fresh process is asked to measure.

    `timed_budget_ns` is the time to spend in timed slices, both arms together; at least `min_rounds` rounds are
    made whatever they take. `intra_op_threads` and `inter_op_threads` of None leave TensorFlow's defaults.
    """

    case: Case
    seed: int
    timed_budget_ns: int
    min_rounds: int
    plant: Plant | None = None
    intra_op_threads: int | None = None
    inter_op_threads: int | None = None

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        plant = None if self.plant is None else dataclasses.asdict(self.plant)
        return dataclasses.asdict(self) | {"case": self.case.to_json(), "plant": plant}

    @classmethod
    def from_json(cls, data: Json) -> BlockRequest:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            plant = None if data["plant"] is None else Plant(**data["plant"])
            return cls(**(data | {"case": Case.from_json(data["case"]), "plant": plant}))
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"expected a block request, got {data!r} ({error})") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The raw samples of one block: entry i of each tuple belongs to round i.

    `weighted_first` says which arm had the first position in that round. `traces_while_timed` counts, over both
    arms, how often TensorFlow traced inside the timed rounds; it must be 0 except for start-up time, where
    tracing is part of what is measured. `steps_per_slice` is the denominator for time per step.
    """

    seed: int
    control_slice_ns: tuple[int, ...]
    weighted_slice_ns: tuple[int, ...]
    weighted_first: tuple[bool, ...]
    steps_per_slice: int
    traces_while_timed: int
    wall_ns: int

    def __post_init__(self) -> None:
        """Raise RecordError where rounds do not match or a slice took no time."""
        rounds = len(self.control_slice_ns)
        if not rounds or len(self.weighted_slice_ns) != rounds or len(self.weighted_first) != rounds:
            raise RecordError(
                f"a block: expected as many control slices, weighted slices and positions, at least one, got "
                f"{rounds}, {len(self.weighted_slice_ns)} and {len(self.weighted_first)}"
            )
        if min(self.control_slice_ns) <= 0 or min(self.weighted_slice_ns) <= 0:
            raise RecordError("a block: expected slices longer than 0 ns, got one that is not; check the clock")

    @property
    def timed_ns(self) -> int:
        """The time spent in timed slices of both arms."""
        return sum(self.control_slice_ns) + sum(self.weighted_slice_ns)

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> Block:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            tuples = {
                name: tuple(data[name]) for name in ("control_slice_ns", "weighted_slice_ns", "weighted_first")
            }
            return cls(**(data | tuples))
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"expected the samples of a block, got something else ({error})") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockSummary:
    """What a saved run keeps of one block: its one estimate and what is needed to check it.

    `log_ratio` is the block's robust estimate of log(weighted ÷ control); `position_log_ratio` that of
    log(second position ÷ first position). The medians are per step.
    """

    seed: int
    log_ratio: float
    position_log_ratio: float
    control_median_ns: float
    weighted_median_ns: float
    rounds: int
    traces_while_timed: int
    timed_ns: int
    wall_ns: int

    def __post_init__(self) -> None:
        """Raise RecordError where an estimate is not a finite number."""
        if not (math.isfinite(self.log_ratio) and math.isfinite(self.position_log_ratio)):
            raise RecordError(f"a block summary: expected finite log-ratios, got {self.log_ratio!r}")

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> BlockSummary:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            return cls(**data)
        except (TypeError, ValueError) as error:
            raise RecordError(f"expected a block summary, got {data!r} ({error}); record the run again") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where a run was measured: what decides whether two runs are alike."""

    tensorflow: str
    keras: str
    numpy: str
    python: str
    cpu_model: str
    cores: int
    intra_op_threads: int | None
    inter_op_threads: int | None
    allocator: str
    onednn: str
    device: str

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> Environment:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            return cls(**data)
        except TypeError as error:
            raise RecordError(f"expected an environment, got {data!r} ({error}); record the run again") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A measured case: the summaries of its blocks, in the order they ran, and where they ran."""

    case: Case
    blocks: tuple[BlockSummary, ...]
    environment: Environment

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return {
            "case": self.case.to_json(),
            "blocks": [block.to_json() for block in self.blocks],
            "environment": self.environment.to_json(),
        }

    @classmethod
    def from_json(cls, data: Json) -> Measurement:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            return cls(
                case=Case.from_json(data["case"]),
                blocks=tuple(BlockSummary.from_json(block) for block in data["blocks"]),
                environment=Environment.from_json(data["environment"]),
            )
        except (KeyError, TypeError) as error:
            raise RecordError(f"expected a stored measurement, got no {error}; record the run again") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its two-sided confidence interval, all three on the same scale.

    A bound is infinite where the data do not limit it.
    """

    estimate: float
    lower: float
    upper: float
    confidence: float

    def __post_init__(self) -> None:
        """Raise RecordError where the bounds do not enclose the estimate."""
        if not self.lower <= self.estimate <= self.upper:
            raise RecordError(f"interval: expected lower <= estimate <= upper, got {self}")
        if not 0.0 < self.confidence < 1.0:
            raise RecordError(f"interval: expected a confidence between 0 and 1, got {self.confidence}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A case held against what is expected of it.

    `overhead_ratio` is the current overhead from the blocks that the verdict rests on (`fresh_blocks` of them, or the
    screening blocks where that is 0); `expected_ratio` is the baseline's, from `baseline_blocks` (None and 0 for a null
    case, where the truth is exactly 1.00). `change_ratio` is current ÷ expected, from the same blocks.
    `smallest_visible_change` is the smallest true rise, as a fraction and with the tolerance included, that a look at as
    many blocks calls beyond the tolerance with 80 % power.
    """

    overhead_ratio: Interval
    expected_ratio: Interval | None
    change_ratio: Interval
    tolerance: float
    fresh_blocks: int
    smallest_visible_change: float
    baseline_blocks: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is concluded of one case, in one word and one sentence; `comparison` is None where nothing was compared."""

    outcome: Outcome
    reason: str
    comparison: Comparison | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """Everything the reports say of one case.

    `measurement` and `overhead_ratio` are None where nothing could be measured; `verdict` is None where nothing was
    asked to be judged. `position_ratio` is second ÷ first position; `timed_share` the part of the blocks' wall time
    spent in timed slices.
    """

    case: Case
    measurement: Measurement | None
    overhead_ratio: Interval | None
    position_ratio: Interval | None
    timed_share: float | None
    verdict: Verdict | None
