"""What is different in the other target? A table of changes, and what got slower, faster, or another graph.

A change is this target ÷ the other one; `+5 %` means that this one takes longer. Leaves out: every judgement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tabulate import tabulate

from benchmarks.records import Arm, Aspect, CaseReport, Environment, Interval, Measurement, Outcome
from benchmarks.records.quantities import OPTIMISED_NODES
from benchmarks.records.readings import describe_op_types, subtract_op_types
from benchmarks.units import format_overhead

_NOTHING = "-"

_TITLES = {
    Outcome.REGRESSED: "Slower or larger here",
    Outcome.IMPROVED: "Faster or smaller here",
    Outcome.UNDECIDED: "Undecided",
}

_OPEN = (Outcome.UNDECIDED, Outcome.NOT_COMPARABLE, Outcome.FAILED)
"""Verdicts that leave the question open for a case."""

_DOUBTED = frozenset({Outcome.NOT_COMPARABLE, Outcome.FAILED})
"""Verdicts on a case of which no change is to be told."""


def render_sides(reports: Sequence[CaseReport], against: str | None) -> list[str]:
    """Return the paragraphs on what differs between the two targets; empty where there is only one.

    Args:
        reports: what is known of each case.
        against: what the other target was asked for as, which tells it from this one where the versions are alike.
    """
    compared = [report for report in reports if report.other is not None and report.measurement is not None]
    if not compared:
        return []
    paragraphs = [
        "\n".join(_render_targets(compared[0], against)),
        _render_table(compared),
        "\n".join(_render_lists(compared)),
    ]
    return [paragraph for paragraph in paragraphs if paragraph]


def conclude_against(reports: Sequence[CaseReport], against: str | None) -> str:
    """Return whether anything is slower or larger in this target, in two lines; empty where there is no other."""
    outcomes = Counter(report.verdict.outcome for report in reports if report.verdict is not None)
    if against is None or not outcomes:
        return ""
    regressed = outcomes[Outcome.REGRESSED]
    if regressed:
        answer = f"Yes: {regressed} of {len(reports)} cases"
    elif any(_is_compared(report) for report in reports):
        answer = f"Not shown in any of {len(reports)} cases"
    else:
        answer = "Not known: no weighted case was compared"
    rest = [f"{outcomes[outcome]} {outcome.value}" for outcome in _OPEN if outcomes[outcome]]
    return f"Is anything slower or larger here than in {against}?\n{'; '.join([answer, *rest])}."


def _is_compared(report: CaseReport) -> bool:
    """Whether a weighted case has a verdict on what differs from the other target."""
    return not report.case.null and report.verdict is not None and report.verdict.outcome not in _DOUBTED


def _render_targets(report: CaseReport, against: str | None) -> Iterator[str]:
    assert report.measurement is not None  # noqa: S101 - selected so
    assert report.other is not None  # noqa: S101
    yield f"This target:  {_name_versions(report.measurement.environment)}"
    yield f"Other target: {_name_versions(report.other.environment)}{f' ({against})' if against else ''}"
    yield "A change is this target ÷ the other one; both were measured in turns, block by block."


def _name_versions(environment: Environment) -> str:
    return (
        f"TensorFlow {environment.tensorflow}, Keras {environment.keras}, NumPy {environment.numpy}, "
        f"Python {environment.python}"
    )


def _render_table(reports: Sequence[CaseReport]) -> str:
    """Return one row per timed case."""
    rows = []
    for report in reports:
        ratios = {change.aspect: change.change_ratio for change in report.changes if change.change_ratio is not None}
        if not ratios:
            continue
        cells = [_format_change(ratios[aspect]) if aspect in ratios else _NOTHING for aspect in Aspect]
        rows.append([report.case.case_id, *cells, "" if report.verdict is None else report.verdict.outcome.value])
    if not rows:
        return ""
    headers = ["case", *(f"change of {aspect.value}" for aspect in Aspect), "verdict"]
    table = tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True)
    return "\n".join(line.rstrip() for line in table.splitlines())


def _render_lists(reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield what got slower, what got faster, what stayed open, and which graphs changed; null cases are not told."""
    told = [report for report in reports if not report.case.null]
    believed = [report for report in told if report.verdict is None or report.verdict.outcome not in _DOUBTED]
    for outcome, title in _TITLES.items():
        changes = [
            f"{report.case.case_id} ({change.brief})"
            for report in believed
            for change in report.changes
            if change.outcome is outcome
        ]
        if changes or outcome is not Outcome.UNDECIDED:
            yield from _list(title, changes)
    graphs = [line for report in told for line in _describe_graphs(report)]
    if graphs:
        yield from _list("Other graph", graphs)


def _list(title: str, entries: Sequence[str]) -> Iterator[str]:
    yield f"{title}: {len(entries) or 'nothing'}"
    yield from (f"  {entry}" for entry in entries)


def _describe_graphs(report: CaseReport) -> Iterator[str]:
    """Yield how the optimised graph of each arm's step differs between the targets; nothing where it does not."""
    for arm in Arm:
        now, other = _find_op_types(report.measurement, arm), _find_op_types(report.other, arm)
        if now and other and now != other:
            difference = describe_op_types(subtract_op_types(now, other))
            nodes = f"{sum(other.values())} → {sum(now.values())} nodes"
            yield f"{report.case.case_id}, {arm.value}: {nodes}; {difference}"


def _find_op_types(measurement: Measurement | None, arm: Arm) -> Mapping[str, int]:
    """Return the optimised graph of an arm's step by op type; empty without one."""
    if measurement is None or not measurement.readings:
        return {}
    block = measurement.readings[0]
    readings = block.control if arm is Arm.CONTROL else block.weighted
    return readings.op_types.get(OPTIMISED_NODES.name, {})


def _format_change(interval: Interval) -> str:
    """Write a change with its interval: `+5.1 % (+4.0 % to +6.2 %)`."""
    return (
        f"{format_overhead(interval.estimate)} ({format_overhead(interval.lower)} to {format_overhead(interval.upper)})"
    )
