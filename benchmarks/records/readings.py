"""What comes back from a target where bytes and counts are read? One arm's readings, and both arms of a block.

Each arm has a process to itself, so that no arm inherits memory from the other. Bytes and counts do not drift with the
machine's load, which is what makes that possible. Leaves out: what is concluded from them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum

from benchmarks.errors import RecordError
from benchmarks.records.cases import Arm, Case, Plant
from benchmarks.records.json_form import Json


class Stretch(str, Enum):
    """Over which stretch of training an arm is read: a whole pass, or several, or a single step of a warm arm."""

    PASS = "pass"  # noqa: S105 - a pass over the data
    STEP = "step"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """What one fresh process is asked to read: one arm of a case, alone. Equal requests ask for equal readings.

    `intra_op_threads` and `inter_op_threads` of None leave TensorFlow's defaults. `layout` says which of the target's
    servers the process is forked from: each has drawn an address space of its own.
    """

    case: Case
    arm: Arm
    seed: int
    stretch: Stretch = Stretch.PASS
    plant: Plant | None = None
    intra_op_threads: int | None = None
    inter_op_threads: int | None = None
    layout: int = 0

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        plant = None if self.plant is None else dataclasses.asdict(self.plant)
        names = {"arm": self.arm.value, "stretch": self.stretch.value}
        return dataclasses.asdict(self) | {"case": self.case.to_json(), "plant": plant} | names

    @classmethod
    def from_json(cls, data: Json) -> ReadRequest:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            plant = None if data["plant"] is None else Plant(**data["plant"])
            names = {"arm": Arm(data["arm"]), "stretch": Stretch(data["stretch"])}
            return cls(**(data | {"case": Case.from_json(data["case"]), "plant": plant} | names))
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"expected a request to read an arm, got {data!r} ({error})") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ArmReadings:
    """What was read of one arm in a block, by one process or, where there are several stretches, by one for each.

    `values` holds bytes and counts by key (`quantities.name_reading`). `missing` says by key or quantity why one
    could not be read. `op_types` counts the operations of a graph by type, by the quantity that counts its nodes.
    `trace_causes` has one sentence per trace after warm-up. `resident_by_epoch_bytes` is the level after each
    epoch, from which the retained bytes are estimated. `read_ns` is how long the reading took, for no comparison.
    """

    seed: int
    values: Mapping[str, float]
    read_ns: int
    missing: Mapping[str, str] = dataclasses.field(default_factory=dict)
    op_types: Mapping[str, Mapping[str, int]] = dataclasses.field(default_factory=dict)
    trace_causes: tuple[str, ...] = ()
    resident_by_epoch_bytes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Raise RecordError where a value is not a number."""
        if not all(math.isfinite(value) for value in self.values.values()):
            raise RecordError(f"readings: expected finite numbers, got {dict(self.values)!r}")

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

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> ArmReadings:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            tuples = {name: tuple(data[name]) for name in ("trace_causes", "resident_by_epoch_bytes")}
            return cls(**(data | tuples))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RecordError(f"expected the readings of an arm, got something else ({error})") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadBlock:
    """Both arms of one block, each read in a process of its own."""

    control: ArmReadings
    weighted: ArmReadings

    def list_keys(self) -> tuple[str, ...]:
        """Return the keys that were read of both arms."""
        return tuple(key for key in self.control.values if key in self.weighted.values)

    def find_extra(self, key: str) -> float:
        """Return what the weighted arm has more than its control; negative where it has less."""
        return self.weighted.values[key] - self.control.values[key]

    def find_missing(self, key: str) -> str | None:
        """Return why a key was not read of one of the arms; None where nothing is known of it."""
        quantity = key.partition("[")[0]
        for arm in (self.weighted, self.control):
            for name in (key, quantity):
                if name in arm.missing:
                    return arm.missing[name]
        return None

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return {"control": self.control.to_json(), "weighted": self.weighted.to_json()}

    @classmethod
    def from_json(cls, data: Json) -> ReadBlock:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            return cls(control=ArmReadings.from_json(data["control"]), weighted=ArmReadings.from_json(data["weighted"]))
        except (KeyError, TypeError) as error:
            raise RecordError(f"expected the readings of both arms, got no {error}; record the run again") from error
