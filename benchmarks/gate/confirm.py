"""When are enough blocks measured? A few settle most cases; what they leave open is looked at on fresh ones alone.

Several things may be judged of the same blocks, such as wall time and processor time, or the same against a baseline
and against an anchor: each is a criterion, settled for itself. Blocks are measured until all of them are, or the plan's
are used up, or one has decided for the case: nothing is worse than REGRESSED, of a null case than FAILED, so more
blocks could only show more of the rest, which is left open and marked as cut short.

The screening blocks were the reason to look again, so they are high by selection and never count towards REGRESSED;
each look is at all fresh blocks so far and uses no more than its share of the error level. So a change within the
tolerance is called REGRESSED with the level of its judgement at most, whatever the screen did and whenever measuring
ended: all that either can do is to spare a criterion looks. The outcome of the case is the same as if it had gone on,
since only what is as bad could have been added. IMPROVED fails nothing and may rest on the screening blocks; over the
screen and the looks its nominal error level is twice that.

Leaves out: the criteria (`times`, `readings`), where blocks come from, and what the judgements come to (`judgement`).

Source: bounds at a share of the error level per look are Bonferroni's form of a group-sequential test; see C. Jennison
and B. Turnbull, Group Sequential Methods with Applications to Clinical Trials, chapter 2, for what sharper
boundaries would gain.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from benchmarks.gate.judgement import Judgement, find_worst
from benchmarks.gate.plan import Plan
from benchmarks.records import Outcome

Measured = TypeVar("Measured")
"""A block of one target, or a pair of blocks of two."""

Judged_contra = TypeVar("Judged_contra", contravariant=True)
"""What a criterion judges."""

MeasureMore = Callable[[int], Sequence[Measured]]
"""Measures that many more blocks of the case and returns them, in order.

What it raises passes through, and the blocks gathered so far with it: a caller who wants to keep them lets its
`measure_more` collect what it returns.
"""

_CUT_SHORT = "no longer measured once another aspect had decided"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Generic[Measured]):
    """A block of this target and one of the other, measured in turns or one after the other."""

    now: Measured
    other: Measured


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Standard(Generic[Measured]):
    """The blocks of the same case in a stored run, `baseline` or `anchor`, and how many times the limits hold there."""

    name: str
    blocks: Sequence[Measured]
    factor: float = 1.0


class Criterion(Protocol[Judged_contra]):
    """One thing that is judged of a case's blocks."""

    @property
    def worst(self) -> Outcome:
        """The worst that can be found of it."""

    def judge_at_screen(self, blocks: Sequence[Judged_contra]) -> Judgement | None:
        """Return what the screening blocks show; None where they leave it open."""

    def judge_at_look(self, blocks: Sequence[Judged_contra], *, final: bool) -> Judgement | None:
        """Return what all fresh blocks so far show; None where they leave it open, and more may come.

        With `final` no more will come, and what is open is UNDECIDED; None where the blocks do not have it at all.
        """


def screen_then_confirm(
    measure_more: MeasureMore[Measured],
    list_criteria: Callable[[Sequence[Measured]], Sequence[Criterion[Measured]]],
    plan: Plan,
) -> tuple[Judgement, ...]:
    """Measure blocks until each criterion is settled, one has decided for the case, or the plan's blocks are used up.

    Args:
        measure_more: measures more blocks; what it raises passes through.
        list_criteria: returns what is judged of a case with these screening blocks.
        plan: numbers of blocks and looks.

    Returns:
        What was found, in the order of the criteria.
    """
    screening = tuple(measure_more(plan.screen_blocks))
    criteria = list_criteria(screening)
    found = [criterion.judge_at_screen(screening) for criterion in criteria]
    fresh: tuple[Measured, ...] = ()
    looks = plan.looks if plan.fresh_blocks else 0
    for look in range(1, looks + 1):
        if None not in found:
            break
        if fresh and _is_decided(criteria, found):
            open_ones = _look(criteria, found, fresh, final=True)
            found = [
                _cut_short(now) if before is None else before for before, now in zip(found, open_ones, strict=True)
            ]
            break
        fresh += tuple(measure_more(plan.fresh_blocks))
        found = _look(criteria, found, fresh, final=look == looks)
    return tuple(judgement for judgement in found if judgement is not None)


def _look(
    criteria: Sequence[Criterion[Measured]],
    found: Sequence[Judgement | None],
    fresh: Sequence[Measured],
    *,
    final: bool,
) -> list[Judgement | None]:
    """Return what was found, with what the fresh blocks show of what was open."""
    return [
        criterion.judge_at_look(fresh, final=final) if judgement is None else judgement
        for criterion, judgement in zip(criteria, found, strict=True)
    ]


def _is_decided(criteria: Sequence[Criterion[Measured]], found: Sequence[Judgement | None]) -> bool:
    """Whether nothing that is open could turn out worse than the worst that was found."""
    outcomes = [judgement.outcome for judgement in found if judgement is not None]
    possible = [criterion.worst for criterion, judgement in zip(criteria, found, strict=True) if judgement is None]
    return find_worst([*outcomes, *possible]) in outcomes


def _cut_short(judgement: Judgement | None) -> Judgement | None:
    """Return a judgement that says that it was not looked at as often as the plan allows."""
    if judgement is None:
        return None
    brief = f"{judgement.brief}, {_CUT_SHORT}" if judgement.brief else ""
    return dataclasses.replace(judgement, text=f"{judgement.text}; {_CUT_SHORT}", brief=brief)
