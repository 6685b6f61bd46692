"""What is concluded of times that were measured in two targets in turns? A verdict on each aspect of a case.

A block of either target makes a pair; each aspect gives one log-change per pair, this target ÷ the other one, and the
rules are those of the gate: screen, then look at fresh pairs. The blocks of a pair are alive together, which
is what allows absolute times to be judged here and nowhere else. Leaves out: where blocks come from, and bytes and
counts (`readings_against`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

from benchmarks.gate.explain import describe_visible
from benchmarks.gate.plan import GatePlan
from benchmarks.gate.rules import find_worst
from benchmarks.gate.screening import Criterion, MeasureMore, Settled, screen_then_confirm
from benchmarks.gate.times import conclude_null_case, expect_one, list_groups, list_log_ratios
from benchmarks.records import Aspect, BlockSummary, Case, Change, Outcome, Verdict
from benchmarks.stats.intervals import LogEstimate, estimate_mean, estimate_smallest_visible_change
from benchmarks.units import format_overhead, format_percent


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockPair:
    """A block of this target and one of the other, measured in turns."""

    now: BlockSummary
    other: BlockSummary


MeasurePairs = MeasureMore[BlockPair]

_CUT_SHORT = "no longer measured once another aspect had decided"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SidesVerdict:
    """The verdict on a timed case of two targets, the reasons it is made of, and what changed in each aspect."""

    verdict: Verdict
    reasons: tuple[str, ...]
    changes: tuple[Change, ...]


def judge_null_sides(measure_more: MeasurePairs, tolerances: Mapping[Aspect, float], plan: GatePlan) -> SidesVerdict:
    """Judge a null case of two targets: it must read 1.00 in either, and so the same in both.

    Args:
        measure_more: measures more pairs; what it raises passes through.
        tolerances: how far it may be from 1.00 to either side, by aspect.
        plan: error levels and numbers of blocks.
    """
    expected, count = expect_one(tolerances, plan), len(tolerances)
    criteria = [
        *(_expect_of_pairs(criterion, _take_now) for criterion in expected),
        *(_expect_of_pairs(criterion, _take_other) for criterion in expected),
        *_compare_sides(tolerances, plan, null=True),
    ]
    settled = screen_then_confirm(measure_more, criteria, plan)
    here, there = (
        [
            Settled(criterion=criterion, outcome=each.outcome, blocks=take(each.blocks), fresh=each.fresh)
            for criterion, each in zip(expected, part, strict=True)
        ]
        for take, part in ((_take_now, settled[:count]), (_take_other, settled[count : 2 * count]))
    )
    verdict_here, verdict_there = (conclude_null_case(side, plan).verdict for side in (here, there))
    verdict_there = dataclasses.replace(verdict_there, reason=f"in the other target, {verdict_there.reason}")
    return conclude_sides([_describe(each, null=True) for each in settled[2 * count :]], (verdict_here, verdict_there))


def _take_now(pairs: Sequence[BlockPair]) -> tuple[BlockSummary, ...]:
    return tuple(pair.now for pair in pairs)


def _take_other(pairs: Sequence[BlockPair]) -> tuple[BlockSummary, ...]:
    return tuple(pair.other for pair in pairs)


def _expect_of_pairs(
    criterion: Criterion[BlockSummary], take: Callable[[Sequence[BlockPair]], Sequence[BlockSummary]]
) -> Criterion[BlockPair]:
    """Return a criterion of the blocks of one target as one of pairs."""
    return Criterion(
        aspect=criterion.aspect,
        estimate=lambda pairs: criterion.estimate(take(pairs)),
        plan=criterion.plan,
        two_sided=criterion.two_sided,
        tells_falls=criterion.tells_falls,
    )


def judge_sides(
    measure_more: MeasurePairs, plan: GatePlan, tolerances: Mapping[Aspect, float], *, null: bool
) -> tuple[Change, ...]:
    """Measure pairs until each aspect can be judged, one has decided, or the plan's blocks are used up.

    Args:
        measure_more: measures more pairs; what it raises passes through.
        plan: error levels and numbers of blocks.
        tolerances: the tolerated rise of each aspect that is judged, a fraction.
        null: a null case, whose overhead must be the same on both sides, to either side.
    """
    settled = screen_then_confirm(measure_more, _compare_sides(tolerances, plan, null=null), plan)
    return tuple(_describe(each, null=null) for each in settled)


def _compare_sides(tolerances: Mapping[Aspect, float], plan: GatePlan, *, null: bool) -> list[Criterion[BlockPair]]:
    """Return what is judged between the two targets: that each aspect has not risen, or of a null case is the same."""
    return [
        Criterion(
            aspect=aspect,
            estimate=lambda pairs, aspect=aspect: _estimate(aspect, pairs),  # type: ignore[misc]
            plan=dataclasses.replace(plan, tolerance=tolerance),
            two_sided=null,
            tells_falls=True,  # worth knowing of one's new version
        )
        for aspect, tolerance in tolerances.items()
    ]


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
    """Return the change with its reason; an undecided one says how large it would have had to be, and why it ended."""
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
    brief = f"{aspect.value} {format_overhead(interval.estimate)}"
    if settled.cut_short:
        reason += f"; {_CUT_SHORT}"
        brief += f", {_CUT_SHORT}"
    return Change(
        aspect=aspect,
        outcome=settled.outcome,
        reason=reason,
        brief=brief,
        rises=interval.estimate > 1.0,
        change_ratio=interval,
    )
