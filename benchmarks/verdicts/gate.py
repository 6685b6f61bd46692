"""When is a case measured enough to be judged? A few blocks decide most cases; the others get fresh ones.

Leaves out: what the rules are (`rules`) and how a block is measured (the caller's `measure_more`). The sequence:
screen with a few blocks and stop if the case is clearly held. Otherwise confirm with fresh blocks, in up to `looks`
looks, each at all fresh blocks so far. The screening blocks were the reason to look again, so they are high by
selection and never count towards REGRESSED, and no look uses more than its share of the error level. So a change
within the tolerance is called REGRESSED with probability `case_alpha` at most, whatever the screen did: all it can do
is to spare a case the looks. The baseline is shared by all looks; its own uncertainty is part of every interval. What
no interval here covers is a shift that all blocks of one occasion share (another machine, another kernel); the
tolerance has to hold that. IMPROVED fails nothing and may rest on the screening blocks; over the screen and the looks
its nominal error level is twice `case_alpha`.

A verdict that waits for a large estimate gets one, so the change shown for a REGRESSED case is somewhat too large on
average: simulated rises of 4 % and 5 %, where called REGRESSED, were shown as 4.4 % and 5.1 %.

Source: bounds at a share of the error level per look are Bonferroni's form of a group-sequential test; see C. Jennison
and B. Turnbull, Group Sequential Methods with Applications to Clinical Trials, chapter 2, for what sharper
boundaries would gain.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol

from benchmarks.records import BlockSummary, Comparison, Outcome, Verdict
from benchmarks.stats.intervals import LogEstimate, estimate_change, estimate_mean, estimate_ratio_interval
from benchmarks.stats.power import estimate_smallest_visible_change
from benchmarks.verdicts.explain import describe_verdict
from benchmarks.verdicts.plan import GatePlan
from benchmarks.verdicts.rules import (
    judge_change_at_look,
    judge_change_at_screen,
    judge_null_at_look,
    judge_null_at_screen,
)

MeasureMore = Callable[[int], Sequence[BlockSummary]]
"""Measures that many more blocks of the case and returns them, in order.

What it raises passes through the gate, and the blocks gathered so far with it: a caller who wants to keep them
lets its `measure_more` collect what it returns.
"""

MIN_BASELINE_BLOCKS: int = 2
"""The fewest blocks that tell of their own spread; with fewer, no number of new blocks could decide anything."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict and all blocks that were measured for it, the screening blocks first."""

    verdict: Verdict
    blocks: tuple[BlockSummary, ...]


def judge_case(measure_more: MeasureMore, baseline: Sequence[BlockSummary] | None, plan: GatePlan) -> Judgement:
    """Measure a case until it can be judged against its baseline, or the plan's blocks are used up.

    Without a usable baseline the screening blocks are measured all the same, and the verdict is NOT COMPARABLE.

    Args:
        measure_more: measures more blocks; what it raises passes through.
        baseline: the stored blocks of the same case; None where the compared run does not hold it.
        plan: limits, error levels and numbers of blocks.

    Raises:
        StatisticsError: when `measure_more` returns no blocks.
    """
    if baseline is None or len(baseline) < MIN_BASELINE_BLOCKS:
        stored = "does not hold this case" if baseline is None else f"holds {len(baseline)} blocks of this case"
        reason = (
            f"the compared run {stored}, and at least {MIN_BASELINE_BLOCKS} are needed; save a new baseline that has it"
        )
        return Judgement(
            verdict=Verdict(outcome=Outcome.NOT_COMPARABLE, reason=reason),
            blocks=tuple(measure_more(plan.screen_blocks)),
        )
    return _judge(measure_more, _AgainstBaseline(log_ratios=_log_ratios_of(baseline)), plan)


def judge_null_case(measure_more: MeasureMore, plan: GatePlan) -> Judgement:
    """Measure a null case until it is known whether it reads 1.00, or the plan's blocks are used up.

    Args:
        measure_more: measures more blocks; what it raises passes through.
        plan: limits, error levels and numbers of blocks.

    Raises:
        StatisticsError: when `measure_more` returns no blocks.
    """
    return _judge(measure_more, _AgainstOne(), plan)


