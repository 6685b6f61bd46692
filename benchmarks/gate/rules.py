"""What do these figures allow one to say? Pure functions to an outcome, or None for `more blocks`.

Times come as estimates over blocks, and all bounds are one-sided. Against a baseline the change is limited on one side:
only a rise beyond the tolerance is a fault. In a null case the truth is exactly 1.00, so a deviation to either side is,
and its error level is shared between them. Bytes scatter a little and not normally (a prefetched batch more or less),
so they are judged by medians and by whether the ranges overlap, without a distribution; counts exactly.

Leaves out: where the figures come from and in which order the rules are asked; see `times`, `readings` and `confirm`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence

from benchmarks.gate.plan import Plan
from benchmarks.records import Interval, Outcome
from benchmarks.stats.intervals import LogEstimate
from benchmarks.stats.lines import estimate_mean_interval

LEAST_BLOCKS_TO_TELL_APART: int = 2
"""The fewest readings on either side whose ranges mean anything."""


def find_rise_limit(tolerance: float) -> float:
    """Return the log-ratio of a change as large as the tolerance."""
    return math.log1p(tolerance)


def find_fall_limit(tolerance: float) -> float:
    """Return the log-ratio of an improvement as large as the tolerance; negative."""
    return math.log1p(-tolerance)


def judge_change_at_screen(
    change: LogEstimate, tolerance: float, plan: Plan, *, notes_falls: bool = False
) -> Outcome | None:
    """Return IMPROVED or HELD where the screening blocks show it; they never show REGRESSED.

    HELD: upper bound at the screening confidence within the tolerance. IMPROVED: upper bound at the case's error
    level below the tolerance on the other side.

    Args:
        change: current less baseline log-ratio, from the screening blocks.
        tolerance: the tolerated rise, a fraction.
        plan: error levels.
        notes_falls: whether a fall beyond the tolerance is looked at again instead of being called HELD.
    """
    if change.estimate_upper_bound(plan.judgement_alpha) < find_fall_limit(tolerance):
        return Outcome.IMPROVED
    if notes_falls and change.log_ratio < find_fall_limit(tolerance):
        return None
    if change.estimate_upper_bound(1.0 - plan.screen_confidence) <= find_rise_limit(tolerance):
        return Outcome.HELD
    return None


def judge_change_at_look(change: LogEstimate, tolerance: float, plan: Plan) -> Outcome | None:
    """Return REGRESSED, IMPROVED or HELD where the fresh blocks so far show it.

    REGRESSED: lower bound at the look's error level beyond the tolerance. IMPROVED: upper bound at the same level
    below the tolerance on the other side. HELD: upper bound at `held_confidence` within the tolerance.

    Args:
        change: current less baseline log-ratio, from fresh blocks alone.
        tolerance: the tolerated rise, a fraction.
        plan: error levels.
    """
    if change.estimate_lower_bound(plan.look_alpha) > find_rise_limit(tolerance):
        return Outcome.REGRESSED
    if change.estimate_upper_bound(plan.look_alpha) < find_fall_limit(tolerance):
        return Outcome.IMPROVED
    if change.estimate_upper_bound(1.0 - plan.held_confidence) <= find_rise_limit(tolerance):
        return Outcome.HELD
    return None


def judge_null_at_screen(overhead: LogEstimate, tolerance: float, plan: Plan) -> Outcome | None:
    """Return HELD where the screening blocks of a null case are within the tolerance on both sides.

    Args:
        overhead: log-ratio of the null case, from the screening blocks.
        tolerance: how far it may be from 1.00, a fraction.
        plan: error levels.
    """
    return Outcome.HELD if _is_within(overhead, tolerance, 1.0 - plan.screen_confidence) else None


def judge_null_at_look(overhead: LogEstimate, tolerance: float, plan: Plan) -> Outcome | None:
    """Return FAILED or HELD where the fresh blocks of a null case show it.

    FAILED: the whole interval at the look's error level lies beyond the tolerance, on either side.

    Args:
        overhead: log-ratio of the null case, from fresh blocks alone.
        tolerance: how far it may be from 1.00, a fraction.
        plan: error levels.
    """
    alpha_per_side = plan.look_alpha / 2.0
    if overhead.estimate_lower_bound(alpha_per_side) > find_rise_limit(tolerance) or overhead.estimate_upper_bound(
        alpha_per_side
    ) < find_fall_limit(tolerance):
        return Outcome.FAILED
    return Outcome.HELD if _is_within(overhead, tolerance, 1.0 - plan.held_confidence) else None


def _is_within(overhead: LogEstimate, tolerance: float, alpha: float) -> bool:
    return overhead.estimate_lower_bound(alpha) >= find_fall_limit(tolerance) and overhead.estimate_upper_bound(
        alpha
    ) <= find_rise_limit(tolerance)


def judge_counts(now: Iterable[float], then: Iterable[float]) -> Outcome:
    """Return what counts show that must not rise at all; UNDECIDED where they are not the same in every block.

    Args:
        now: what the weighted arm has more than its control, one count per block.
        then: the same where it was stored, or in the other target.
    """
    here, there = set(now), set(then)
    if len(here) > 1 or len(there) > 1:
        return Outcome.UNDECIDED
    (extra,), (expected,) = here, there
    if extra == expected:
        return Outcome.HELD
    return Outcome.REGRESSED if extra > expected else Outcome.IMPROVED


def judge_arm_count(now: Sequence[float], then: Sequence[float], limit: float) -> Outcome:
    """Return what the counts of one arm by itself show, whose median may rise by `limit`."""
    change = statistics.median(now) - statistics.median(then)
    if abs(change) <= limit:
        return Outcome.HELD
    return Outcome.REGRESSED if change > 0 else Outcome.IMPROVED


def judge_bytes(
    now: Sequence[float], then: Sequence[float], limit: float, *, final: bool, notes_falls: bool = False
) -> Outcome | None:
    """Return what bytes show whose median must not rise by more than `limit`; None where more blocks are needed.

    Args:
        now: one reading per block; the fresh ones alone where `final`.
        then: what was stored, or is in the other target.
        limit: the tolerated change in bytes.
        final: whether no more blocks will come.
        notes_falls: whether a fall that the ranges do not bear out is UNDECIDED instead of HELD.
    """
    change = statistics.median(now) - statistics.median(then)
    if abs(change) <= limit:
        return Outcome.HELD
    if not final:
        return None
    enough = min(len(now), len(then)) >= LEAST_BLOCKS_TO_TELL_APART
    if enough and (min(now) > max(then) or max(now) < min(then)):
        return Outcome.REGRESSED if change > 0 else Outcome.IMPROVED
    return Outcome.UNDECIDED if change > 0 or notes_falls else Outcome.HELD


def judge_growth(extras: Sequence[float], plan: Plan, *, final: bool) -> Outcome | None:
    """Return what is shown by what the weighted arm retains per epoch more than its control; None for more blocks.

    REGRESSED: lower bound at the judgement's error level beyond the floor. HELD: upper bound at the confidence of a
    screen, or of a look, within it.

    Args:
        extras: bytes per epoch, one for each block; the fresh ones alone where `final`.
        plan: the floor and error levels.
        final: whether no more blocks will come.
    """

    def estimate(confidence: float) -> Interval:
        return estimate_mean_interval(extras, confidence)

    if final and estimate(1.0 - 2.0 * plan.judgement_alpha).lower > plan.floor_bytes:
        return Outcome.REGRESSED
    confidence = plan.held_confidence if final else plan.screen_confidence
    if estimate(2.0 * confidence - 1.0).upper <= plan.floor_bytes:
        return Outcome.HELD
    return Outcome.UNDECIDED if final else None
