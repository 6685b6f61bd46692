"""How is a verdict said to a person? One sentence for every outcome, and a paragraph for one that turns a run red.

Leaves out: colours, tables and files, which are the reports' business. A percentage with a sign is a change; `95 %
interval` is two-sided.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.gate.plan import ADVISED_BASELINE_BLOCKS, GatePlan
from benchmarks.records import Aspect, Case, Comparison, Interval, Outcome
from benchmarks.stats.intervals import USUAL_POWER
from benchmarks.units import format_overhead, format_percent


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
    changed = f"{comparison.aspect.value} changed by {change} against the {comparison.source}"
    confidence = _format_share(_held_confidence(comparison, plan))
    blocks = _format_blocks(comparison)
    tolerance = format_percent(comparison.tolerance)
    if outcome is Outcome.REGRESSED:
        return f"{changed}, beyond the tolerance of {tolerance}, on {blocks}"
    if outcome is Outcome.IMPROVED:
        return f"{changed}, below {format_percent(-comparison.tolerance)}, on {blocks}"
    if outcome is Outcome.HELD:
        return f"{changed}, no more than the tolerance of {tolerance} with {confidence} confidence, on {blocks}"
    stored = ""
    if comparison.baseline_blocks < ADVISED_BASELINE_BLOCKS:
        held = f"the {comparison.source} holds {comparison.baseline_blocks} blocks"
        stored = f"; {held}, {ADVISED_BASELINE_BLOCKS} would show more"
    return (
        f"{changed} on {blocks}, which neither shows nor rules out a rise beyond the tolerance of {tolerance}; "
        f"{describe_visible(comparison.smallest_visible_change)}{stored}"
    )


def _describe_null(outcome: Outcome, comparison: Comparison, plan: GatePlan) -> str:
    what = " in processor time" if comparison.aspect is Aspect.CPU else ""
    shows = f"the null case shows {_format_interval(comparison.change_ratio)}{what}"
    blocks = _format_blocks(comparison)
    tolerance = _format_tolerance(comparison)
    if outcome is Outcome.FAILED:
        return (
            f"{shows} on {blocks} where both arms run the same code, more than ±{tolerance}: "
            "the measurement itself is not to be trusted here, which says nothing about TensorFlow"
        )
    if outcome is Outcome.HELD:
        return (
            f"{shows}, within ±{tolerance} with {_format_share(_held_confidence(comparison, plan))} confidence "
            f"on either side, on {blocks}"
        )
    return (
        f"{shows} on {blocks}, which neither shows nor rules out a deviation beyond ±{tolerance}; "
        f"{describe_visible(comparison.smallest_visible_change)}"
    )


def describe_open(comparison: Comparison) -> str:
    """Return what is said of something that is neither shown nor ruled out, beside something worse; begins `left open`.

    It took no part in the verdict, so it is not told how large it would have had to be.
    """
    return f"left open: {_describe_left_open(comparison)}"


def _describe_left_open(comparison: Comparison) -> str:
    against = f" against the {comparison.source}" if comparison.source else ""
    change = _format_interval(comparison.change_ratio)
    return f"{comparison.aspect.value}{against}, {change} on {_format_blocks(comparison)}"


def explain_regression(case: Case, comparisons: Sequence[Comparison], plan: GatePlan, next_step: str) -> str:
    """Return the paragraph that a test of a REGRESSED case fails with.

    Args:
        case: what was measured.
        comparisons: all that was compared; of those that show a rise the current, stored and changed overhead is
            told, and of those that were left open how far they came.
        plan: names the error level the run was promised.
        next_step: what to run now, as a sentence or a command.
    """
    rows: list[tuple[str, str]] = []
    for comparison in (each for each in comparisons if each.outcome is Outcome.REGRESSED):
        expected = comparison.expected_ratio
        now, change = _format_interval(comparison.overhead_ratio), _format_interval(comparison.change_ratio)
        stored = "none" if expected is None else f"{_format_interval(expected)}, on {comparison.baseline_blocks} blocks"
        rows += [
            (f"{comparison.aspect.value} now", f"{now}, on {_format_blocks(comparison)}"),
            (f"in the {comparison.source}", stored),
            ("change", f"{change}; tolerated: {format_percent(comparison.tolerance)}"),
        ]
    rows += [
        ("left open", f"{_describe_left_open(each)}; tolerated: {format_percent(each.tolerance)}")
        for each in comparisons
        if each.outcome is Outcome.UNDECIDED
    ]
    rows += [("false alarms", _describe_error_level(plan)), ("next", next_step)]
    width = max(len(label) for label, _ in rows)
    return "\n".join(
        [
            f"{case.case_id}: weighting samples costs more than it did.",
            *(f"  {label:<{width}}  {text}" for label, text in rows),
        ]
    )


def explain_failed_null_case(case: Case, comparison: Comparison, plan: GatePlan, next_step: str) -> str:
    """Return the paragraph that the test of a null case fails with when it is clearly not 1.00.

    Args:
        case: the null case.
        comparison: carries what it read.
        plan: names the error level the run was promised.
        next_step: what to run or look at now, as a sentence or a command.
    """
    what = " in processor time" if comparison.aspect is Aspect.CPU else ""
    reading = f"{_format_interval(comparison.change_ratio)}{what}, on {_format_blocks(comparison)}"
    return "\n".join(
        (
            f"{case.case_id}: the measurement itself is off; this is not a finding about TensorFlow.",
            f"  shown         {reading}, between two arms that run the same code",
            f"  expected      +0.0 %, and no more than {_format_tolerance(comparison)} to either side",
            f"  false alarms  {_describe_error_level(plan)}",
            "  meaning       what this run says of weighting on this path, workload and size may be off by as much",
            f"  next          {next_step}",
        )
    )


def _describe_error_level(plan: GatePlan) -> str:
    judgements = "1 judgement" if plan.judgements == 1 else f"{plan.judgements} judgements"
    level = _format_share(plan.family_alpha)
    return f"at most {level} of runs with {judgements} raise one where nothing is beyond its tolerance"


def describe_visible(smallest_visible_change: float) -> str:
    """Return what a change, as a fraction, would have had to be; part of the reason of every UNDECIDED of times."""
    smallest = format_percent(smallest_visible_change)
    return f"a change of {smallest} or more would have been seen with {_format_share(USUAL_POWER)} probability"


def _format_interval(interval: Interval) -> str:
    """Write the estimate and its interval: `+5.1 % (95 % interval +4.0 % to +6.2 %)`."""
    return (
        f"{format_overhead(interval.estimate)} ({_format_share(interval.confidence)} interval "
        f"{format_overhead(interval.lower)} to {format_overhead(interval.upper)})"
    )


def _format_tolerance(comparison: Comparison) -> str:
    """Write the tolerance without its sign."""
    return format_percent(comparison.tolerance).lstrip("+")


def _format_share(share: float) -> str:
    """Write a probability as a percentage without a sign: 0.95 becomes `95 %`."""
    return f"{100.0 * share:g} %"


def _format_blocks(comparison: Comparison) -> str:
    return f"{comparison.blocks} {'fresh' if comparison.fresh else 'screening'} blocks"


def _held_confidence(comparison: Comparison, plan: GatePlan) -> float:
    return plan.held_confidence if comparison.fresh else plan.screen_confidence
