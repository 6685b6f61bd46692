"""What comes back from a target? A block as it was asked for, its raw samples, and what a saved run keeps of them."""

from __future__ import annotations

import dataclasses
import math

from benchmarks.errors import RecordError
from benchmarks.records.cases import Case, Plant
from benchmarks.records.json_form import Json
from benchmarks.records.readings import ReadBlock


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockRequest:
    """What one fresh process is asked to measure.

    `seed` decides samples, weights and models; `order_seed` the order of the arms in each round, and
    `weighted_built_first` which of them is built and traced first, which makes that one slower. `timed_budget_ns` is
    the time to spend in timed slices, both arms together; at least `min_rounds` rounds are made whatever they take.
    `intra_op_threads` and `inter_op_threads` of None leave TensorFlow's defaults.
    """

    case: Case
    seed: int
    timed_budget_ns: int
    min_rounds: int
    order_seed: int = 0
    weighted_built_first: bool = False
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
class Meeting:
    """Where a block meets the conductor of the turns it takes with blocks of other targets.

    It writes its `number` to the named pipe `told_path` whenever it is at rest, and waits for a byte from `given_path`
    before it goes on for `turn_ns` nanoseconds of timed work. `blocks` is how many meet; each waits for all others, so
    its limit of time is that of so many.
    """

    number: int
    given_path: str
    told_path: str
    turn_ns: int
    blocks: int = 1


_COLUMNS = (
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
class Block:
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
        """Raise RecordError where rounds do not match or a slice took no time."""
        columns = {name: len(getattr(self, name)) for name in _COLUMNS}
        if min(columns.values()) < 1 or len(set(columns.values())) > 1:
            raise RecordError(f"a block: expected columns of as many rounds, at least one, got {columns}")
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
            tuples = {name: tuple(data[name]) for name in _COLUMNS}
            return cls(**(data | tuples))
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"expected the samples of a block, got something else ({error})") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockSummary:
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
        """Raise RecordError where an estimate is not a finite number."""
        estimates = (self.log_ratio, self.position_log_ratio, self.cpu_log_ratio)
        if not all(map(math.isfinite, estimates)):
            raise RecordError(f"a block summary: expected finite log-ratios, got {estimates!r}")

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
    """A measured case: the summaries of its blocks, in the order they ran, and where they ran.

    A timed case has `blocks`, one whose bytes or counts are read has `readings`.
    """

    case: Case
    blocks: tuple[BlockSummary, ...] = ()
    readings: tuple[ReadBlock, ...] = ()
    environment: Environment

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return {
            "case": self.case.to_json(),
            "blocks": [block.to_json() for block in self.blocks],
            "readings": [block.to_json() for block in self.readings],
            "environment": self.environment.to_json(),
        }

    @classmethod
    def from_json(cls, data: Json) -> Measurement:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            return cls(
                case=Case.from_json(data["case"]),
                blocks=tuple(BlockSummary.from_json(block) for block in data["blocks"]),
                readings=tuple(ReadBlock.from_json(block) for block in data.get("readings", ())),
                environment=Environment.from_json(data["environment"]),
            )
        except (KeyError, TypeError) as error:
            raise RecordError(f"expected a stored measurement, got no {error}; record the run again") from error
