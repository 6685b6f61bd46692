"""How is a verdict said to a person? One sentence for every outcome, and a paragraph for one that turns a run red.

Leaves out: colours, tables and files, which are the reports' business. A percentage with a sign is a change; `95 % interval` is
two-sided.
"""

from __future__ import annotations

from benchmarks.records import Case, Comparison, Interval, Outcome
from benchmarks.units import format_overhead, format_percent
from benchmarks.verdicts.plan import GatePlan


def describe_verdict(outcome: Outcome, comparison: Comparison, plan: GatePlan) -> str:
    """Return the one sentence that gives the reason of a verdict reached by comparing blocks.

    Args:
        outcome: any but NOT COMPARABLE, which was not reached by comparing.
        comparison: what was compared; `expected_ratio` of None marks a null case.
        plan: names the confidence behind HELD.
    """
    if comparison.expected_ratio is None:
        return _describe_null(outcome, comparison, plan)
    change = _format_interval(comparison.change_ratio)
    blocks = _format_blocks(comparison, plan)
    tolerance = format_percent(comparison.tolerance)
    if outcome is Outcome.REGRESSED:
        return f"overhead changed by {change} against the baseline, beyond the tolerance of {tolerance}, on {blocks}"
    if outcome is Outcome.IMPROVED:
        return f"overhead changed by {change} against the baseline, below {format_percent(-comparison.tolerance)}, on {blocks}"
    if outcome is Outcome.HELD:
        return (
            f"overhead changed by {change} against the baseline, no more than the tolerance of {tolerance} with "
            f"{_held_confidence(comparison, plan):.0%} confidence, on {blocks}"
        )
    return (
        f"overhead changed by {change} against the baseline on {blocks}, which neither rules out nor shows a rise beyond "
        f"the tolerance of {tolerance}; {_describe_visible(comparison)}"
    )


def _describe_null(outcome: Outcome, comparison: Comparison, plan: GatePlan) -> str:
    reading = _format_interval(comparison.change_ratio)
    blocks = _format_blocks(comparison, plan)
    tolerance = format_percent(comparison.tolerance).lstrip("+")
    if outcome is Outcome.FAILED:
        return (
            f"the null case shows {reading} on {blocks} where both arms run the same code, more than ±{tolerance}: "
            "the measurement itself is not to be trusted here, which says nothing about TensorFlow"
        )
    if outcome is Outcome.HELD:
        return (
            f"the null case shows {reading}, within ±{tolerance} with {_held_confidence(comparison, plan):.0%} confidence "
            f"on either side, on {blocks}"
        )
    return (
        f"the null case shows {reading} on {blocks}, which neither rules out nor shows a deviation beyond ±{tolerance}; "
        f"{_describe_visible(comparison)}"
    )


def explain_regression(case: Case, comparison: Comparison, plan: GatePlan, next_step: str) -> str:
    """Return the paragraph that a test of a REGRESSED case fails with.

    Args:
        case: what was measured.
        comparison: carries the current, stored and changed overhead; its `expected_ratio` is the baseline's.
        plan: names the error level the run was promised.
        next_step: what to run now, as a sentence or a command.
    """
    stored = (
        "nothing" if comparison.expected_ratio is None else f"overhead {_format_interval(comparison.expected_ratio)}"
    )
    return "\n".join(
        (
            f"{case.case_id}: weighting samples costs more than it did.",
            f"  measured   overhead {_format_interval(comparison.overhead_ratio)}, on {_format_blocks(comparison, plan)}",
            f"  stored     {stored}, on {comparison.baseline_blocks} blocks",
            f"  change     {_format_interval(comparison.change_ratio)}; tolerated: {format_percent(comparison.tolerance)}",
            f"  certainty  {_describe_error_level(plan)}",
            f"  next       {next_step}",
        )
    )


def explain_failed_null_case(case: Case, comparison: Comparison, plan: GatePlan, next_step: str) -> str:
    """Return the paragraph that the test of a null case fails with when it is clearly not 1.00.

    Args:
        case: the null case.
        comparison: carries what it read.
        plan: names the error level the run was promised.
        next_step: what to run or look at now, as a sentence or a command.
    """
    tolerance = format_percent(comparison.tolerance).lstrip("+")
    return "\n".join(
        (
            f"{case.case_id}: the measurement itself is off; this is not a finding about TensorFlow.",
            f"  measured   {_format_interval(comparison.change_ratio)} between two arms that run the same code, "
            f"on {_format_blocks(comparison, plan)}",
            f"  expected   +0.0 %, and no more than {tolerance} to either side",
            f"  certainty  {_describe_error_level(plan)}",
            "  meaning    whatever this run says of weighting on the same path, workload and size may be wrong by as much",
            f"  next       {next_step}",
        )
    )


def _describe_error_level(plan: GatePlan) -> str:
    cases = "1 case" if plan.gated_cases == 1 else f"{plan.gated_cases} cases"
    return (
        f"if nothing had changed by more than the tolerance, a run of {cases} would raise a false alarm "
        f"at most {plan.family_alpha:.0%} of the time"
    )


def _describe_visible(comparison: Comparison) -> str:
    return f"a change of {format_percent(comparison.smallest_visible_change)} or more would have been seen with 80 % probability"


def _format_interval(interval: Interval) -> str:
    """Write the estimate and its interval: `+5.1 % (95 % interval +4.0 % to +6.2 %)`."""
    return (
        f"{format_overhead(interval.estimate)} ({100.0 * interval.confidence:g} % interval "
        f"{format_overhead(interval.lower)} to {format_overhead(interval.upper)})"
    )


def _format_blocks(comparison: Comparison, plan: GatePlan) -> str:
    if comparison.fresh_blocks:
        return f"{comparison.fresh_blocks} fresh blocks"
    return f"{plan.screen_blocks} screening blocks"


def _held_confidence(comparison: Comparison, plan: GatePlan) -> float:
    return plan.held_confidence if comparison.fresh_blocks else plan.screen_confidence
