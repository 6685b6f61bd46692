"""Which release was the first bad one? A binary search over releases, each judged against the last that was good.

Assumes what every bisection does: that good releases come before bad ones. Leaves out: how a release is judged.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

from benchmarks.errors import StatisticsError
from benchmarks.gate.plan import LOOKS, Plan, make_plan
from benchmarks.records import Aspect, Question

WRONGLY_GOOD: float = 0.10
"""How often a release whose rise is as large as the tolerance may be called good: that step would send the search the
wrong way, and nothing after it would mend that."""

_HELD_CONFIDENCE = 1.0 - WRONGLY_GOOD / (1 + LOOKS)
"""Of the screen and of each look: they share that level, since any of them can call a release good."""

_LEAST_BLOCKS = 4
"""For the plan of times; of bytes and counts the question says how many are read."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One release that was judged, with the words of its verdict."""

    version: str
    bad: bool
    reason: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bisection:
    """What was found: the last good and the first bad release, and all releases that were judged, in order."""

    last_good: str
    first_bad: str
    steps: tuple[Step, ...]


Judge = Callable[[str, str], Step]
"""Takes a good release and one to be judged against it."""


def plan_bisection(question: Question, aspect: Aspect, *, comparisons: int, tolerance: float) -> Plan:
    """Return how each comparison of a search is judged.

    Args:
        question: what is measured.
        aspect: what of it is asked: what weighting costs, or what one arm takes by itself.
        comparisons: how many there will be at most; they share the error level.
        tolerance: a rise that is not called bad, a fraction.

    Raises:
        StatisticsError: when the question has no such aspect.
    """
    plan = make_plan(question, judgements=comparisons, tolerance=tolerance)
    if aspect not in plan.tolerances:
        known = ", ".join(each.value for each in plan.tolerances)
        raise StatisticsError(f"aspect of {question.value}: expected one of {known}, got {aspect.value}; choose one")
    least = _LEAST_BLOCKS if question.is_timed else 0
    return dataclasses.replace(
        plan,
        tolerances={aspect: tolerance if question.is_timed else plan.tolerances[aspect]},
        screen_blocks=max(plan.screen_blocks, least),
        fresh_blocks=max(plan.fresh_blocks, least),
        screen_confidence=_HELD_CONFIDENCE,
        held_confidence=_HELD_CONFIDENCE,
    )


def count_steps(releases: int) -> int:
    """Return how many releases are judged at most, the last one included: what an error level is shared by."""
    return 1 + max(0, math.ceil(math.log2(max(1, releases - 1))))


def find_first_bad(versions: Sequence[str], judge: Judge) -> Bisection:
    """Return the first bad release.

    Args:
        versions: oldest first; the first is taken to be good, the last is judged to be bad before anything else.
        judge: judges a release against a good one.

    Raises:
        StatisticsError: when there are fewer than two releases, or the last is not bad.
    """
    if len(versions) < 2:  # noqa: PLR2004 - a good one and a bad one
        raise StatisticsError(f"a bisection: expected a good and a bad release, got {len(versions)}; name two")
    last = judge(versions[0], versions[-1])
    steps = [last]
    if not last.bad:
        raise StatisticsError(
            f"a bisection: expected {versions[-1]} to be worse than {versions[0]}, but {last.reason}; "
            "choose another case, or two other releases"
        )
    good, bad = 0, len(versions) - 1
    while bad - good > 1:
        middle = (good + bad) // 2
        step = judge(versions[good], versions[middle])
        steps.append(step)
        if step.bad:
            bad = middle
        else:
            good = middle
    return Bisection(last_good=versions[good], first_bad=versions[bad], steps=tuple(steps))
