"""What do readings of bytes and counts allow one to say? One rule per kind of quantity, from readings to a finding.

Against a baseline, what is judged is what the weighted arm has *more than its control*, against what it had more when
the baseline was recorded; what both arms share is no cost of weighting. Against a target that was read in the same
minutes, what either arm has by itself is judged too. Bytes scatter a little and not normally (a prefetched batch
more or less), so they are judged by medians and by whether the ranges overlap, without a distribution. Leaves out: in
which order the rules are asked, and how many blocks are read (`readings`).
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Callable, Mapping, Sequence

from benchmarks.errors import StatisticsError
from benchmarks.gate.plan import FAMILY_ALPHA, LEAST_ARM_TOLERANCE, SCREEN_CONFIDENCE
from benchmarks.records import Aspect, Outcome, ReadBlock
from benchmarks.records.quantities import QUANTITIES, Rule, find_quantity, title_reading
from benchmarks.records.readings import describe_op_types, subtract_op_types
from benchmarks.stats.lines import estimate_mean_interval
from benchmarks.stats.multiplicity import split_over_cases
from benchmarks.units import format_bytes, format_extra_bytes

LEAST_BLOCKS_TO_TELL_APART: int = 2
"""The fewest readings on either side whose ranges mean anything."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPlan:
    """How the readings of a run are judged.

    A rise of bytes is tolerated up to `tolerance` of the control's bytes or up to `floor_bytes`, whichever is more.
    `floor_bytes` is also what an arm may retain per epoch. `screen_blocks` are read first and `fresh_blocks` of new
    ones where these do not settle it. `family_alpha` is shared by the `judgements` of the run.
    """

    judgements: int
    tolerance: float
    floor_bytes: float
    screen_blocks: int
    fresh_blocks: int
    family_alpha: float = FAMILY_ALPHA
    screen_confidence: float = SCREEN_CONFIDENCE
    held_confidence: float = 0.95

    def __post_init__(self) -> None:
        """Raise StatisticsError where a number cannot be meant."""
        if not 0.0 <= self.tolerance < 1.0 or not self.floor_bytes >= 0.0:
            raise StatisticsError(
                "limits of bytes: expected a tolerance from 0 % to below 100 % and a floor of at least 0 bytes, got "
                f"{self.tolerance:.1%} and {self.floor_bytes:g}; choose others"
            )
        if self.screen_blocks < 1 or self.fresh_blocks < 0:
            raise StatisticsError(f"blocks: expected at least 1 to read, got {self.screen_blocks}; read more")

    @property
    def judgement_alpha(self) -> float:
        """The error level of one case."""
        return split_over_cases(self.family_alpha, self.judgements)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is concluded of one quantity, with its reason as the end of a sentence that the title begins.

    `aspect` says of what: of what the weighted arm has more than its control, or of what one arm has by itself.
    """

    key: str
    outcome: Outcome
    text: str
    aspect: Aspect = Aspect.OVERHEAD

    @property
    def title(self) -> str:
        """What a person reads for the quantity, and for the arm where it is one arm's."""
        title = title_reading(self.key)
        return title if self.aspect is Aspect.OVERHEAD else f"{title}, {self.aspect.value}"

    @property
    def sentence(self) -> str:
        """The quantity and what was found of it."""
        return f"{self.title}: {self.text}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the weighted arm was expected to have more than its control, one entry per stored block.

    `op_types` is by how many nodes of each type the weighted arm's graph was larger. `source` says where it was read. A
    null case expects nothing.
    """

    extras: tuple[float, ...]
    op_types: Mapping[str, int]
    source: str = "before"


EXPECT_NO_DIFFERENCE = Expectation(extras=(0.0,) * LEAST_BLOCKS_TO_TELL_APART, op_types={})
"""What a null case is held against."""


def expect_stored(key: str, stored: Sequence[ReadBlock], source: str = "before") -> Expectation:
    """Return what the stored blocks, or those of another source, had of this reading."""
    return Expectation(
        extras=tuple(block.find_extra(key) for block in stored),
        op_types=find_op_difference(key, stored[0]),
        source=source,
    )


def find_op_difference(key: str, block: ReadBlock) -> dict[str, int]:
    """Return by op type how many nodes more the weighted arm's graph has; empty where the reading is no graph."""
    return subtract_op_types(block.weighted.op_types.get(key, {}), block.control.op_types.get(key, {}))


