"""What comes back where arms are timed? A block as it was asked for, its raw samples, and what is kept of them.

A saved run keeps a measurement, a history one line per block of a version, and an explanation a profile.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import ClassVar

from benchmarks.errors import RecordError
from benchmarks.records.cases import Case, Plant
from benchmarks.records.json_form import LARGEST_NUMBER, JsonRecord
from benchmarks.records.readings import ReadBlock

_LARGEST_LOG_RATIO = math.log(LARGEST_NUMBER)
"""The longest time that 64 bits can hold against one nanosecond: no two times are further apart."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockRequest(JsonRecord):
    """What one fresh process is asked to measure.

    `seed` decides samples, weights and models; `order_seed` the order of the arms in each round, and
    `weighted_built_first` which of them is built and traced first, which makes that one slower. `timed_budget_ns` is
    the time to spend in timed slices, both arms together; at least `min_rounds` rounds are made whatever they take.
    `intra_op_threads` and `inter_op_threads` of None leave TensorFlow's defaults.
    """

    json_name: ClassVar[str] = "a block request"
    json_remedy: ClassVar[str] = "run one checkout on both sides"

    case: Case
    seed: int
    timed_budget_ns: int
    min_rounds: int
    order_seed: int = 0
    weighted_built_first: bool = False
    plant: Plant | None = None
    intra_op_threads: int | None = None
    inter_op_threads: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Meeting(JsonRecord):
    """Where a block meets the conductor of the turns it takes with blocks of other targets.

    It writes its `number` to the named pipe `told_path` whenever it is at rest, and waits for a byte from `given_path`
    before it goes on for `turn_ns` nanoseconds of timed work. `blocks` is how many meet; each waits for all others, so
    its limit of time is that of so many.
    """

    json_name: ClassVar[str] = "where a block meets others"
    json_remedy: ClassVar[str] = "run one checkout on both sides"

    number: int
    given_path: str
    told_path: str
    turn_ns: int
    blocks: int = 1


