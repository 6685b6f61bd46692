"""When are enough blocks measured, and what was found? A few settle most cases; the rest is looked at on fresh ones.

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

Leaves out: the criteria (`times`, `readings`), where blocks come from, and the words (`benchmarks.reports.verdicts`).

Source: bounds at a share of the error level per look are Bonferroni's form of a group-sequential test; see C. Jennison
and B. Turnbull, Group Sequential Methods with Applications to Clinical Trials, chapter 2, for what sharper
boundaries would gain.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Generic, TypeVar

from benchmarks.gate.plan import Plan
from benchmarks.records import Aspect, Comparison, Interval, Outcome, ReadBlock

Measured = TypeVar("Measured")
"""A block of one target, or a pair of blocks of two."""

MeasureMore = Callable[[int], Sequence[Measured]]
"""Measures that many more blocks of the case and returns them, in order.

What it raises passes through, and the blocks gathered so far with it: a caller who wants to keep them lets its
`measure_more` collect what it returns.
"""

FAILING = frozenset({Outcome.REGRESSED, Outcome.FAILED})
"""The outcomes that turn a run red."""

_WORST_FIRST = (
    Outcome.FAILED,
    Outcome.REGRESSED,
    Outcome.UNDECIDED,
    Outcome.NOT_COMPARABLE,
    Outcome.IMPROVED,
    Outcome.HELD,
)


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


class Place(str, Enum):
    """The one of two targets whose blocks were judged by themselves."""

    HERE = "this target"
    THERE = "the other target"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TimeChange:
    """A time in this target against the other one, over `pairs` of blocks; `ratio` is this target ÷ the other one.

    `smallest_visible_change` is that of a `Comparison`.
    """

    ratio: Interval
    pairs: int
    tolerance: float
    smallest_visible_change: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What was expected of a reading, one number for each stored block or each block of another target.

    `op_types` is by how many nodes of each type the weighted arm's graph was larger. `source` says where it was read:
    `baseline`, `anchor` or `other target`; a null case, which expects nothing, leaves it as it is.
    """

    values: tuple[float, ...]
    op_types: Mapping[str, int] = dataclasses.field(default_factory=dict)
    source: str = "baseline"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFigures:
    """What was read, one number for each block: what the weighted arm has more than its control, or one arm by itself.

    `limit` is the tolerated rise, `block` the one to show: the first, or of traces that must not be the one with most.
    `interval` is that of what is retained.
    """

    values: tuple[float, ...]
    block: ReadBlock
    expected: Expectation
    limit: float
    interval: Interval | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A reading that only one side has, this run where it `is_here`; `cause` is why the other has not, where known.

    The other side is a stored run, or with `two_targets` the other target.
    """

    is_here: bool
    two_targets: bool
    cause: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was concluded of one thing that is judged of a case, and the figures behind it.

    `aspect` says what of the case: an overhead, or what one arm takes by itself; `key` of which reading, empty for a
    time. A `Comparison` is with a stored run or with 1.00, where a `place` is given in that target alone. `medians` are
    those of a reading in the other target and here, where it changed; with `excused` the other has the same fault. What
    was `cut_short` was no longer measured once something else had decided for the case.
    """

    aspect: Aspect
    outcome: Outcome
    figures: Comparison | TimeChange | ReadingFigures | Missing
    key: str = ""
    place: Place | None = None
    medians: tuple[float, float] | None = None
    excused: bool = False
    cut_short: bool = False

    @property
    def rises(self) -> bool:
        """Whether something is higher here than in the other target, surely or not."""
        if isinstance(self.figures, TimeChange):
            return self.figures.ratio.estimate > 1.0
        return self.medians is not None and self.medians[1] > self.medians[0]


def find_worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome that decides for a case of which several things are judged; there is at least one."""
    return min(outcomes, key=_WORST_FIRST.index)


def is_doubtful(outcome: Outcome, null_outcome: Outcome) -> bool:
    """Whether a claim of change falls with the null case of the same path, question, workload and size.

    REGRESSED and IMPROVED do where that came out FAILED: what they saw may be the measurement's own doing.
    """
    return null_outcome is Outcome.FAILED and outcome in {Outcome.REGRESSED, Outcome.IMPROVED}


class Stage(Enum):
    """What a criterion is asked of: the screening blocks, fresh ones with more to come, or all the fresh ones."""

    SCREEN = "screen"
    LOOK = "look"
    FINAL = "final look"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Criterion(Generic[Measured]):
    """One thing that is judged of a case's blocks.

    `judge` takes the screening blocks, or all fresh ones so far, and returns what they show; None where they leave it
    open and more may come. At the final look what is open is UNDECIDED; None where the blocks do not have it at all.
    Of a `null` case any change is a failure.
    """

    judge: Callable[[Sequence[Measured], Stage], Judgement | None]
    null: bool = False

    @property
    def worst(self) -> Outcome:
        """The worst that can be found of it."""
        return Outcome.FAILED if self.null else Outcome.REGRESSED

    def ask(self, blocks: Sequence[Measured], stage: Stage) -> Judgement | None:
        """Return what blocks show of it."""
        judgement = self.judge(blocks, stage)
        if judgement is None or not self.null or judgement.outcome not in {Outcome.REGRESSED, Outcome.IMPROVED}:
            return judgement
        return dataclasses.replace(judgement, outcome=Outcome.FAILED, medians=None)


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
    found = [criterion.ask(screening, Stage.SCREEN) for criterion in criteria]
    fresh: tuple[Measured, ...] = ()
    looks = plan.looks if plan.fresh_blocks else 0
    for look in range(1, looks + 1):
        if None not in found:
            break
        cut_short = bool(fresh) and _is_decided(criteria, found)
        if not cut_short:
            fresh += tuple(measure_more(plan.fresh_blocks))
        stage = Stage.FINAL if cut_short or look == looks else Stage.LOOK
        for place, criterion in enumerate(criteria):
            if found[place] is None:
                judgement = criterion.ask(fresh, stage)
                found[place] = judgement and dataclasses.replace(judgement, cut_short=cut_short)
        if cut_short:
            break
    return tuple(judgement for judgement in found if judgement is not None)


def _is_decided(criteria: Sequence[Criterion[Measured]], found: Sequence[Judgement | None]) -> bool:
    """Whether nothing that is open could turn out worse than the worst that was found."""
    outcomes = [judgement.outcome for judgement in found if judgement is not None]
    possible = [criterion.worst for criterion, judgement in zip(criteria, found, strict=True) if judgement is None]
    return find_worst([*outcomes, *possible]) in outcomes
