"""What is a target asked, and what comes back? A block of timed slices, or the bytes and counts of one arm.

A timed block holds both arms, whose raw samples come back and of which a summary is kept. Where bytes and counts are
read, each arm has a process to itself, so that no arm inherits memory from the other; they do not drift with the
machine's load, which is what makes that possible. Leaves out: what is concluded from them (`findings`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from benchmarks.errors import RecordError
from benchmarks.records.cases import Arm, Case, Plant
from benchmarks.records.json_form import LARGEST_NUMBER, JsonRecord
from benchmarks.records.quantities import QUANTITIES, Stretch

OpCounts = Mapping[str, int]
"""Operations by type. How they are wired is left out: two graphs with the same counts can differ in that."""

_LARGEST_LOG_RATIO = math.log(LARGEST_NUMBER)
"""The longest time that 64 bits can hold against one nanosecond: no two times are further apart."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockRequest(JsonRecord):
    """What one fresh process is asked to measure.

    `seed` decides samples, weights and models; `order_seed` the order of the arms in each round, and
    `weighted_built_first` which of them is built and traced first, which makes that one slower. `timed_budget_ns` is
    the time to spend in timed slices, both arms together, unless `enough_rounds` are made before; at least `min_rounds`
    are made whatever they take.
    `intra_op_threads` and `inter_op_threads` of None leave TensorFlow's defaults.
    """

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
    enough_rounds: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Meeting(JsonRecord):
    """Where a block meets the conductor of the turns it takes with blocks of other targets.

    It writes its `number` to the named pipe `told_path` whenever it is at rest, and waits for a byte from `given_path`
    before it goes on for `turn_ns` nanoseconds of timed work. `blocks` is how many meet; each waits for all others, so
    its limit of time is that of so many.
    """

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
class ReadRequest(JsonRecord):
    """What one fresh process is asked to read: one arm of a case, alone. Equal requests ask for equal readings.

    `intra_op_threads` and `inter_op_threads` of None leave TensorFlow's defaults. `layout` says which of the target's
    servers the process is forked from: each has drawn an address space of its own.
    """

    json_remedy: ClassVar[str] = "run one checkout on both sides"

    case: Case
    arm: Arm
    seed: int
    stretch: Stretch = Stretch.PASS
    plant: Plant | None = None
    intra_op_threads: int | None = None
    inter_op_threads: int | None = None
    layout: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ArmReadings(JsonRecord):
    """What was read of one arm in a block, by one process or, where there are several stretches, by one for each.

    `values` holds bytes and counts by key (`quantities.name_reading`). `missing` says by key or quantity why one
    could not be read. `op_types` counts the operations of a graph by type, by the quantity that counts its nodes.
    `trace_causes` has one sentence per trace after warm-up. `resident_by_epoch_bytes` is the level after each
    epoch, from which the retained bytes are estimated. `read_ns` is how long the reading took, for no comparison.
    """

    json_name: ClassVar[str] = "the readings of an arm"

    seed: int
    values: Mapping[str, float]
    read_ns: int
    missing: Mapping[str, str] = dataclasses.field(default_factory=dict)
    op_types: Mapping[str, OpCounts] = dataclasses.field(default_factory=dict)
    trace_causes: tuple[str, ...] = ()
    resident_by_epoch_bytes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Raise RecordError where a value is not a number, or of nothing that is known."""
        if not all(math.isfinite(value) for value in self.values.values()):
            raise RecordError(f"readings: expected finite numbers, got {dict(self.values)!r}")
        for key in self.values:
            if key.partition("[")[0] not in QUANTITIES:
                raise RecordError(
                    f"readings: expected one of the {len(QUANTITIES)} quantities that benchmarks/records/quantities.py "
                    f"lists, got {key[:100]!r}"
                )

    def merge(self, other: ArmReadings) -> ArmReadings:
        """Return these readings and those of another stretch of the same arm."""
        return dataclasses.replace(
            self,
            values={**self.values, **other.values},
            missing={**self.missing, **other.missing},
            op_types={**self.op_types, **other.op_types},
            trace_causes=self.trace_causes + other.trace_causes,
            read_ns=self.read_ns + other.read_ns,
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadBlock(JsonRecord):
    """Both arms of one block, each read in a process of its own."""

    control: ArmReadings
    weighted: ArmReadings

    def list_keys(self) -> tuple[str, ...]:
        """Return the keys that were read of both arms."""
        return tuple(key for key in self.control.values if key in self.weighted.values)

    def find_extra(self, key: str) -> float:
        """Return what the weighted arm has more than its control; negative where it has less."""
        return self.weighted.values[key] - self.control.values[key]

    def find_extra_op_types(self, key: str) -> dict[str, int]:
        """Return by op type how many nodes more the weighted arm's graph has; empty where the reading is no graph."""
        return subtract_op_types(self.weighted.op_types.get(key, {}), self.control.op_types.get(key, {}))

    def find_missing(self, key: str) -> str | None:
        """Return why a key was not read of one of the arms; None where nothing is known of it."""
        quantity = key.partition("[")[0]
        for arm in (self.weighted, self.control):
            for name in (key, quantity):
                if name in arm.missing:
                    return arm.missing[name]
        return None


def list_shared_keys(blocks: Sequence[ReadBlock]) -> tuple[str, ...]:
    """Return the keys that every one of the blocks has, at least one block, in the order of the first."""
    return tuple(key for key in blocks[0].list_keys() if all(key in block.list_keys() for block in blocks))


def subtract_op_types(graph: OpCounts, other: OpCounts) -> dict[str, int]:
    """Return by op type how many nodes `graph` has more than `other`; op types of which both have as many are left out.

    Args:
        graph: nodes by op type.
        other: nodes by op type, or a difference of such.
    """
    differences = {name: graph.get(name, 0) - other.get(name, 0) for name in sorted({*graph, *other})}
    return {name: count for name, count in differences.items() if count}
