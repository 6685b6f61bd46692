"""How is a verdict said to a person? One sentence for every outcome of everything that is judged.

A percentage with a sign is a change; `95 % interval` is two-sided. Leaves out: what is concluded (`benchmarks.gate`),
and the paragraph on a failure (`explanation`).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence

from benchmarks.gate.confirm import Judgement, Missing, Place, ReadingFigures, TimeChange, find_worst, is_doubtful
from benchmarks.gate.plan import ADVISED_BASELINE_BLOCKS, Plan
from benchmarks.records import Aspect, Change, Comparison, Interval, Outcome, Verdict
from benchmarks.records.blocks import subtract_op_types
from benchmarks.records.quantities import Rule, find_quantity, title_reading
from benchmarks.reports.tables import describe_op_types
from benchmarks.stats.intervals import USUAL_POWER
from benchmarks.units import format_bytes, format_extra_bytes, format_overhead, format_percent

_CUT_SHORT = "no longer measured once another aspect had decided"


def make_verdict(judgements: Sequence[Judgement], plan: Plan) -> Verdict | None:
    """Return the verdict of the worst, with the reasons of all that are as bad; None where nothing was judged.

    Beside something worse, what was left open is named. Of times that held, the first says it for all.
    """
    if not judgements:
        return None
    worst = find_worst(judgement.outcome for judgement in judgements)
    as_bad = [judgement for judgement in judgements if judgement.outcome is worst]
    reasons = [describe_judgement(judgement, plan) for judgement in as_bad]
    if worst is Outcome.HELD:
        titles = dict.fromkeys(title_reading(judgement.key) for judgement in as_bad if judgement.key)
        reasons = [f"held: {', '.join(titles)}"] if titles else reasons[:1]
    elif worst is not Outcome.UNDECIDED:
        reasons += [_describe_open(each) for each in judgements if each.outcome is Outcome.UNDECIDED]
    figures, place = as_bad[0].figures, as_bad[0].place
    comparison = figures if isinstance(figures, Comparison) and place is None else None
    return Verdict(outcome=worst, reason="; ".join(filter(None, reasons)), comparison=comparison)


def doubt(verdict: Verdict, null_verdict: Verdict) -> Verdict:
    """Return the verdict, or NOT COMPARABLE where it claims a change that falls with its null case."""
    if not is_doubtful(verdict.outcome, null_verdict.outcome):
        return verdict
    return Verdict(
        outcome=Outcome.NOT_COMPARABLE,
        reason=(
            f"would be {verdict.outcome.value} ({verdict.reason}), but its null case was off: {null_verdict.reason}"
        ),
        comparison=verdict.comparison,
    )


def list_changes(judgements: Iterable[Judgement], plan: Plan) -> tuple[Change, ...]:
    """Return what changed between two targets, as the report on a case has it."""
    return tuple(
        Change(
            aspect=judgement.aspect,
            outcome=judgement.outcome,
            reason=describe_judgement(judgement, plan),
            brief=f"{brief}, {_CUT_SHORT}" if judgement.cut_short else brief,
            rises=judgement.rises,
            change_ratio=judgement.figures.ratio if isinstance(judgement.figures, TimeChange) else None,
        )
        for judgement in judgements
        if (brief := _describe_briefly(judgement))
    )


def _describe_briefly(judgement: Judgement) -> str:
    """Return in a few words what changed between two targets; empty where nothing did."""
    if isinstance(judgement.figures, TimeChange):
        return f"{judgement.aspect.value} {format_overhead(judgement.figures.ratio.estimate)}"
    if judgement.medians is None:
        return ""
    of = "weighted - control" if judgement.aspect is Aspect.OVERHEAD else judgement.aspect.value
    before, after = map(_find_format(judgement.key), judgement.medians)
    return f"{title_reading(judgement.key)}, {of}: {before} → {after}"


def title_judgement(judgement: Judgement) -> str:
    """Return what a person reads for what was judged: the reading, with the arm if it is one arm's, or the aspect."""
    if not judgement.key:
        return judgement.aspect.value
    title = title_reading(judgement.key)
    return title if judgement.aspect is Aspect.OVERHEAD else f"{title}, {judgement.aspect.value}"


def describe_judgement(judgement: Judgement, plan: Plan) -> str:
    """Return what was found, as a sentence; the plan names the confidence behind HELD."""
    text = describe_figures(judgement, plan)
    return f"{title_judgement(judgement)}: {text}" if judgement.key else text


