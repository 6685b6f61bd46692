"""What is judged of the times of a case? Its overheads against a stored run, another target or, of a null case, 1.00.

Two overheads are judged of the same blocks: that in wall time, and that in processor time. Against a baseline and an
anchor, an older run that stays while baselines are recorded anew, each of the two is judged against both. A stored run
is shared by all looks at it; its own uncertainty is part of every interval. A shift that all blocks of one occasion
share is in the intervals as far as it is known (`Plan.occasion_sd`); beyond that the tolerance has to hold it.

A block of either target makes a pair; each aspect gives one log-change per pair, this target ÷ the other one. The
blocks of a pair are alive together, which is what allows absolute times of an arm to be judged here and nowhere else.

A verdict that waits for a large estimate gets one, so the change shown for a REGRESSED case is somewhat too large on
average: simulated rises of 4 % and 5 %, where called REGRESSED, were shown as 4.4 % and 5.1 %.

Leaves out: when enough blocks are measured (`confirm`), the rules (`rules`) and the words (`explain`).
"""

from __future__ import annotations

import abc
import dataclasses
import math
from collections.abc import Sequence
from typing import Generic

from benchmarks.gate.confirm import Criterion, Measured, Pair, Standard
from benchmarks.gate.explain import describe_change, describe_open, describe_verdict
from benchmarks.gate.judgement import Judgement
from benchmarks.gate.plan import Plan
from benchmarks.gate.rules import (
    judge_change_at_look,
    judge_change_at_screen,
    judge_null_at_look,
    judge_null_at_screen,
)
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
    overheads = [aspect for aspect in plan.tolerances if aspect in _OVERHEADS]
    if case.null:
        return [_Overhead(aspect=aspect, plan=plan, two_sided=True) for aspect in overheads]
    return [
        _Overhead(aspect=aspect, plan=plan.loosen(standard.factor), standard=standard)
        for standard in standards
        for aspect in overheads
    ]


