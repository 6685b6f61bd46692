"""What is concluded of the times of a case? They are held against a stored run, or, of a null case, against 1.00.

Two things are judged of the same blocks: the overhead in wall time, and that in processor time. Against a baseline and
an anchor, an older run that stays while baselines are recorded anew, each of the two is judged against both. The
baseline is shared by all looks at it; its own uncertainty is part of every interval. A shift that all blocks of one
occasion share is in the intervals as far as it is known (`occasion_sd`); beyond that the tolerance has to hold it.

A verdict that waits for a large estimate gets one, so the change shown for a REGRESSED case is somewhat too large on
average: simulated rises of 4 % and 5 %, where called REGRESSED, were shown as 4.4 % and 5.1 %.

Leaves out: when enough blocks are measured (`screening`), and how one is (the caller's `measure_more`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from benchmarks.gate.explain import describe_open, describe_verdict
from benchmarks.gate.plan import MIN_BASELINE_BLOCKS, GatePlan
from benchmarks.gate.rules import find_worst
from benchmarks.gate.screening import Criterion, MeasureMore, Settled, screen_then_confirm
from benchmarks.records import Aspect, BlockSummary, Comparison, Outcome, Verdict
from benchmarks.stats.intervals import LogEstimate, estimate_change, estimate_mean, estimate_smallest_visible_change


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The blocks of the same case in a stored run, and what is tolerated of a rise over them, by aspect.

    `name` is what the run is called: `baseline` or `anchor`.
    """

    name: str
    blocks: Sequence[BlockSummary]
    tolerances: Mapping[Aspect, float]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict, and the figures behind it: one comparison for each thing that was judged."""

    verdict: Verdict
    comparisons: tuple[Comparison, ...] = ()


def judge_case(
    measure_more: MeasureMore[BlockSummary],
    stored_runs: Sequence[Stored],
    plan: GatePlan,
    *,
    occasion_sd: float = 0.0,
) -> Judgement:
    """Measure a case until it can be judged against its stored runs, or the plan's blocks are used up.

    What is still open when another aspect is REGRESSED stays open, and the reason says which that is.

    With a stored run of too few blocks the screening blocks are measured all the same, and the verdict is NOT
    COMPARABLE.

    Args:
        measure_more: measures more blocks; what it raises passes through.
        stored_runs: what it is held against, the baseline first.
        plan: error levels and numbers of blocks; the tolerances are those of the stored runs.
        occasion_sd: standard deviation of a shift of the log-ratio that all blocks of one occasion share.
    """
    for stored in stored_runs:
        if len(stored.blocks) < MIN_BASELINE_BLOCKS:
            measure_more(plan.screen_blocks)
            reason = (
                f"the {stored.name} holds {len(stored.blocks)} blocks of this case, and at least {MIN_BASELINE_BLOCKS} "
                "are needed; record it again"
            )
            return Judgement(verdict=Verdict(outcome=Outcome.NOT_COMPARABLE, reason=reason))
    criteria = [
        _hold_against(stored, aspect, dataclasses.replace(plan, tolerance=tolerance), occasion_sd)
        for stored in stored_runs
        for aspect, tolerance in stored.tolerances.items()
    ]
    names = [stored for stored in stored_runs for _ in stored.tolerances]
    settled = screen_then_confirm(measure_more, criteria, plan)
    return _conclude([_compare(each, stored) for each, stored in zip(settled, names, strict=True)], plan)


def judge_null_case(
    measure_more: MeasureMore[BlockSummary], tolerances: Mapping[Aspect, float], plan: GatePlan
) -> Judgement:
    """Measure a null case until it is known whether it reads 1.00, or the plan's blocks are used up.

    Args:
        measure_more: measures more blocks; what it raises passes through.
        tolerances: how far it may be from 1.00 to either side, by aspect.
        plan: error levels and numbers of blocks.
    """
    return conclude_null_case(screen_then_confirm(measure_more, expect_one(tolerances, plan), plan), plan)


def conclude_null_case(settled: Sequence[Settled[BlockSummary]], plan: GatePlan) -> Judgement:
    """Return what follows from what was found of a null case.

    Args:
        settled: of each aspect.
        plan: error levels.
    """
    return _conclude([_compare(each, None) for each in settled], plan)


def expect_one(tolerances: Mapping[Aspect, float], plan: GatePlan) -> list[Criterion[BlockSummary]]:
    """Return what is judged of a null case: that each aspect reads 1.00."""
    return [
        Criterion(
            aspect=aspect,
            estimate=lambda blocks, aspect=aspect: estimate_overhead(blocks, aspect),  # type: ignore[misc]
            plan=dataclasses.replace(plan, tolerance=tolerance),
            two_sided=True,
        )
        for aspect, tolerance in tolerances.items()
    ]


def estimate_overhead(blocks: Sequence[BlockSummary], aspect: Aspect) -> LogEstimate:
    """Return the overhead of a case in wall time or in processor time."""
    return estimate_mean(list_log_ratios(blocks, aspect), list_groups(blocks))


def list_log_ratios(blocks: Sequence[BlockSummary], aspect: Aspect) -> list[float]:
    """Return the log-ratio of each block, in wall time or in processor time."""
    return [block.cpu_log_ratio if aspect is Aspect.CPU else block.log_ratio for block in blocks]


def list_groups(blocks: Sequence[BlockSummary]) -> list[object]:
    """Return which arm was built first in each block: that one is slower, and it is known which it was."""
    return [block.weighted_built_first for block in blocks]


def _hold_against(stored: Stored, aspect: Aspect, plan: GatePlan, occasion_sd: float) -> Criterion[BlockSummary]:
    """Return the criterion that the overhead has not risen over a stored run's."""
    baseline, groups = list_log_ratios(stored.blocks, aspect), list_groups(stored.blocks)

    def estimate(blocks: Sequence[BlockSummary]) -> LogEstimate:
        return estimate_change(
            list_log_ratios(blocks, aspect),
            baseline,
            current_groups=list_groups(blocks),
            baseline_groups=groups,
            occasion_sd=occasion_sd,
        )

    return Criterion(aspect=aspect, estimate=estimate, plan=plan)


