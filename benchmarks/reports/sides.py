"""What is different in the other target? A table of changes, and what got slower, faster, or another graph.

A change is this target ÷ the other one; `+5 %` means that this one takes longer. Leaves out: every judgement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tabulate import tabulate

from benchmarks.records import Aspect, CaseReport, Environment, Interval, Measurement, Outcome
from benchmarks.stats.op_types import describe_op_types, subtract_op_types
from benchmarks.units import format_overhead

_NOTHING = "-"

_LISTED = 8


def render_sides(reports: Sequence[CaseReport]) -> list[str]:
    """Return the paragraphs on what differs between the two targets; empty where there is only one."""
    compared = [report for report in reports if report.other is not None and report.measurement is not None]
    if not compared:
        return []
    paragraphs = ["\n".join(_render_targets(compared[0])), _render_table(compared), "\n".join(_render_lists(compared))]
    return [paragraph for paragraph in paragraphs if paragraph]


def _render_targets(report: CaseReport) -> Iterator[str]:
    assert report.measurement is not None  # noqa: S101 - selected so
    assert report.other is not None  # noqa: S101
    yield f"This target:  {_name_versions(report.measurement.environment)}"
    yield f"Other target: {_name_versions(report.other.environment)}"
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
        if not report.changes:
            continue
        changes = {change.aspect: change for change in report.changes}
        cells = [_format_change(changes[aspect].change_ratio) if aspect in changes else _NOTHING for aspect in Aspect]
        rows.append([report.case.case_id, *cells, "" if report.verdict is None else report.verdict.outcome.value])
    if not rows:
        return ""
    headers = ["case", *(f"change of {aspect.value}" for aspect in Aspect), "verdict"]
    table = tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True)
    return "\n".join(line.rstrip() for line in table.splitlines())


def _render_lists(reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield what got slower, what got faster, and which graphs changed."""
    for outcome, title in ((Outcome.REGRESSED, "Slower or larger here"), (Outcome.IMPROVED, "Faster or smaller here")):
        entries = [
            f"{report.case.case_id} ({change.aspect.value} {format_overhead(change.change_ratio.estimate)})"
            for report in reports
            for change in report.changes
            if change.outcome is outcome and not report.case.null
        ]
        more = f" and {len(entries) - _LISTED} more" if len(entries) > _LISTED else ""
        yield f"{title}: {', '.join(entries[:_LISTED]) + more if entries else 'nothing'}"
    graphs = [line for report in reports if (line := _describe_graph(report)) and not report.case.null]
    yield from (f"Other graph: {line}" for line in graphs)


def _describe_graph(report: CaseReport) -> str:
    """Return how the weighted step's graph differs between the targets; empty where it does not."""
    now, other = _find_op_types(report.measurement), _find_op_types(report.other)
    if not now or not other or now == other:
        return ""
    difference = subtract_op_types(now, other)
    return f"{report.case.case_id}: {sum(other.values())} → {sum(now.values())} nodes; {describe_op_types(difference)}"


def _find_op_types(measurement: Measurement | None) -> dict[str, int]:
    """Return the weighted step's optimised graph by op type; empty without one."""
    if measurement is None or not measurement.readings:
        return {}
    return dict(measurement.readings[0].weighted.op_types.get("optimised_graph_nodes", {}))


def _format_change(interval: Interval) -> str:
    """Write a change with its interval: `+5.1 % (+4.0 % to +6.2 %)`."""
    return (
        f"{format_overhead(interval.estimate)} ({format_overhead(interval.lower)} to {format_overhead(interval.upper)})"
    )
