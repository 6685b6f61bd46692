"""What is kept and concluded? Measurements and where they were made, intervals, comparisons, verdicts, and reports.

A saved run keeps a measurement, a history one line per block of a version, and an explanation a profile.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import ClassVar

from benchmarks.errors import RecordError
from benchmarks.records.blocks import BlockSummary, ReadBlock
from benchmarks.records.cases import Case
from benchmarks.records.json_form import JsonRecord, UnboundedFloat


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Environment(JsonRecord):
    """Where a run was measured: what decides whether two runs are alike.

    `jit_compile` is what Keras' `compile` chooses for it where it is not told, of a model of plain layers; empty in
    runs that were recorded before it was asked. It follows from the other fields and is no difference by itself.
    """

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
    jit_compile: str = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(JsonRecord):
    """A measured case: the summaries of its blocks, in the order they ran, and where they ran.

    A timed case has `blocks`, one whose bytes or counts are read has `readings`.
    """

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

    control_own_ns_per_step: Mapping[str, float]
    weighted_own_ns_per_step: Mapping[str, float]


class Outcome(str, Enum):
    """What a verdict can say."""

    HELD = "HELD"
    REGRESSED = "REGRESSED"
    IMPROVED = "IMPROVED"
    UNDECIDED = "UNDECIDED"
    NOT_COMPARABLE = "NOT COMPARABLE"
    FAILED = "FAILED"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Interval(JsonRecord):
    """An estimate with its two-sided confidence interval, all three on the same scale.

    A bound is infinite where the data do not limit it.
    """

    estimate: float
    lower: UnboundedFloat
    upper: UnboundedFloat
    confidence: float

    def __post_init__(self) -> None:
        """Raise RecordError where the bounds do not enclose the estimate."""
        if not self.lower <= self.estimate <= self.upper:
            raise RecordError(f"interval: expected lower <= estimate <= upper, got {self}")
        if not 0.0 < self.confidence < 1.0:
            raise RecordError(f"interval: expected a confidence between 0 and 1, got {self.confidence}")


class Aspect(str, Enum):
    """What of a case is judged."""

    OVERHEAD = "overhead"
    CPU = "overhead in processor time"
    CONTROL = "control"
    WEIGHTED = "weighted arm"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(JsonRecord):
    """One aspect of a case held against what is expected of it, and what that showed.

    `overhead_ratio` is the current overhead from the `blocks` that the verdict rests on, those of the screen or `fresh`
    ones. `expected_ratio` is that of the stored run that `source` names, from `baseline_blocks`; None and 0 for a null
    case, where the truth is exactly 1.00. `change_ratio` is current ÷ expected, from the same blocks.
    `smallest_visible_change` is the smallest true rise, as a fraction and with the tolerance included, that a look at
    as many blocks calls beyond the tolerance with 80 % power.
    """

    aspect: Aspect
    source: str
    outcome: Outcome
    overhead_ratio: Interval
    expected_ratio: Interval | None
    change_ratio: Interval
    tolerance: float
    blocks: int
    fresh: bool
    smallest_visible_change: UnboundedFloat
    baseline_blocks: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(JsonRecord):
    """What is concluded of one case, in one word and one sentence; `comparison` is None where nothing was compared."""

    outcome: Outcome
    reason: str
    comparison: Comparison | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change(JsonRecord):
    """What changed in one aspect of a case between two targets.

    `change_ratio` is this target ÷ the other one, 1.00 = unchanged; None for bytes and counts, which have no interval.
    `brief` says in a few words what changed, for a list; `rises` whether the estimate is higher here, surely or not.
    """

    aspect: Aspect
    outcome: Outcome
    reason: str
    brief: str
    rises: bool
    change_ratio: Interval | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport(JsonRecord):
    """Everything the reports say of one case.

    `measurement`, `overhead_ratio` and `cpu_overhead_ratio`, that in processor time, are None where nothing could be
    measured; `verdict` is None where nothing was asked to be judged. `position_ratio` is second ÷ first position;
    `timed_share` the part of the blocks' wall time spent in timed slices, None where slices of both arms may overlap.
    With two targets `other` is what was measured in the other one, and `changes` what differs. `explanation` is a
    paragraph on what the overhead is made of, where that was looked into.
    """

    case: Case
    measurement: Measurement | None
    overhead_ratio: Interval | None
    position_ratio: Interval | None
    timed_share: float | None
    verdict: Verdict | None
    other: Measurement | None = None
    changes: tuple[Change, ...] = ()
    cpu_overhead_ratio: Interval | None = None
    explanation: str = ""

    @property
    def outcome(self) -> Outcome | None:
        """What the verdict says in one word; None where nothing was judged."""
        return None if self.verdict is None else self.verdict.outcome

    @property
    def reason(self) -> str:
        """What the verdict says in one sentence; empty where nothing was judged."""
        return "" if self.verdict is None else self.verdict.reason
