"""When are enough blocks measured? A few settle most cases; what they leave open is looked at on fresh ones alone.

Several things may be judged of the same blocks, such as wall time and processor time: each is a criterion, settled for
itself. Blocks are measured until all of them are, or the plan's are used up, or one has decided for the case: nothing
is worse than REGRESSED, of a null case than FAILED, so more blocks could only tell more of the rest. What they would
have told is left open, and marked as cut short.

The screening blocks were the reason to look again, so they are high by selection and never count towards REGRESSED;
each look is at all fresh blocks so far and uses no more than its share of the error level. So a change within the
tolerance is called REGRESSED with the level of its judgement at most, whatever the screen did and whenever measuring
ended: all that either can do is to spare a criterion looks. The outcome of the case is the same as if it had gone on,
since only what is as bad could have been added. IMPROVED fails nothing and may rest on the screening blocks; over the
screen and the looks its nominal error level is twice that.

Leaves out: the rules (`rules`), what a block is, and the words.

Source: bounds at a share of the error level per look are Bonferroni's form of a group-sequential test; see C. Jennison
and B. Turnbull, Group Sequential Methods with Applications to Clinical Trials, chapter 2, for what sharper
boundaries would gain.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from benchmarks.gate.plan import GatePlan
from benchmarks.gate.rules import (
    find_worst,
    judge_change_at_look,
    judge_change_at_screen,
    judge_null_at_look,
    judge_null_at_screen,
)
from benchmarks.records import Aspect, Outcome
from benchmarks.stats.intervals import LogEstimate

Measured = TypeVar("Measured")
"""A block, or a pair of blocks of two targets."""

MeasureMore = Callable[[int], Sequence[Measured]]
"""Measures that many more blocks of the case and returns them, in order.

What it raises passes through, and the blocks gathered so far with it: a caller who wants to keep them lets its
`measure_more` collect what it returns.
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Criterion(Generic[Measured]):
    """One thing that is judged of a case's blocks.

    `estimate` returns how far blocks are from what is expected; `plan` says what of that is tolerated and how sure a
    verdict must be. With `two_sided` the truth is exactly 1.00, and a fall is as much a fault as a rise. With
    `tells_falls` a fall beyond the tolerance is looked at again instead of being called HELD.
    """

    aspect: Aspect
    estimate: Callable[[Sequence[Measured]], LogEstimate]
    plan: GatePlan
    two_sided: bool = False
    tells_falls: bool = False

    @property
    def worst(self) -> Outcome:
        """The worst that can be found of it."""
        return Outcome.FAILED if self.two_sided else Outcome.REGRESSED

    def judge_at_screen(self, blocks: Sequence[Measured]) -> Outcome | None:
        """Return what the screening blocks show; None where they leave it open."""
        estimate = self.estimate(blocks)
        if self.two_sided:
            return judge_null_at_screen(estimate, self.plan)
        outcome = judge_change_at_screen(estimate, self.plan)
        if self.tells_falls and outcome is Outcome.HELD and estimate.log_ratio < self.plan.fall_limit:
            return None
        return outcome

    def judge_at_look(self, blocks: Sequence[Measured]) -> Outcome | None:
        """Return what the fresh blocks show; None where they leave it open."""
        judge = judge_null_at_look if self.two_sided else judge_change_at_look
        return judge(self.estimate(blocks), self.plan)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settled(Generic[Measured]):
    """What was found of a criterion, and the blocks that it rests on: fresh ones, or those of the screen.

    `cut_short` tells of an UNDECIDED one that it was not looked at as often as the plan allows, since another criterion
    had decided for the case.
    """

    criterion: Criterion[Measured]
    outcome: Outcome
    blocks: tuple[Measured, ...]
    fresh: bool
    cut_short: bool = False

    @property
    def estimate(self) -> LogEstimate:
        """How far those blocks are from what is expected."""
        return self.criterion.estimate(self.blocks)


def screen_then_confirm(
    measure_more: MeasureMore[Measured], criteria: Sequence[Criterion[Measured]], plan: GatePlan
) -> tuple[Settled[Measured], ...]:
    """Measure blocks until each criterion is settled, one has decided for the case, or the plan's blocks are used up.

    Args:
        measure_more: measures more blocks; what it raises passes through.
        criteria: what is judged, in the order of what is returned.
        plan: numbers of blocks and looks.

    Returns:
        For each criterion what was found; UNDECIDED where the blocks left it open.
    """
    screening = tuple(measure_more(plan.screen_blocks))
    outcomes = [criterion.judge_at_screen(screening) for criterion in criteria]
    rests_on = [screening] * len(criteria)
    fresh: tuple[Measured, ...] = ()
    looks = 0
    while looks < plan.looks and not _is_decided(criteria, outcomes):
        fresh += tuple(measure_more(plan.blocks_per_look))
        looks += 1
        for index, outcome in enumerate(outcomes):
            if outcome is None:
                outcomes[index], rests_on[index] = criteria[index].judge_at_look(fresh), fresh
    return tuple(
        Settled(
            criterion=criterion,
            outcome=Outcome.UNDECIDED if outcome is None else outcome,
            blocks=blocks,
            fresh=blocks is not screening,
            cut_short=outcome is None and looks < plan.looks,
        )
        for criterion, outcome, blocks in zip(criteria, outcomes, rests_on, strict=True)
    )


def _is_decided(criteria: Sequence[Criterion[Measured]], outcomes: Sequence[Outcome | None]) -> bool:
    """Whether nothing is open, or nothing that is could turn out worse than the worst that was found."""
    found = [outcome for outcome in outcomes if outcome is not None]
    possible = [criterion.worst for criterion, outcome in zip(criteria, outcomes, strict=True) if outcome is None]
    return not possible or find_worst([*found, *possible]) in found