class _Standard(Protocol):
    """What current blocks are held against."""

    def estimate(self, log_ratios: Sequence[float]) -> LogEstimate:
        """Return how far the blocks are from what is expected."""

    def judge_at_screen(self, estimate: LogEstimate, plan: GatePlan) -> Outcome | None:
        """Return what the screening blocks show, or None."""

    def judge_at_look(self, estimate: LogEstimate, plan: GatePlan) -> Outcome | None:
        """Return what the fresh blocks show, or None."""

    def compare(self, log_ratios: Sequence[float], fresh_blocks: int, plan: GatePlan) -> Comparison:
        """Return the figures behind a verdict that rests on these blocks."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _AgainstBaseline:
    """The stored blocks of the same case."""

    log_ratios: Sequence[float]

    def estimate(self, log_ratios: Sequence[float]) -> LogEstimate:
        return estimate_change(log_ratios, self.log_ratios)

    def judge_at_screen(self, estimate: LogEstimate, plan: GatePlan) -> Outcome | None:
        return judge_change_at_screen(estimate, plan)

    def judge_at_look(self, estimate: LogEstimate, plan: GatePlan) -> Outcome | None:
        return judge_change_at_look(estimate, plan)

    def compare(self, log_ratios: Sequence[float], fresh_blocks: int, plan: GatePlan) -> Comparison:
        change = self.estimate(log_ratios)
        return Comparison(
            overhead_ratio=estimate_ratio_interval(log_ratios, plan.report_confidence),
            expected_ratio=estimate_ratio_interval(self.log_ratios, plan.report_confidence),
            change_ratio=change.estimate_interval(plan.report_confidence),
            tolerance=plan.tolerance,
            fresh_blocks=fresh_blocks,
            smallest_visible_change=estimate_smallest_visible_change(
                change, tolerance=plan.tolerance, alpha=plan.look_alpha
            ),
            baseline_blocks=len(self.log_ratios),
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _AgainstOne:
    """The truth of a null case: a ratio of exactly 1.00."""

    def estimate(self, log_ratios: Sequence[float]) -> LogEstimate:
        return estimate_mean(log_ratios)

    def judge_at_screen(self, estimate: LogEstimate, plan: GatePlan) -> Outcome | None:
        return judge_null_at_screen(estimate, plan)

    def judge_at_look(self, estimate: LogEstimate, plan: GatePlan) -> Outcome | None:
        return judge_null_at_look(estimate, plan)

    def compare(self, log_ratios: Sequence[float], fresh_blocks: int, plan: GatePlan) -> Comparison:
        overhead = self.estimate(log_ratios)
        interval = overhead.estimate_interval(plan.report_confidence)
        return Comparison(
            overhead_ratio=interval,
            expected_ratio=None,
            change_ratio=interval,
            tolerance=plan.tolerance,
            fresh_blocks=fresh_blocks,
            smallest_visible_change=estimate_smallest_visible_change(
                overhead, tolerance=plan.tolerance, alpha=plan.look_alpha / 2.0
            ),
        )


def _judge(measure_more: MeasureMore, standard: _Standard, plan: GatePlan) -> Judgement:
    """Screen, then look at fresh blocks until a rule speaks or the looks are used up."""
    screening = tuple(measure_more(plan.screen_blocks))
    log_ratios = _log_ratios_of(screening)
    outcome = standard.judge_at_screen(standard.estimate(log_ratios), plan)
    fresh: tuple[BlockSummary, ...] = ()
    for _ in range(plan.looks):
        if outcome is not None:
            break
        fresh += tuple(measure_more(plan.blocks_per_look))
        log_ratios = _log_ratios_of(fresh)
        outcome = standard.judge_at_look(standard.estimate(log_ratios), plan)
    outcome = Outcome.UNDECIDED if outcome is None else outcome
    comparison = standard.compare(log_ratios, len(fresh), plan)
    return Judgement(
        verdict=Verdict(outcome=outcome, reason=describe_verdict(outcome, comparison, plan), comparison=comparison),
        blocks=screening + fresh,
    )


def _log_ratios_of(blocks: Sequence[BlockSummary]) -> list[float]:
    return [block.log_ratio for block in blocks]