def _compare(settled: Settled[BlockSummary], stored: Stored | None) -> Comparison:
    """Return the figures behind what was found; `stored` is None for a null case."""
    plan, estimate, aspect = settled.criterion.plan, settled.estimate, settled.criterion.aspect
    alpha = plan.look_alpha if stored is not None else plan.look_alpha / 2.0
    expected = None if stored is None else estimate_overhead(stored.blocks, aspect)
    return Comparison(
        aspect=aspect,
        source="" if stored is None else stored.name,
        outcome=settled.outcome,
        overhead_ratio=estimate_overhead(settled.blocks, aspect).estimate_interval(plan.report_confidence),
        expected_ratio=None if expected is None else expected.estimate_interval(plan.report_confidence),
        change_ratio=estimate.estimate_interval(plan.report_confidence),
        tolerance=plan.tolerance,
        blocks=len(settled.blocks),
        fresh=settled.fresh,
        smallest_visible_change=estimate_smallest_visible_change(estimate, tolerance=plan.tolerance, alpha=alpha),
        baseline_blocks=0 if stored is None else len(stored.blocks),
    )


def _conclude(comparisons: Sequence[Comparison], plan: GatePlan) -> Judgement:
    """Return the verdict of the worst, with the reasons of all that are as bad; of what held, the first says it.

    Beside something worse, what was left open is named.
    """
    worst = find_worst(comparison.outcome for comparison in comparisons)
    as_bad = [comparison for comparison in comparisons if comparison.outcome is worst]
    told = as_bad[:1] if worst is Outcome.HELD else as_bad
    reasons = [describe_verdict(worst, comparison, plan) for comparison in told]
    if worst is not Outcome.UNDECIDED:
        reasons += [describe_open(each) for each in comparisons if each.outcome is Outcome.UNDECIDED]
    verdict = Verdict(outcome=worst, reason="; ".join(reasons), comparison=as_bad[0])
    return Judgement(verdict=verdict, comparisons=tuple(comparisons))