def list_time_criteria_of_pairs(case: Case, plan: Plan) -> list[Criterion[Pair[BlockSummary]]]:
    """Return what is judged of a case of two targets: each aspect of the plan, this target against the other one.

    A null case must read 1.00 in either, and so the same in both; its arms' own times are not judged.
    """
    aspects = [aspect for aspect in plan.tolerances if aspect in _OVERHEADS or not case.null]
    # A fall is worth knowing of one's new version.
    between = [_AgainstTarget(aspect=each, plan=plan, two_sided=case.null, notes_falls=True) for each in aspects]
    if not case.null:
        return [*between]
    alone = list_time_criteria(case, (), plan)
    return [*(_Within(criterion=each, here=here) for here in (True, False) for each in alone), *between]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _TimeCriterion(abc.ABC, Generic[Measured]):
    """An aspect of the times of blocks, or of pairs of them.

    With `two_sided` a fall is as much a fault as a rise; with `notes_falls` one beyond the tolerance is looked at again
    instead of being called HELD.
    """

    aspect: Aspect
    plan: Plan
    two_sided: bool = False
    notes_falls: bool = False

    @property
    def worst(self) -> Outcome:
        """The worst that can be found of it."""
        return Outcome.FAILED if self.two_sided else Outcome.REGRESSED

    @property
    def tolerance(self) -> float:
        """The tolerated rise, a fraction."""
        return self.plan.tolerances[self.aspect]

    def judge_at_screen(self, blocks: Sequence[Measured]) -> Judgement | None:
        """Return what the screening blocks show; None where they leave it open."""
        estimate = self.estimate(blocks)
        if self.two_sided:
            outcome = judge_null_at_screen(estimate, self.tolerance, self.plan)
        else:
            outcome = judge_change_at_screen(estimate, self.tolerance, self.plan, notes_falls=self.notes_falls)
        return None if outcome is None else self.describe(outcome, estimate, blocks, fresh=False)

    def judge_at_look(self, blocks: Sequence[Measured], *, final: bool) -> Judgement | None:
        """Return what the fresh blocks show; None where they leave it open, and more may come."""
        estimate = self.estimate(blocks)
        judge = judge_null_at_look if self.two_sided else judge_change_at_look
        outcome = judge(estimate, self.tolerance, self.plan)
        if outcome is None and not final:
            return None
        return self.describe(outcome or Outcome.UNDECIDED, estimate, blocks, fresh=True)

    @abc.abstractmethod
    def estimate(self, blocks: Sequence[Measured]) -> LogEstimate:
        """Return how far blocks are from what is expected."""

    @abc.abstractmethod
    def describe(
        self, outcome: Outcome, estimate: LogEstimate, blocks: Sequence[Measured], *, fresh: bool
    ) -> Judgement:
        """Return the judgement, with the figures behind it."""

    def estimate_smallest_visible(self, estimate: LogEstimate) -> float:
        """Return the smallest true change, a fraction, that a look at as many blocks calls beyond the tolerance."""
        alpha = self.plan.look_alpha / 2.0 if self.two_sided else self.plan.look_alpha
        return estimate_smallest_visible_change(estimate, tolerance=self.tolerance, alpha=alpha)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Overhead(_TimeCriterion[BlockSummary]):
    """An overhead that has not risen over a stored run's; that of a null case, without one, reads 1.00."""

    standard: Standard[BlockSummary] | None = None

    def estimate(self, blocks: Sequence[BlockSummary]) -> LogEstimate:
        """Return the change of the overhead, or of a null case the overhead."""
        if self.standard is None:
            return estimate_overhead(blocks, self.aspect)
        stored = self.standard.blocks
        return estimate_change(
            list_log_ratios(blocks, self.aspect),
            list_log_ratios(stored, self.aspect),
            current_groups=list_groups(blocks),
            baseline_groups=list_groups(stored),
            occasion_sd=self.plan.occasion_sd,
        )

    def describe(
        self, outcome: Outcome, estimate: LogEstimate, blocks: Sequence[BlockSummary], *, fresh: bool
    ) -> Judgement:
        """Return the judgement with a comparison."""
        standard, confidence = self.standard, self.plan.report_confidence
        expected = None if standard is None else estimate_overhead(standard.blocks, self.aspect)
        comparison = Comparison(
            aspect=self.aspect,
            source="" if standard is None else standard.name,
            outcome=outcome,
            overhead_ratio=estimate_overhead(blocks, self.aspect).estimate_interval(confidence),
            expected_ratio=None if expected is None else expected.estimate_interval(confidence),
            change_ratio=estimate.estimate_interval(confidence),
            tolerance=self.tolerance,
            blocks=len(blocks),
            fresh=fresh,
            smallest_visible_change=self.estimate_smallest_visible(estimate),
            baseline_blocks=0 if standard is None else len(standard.blocks),
        )
        return Judgement(
            aspect=self.aspect,
            outcome=outcome,
            text=describe_verdict(outcome, comparison, self.plan),
            left_open=describe_open(comparison),
            comparison=comparison,
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _AgainstTarget(_TimeCriterion[Pair[BlockSummary]]):
    """An aspect that has not risen over the other target's, or of a null case is the same in both."""

    def estimate(self, blocks: Sequence[Pair[BlockSummary]]) -> LogEstimate:
        """Return the change, this target ÷ the other one."""
        return estimate_mean(estimate_log_changes(self.aspect, blocks), list_groups([pair.now for pair in blocks]))

    def describe(
        self, outcome: Outcome, estimate: LogEstimate, blocks: Sequence[Pair[BlockSummary]], *, fresh: bool
    ) -> Judgement:
        """Return the judgement with the change."""
        del fresh
        interval = estimate.estimate_interval(self.plan.report_confidence)
        visible = self.estimate_smallest_visible(estimate) if outcome is Outcome.UNDECIDED else None
        text, brief = describe_change(self.aspect, interval, len(blocks), self.tolerance, visible)
        return Judgement(
            aspect=self.aspect,
            outcome=outcome,
            text=text,
            brief=brief,
            rises=interval.estimate > 1.0,
            change_ratio=interval,
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Within:
    """What is judged of the blocks of one of two targets by themselves: `here`, or in the other one."""

    criterion: Criterion[BlockSummary]
    here: bool

    @property
    def worst(self) -> Outcome:
        """The worst that can be found of it."""
        return self.criterion.worst

    def judge_at_screen(self, blocks: Sequence[Pair[BlockSummary]]) -> Judgement | None:
        """Return what the screening blocks of that target show."""
        return self._place(self.criterion.judge_at_screen(self._take(blocks)))

    def judge_at_look(self, blocks: Sequence[Pair[BlockSummary]], *, final: bool) -> Judgement | None:
        """Return what the fresh blocks of that target show."""
        return self._place(self.criterion.judge_at_look(self._take(blocks), final=final))

    def _take(self, pairs: Sequence[Pair[BlockSummary]]) -> list[BlockSummary]:
        return [pair.now if self.here else pair.other for pair in pairs]

    def _place(self, judgement: Judgement | None) -> Judgement | None:
        """Return the judgement with where it was found; its comparison is none between the targets."""
        if judgement is None:
            return None
        if self.here:
            return dataclasses.replace(judgement, comparison=None)
        left_open = judgement.left_open.replace("left open", "left open in the other target")
        text = f"in the other target, {judgement.text}"
        return dataclasses.replace(judgement, text=text, left_open=left_open, comparison=None)


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
