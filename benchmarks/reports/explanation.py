"""Why did a case fail, and what is an overhead made of? A paragraph for each, below the id of the case.

An overhead is made of operations, traces and Python functions that one side has and the other has not. Own times come
from a profiler, which makes calls slower than they are, so their differences rank functions; they do not add up to the
overhead. Leaves out: how long anything takes in all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.gate.confirm import FAILING, Judgement
from benchmarks.gate.plan import Plan
from benchmarks.records import ArmReadings, Aspect, Case, Comparison, Outcome, Profile, ReadBlock, Verdict
from benchmarks.records.blocks import subtract_op_types
from benchmarks.records.quantities import FIRST_PASS_TRACES, GRAPH_NODES, OPTIMISED_NODES, STEADY_TRACES
from benchmarks.reports.tables import describe_op_types
from benchmarks.reports.verdicts import (
    describe_figures,
    describe_judgement,
    describe_left_open,
    format_blocks,
    format_interval,
    format_share,
    format_tolerance,
    title_judgement,
)
from benchmarks.units import format_duration, format_percent

_FUNCTIONS_TOLD = 6

_LEAST_SHARE_TOLD = 0.02
"""Of the largest difference: below it a function is left out."""


def make_message(
    case: Case, verdict: Verdict, judgements: Sequence[Judgement], plan: Plan, next_step: str, *, two_targets: bool
) -> str:
    """Return what the test of a case says: one line, and where it fails a paragraph.

    Args:
        case: what was measured.
        verdict: what was concluded of it.
        judgements: on all that was judged of it; those that failed are explained, and of a time that is held against a
            stored run how far those came that were left open.
        plan: names the error level the run was promised.
        next_step: what to run now, as a sentence or a command.
        two_targets: whether it was measured in another target as well.
    """
    if verdict.outcome not in FAILING:
        return f"{verdict.outcome.value}: {verdict.reason}"
    failed = [judgement for judgement in judgements if judgement.outcome in FAILING]
    head = f"{case.case_id}: {_describe_complaint(case, two_targets=two_targets)}"
    if case.question.is_timed and two_targets:
        reasons = (describe_judgement(judgement, plan) for judgement in failed)
        return "\n".join([head, *(f"  {reason}" for reason in reasons), f"  next: {next_step}"])
    rows = [row for judgement in failed for row in _list_rows(judgement, plan)]
    if case.question.is_timed:
        open_ones = (each.figures for each in judgements if each.outcome is Outcome.UNDECIDED and not case.null)
        rows += [
            ("left open", f"{describe_left_open(each)}; tolerated: {format_percent(each.tolerance)}")
            for each in open_ones
            if isinstance(each, Comparison)
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


def _list_rows(judgement: Judgement, plan: Plan) -> list[tuple[str, str]]:
    """Return the rows of a failure: of a time what was shown and expected, else the reading and what was found."""
    comparison = judgement.figures
    if not isinstance(comparison, Comparison):
        return [(title_judgement(judgement), describe_figures(judgement, plan))]
    change, blocks = format_interval(comparison.change_ratio), format_blocks(comparison)
    if comparison.expected_ratio is None:
        what = " in processor time" if comparison.aspect is Aspect.CPU else ""
        return [
            ("shown", f"{change}{what}, on {blocks}, between two arms that run the same code"),
            ("expected", f"+0.0 %, and no more than {format_tolerance(comparison)} to either side"),
        ]
    expected = format_interval(comparison.expected_ratio)
    return [
        (f"{comparison.aspect.value} now", f"{format_interval(comparison.overhead_ratio)}, on {blocks}"),
        (f"in the {comparison.source}", f"{expected}, on {comparison.baseline_blocks} blocks"),
        ("change", f"{change}; tolerated: {format_percent(comparison.tolerance)}"),
    ]


def _describe_error_level(plan: Plan) -> str:
    judgements = "1 judgement" if plan.judgements == 1 else f"{plan.judgements} judgements"
    level = format_share(plan.family_alpha)
    return f"at most {level} of runs with {judgements} raise one where nothing is beyond its tolerance"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What the overhead of a case is made of in one target: graphs and traces of both arms, and their profiles."""

    graph: ReadBlock
    profile: Profile


def explain_overhead(case: Case, here: Composition, other: Composition | None) -> str:
    """Return the paragraph on what the overhead of a case is made of, and what of it the `other` target has not."""
    arms = "weighted - control"
    weighted, own = here.graph.weighted, here.profile.weighted_own_ns_per_step
    lines = [*explain_graphs(weighted, here.graph.control, sides=arms, names="weighted arm and control")]
    if other is None:
        lines += explain_functions(own, here.profile.control_own_ns_per_step, sides=arms)
    else:
        targets = "weighted arm here - in the other target"
        lines += explain_graphs(weighted, other.graph.weighted, sides=targets, names="both targets")
        lines += explain_functions(own, other.profile.weighted_own_ns_per_step, sides=targets)
    return _head_explanation(case, lines)


def explain_nothing(case: Case, reason: str) -> str:
    """Return the same paragraph where nothing is known, for this reason."""
    return _head_explanation(case, [f"could not be explained: {reason}"])


def _head_explanation(case: Case, lines: Iterable[str]) -> str:
    return "\n".join([f"{case.case_id}: what it is made of", *(f"  {line}" for line in lines)])


def explain_graphs(readings: ArmReadings, other: ArmReadings, *, sides: str, names: str) -> Iterator[str]:
    """Yield what the graph and the traces of one side have that those of the other have not.

    Args:
        readings: of one side.
        other: of the side that is subtracted.
        sides: what is compared, such as `weighted - control`.
        names: of both sides, in that order.
    """
    for quantity, title in ((GRAPH_NODES.name, "op types"), (OPTIMISED_NODES.name, "op types after optimisation")):
        if quantity in readings.op_types and quantity in other.op_types:
            difference = subtract_op_types(readings.op_types[quantity], other.op_types[quantity])
            yield f"{title} ({sides}): {describe_op_types(difference)}"
        elif quantity in readings.missing:
            yield f"{title}: {readings.missing[quantity]}"
    first, later = (
        f"{readings.values[traces.name]:.0f} and {other.values[traces.name]:.0f}"
        for traces in (FIRST_PASS_TRACES, STEADY_TRACES)
    )
    causes = f" ({'; '.join(dict.fromkeys(readings.trace_causes))})" if readings.trace_causes else ""
    yield f"traces of {names}: {first} in the first pass, {later} after it{causes}"


def explain_functions(
    own_ns_per_step: Mapping[str, float], other_own_ns_per_step: Mapping[str, float], *, sides: str
) -> Iterator[str]:
    """Yield the Python functions whose own time per step differs most, the largest first.

    Args:
        own_ns_per_step: by function.
        other_own_ns_per_step: by function, on the side that is subtracted.
        sides: what is compared, such as `weighted - control`.
    """
    names = {*own_ns_per_step, *other_own_ns_per_step}
    differences = {name: own_ns_per_step.get(name, 0.0) - other_own_ns_per_step.get(name, 0.0) for name in names}
    ranked = sorted(differences.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    largest = abs(ranked[0][1]) if ranked else 0.0
    told = [(name, ns) for name, ns in ranked[:_FUNCTIONS_TOLD] if ns and abs(ns) >= _LEAST_SHARE_TOLD * largest]
    if not told:
        yield f"Python functions: no difference in own time ({sides})"
        return
    yield f"Python functions by difference in own time per step, under a profiler ({sides}):"
    for name, ns in told:
        sign = "+" if ns > 0 else "-"
        yield f"  {sign}{format_duration(abs(ns))}  {name}"