def describe_figures(judgement: Judgement, plan: Plan) -> str:
    """Return the sentence, or of a reading the end of one that its title begins."""
    figures = judgement.figures
    if isinstance(figures, Comparison):
        describe = _describe_null if figures.expected_ratio is None else _describe_comparison
        text = describe(judgement.outcome, figures, plan)
    elif isinstance(figures, TimeChange):
        text = _describe_change(judgement, figures)
    elif isinstance(figures, Missing):
        text = _describe_missing(figures)
    else:
        text = _describe_reading(judgement, figures)
    if judgement.place is Place.THERE:
        text = f"in the other target, {text}"
    return f"{text}; {_CUT_SHORT}" if judgement.cut_short else text


def _describe_comparison(outcome: Outcome, comparison: Comparison, plan: Plan) -> str:
    change = format_interval(comparison.change_ratio)
    changed = f"{comparison.aspect.value} changed by {change} against the {comparison.source}"
    blocks = format_blocks(comparison)
    tolerance = format_percent(comparison.tolerance)
    if outcome is Outcome.REGRESSED:
        return f"{changed}, beyond the tolerance of {tolerance}, on {blocks}"
    if outcome is Outcome.IMPROVED:
        return f"{changed}, below {format_percent(-comparison.tolerance)}, on {blocks}"
    if outcome is Outcome.HELD:
        confidence = _format_confidence(comparison, plan)
        return f"{changed}, no more than the tolerance of {tolerance} with {confidence}, on {blocks}"
    stored = ""
    if comparison.baseline_blocks < ADVISED_BASELINE_BLOCKS:
        held = f"the {comparison.source} holds {comparison.baseline_blocks} blocks"
        stored = f"; {held}, {ADVISED_BASELINE_BLOCKS} would show more"
    return (
        f"{changed} on {blocks}, which neither shows nor rules out a rise beyond the tolerance of {tolerance}; "
        f"{_describe_visible(comparison.smallest_visible_change)}{stored}"
    )


def _describe_null(outcome: Outcome, comparison: Comparison, plan: Plan) -> str:
    what = " in processor time" if comparison.aspect is Aspect.CPU else ""
    shows = f"the null case shows {format_interval(comparison.change_ratio)}{what}"
    blocks = format_blocks(comparison)
    tolerance = format_tolerance(comparison)
    if outcome is Outcome.FAILED:
        return (
            f"{shows} on {blocks} where both arms run the same code, more than ±{tolerance}: "
            "the measurement itself is not to be trusted here, which says nothing about TensorFlow"
        )
    if outcome is Outcome.HELD:
        confidence = _format_confidence(comparison, plan)
        return f"{shows}, within ±{tolerance} with {confidence} on either side, on {blocks}"
    return (
        f"{shows} on {blocks}, which neither shows nor rules out a deviation beyond ±{tolerance}; "
        f"{_describe_visible(comparison.smallest_visible_change)}"
    )


def _describe_open(judgement: Judgement) -> str:
    """Return what is said of a time that is neither shown nor ruled out, beside something worse; empty of all else.

    It took no part in the verdict, so that nothing is said of how large it would have had to be.
    """
    if not isinstance(judgement.figures, Comparison):
        return ""
    where = " in the other target" if judgement.place is Place.THERE else ""
    return f"left open{where}: {describe_left_open(judgement.figures)}"


def describe_left_open(comparison: Comparison) -> str:
    """Return what a comparison reads that neither shows nor rules out anything."""
    against = f" against the {comparison.source}" if comparison.source else ""
    change = format_interval(comparison.change_ratio)
    return f"{comparison.aspect.value}{against}, {change} on {format_blocks(comparison)}"


def _describe_change(judgement: Judgement, change: TimeChange) -> str:
    """Return what is said of a time in this target against the other one."""
    ratio = change.ratio
    text = (
        f"{judgement.aspect.value} {format_overhead(ratio.estimate)} against the other target (95 % interval "
        f"{format_overhead(ratio.lower)} to {format_overhead(ratio.upper)}, {change.pairs} pairs of blocks), tolerated "
        f"{format_percent(change.tolerance)}"
    )
    undecided = judgement.outcome is Outcome.UNDECIDED
    return f"{text}; {_describe_visible(change.smallest_visible_change)}" if undecided else text


def _describe_missing(missing: Missing) -> str:
    there = "read in the other target" if missing.two_targets else "stored"
    if not missing.is_here:
        return f"{there}, but not read here: {missing.cause or 'this target does not have it'}"
    remedy = "that target does not have it" if missing.two_targets else "record a baseline that has it"
    return f"read here, but not {there}: {missing.cause or remedy}"