COLUMNS = (
    "control_slice_ns",
    "weighted_slice_ns",
    "control_cpu_ns",
    "weighted_cpu_ns",
    "control_takedown_ns",
    "weighted_takedown_ns",
    "weighted_first",
)
"""The fields of a block that hold one entry for each round."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Block(JsonRecord):
    """The raw samples of one block: entry i of each tuple belongs to round i.

    The slices are wall time; `…_cpu_ns` is the processor time of all threads over the same slices, and `…_takedown_ns`
    what the call of a slice still took after it. `weighted_first` says which arm had the first position in that round.
    `traces_while_timed` counts, over both arms, how often TensorFlow traced inside the timed rounds; it must be 0
    except for start-up time, where tracing is part of what is measured. `steps_per_slice` is the denominator for time
    per step. `weighted_built_first` says which arm was built and traced first; None where each had a process of its
    own.
    """

    json_name: ClassVar[str] = "the samples of a block"

    seed: int
    control_slice_ns: tuple[int, ...]
    weighted_slice_ns: tuple[int, ...]
    control_cpu_ns: tuple[int, ...]
    weighted_cpu_ns: tuple[int, ...]
    control_takedown_ns: tuple[int, ...]
    weighted_takedown_ns: tuple[int, ...]
    weighted_first: tuple[bool, ...]
    weighted_built_first: bool | None
    steps_per_slice: int
    traces_while_timed: int
    wall_ns: int

    def __post_init__(self) -> None:
        """Raise RecordError where rounds do not match, or a slice took no time or no step."""
        columns = {name: len(getattr(self, name)) for name in COLUMNS}
        if min(columns.values()) < 1 or len(set(columns.values())) > 1:
            raise RecordError(f"a block: expected columns of as many rounds, at least one, got {columns}")
        if min(self.control_slice_ns) <= 0 or min(self.weighted_slice_ns) <= 0:
            raise RecordError("a block: expected slices longer than 0 ns, got one that is not; check the clock")
        if min(*self.control_cpu_ns, *self.weighted_cpu_ns, *self.control_takedown_ns, *self.weighted_takedown_ns) < 0:
            raise RecordError("a block: expected processor times and take-downs of at least 0 ns, got one below")
        if self.steps_per_slice < 1:
            raise RecordError(f"a block: expected at least one step per slice, got {self.steps_per_slice}")

    @property
    def timed_ns(self) -> int:
        """The time spent in timed slices of both arms."""
        return sum(self.control_slice_ns) + sum(self.weighted_slice_ns)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockSummary(JsonRecord):
    """What a saved run keeps of one block: its one estimate and what is needed to check it.

    `log_ratio` is the block's robust estimate of log(weighted ÷ control) in wall time, `cpu_log_ratio` that in
    processor time; `position_log_ratio` is that of log(second position ÷ first position). The medians are per step,
    those of the take-down per slice. `weighted_built_first` says which arm was built first; None where each had a
    process of its own.
    """

    json_name: ClassVar[str] = "a block summary"

    seed: int
    log_ratio: float
    position_log_ratio: float
    control_median_ns: float
    weighted_median_ns: float
    cpu_log_ratio: float
    control_cpu_median_ns: float
    weighted_cpu_median_ns: float
    control_takedown_ns: float
    weighted_takedown_ns: float
    weighted_built_first: bool | None
    rounds: int
    traces_while_timed: int
    timed_ns: int
    wall_ns: int

    def __post_init__(self) -> None:
        """Raise RecordError where an estimate is no log-ratio of two times, or a step took no time."""
        for log_ratio in (self.log_ratio, self.cpu_log_ratio, self.position_log_ratio):
            if not abs(log_ratio) <= _LARGEST_LOG_RATIO:  # which NaN is not either
                raise RecordError(
                    f"a block summary: expected log-ratios between -{_LARGEST_LOG_RATIO:.1f} and "
                    f"{_LARGEST_LOG_RATIO:.1f}, got {log_ratio!r}"
                )
        if not (self.control_median_ns > 0.0 and self.weighted_median_ns > 0.0):
            raise RecordError(
                f"a block summary: expected medians above 0 ns, got {self.control_median_ns!r} and "
                f"{self.weighted_median_ns!r}"
            )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Environment(JsonRecord):
    """Where a run was measured: what decides whether two runs are alike."""

    json_name: ClassVar[str] = "an environment"

    tensorflow: str
    keras: str
    numpy: str
    python: str
    cpu_model: str
    cores: int
    intra_op_threads: int | None
    inter_op_threads: int | None
    onednn: str
    device: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(JsonRecord):
    """A measured case: the summaries of its blocks, in the order they ran, and where they ran.

    A timed case has `blocks`, one whose bytes or counts are read has `readings`.
    """

    json_name: ClassVar[str] = "a stored measurement"

    case: Case
    blocks: tuple[BlockSummary, ...] = ()
    readings: tuple[ReadBlock, ...] = ()
    environment: Environment

    def __post_init__(self) -> None:
        """Raise RecordError where a case has not what its question asks for."""
        expected = (1, 0) if self.case.question.is_timed else (0, 1)
        if (min(1, len(self.blocks)), min(1, len(self.readings))) != expected:
            raise RecordError(
                f"{self.case.case_id}: expected {'blocks' if self.case.question.is_timed else 'readings'} alone, got "
                f"{len(self.blocks)} blocks and {len(self.readings)} readings"
            )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry(JsonRecord):
    """One line: block `number` of a case in a version; exactly one of `block`, `readings` and `failed` is there.

    `occasion` is the same in blocks that were measured in turns with each other, and in no others.
    """

    json_name: ClassVar[str] = "a line of a history"
    json_remedy: ClassVar[str] = "remove the line"

    version: str
    environment: Environment
    case: Case
    number: int
    occasion: str = ""
    block: BlockSummary | None = None
    readings: ReadBlock | None = None
    failed: str | None = None

    def __post_init__(self) -> None:
        """Raise RecordError where the entry holds nothing, or two things."""
        if sum(value is not None for value in (self.block, self.readings, self.failed)) != 1:
            raise RecordError(f"a history entry: expected a block, readings or a failure, got {self}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Profile(JsonRecord):
    """The own time of Python functions in nanoseconds per step, by `file function`, of both arms of a case.

    Profiled steps are slower than others; only the differences between the arms mean anything.
    """

    json_name: ClassVar[str] = "a profile"

    control_own_ns_per_step: Mapping[str, float]
    weighted_own_ns_per_step: Mapping[str, float]