def judge_reading(
    key: str, blocks: Sequence[ReadBlock], expected: Expectation | None, plan: ReadingPlan, *, final: bool
) -> Finding | None:
    """Return what the blocks show of one reading; None where more blocks are needed or nothing is asked of it.

    Args:
        key: of the reading.
        blocks: at least one; the fresh ones alone where `final`.
        expected: what was stored; None where nothing is compared, and only what must never be is looked for.
        plan: limits.
        final: whether no more blocks will come.
    """
    rule = find_quantity(key).rule
    if rule is Rule.NONE:
        return _judge_none(key, blocks)
    if rule is Rule.LEAK:
        return _judge_leak(key, blocks, plan, final=final)
    if expected is None:
        return None
    return _COMPARING[rule](key, blocks, expected, plan, final)


def _judge_none(key: str, blocks: Sequence[ReadBlock]) -> Finding:
    """Judge a count that must be 0 in the weighted arm."""
    worst = max(blocks, key=lambda block: block.weighted.values[key])
    count = worst.weighted.values[key]
    if not count:
        return Finding(key=key, outcome=Outcome.HELD, text="none")
    causes = "; ".join(dict.fromkeys(worst.weighted.trace_causes))
    return Finding(key=key, outcome=Outcome.REGRESSED, text=f"expected none, got {count:.0f}: {causes}")


def _judge_exact(
    key: str,
    blocks: Sequence[ReadBlock],
    expected: Expectation,
    plan: ReadingPlan,
    final: bool,  # noqa: FBT001
) -> Finding:
    """Judge a count of which the weighted arm must not have more, beside its control, than it had."""
    del plan, final
    now, then = {block.find_extra(key) for block in blocks}, set(expected.extras)
    if len(now) > 1 or len(then) > 1:
        varying, counts = ("here", now) if len(now) > 1 else (expected.source, then)
        text = f"not the same in every block {varying}: {min(counts):+.0f} to {max(counts):+.0f} beside the control"
        return Finding(key=key, outcome=Outcome.UNDECIDED, text=text)
    extra, expected_extra = now.pop(), then.pop()
    if extra == expected_extra:
        return Finding(key=key, outcome=Outcome.HELD, text=f"beside the control as many as {expected.source}")
    values = blocks[0].weighted.values[key], blocks[0].control.values[key]
    text = (
        f"{extra:+.0f} beside the control now, {expected_extra:+.0f} {expected.source}; "
        f"{values[0]:.0f} weighted, {values[1]:.0f} control now"
    )
    if key in blocks[0].weighted.op_types:
        types = subtract_op_types(find_op_difference(key, blocks[0]), expected.op_types)
        text += f"; by op type {describe_op_types(types)}"
    return Finding(key=key, outcome=Outcome.REGRESSED if extra > expected_extra else Outcome.IMPROVED, text=text)


def _judge_bytes(
    key: str,
    blocks: Sequence[ReadBlock],
    expected: Expectation,
    plan: ReadingPlan,
    final: bool,  # noqa: FBT001
) -> Finding | None:
    """Judge bytes of which the weighted arm must not need clearly more, beside its control, than it did."""
    now = [block.find_extra(key) for block in blocks]
    change = statistics.median(now) - statistics.median(expected.extras)
    limit = max(plan.floor_bytes, plan.tolerance * statistics.median(block.control.values[key] for block in blocks))
    text = (
        f"{_format_extras(now)} beside the control now, {_format_extras(expected.extras)} {expected.source}; a change "
        f"of {format_extra_bytes(change)} where {format_bytes(limit)} are tolerated"
    )
    if abs(change) <= limit:
        return Finding(key=key, outcome=Outcome.HELD, text=text)
    if not final:
        return None
    if not _are_apart(now, expected.extras):
        return Finding(key=key, outcome=Outcome.UNDECIDED if change > 0 else Outcome.HELD, text=text)
    return Finding(key=key, outcome=Outcome.REGRESSED if change > 0 else Outcome.IMPROVED, text=text)


