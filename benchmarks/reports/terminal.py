"""What does the end of a run say? The answer in one sentence, a table of all cases, and what went wrong.

Leaves out: every judgement; verdicts and intervals are taken as the records hold them. A percentage in the output is
the overhead, weighted ÷ control - 1; `95 % interval` is two-sided.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterator, Sequence

from tabulate import tabulate

from benchmarks.gate.answer import is_off
from benchmarks.records import CaseReport, Interval, Measurement, Outcome, Question
from benchmarks.reports.answer import render_time_answer
from benchmarks.reports.growth import estimate_sample_costs, render_sample_costs
from benchmarks.reports.readings import describe_readings, render_reading_tables
from benchmarks.reports.sides import conclude_against, render_sides
from benchmarks.units import format_duration, format_overhead

_TOLD_WITH_REASON = (
    Outcome.REGRESSED,
    Outcome.FAILED,
    Outcome.NOT_COMPARABLE,
    Outcome.UNDECIDED,
    Outcome.IMPROVED,
)
"""Outcomes that need a sentence, what turns a run red first; HELD is what the table says."""

_NOTHING = "-"

_COLUMNS = ("control", "weighted", "overhead", "95 % interval", "in processor time")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A report that holds a measurement."""

    report: CaseReport
    measurement: Measurement
    overhead: Interval


def render_summary(
    reports: Sequence[CaseReport], notes: Sequence[str] = (), against: str | None = None, head: str = ""
) -> str:
    """Return the text that ends a run; empty where there is nothing to tell.

    Args:
        reports: what is known of each case, in the order of running.
        notes: remarks on the run as a whole, one line each, such as an unlike machine or a case that the baseline
            has and this run has not.
        against: what the other target was asked for as; None where there is none.
        head: what has to be known before the answer is read, such as how many cases were compared; one line.
    """
    measured = [
        _Measured(report=report, measurement=report.measurement, overhead=report.overhead_ratio)
        for report in reports
        if report.measurement is not None and report.overhead_ratio is not None
    ]
    paragraphs = [
        head,
        conclude_against(reports, against),
        "\n".join(_render_answer(reports)) if reports else "",
        "\n".join(_render_warnings(reports)),
        _render_table([report for report in reports if report.case.question.is_timed], measured),
        "\n".join(_render_remarks(measured)),
        *render_reading_tables(reports),
        render_sample_costs(estimate_sample_costs(reports)),
        *render_sides(reports, against),
        *(report.explanation for report in reports if report.explanation and not _is_red(report)),
        "\n".join([*_render_reasons(reports), *notes]),
    ]
    return "\n\n".join(filter(None, paragraphs))


def _is_red(report: CaseReport) -> bool:
    """Whether the case's test fails and says all there is to say itself."""
    return report.verdict is not None and report.verdict.outcome is Outcome.REGRESSED


