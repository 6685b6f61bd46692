"""How is a verdict said to a person? One sentence for every outcome, and a paragraph for one that turns a run red.

Leaves out: colours, tables and files, which are the reports' business. A percentage with a sign is a change; `95 %
interval` is two-sided.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from benchmarks.gate.judgement import FAILING, Judgement
from benchmarks.gate.plan import ADVISED_BASELINE_BLOCKS, Plan
from benchmarks.records import Aspect, Case, Comparison, Interval, Outcome
from benchmarks.stats.intervals import USUAL_POWER
from benchmarks.stats.lines import estimate_mean_interval
from benchmarks.units import format_bytes, format_extra_bytes, format_overhead, format_percent


def describe_verdict(outcome: Outcome, comparison: Comparison, plan: Plan) -> str:
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


def _describe_null(outcome: Outcome, comparison: Comparison, plan: Plan) -> str:
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

    It took no part in the verdict, so that nothing is said of how large it would have had to be.
    """
    return f"left open: {_describe_left_open(comparison)}"


def _describe_left_open(comparison: Comparison) -> str:
    against = f" against the {comparison.source}" if comparison.source else ""
    change = _format_interval(comparison.change_ratio)
    return f"{comparison.aspect.value}{against}, {change} on {_format_blocks(comparison)}"


def describe_change(
    aspect: Aspect, interval: Interval, pairs: int, tolerance: float, smallest_visible_change: float | None
) -> tuple[str, str]:
    """Return what is said of a time in this target against the other one: a sentence, and a few words for a list.

    Args:
        aspect: what of the case.
        interval: this target ÷ the other one.
        pairs: of blocks.
        tolerance: the tolerated rise, a fraction.
        smallest_visible_change: of a change that was neither shown nor ruled out; None leaves it out.
    """
    text = (
        f"{aspect.value} {format_overhead(interval.estimate)} against the other target (95 % interval "
        f"{format_overhead(interval.lower)} to {format_overhead(interval.upper)}, {pairs} pairs of blocks), tolerated "
        f"{format_percent(tolerance)}"
    )
    if smallest_visible_change is not None:
        text += f"; {describe_visible(smallest_visible_change)}"
    return text, f"{aspect.value} {format_overhead(interval.estimate)}"


def describe_growth(extras: Sequence[float], plan: Plan) -> str:
    """Return what is said of the bytes that the weighted arm retains per epoch more than its control."""
    shown = estimate_mean_interval(extras, plan.report_confidence)
    known = math.isfinite(shown.upper)
    bounds = f"{format_extra_bytes(shown.lower)} to {format_extra_bytes(shown.upper)}" if known else "unknown"
    return (
        f"{format_extra_bytes(shown.estimate)} beside the control (95 % interval {bounds}, {len(extras)} blocks), "
        f"where {format_bytes(plan.floor_bytes)} are tolerated"
    )


def describe_bytes(now: Sequence[float], then: Sequence[float], source: str, limit: float) -> str:
    """Return what is said of the bytes that the weighted arm has more than its control.

    Args:
        now: one reading per block.
        then: the same as it was read in the `source`.
        source: where, as the end of a sentence.
        limit: the tolerated change in bytes.
    """
    change = statistics.median(now) - statistics.median(then)
    return (
        f"{_format_extras(now)} beside the control now, {_format_extras(then)} {source}; a change of "
        f"{format_extra_bytes(change)} where {format_bytes(limit)} are tolerated"
    )


def describe_counts(now: Sequence[float], then: Sequence[float], source: str) -> str:
    """Return what is said of the counts that the weighted arm has more than its control; arguments as of bytes."""
    for counts, where in ((now, "here"), (then, source)):
        if len(set(counts)) > 1:
            return f"not the same in every block {where}: {min(counts):+.0f} to {max(counts):+.0f} beside the control"
    if now[0] == then[0]:
        return f"beside the control as many as {source}"
    return f"{now[0]:+.0f} beside the control now, {then[0]:+.0f} {source}"


