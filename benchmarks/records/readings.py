"""What comes back from a target where bytes and counts are read? One arm's readings, and both arms of a block.

Each arm has a process to itself, so that no arm inherits memory from the other. Bytes and counts do not drift with the
machine's load, which is what makes that possible. Leaves out: what is concluded from them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import ClassVar

from benchmarks.errors import RecordError
from benchmarks.records.cases import Arm, Case, Plant
from benchmarks.records.json_form import JsonRecord
from benchmarks.records.quantities import QUANTITIES, Stretch

OpCounts = Mapping[str, int]
"""Operations by type. How they are wired is left out: two graphs with the same counts can differ in that."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest(JsonRecord):
    """What one fresh process is asked to read: one arm of a case, alone. Equal requests ask for equal readings.

    `intra_op_threads` and `inter_op_threads` of None leave TensorFlow's defaults. `layout` says which of the target's
    servers the process is forked from: each has drawn an address space of its own.
    """

    json_name: ClassVar[str] = "a request to read an arm"
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
                raise RecordError(f"readings: expected one of {', '.join(QUANTITIES)}, got {key[:100]!r}")

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

    json_name: ClassVar[str] = "the readings of both arms"

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


def subtract_op_types(graph: OpCounts, other: OpCounts) -> dict[str, int]:
    """Return by op type how many nodes `graph` has more than `other`; op types of which both have as many are left out.

    Args:
        graph: nodes by op type.
        other: nodes by op type, or a difference of such.
    """
    differences = {name: graph.get(name, 0) - other.get(name, 0) for name in sorted({*graph, *other})}
    return {name: count for name, count in differences.items() if count}


def describe_op_types(difference: OpCounts) -> str:
    """Return a difference in words, the largest first: `+2 Mul, +1 Cast, -1 Sum`; `none` where there is none."""
    ranked = sorted(difference.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    return ", ".join(f"{count:+d} {name}" for name, count in ranked) or "none"