def _judge_leak(key: str, blocks: Sequence[ReadBlock], plan: ReadingPlan, *, final: bool) -> Finding | None:
    """Judge what the weighted arm retains per epoch more than its control."""
    extras = [block.find_extra(key) for block in blocks]
    interval = estimate_mean_interval(extras, 1.0 - 2.0 * plan.judgement_alpha)
    confidence = plan.held_confidence if final else plan.screen_confidence
    upper = estimate_mean_interval(extras, 2.0 * confidence - 1.0).upper
    shown = estimate_mean_interval(extras, 0.95)
    known = math.isfinite(shown.upper)
    bounds = f"{format_extra_bytes(shown.lower)} to {format_extra_bytes(shown.upper)}" if known else "unknown"
    text = (
        f"{format_extra_bytes(shown.estimate)} beside the control (95 % interval {bounds}, {len(extras)} blocks), "
        f"where {format_bytes(plan.floor_bytes)} are tolerated"
    )
    if final and interval.lower > plan.floor_bytes:
        return Finding(key=key, outcome=Outcome.REGRESSED, text=text)
    if upper <= plan.floor_bytes:
        return Finding(key=key, outcome=Outcome.HELD, text=text)
    return Finding(key=key, outcome=Outcome.UNDECIDED, text=text) if final else None


_COMPARING: Mapping[Rule, Callable[[str, Sequence[ReadBlock], Expectation, ReadingPlan, bool], Finding | None]] = {
    Rule.EXACT: _judge_exact,
    Rule.BYTES: _judge_bytes,
}


def judge_arm(
    key: str, aspect: Aspect, now: Sequence[float], other: Sequence[float], plan: ReadingPlan, *, final: bool
) -> Finding | None:
    """Return what one arm has by itself, here against the other target; None where more readings are needed.

    A change counts where it is more than `LEAST_ARM_TOLERANCE` of what the other target has, and, in bytes, more than
    the floor. Counts are settled at once; bytes on fresh readings whose ranges do not overlap.

    Args:
        key: of the reading.
        aspect: the arm.
        now: what was read here, one value per block; the fresh ones alone where `final`.
        other: the same in the other target.
        plan: limits.
        final: whether no more readings will come.
    """
    in_bytes = find_quantity(key).in_bytes
    here, there = statistics.median(now), statistics.median(other)
    limit = max(plan.tolerance, LEAST_ARM_TOLERANCE) * abs(there)
    if in_bytes:
        limit = max(limit, plan.floor_bytes)
    write = format_bytes if in_bytes else "{:.0f}".format
    text = f"{write(there)} → {write(here)}, where a rise of {write(limit)} is tolerated"
    outcome: Outcome | None = Outcome.HELD
    if abs(here - there) > limit:
        change = Outcome.REGRESSED if here > there else Outcome.IMPROVED
        outcome = change if _are_apart(now, other) or not in_bytes else Outcome.UNDECIDED
        if in_bytes and not final:
            outcome = None
    return None if outcome is None else Finding(key=key, outcome=outcome, text=text, aspect=aspect)


def _are_apart(one: Sequence[float], two: Sequence[float]) -> bool:
    """Whether there are enough readings on both sides, and the ranges do not overlap."""
    enough = min(len(one), len(two)) >= LEAST_BLOCKS_TO_TELL_APART
    return enough and (min(one) > max(two) or max(one) < min(two))


def list_keys(blocks: Sequence[ReadBlock]) -> tuple[str, ...]:
    """Return the keys that every one of the blocks has, in the order of the registry of quantities."""
    shared = [key for key in blocks[0].list_keys() if all(key in block.list_keys() for block in blocks)]
    order = list(QUANTITIES)
    return tuple(sorted(shared, key=lambda key: order.index(find_quantity(key).name)))


def _format_extras(extras: Sequence[float]) -> str:
    """Write the median, and the range where there is one."""
    middle = format_extra_bytes(statistics.median(extras))
    if min(extras) == max(extras):
        return middle
    return f"{middle} ({format_extra_bytes(min(extras))} to {format_extra_bytes(max(extras))})"
