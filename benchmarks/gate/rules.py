"""What do these blocks allow one to say? Pure functions from an estimate to an outcome, or None for `more blocks`.

Leaves out: where estimates come from and in which order the rules are asked; see `screening`. All bounds are one-sided.

Against a baseline the change is limited on one side: only a rise beyond the tolerance is a fault. In a null case the
truth is exactly 1.00, so a deviation to either side is, and its error level is shared between them.
"""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.gate.plan import GatePlan
from benchmarks.records import Outcome, Verdict
from benchmarks.stats.intervals import LogEstimate

_WORST_FIRST = (
    Outcome.FAILED,
    Outcome.REGRESSED,
    Outcome.UNDECIDED,
    Outcome.NOT_COMPARABLE,
    Outcome.IMPROVED,
    Outcome.HELD,
)


def find_worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome that decides for a case of which several things are judged; there is at least one."""
    return min(outcomes, key=_WORST_FIRST.index)


def judge_change_at_screen(change: LogEstimate, plan: GatePlan) -> Outcome | None:
    """Return IMPROVED or HELD where the screening blocks show it; they never show REGRESSED.

    HELD: upper bound at the screening confidence within the tolerance. IMPROVED: upper bound at the case's error
    level below the tolerance on the other side.

    Args:
        change: current less baseline log-ratio, from the screening blocks.
        plan: limits and error levels.
    """
    if change.estimate_upper_bound(plan.judgement_alpha) < plan.fall_limit:
        return Outcome.IMPROVED
    if change.estimate_upper_bound(1.0 - plan.screen_confidence) <= plan.rise_limit:
        return Outcome.HELD
    return None


def judge_change_at_look(change: LogEstimate, plan: GatePlan) -> Outcome | None:
    """Return REGRESSED, IMPROVED or HELD where the fresh blocks so far show it.

    REGRESSED: lower bound at the look's error level beyond the tolerance. IMPROVED: upper bound at the same level
    below the tolerance on the other side. HELD: upper bound at `held_confidence` within the tolerance.

    Args:
        change: current less baseline log-ratio, from fresh blocks alone.
        plan: limits and error levels.
    """
    if change.estimate_lower_bound(plan.look_alpha) > plan.rise_limit:
        return Outcome.REGRESSED
    if change.estimate_upper_bound(plan.look_alpha) < plan.fall_limit:
        return Outcome.IMPROVED
    if change.estimate_upper_bound(1.0 - plan.held_confidence) <= plan.rise_limit:
        return Outcome.HELD
    return None


def judge_null_at_screen(overhead: LogEstimate, plan: GatePlan) -> Outcome | None:
    """Return HELD where the screening blocks of a null case are within the tolerance on both sides.

    Args:
        overhead: log-ratio of the null case, from the screening blocks.
        plan: limits and error levels.
    """
    return Outcome.HELD if _is_within(overhead, plan, 1.0 - plan.screen_confidence) else None


def judge_null_at_look(overhead: LogEstimate, plan: GatePlan) -> Outcome | None:
    """Return FAILED or HELD where the fresh blocks of a null case show it.

    FAILED: the whole interval at the look's error level lies beyond the tolerance, on either side.

    Args:
        overhead: log-ratio of the null case, from fresh blocks alone.
        plan: limits and error levels.
    """
    alpha_per_side = plan.look_alpha / 2.0
    if (
        overhead.estimate_lower_bound(alpha_per_side) > plan.rise_limit
        or overhead.estimate_upper_bound(alpha_per_side) < plan.fall_limit
    ):
        return Outcome.FAILED
    return Outcome.HELD if _is_within(overhead, plan, 1.0 - plan.held_confidence) else None


def _is_within(overhead: LogEstimate, plan: GatePlan, alpha: float) -> bool:
    return (
        overhead.estimate_lower_bound(alpha) >= plan.fall_limit
        and overhead.estimate_upper_bound(alpha) <= plan.rise_limit
    )


def doubt(verdict: Verdict, null_verdict: Verdict) -> Verdict:
    """Return the verdict, or NOT COMPARABLE where it claims a change that its null case gives reason to doubt.

    A claim of REGRESSED or IMPROVED falls when the null case of the same path, question, workload and size came out
    FAILED: what it saw may be the measurement's own doing. Every other verdict is returned as it is.

    Args:
        verdict: what was concluded of a case.
        null_verdict: what was concluded of its null case.
    """
    if null_verdict.outcome is not Outcome.FAILED or verdict.outcome not in {Outcome.REGRESSED, Outcome.IMPROVED}:
        return verdict
    return Verdict(
        outcome=Outcome.NOT_COMPARABLE,
        reason=(
            f"would be {verdict.outcome.value} ({verdict.reason}), but its null case was off: {null_verdict.reason}"
        ),
        comparison=verdict.comparison,
    )
