"""What is judged of the times of a case? Its overheads against a stored run, another target or, of a null case, 1.00.

Two overheads are judged of the same blocks: that in wall time, and that in processor time. Against a baseline and an
anchor, an older run that stays while baselines are recorded anew, each of the two is judged against both. A stored run
is shared by all looks at it; its own uncertainty is part of every interval. A shift that all blocks of one occasion
share is in the intervals as far as it is known (`Plan.occasion_sd`); beyond that the tolerance has to hold it.

All bounds are one-sided. Against a stored run the change is limited on one side: only a rise beyond the tolerance is a
fault. In a null case the truth is exactly 1.00, so a deviation to either side is, and its error level is shared between
them.

A block of either target makes a pair; each aspect gives one log-change per pair, this target ÷ the other one. The
blocks of a pair are alive together, which is what allows absolute times of an arm to be judged here and nowhere else.

A verdict that waits for a large estimate gets one, so the change shown for a REGRESSED case is somewhat too large on
average: simulated rises of 4 % and 5 %, where called REGRESSED, were shown as 4.4 % and 5.1 %.

Leaves out: when enough blocks are measured (`confirm`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.gate.confirm import Criterion, Judgement, Pair, Place, Stage, Standard, TimeChange
from benchmarks.gate.plan import Plan
from benchmarks.records import Aspect, BlockSummary, Case, Comparison, Outcome
from benchmarks.stats.intervals import LogEstimate, estimate_change, estimate_mean, estimate_smallest_visible_change

_OVERHEADS = (Aspect.OVERHEAD, Aspect.CPU)


def list_time_criteria(
    case: Case, standards: Sequence[Standard[BlockSummary]], plan: Plan
) -> list[Criterion[BlockSummary]]:
    """Return what is judged of a case that is measured in one target; nothing where it is held against nothing.

    Args:
        case: a null case is held against 1.00, whatever is stored.
        standards: the stored runs it is held against.
        plan: limits and error levels.
    """
    return [
        Criterion(judge=partial(_judge_overhead, aspect=aspect, plan=plan, standard=standard), null=case.null)
        for standard in ([None] if case.null else standards)
        for aspect in plan.tolerances
        if aspect in _OVERHEADS
    ]


def list_time_criteria_of_pairs(case: Case, plan: Plan) -> list[Criterion[Pair[BlockSummary]]]:
    """Return what is judged of a case of two targets: each aspect of the plan, this target against the other one.

    A null case must read 1.00 in either, and so the same in both; its arms' own times are not judged.
    """
    alone = list_time_criteria(case, (), plan)
    within = [
        Criterion(judge=partial(_judge_within, judge=criterion.judge, place=place), null=case.null)
        for place in Place
        for criterion in alone
    ]
    between = [
        Criterion(judge=partial(_judge_between, aspect=aspect, plan=plan, null=case.null), null=case.null)
        for aspect in plan.tolerances
        if aspect in _OVERHEADS or not case.null
    ]
    return [*within, *between]


def _judge_overhead(
    blocks: Sequence[BlockSummary], stage: Stage, *, aspect: Aspect, plan: Plan, standard: Standard[BlockSummary] | None
) -> Judgement | None:
    """Return whether an overhead has risen over a stored run's; that of a null case, without one, is to read 1.00."""
    expected: LogEstimate | None = None
    if standard is None:
        change = estimate_overhead(blocks, aspect)
    else:
        plan = plan.loosen(standard.factor)
        expected = estimate_overhead(standard.blocks, aspect)
        change = estimate_change(
            list_log_ratios(blocks, aspect),
            list_log_ratios(standard.blocks, aspect),
            current_groups=list_groups(blocks),
            baseline_groups=list_groups(standard.blocks),
            occasion_sd=plan.occasion_sd,
        )
    tolerance, confidence = plan.tolerances[aspect], plan.report_confidence
    outcome = judge_time(change, tolerance, plan, stage, two_sided=standard is None)
    if outcome is None:
        return None
    comparison = Comparison(
        aspect=aspect,
        source="" if standard is None else standard.name,
        outcome=outcome,
        overhead_ratio=estimate_overhead(blocks, aspect).estimate_interval(confidence),
        expected_ratio=None if expected is None else expected.estimate_interval(confidence),
        change_ratio=change.estimate_interval(confidence),
        tolerance=tolerance,
        blocks=len(blocks),
        fresh=stage is not Stage.SCREEN,
        smallest_visible_change=_estimate_visible(change, tolerance, plan, two_sided=standard is None),
        baseline_blocks=0 if standard is None else len(standard.blocks),
    )
    return Judgement(aspect=aspect, outcome=outcome, figures=comparison)


def _judge_within(
    pairs: Sequence[Pair[BlockSummary]],
    stage: Stage,
    *,
    judge: Callable[[Sequence[BlockSummary], Stage], Judgement | None],
    place: Place,
) -> Judgement | None:
    """Return what is judged of the blocks of one of two targets by themselves."""
    judgement = judge([pair.now if place is Place.HERE else pair.other for pair in pairs], stage)
    return judgement and dataclasses.replace(judgement, place=place)