def _render_answer(reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield the question, the answer in one sentence, and where it holds."""
    yield "Does sample weighting slow TensorFlow training here, or cost it memory?"
    if any(report.case.question.is_timed for report in reports):
        yield render_time_answer(reports)
    clauses = "; ".join(describe_readings(reports))
    if clauses:
        yield f"Beside time: {clauses}."
    for environment in dict.fromkeys(
        report.measurement.environment for report in reports if report.measurement is not None
    ):
        yield (
            f"Here is TensorFlow {environment.tensorflow} with Keras {environment.keras} and Python "
            f"{environment.python} on {environment.device}; {environment.cpu_model}, {environment.cores} cores."
        )


def _render_warnings(reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield what the null cases say against this run's own measurement."""
    off = [report.case for report in reports if report.case.null and is_off(report)]
    nulls = [report for report in reports if report.case.null and report.verdict is not None]
    unmeasured = [
        report.case
        for report in nulls
        if report.verdict and report.verdict.outcome is Outcome.FAILED and report.case not in off
    ]
    undecided = [
        report.case
        for report in nulls
        if report.verdict and report.verdict.outcome not in {Outcome.HELD, Outcome.FAILED}
    ]
    for cases, meaning in (
        (
            off,
            (
                "this run's own measurement is not to be trusted beside these null cases, whose identical arms came "
                "out different; the answer leaves their methods out"
            ),
        ),
        (undecided, "these null cases did not show that identical arms come out alike"),
        (unmeasured, "these null cases could not be measured, so nothing checks the measurement beside them"),
    ):
        if cases:
            yield f"WARNING: {meaning}: {', '.join(case.case_id for case in cases)}"


def _render_table(reports: Sequence[CaseReport], measured: Sequence[_Measured]) -> str:
    """Return the table of all cases; empty without any."""
    if not reports:
        return ""
    judged = any(report.verdict is not None for report in reports)
    by_case = {entry.report.case: entry for entry in measured}
    rows = []
    for report in reports:
        entry = by_case.get(report.case)
        cells = [_NOTHING] * len(_COLUMNS) if entry is None else _make_cells(entry)
        verdict = [] if not judged else ["" if report.verdict is None else report.verdict.outcome.value]
        rows.append([report.case.case_id, *cells, *verdict])
    table = tabulate(
        rows,
        headers=["case", *_COLUMNS, *(["verdict"] if judged else [])],
        colalign=["left", *["right"] * len(_COLUMNS), *(["left"] if judged else [])],
        tablefmt="simple",
        disable_numparse=True,
    )
    return "\n".join(line.rstrip() for line in table.splitlines())


def _make_cells(entry: _Measured) -> list[str]:
    """Return the numbers of a measured case: the medians of its blocks, the overhead and its interval."""
    blocks = entry.measurement.blocks
    return [
        format_duration(statistics.median(block.control_median_ns for block in blocks)),
        format_duration(statistics.median(block.weighted_median_ns for block in blocks)),
        format_overhead(entry.overhead.estimate),
        _format_bounds(entry.overhead),
        _format_half_width(entry.report.cpu_overhead_ratio),
    ]


def _render_remarks(measured: Sequence[_Measured]) -> Iterator[str]:
    """Yield how to read the table, and how well the time was used."""
    if not measured:
        return
    yield (
        "Times are medians per step; a start-up is one step. Overhead 0 % means that weighting is free. Processor time "
        "is that of all threads: it says what weighting costs where a free core hides it."
    )
    if any(entry.report.case.null for entry in measured):
        yield "-null marks a null case, control against control, whose overhead should be 0 %."
    positions = [entry.report.position_ratio for entry in measured if entry.report.position_ratio is not None]
    if positions:
        middle = statistics.median(position.estimate for position in positions)
        largest = max((position.estimate for position in positions), key=lambda ratio: abs(math.log(ratio)))
        yield (
            f"Position effect, second arm of a round against the first: {format_overhead(middle)} in the median case, "
            f"{format_overhead(largest)} at most; the order is drawn anew each round, so it favours neither arm."
        )
    yield from _render_takedowns(measured)
    in_turns = [entry for entry in measured if entry.report.timed_share is not None]
    blocks = [block for entry in in_turns for block in entry.measurement.blocks]
    wall_ns = sum(block.wall_ns for block in blocks)
    if wall_ns:
        share = sum(block.timed_ns for block in blocks) / wall_ns
        many = f"{len(blocks)} blocks" if len(blocks) > 1 else "1 block"
        yield f"Timed slices took {100.0 * share:.0f} % of the wall time of {many}."


def _render_takedowns(measured: Sequence[_Measured]) -> Iterator[str]:
    """Yield how long the calls of passes took to return once their training was over."""
    passes = [entry for entry in measured if entry.report.case.question is Question.EPOCH_TIME]
    blocks = [block for entry in passes if not entry.report.case.null for block in entry.measurement.blocks]
    if blocks:
        control = statistics.median(block.control_takedown_ns for block in blocks)
        weighted = statistics.median(block.weighted_takedown_ns for block in blocks)
        yield (
            f"Once the training of a pass was over, its call took another {format_duration(control)} to return in the "
            f"median control and {format_duration(weighted)} in the median weighted arm, which is not in epoch time: "
            "it waits for the threads of its pipeline."
        )


def _render_reasons(reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield one line for each case whose verdict needs a reason."""
    width = max(len(outcome.value) for outcome in _TOLD_WITH_REASON)
    for outcome in _TOLD_WITH_REASON:
        for report in reports:
            if report.verdict is not None and report.verdict.outcome is outcome:
                yield f"{outcome.value:<{width}}  {report.case.case_id}: {report.verdict.reason}"


def _format_bounds(interval: Interval) -> str:
    """Write the bounds of an interval: `+2.0 % to +4.2 %`; one block alone has none."""
    if math.isinf(interval.upper):
        return "unknown"
    return f"{format_overhead(interval.lower)} to {format_overhead(interval.upper)}"


def _format_half_width(interval: Interval | None) -> str:
    """Write an overhead with half the width of its interval: `+1.2 % ± 0.4 %`."""
    if interval is None:
        return _NOTHING
    half_width = (interval.upper - interval.lower) / 2.0
    known = f"{100.0 * half_width:.1f} %" if math.isfinite(half_width) else "?"
    return f"{format_overhead(interval.estimate)} ± {known}"