def _format_extras(extras: Sequence[float]) -> str:
    """Write the median, and the range where there is one."""
    middle = format_extra_bytes(statistics.median(extras))
    if min(extras) == max(extras):
        return middle
    return f"{middle} ({format_extra_bytes(min(extras))} to {format_extra_bytes(max(extras))})"


def explain_failure(
    case: Case, judgements: Sequence[Judgement], plan: Plan, next_step: str, *, two_targets: bool
) -> str:
    """Return the paragraph that the test of a case fails with.

    Args:
        case: what was measured.
        judgements: on all that was judged of it; those that failed are explained, and of a time that is held against a
            stored run how far those came that were left open.
        plan: names the error level the run was promised.
        next_step: what to run now, as a sentence or a command.
        two_targets: whether it was measured in another target as well.
    """
    failed = [judgement for judgement in judgements if judgement.outcome in FAILING]
    head = f"{case.case_id}: {_describe_complaint(case, two_targets=two_targets)}"
    if case.question.is_timed and two_targets:
        return "\n".join([head, *(f"  {judgement.reason}" for judgement in failed), f"  next: {next_step}"])
    rows: list[tuple[str, str]] = []
    for judgement in failed:
        rows += _list_rows(judgement)
    if case.question.is_timed:
        open_ones = (each.comparison for each in judgements if each.outcome is Outcome.UNDECIDED and not case.null)
        rows += [
            ("left open", f"{_describe_left_open(each)}; tolerated: {format_percent(each.tolerance)}")
            for each in open_ones
            if each is not None
        ]
        rows += [("false alarms", _describe_error_level(plan))]
        if case.null:
            meaning = "what this run says of weighting on this path, workload and size may be off by as much"
            rows += [("meaning", meaning)]
    rows += [("next", next_step)]
    width = max(len(label) for label, _ in rows)
    return "\n".join([head, *(f"  {label:<{width}}  {text}" for label, text in rows)])


def _describe_complaint(case: Case, *, two_targets: bool) -> str:
    """Return what is wrong, as the sentence that a failure begins with."""
    timed = case.question.is_timed
    if case.null:
        if timed and not two_targets:
            return "the measurement itself is off; this is not a finding about TensorFlow."
        what = "the measurement itself is" if timed else "the readings themselves are"
        return f"{what} off: both arms run the same code. This is not a finding about TensorFlow."
    if two_targets:
        return f"{'slower' if timed else 'more'} here than in the other target."
    return f"weighting samples costs more than it {'did' if timed else 'should'}."


def _list_rows(judgement: Judgement) -> list[tuple[str, str]]:
    """Return the rows of a failure: of a time what was shown and expected, else the reading and what was found."""
    comparison = judgement.comparison
    if comparison is None:
        return [(judgement.title, judgement.text)]
    change, blocks = _format_interval(comparison.change_ratio), _format_blocks(comparison)
    if comparison.expected_ratio is None:
        what = " in processor time" if comparison.aspect is Aspect.CPU else ""
        return [
            ("shown", f"{change}{what}, on {blocks}, between two arms that run the same code"),
            ("expected", f"+0.0 %, and no more than {_format_tolerance(comparison)} to either side"),
        ]
    expected = _format_interval(comparison.expected_ratio)
    return [
        (f"{comparison.aspect.value} now", f"{_format_interval(comparison.overhead_ratio)}, on {blocks}"),
        (f"in the {comparison.source}", f"{expected}, on {comparison.baseline_blocks} blocks"),
        ("change", f"{change}; tolerated: {format_percent(comparison.tolerance)}"),
    ]


def _describe_error_level(plan: Plan) -> str:
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


def _held_confidence(comparison: Comparison, plan: Plan) -> float:
    return plan.held_confidence if comparison.fresh else plan.screen_confidence
