"""What is concluded of times that were measured in two targets in turns? A verdict on each aspect of a case.

A block of either target makes a pair; each aspect gives one log-change per pair, this target ÷ the other one, and the
rules are those of the gate: screen, then look at fresh pairs. The blocks of a pair are alive together, which
is what allows absolute times to be judged here and nowhere else. Leaves out: where blocks come from, and bytes and
counts (`read_sides`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

from benchmarks.records import Aspect, BlockSummary, Case, Change, Outcome, Verdict
from benchmarks.stats.intervals import LogEstimate, estimate_mean
from benchmarks.stats.power import estimate_smallest_visible_change
from benchmarks.units import format_overhead, format_percent
from benchmarks.verdicts.explain import describe_visible
from benchmarks.verdicts.gate import judge_null_case, list_groups, list_log_ratios
from benchmarks.verdicts.plan import GatePlan
from benchmarks.verdicts.rules import find_worst
from benchmarks.verdicts.screening import Criterion, MeasureMore, Settled, screen_then_confirm


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockPair:
    """A block of this target and one of the other, measured in turns."""

    now: BlockSummary
    other: BlockSummary


MeasurePairs = MeasureMore[BlockPair]


class Pairs:
    """Pairs that several judgements look at, each from the first one on; measured when one of them needs more."""

    def __init__(self, measure: Callable[[], BlockPair]) -> None:
        """Measure nothing yet; `measure` measures one more pair."""
        self._measure = measure
        self._measured: list[BlockPair] = []

    def replay(self) -> MeasurePairs:
        """Return what hands out the pairs from the first one on, and measures those that there are not yet."""
        position = 0

        def take(count: int) -> Sequence[BlockPair]:
            nonlocal position
            position += count
            while len(self._measured) < position:
                self._measured.append(self._measure())
            return self._measured[position - count : position]

        return take


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SidesVerdict:
    """The verdict on a timed case of two targets, the reasons it is made of, and what changed in each aspect."""

    verdict: Verdict
    reasons: tuple[str, ...]
    changes: tuple[Change, ...]


def judge_null_sides(pairs: Pairs, tolerances: Mapping[Aspect, float], plan: GatePlan) -> SidesVerdict:
    """Judge a null case of two targets: it must read 1.00 in either, and so the same in both.

    Args:
        pairs: measures more of them; what it raises passes through.
        tolerances: how far it may be from 1.00 to either side, by aspect.
        plan: error levels and numbers of blocks.
    """
    take_here, take_there = pairs.replay(), pairs.replay()
    here = judge_null_case(lambda count: [pair.now for pair in take_here(count)], tolerances, plan).verdict
    there = judge_null_case(lambda count: [pair.other for pair in take_there(count)], tolerances, plan).verdict
    there = dataclasses.replace(there, reason=f"in the other target, {there.reason}")
    changes = judge_sides(pairs.replay(), plan, tolerances, null=True)
    return conclude_sides(changes, (here, there))


def judge_sides(
    measure_more: MeasurePairs, plan: GatePlan, tolerances: Mapping[Aspect, float], *, null: bool
) -> tuple[Change, ...]:
    """Measure pairs until each aspect can be judged, or the plan's blocks are used up.

    Args:
        measure_more: measures more pairs; what it raises passes through.
        plan: error levels and numbers of blocks.
        tolerances: the tolerated rise of each aspect that is judged, a fraction.
        null: a null case, whose overhead must be the same on both sides, to either side.
    """
    criteria = [
        Criterion(
            aspect=aspect,
            estimate=lambda pairs, aspect=aspect: _estimate(aspect, pairs),  # type: ignore[misc]
            plan=dataclasses.replace(plan, tolerance=tolerance),
            two_sided=null,
            tells_falls=True,  # worth knowing of one's new version
        )
        for aspect, tolerance in tolerances.items()
    ]
    return tuple(_describe(settled, null=null) for settled in screen_then_confirm(measure_more, criteria, plan))


def conclude_sides(changes: Sequence[Change], verdicts: Sequence[Verdict] = ()) -> SidesVerdict:
    """Return the verdict on a case: that of its worst aspect, with the reasons of all that are as bad.

    Args:
        changes: of each aspect.
        verdicts: what else was concluded of the case.
    """
    parts: list[Verdict | Change] = [*verdicts, *changes]
    worst = find_worst(part.outcome for part in parts)
    reasons = tuple(part.reason for part in parts if part.outcome is worst)
    return SidesVerdict(
        verdict=Verdict(outcome=worst, reason="; ".join(reasons)), reasons=reasons, changes=tuple(changes)
    )


def explain_sides(case: Case, reasons: Sequence[str], next_step: str) -> str:
    """Return the paragraph that the test of a case fails with.

    Args:
        case: what was measured.
        reasons: one for each of the worst aspects.
        next_step: what to run now, as a sentence or a command.
    """
    head = (
        "the measurement itself is off: both arms run the same code. This is not a finding about TensorFlow."
        if case.null
        else "slower here than in the other target."
    )
    rows = [f"  {reason}" for reason in reasons]
    return "\n".join([f"{case.case_id}: {head}", *rows, f"  next: {next_step}"])


def estimate_log_changes(aspect: Aspect, pairs: Sequence[BlockPair]) -> list[float]:
    """Return one log-change per pair: that of an overhead, or that of an arm's time per step."""
    if aspect in {Aspect.OVERHEAD, Aspect.CPU}:
        here, there = (list_log_ratios(blocks, aspect) for blocks in ([p.now for p in pairs], [p.other for p in pairs]))
        return [now - other for now, other in zip(here, there, strict=True)]
    if aspect is Aspect.CONTROL:
        return [math.log(pair.now.control_median_ns / pair.other.control_median_ns) for pair in pairs]
    return [math.log(pair.now.weighted_median_ns / pair.other.weighted_median_ns) for pair in pairs]


def _estimate(aspect: Aspect, pairs: Sequence[BlockPair]) -> LogEstimate:
    return estimate_mean(estimate_log_changes(aspect, pairs), list_groups([pair.now for pair in pairs]))


def _describe(settled: Settled[BlockPair], *, null: bool) -> Change:
    """Return the change with its reason; an undecided one says how large it would have had to be."""
    aspect, plan, estimate = settled.criterion.aspect, settled.criterion.plan, settled.estimate
    interval = estimate.estimate_interval(plan.report_confidence)
    reason = (
        f"{aspect.value} {format_overhead(interval.estimate)} against the other target (95 % interval "
        f"{format_overhead(interval.lower)} to {format_overhead(interval.upper)}, {len(settled.blocks)} pairs of "
        f"blocks), tolerated {format_percent(plan.tolerance)}"
    )
    if settled.outcome is Outcome.UNDECIDED:
        alpha = plan.look_alpha / 2.0 if null else plan.look_alpha
        smallest = estimate_smallest_visible_change(estimate, tolerance=plan.tolerance, alpha=alpha)
        reason += f"; {describe_visible(smallest)}"
    return Change(
        aspect=aspect,
        outcome=settled.outcome,
        reason=reason,
        brief=f"{aspect.value} {format_overhead(interval.estimate)}",
        rises=interval.estimate > 1.0,
        change_ratio=interval,
    )