def _describe_reading(judgement: Judgement, figures: ReadingFigures) -> str:
    now, then = figures.values, figures.expected.values
    source = "before" if figures.expected.source == "baseline" else f"in the {figures.expected.source}"
    rule = find_quantity(judgement.key).rule
    if judgement.aspect is not Aspect.OVERHEAD:
        there, here, limit = map(
            _find_format(judgement.key), (statistics.median(then), statistics.median(now), figures.limit)
        )
        text = f"{there} → {here}, where a rise of {limit} is tolerated"
    elif rule is Rule.NONE:
        count = figures.block.weighted.values[judgement.key]
        causes = "; ".join(dict.fromkeys(figures.block.weighted.trace_causes))
        text = f"expected none, got {count:.0f}: {causes}" if count else "none"
    elif rule is Rule.LEAK:
        text = _describe_growth(figures)
    elif rule is Rule.EXACT:
        text = _describe_counts(now, then, source)
        if judgement.outcome not in {Outcome.HELD, Outcome.UNDECIDED}:
            text += _describe_graphs(judgement.key, figures)
    else:
        text = (
            f"{_format_extras(now)} beside the control now, {_format_extras(then)} {source}; a change of "
            f"{format_extra_bytes(statistics.median(now) - statistics.median(then))} where "
            f"{format_bytes(figures.limit)} are tolerated"
        )
    return f"{text}; as much in the other target" if judgement.excused else text


def _describe_growth(figures: ReadingFigures) -> str:
    """Return what is said of the bytes that the weighted arm retains per epoch more than its control."""
    shown = figures.interval
    assert shown is not None  # noqa: S101 - whoever judges a leak gives it
    known = math.isfinite(shown.upper)
    bounds = f"{format_extra_bytes(shown.lower)} to {format_extra_bytes(shown.upper)}" if known else "unknown"
    return (
        f"{format_extra_bytes(shown.estimate)} beside the control (95 % interval {bounds}, {len(figures.values)} "
        f"blocks), where {format_bytes(figures.limit)} are tolerated"
    )


def _describe_counts(now: Sequence[float], then: Sequence[float], source: str) -> str:
    """Return what is said of the counts that the weighted arm has more than its control."""
    for counts, where in ((now, "here"), (then, source)):
        if len(set(counts)) > 1:
            return f"not the same in every block {where}: {min(counts):+.0f} to {max(counts):+.0f} beside the control"
    if now[0] == then[0]:
        return f"beside the control as many as {source}"
    return f"{now[0]:+.0f} beside the control now, {then[0]:+.0f} {source}"


def _describe_graphs(key: str, figures: ReadingFigures) -> str:
    """Return the counts of both arms, and what the weighted arm's graph has more than was expected."""
    block = figures.block
    text = f"; {block.weighted.values[key]:.0f} weighted, {block.control.values[key]:.0f} control now"
    if key not in block.weighted.op_types:
        return text
    types = subtract_op_types(block.find_extra_op_types(key), figures.expected.op_types)
    return f"{text}; by op type {describe_op_types(types)}"


def _describe_visible(smallest_visible_change: float) -> str:
    """Return what a change, as a fraction, would have had to be; part of the reason of every UNDECIDED of times."""
    smallest = format_percent(smallest_visible_change)
    return f"a change of {smallest} or more would have been seen with {format_share(USUAL_POWER)} probability"


def _find_format(key: str) -> Callable[[float], str]:
    return format_bytes if find_quantity(key).in_bytes else "{:.0f}".format


def _format_extras(extras: Sequence[float]) -> str:
    """Write the median, and the range where there is one."""
    middle = format_extra_bytes(statistics.median(extras))
    if min(extras) == max(extras):
        return middle
    return f"{middle} ({format_extra_bytes(min(extras))} to {format_extra_bytes(max(extras))})"


def format_interval(interval: Interval) -> str:
    """Write the estimate and its interval: `+5.1 % (95 % interval +4.0 % to +6.2 %)`."""
    return (
        f"{format_overhead(interval.estimate)} ({format_share(interval.confidence)} interval "
        f"{format_overhead(interval.lower)} to {format_overhead(interval.upper)})"
    )


def format_tolerance(comparison: Comparison) -> str:
    """Write the tolerance without its sign."""
    return format_percent(comparison.tolerance).lstrip("+")


def format_share(share: float) -> str:
    """Write a probability as a percentage without a sign: 0.95 becomes `95 %`."""
    return f"{100.0 * share:g} %"


def format_blocks(comparison: Comparison) -> str:
    """Write what a comparison rests on: `8 fresh blocks`."""
    return f"{comparison.blocks} {'fresh' if comparison.fresh else 'screening'} blocks"


def _format_confidence(comparison: Comparison, plan: Plan) -> str:
    """Write how sure HELD is: `95 % confidence`."""
    return f"{format_share(plan.held_confidence if comparison.fresh else plan.screen_confidence)} confidence"