def _judge_between(
    pairs: Sequence[Pair[BlockSummary]], stage: Stage, *, aspect: Aspect, plan: Plan, null: bool
) -> Judgement | None:
    """Return whether an aspect has risen over the other target's, or of a null case is the same in both."""
    change = estimate_mean(estimate_log_changes(aspect, pairs), list_groups([pair.now for pair in pairs]))
    tolerance = plan.tolerances[aspect]
    # A fall is worth knowing of one's new version.
    outcome = judge_time(change, tolerance, plan, stage, two_sided=null, notes_falls=True)
    if outcome is None:
        return None
    figures = TimeChange(
        ratio=change.estimate_interval(plan.report_confidence),
        pairs=len(pairs),
        tolerance=tolerance,
        smallest_visible_change=_estimate_visible(change, tolerance, plan, two_sided=null),
    )
    return Judgement(aspect=aspect, outcome=outcome, figures=figures)


def judge_time(
    change: LogEstimate,
    tolerance: float,
    plan: Plan,
    stage: Stage,
    *,
    two_sided: bool = False,
    notes_falls: bool = False,
) -> Outcome | None:
    """Return what blocks show; None where they leave it open, and more may come.

    HELD: upper bound within the tolerance, where `two_sided` the lower bound too, at the confidence of the screen or of
    a look. REGRESSED, never at the screen: lower bound at the look's error level beyond the tolerance. IMPROVED: upper
    bound at that level, at the screen at that of the judgement, below the tolerance on the other side. FAILED, where
    `two_sided`: either of them at half the look's level, never at the screen.

    Args:
        change: log-ratio of what is expected to be 1.00, from screening blocks or from fresh blocks alone.
        tolerance: the tolerated rise, a fraction.
        plan: error levels.
        stage: which blocks they are.
        two_sided: whether a fall is as much a fault as a rise.
        notes_falls: whether a fall that the screen sees beyond the tolerance is looked at again instead of being HELD.
    """
    rise, fall = math.log1p(tolerance), math.log1p(-tolerance)
    if stage is Stage.SCREEN:
        if not two_sided and change.estimate_upper_bound(plan.judgement_alpha) < fall:
            return Outcome.IMPROVED
        if not two_sided and notes_falls and change.log_ratio < fall:
            return None
        held_alpha = 1.0 - plan.screen_confidence
    else:
        alpha = _find_look_alpha(plan, two_sided=two_sided)
        if change.estimate_lower_bound(alpha) > rise:
            return Outcome.FAILED if two_sided else Outcome.REGRESSED
        if change.estimate_upper_bound(alpha) < fall:
            return Outcome.FAILED if two_sided else Outcome.IMPROVED
        held_alpha = 1.0 - plan.held_confidence
    falls = two_sided and change.estimate_lower_bound(held_alpha) < fall
    if not falls and change.estimate_upper_bound(held_alpha) <= rise:
        return Outcome.HELD
    return Outcome.UNDECIDED if stage is Stage.FINAL else None


def _find_look_alpha(plan: Plan, *, two_sided: bool) -> float:
    """Return the error level of a look, on either side where it is shared between them."""
    return plan.look_alpha / 2.0 if two_sided else plan.look_alpha


def _estimate_visible(change: LogEstimate, tolerance: float, plan: Plan, *, two_sided: bool) -> float:
    """Return the smallest true change, a fraction, that a look at as many blocks calls beyond the tolerance."""
    alpha = _find_look_alpha(plan, two_sided=two_sided)
    return estimate_smallest_visible_change(change, tolerance=tolerance, alpha=alpha)


def estimate_overhead(blocks: Sequence[BlockSummary], aspect: Aspect) -> LogEstimate:
    """Return the overhead of a case in wall time or in processor time."""
    return estimate_mean(list_log_ratios(blocks, aspect), list_groups(blocks))


def list_log_ratios(blocks: Sequence[BlockSummary], aspect: Aspect) -> list[float]:
    """Return the log-ratio of each block, in wall time or in processor time."""
    return [block.cpu_log_ratio if aspect is Aspect.CPU else block.log_ratio for block in blocks]


def list_groups(blocks: Sequence[BlockSummary]) -> list[object]:
    """Return which arm was built first in each block: that one is slower, and it is known which it was."""
    return [block.weighted_built_first for block in blocks]


def estimate_log_changes(aspect: Aspect, pairs: Sequence[Pair[BlockSummary]]) -> list[float]:
    """Return one log-change per pair: that of an overhead, or that of an arm's time per step."""
    if aspect in _OVERHEADS:
        here, there = (list_log_ratios(blocks, aspect) for blocks in ([p.now for p in pairs], [p.other for p in pairs]))
        return [now - other for now, other in zip(here, there, strict=True)]
    if aspect is Aspect.CONTROL:
        return [math.log(pair.now.control_median_ns / pair.other.control_median_ns) for pair in pairs]
    return [math.log(pair.now.weighted_median_ns / pair.other.weighted_median_ns) for pair in pairs]
