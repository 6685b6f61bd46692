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

from benchmarks.axes import name_null_method
from benchmarks.records import Case, CaseReport, Interval, Measurement, Outcome, Question
from benchmarks.reports.growth import estimate_sample_costs, render_sample_costs
from benchmarks.reports.readings import describe_readings, render_reading_tables
from benchmarks.reports.sides import conclude_against, render_sides
from benchmarks.units import format_duration, format_overhead

_QUESTION_NAMES = {
    Question.STEP_TIME: "step time",
    Question.EPOCH_TIME: "epoch time",
    Question.STARTUP_TIME: "start-up time",
}

_TOLD_WITH_REASON = (
    Outcome.REGRESSED,
    Outcome.FAILED,
    Outcome.NOT_COMPARABLE,
    Outcome.UNDECIDED,
    Outcome.IMPROVED,
)
"""Outcomes that need a sentence, what turns a run red first; HELD is what the table says."""

_NOTHING = "-"


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
        "\n".join(_render_answer(reports, measured)) if reports else "",
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


def _render_answer(reports: Sequence[CaseReport], measured: Sequence[_Measured]) -> Iterator[str]:
    """Yield the question, the answer in one sentence, and where it holds."""
    yield "Does sample weighting slow TensorFlow training here, or cost it memory?"
    if any(report.case.question.is_timed for report in reports):
        yield _answer_in_time([report for report in reports if report.case.question.is_timed], measured)
    clauses = "; ".join(describe_readings(reports))
    if clauses:
        yield f"Beside time: {clauses}."
    environments = (report.measurement.environment for report in reports if report.measurement is not None)
    for environment in dict.fromkeys(dataclasses.replace(environment, allocator="") for environment in environments):
        yield (
            f"Here is TensorFlow {environment.tensorflow} with Keras {environment.keras} and Python "
            f"{environment.python} on {environment.device}; {environment.cpu_model}, {environment.cores} cores."
        )


def _answer_in_time(reports: Sequence[CaseReport], measured: Sequence[_Measured]) -> str:
    """Return the answer on the timed cases."""
    off = set(_find_nulls_off(reports))
    weighted = [entry for entry in measured if not entry.report.case.null]
    trusted = [entry for entry in weighted if _find_null(entry.report.case) not in off]
    if not trusted:
        return _explain_no_answer(reports, weighted)
    by_question = {
        question: entries
        for question in Question
        if (entries := [entry for entry in trusted if entry.report.case.question is question])
    }
    clauses = "; ".join(_describe(question, entries) for question, entries in by_question.items())
    return f"{_head(trusted)}: {clauses}."


def _explain_no_answer(reports: Sequence[CaseReport], weighted: Sequence[_Measured]) -> str:
    """Return the sentence in place of an answer."""
    if weighted:
        return "Not known: where a weighted case was measured, its null case came out different."
    if any(not report.case.null for report in reports):
        return "Not known: no weighted case could be measured."
    return "Not asked: all cases were null cases."


def _head(trusted: Sequence[_Measured]) -> str:
    """Return the answer in a word or two."""
    if any(_is_costly(entry) for entry in trusted):
        return "Yes"
    return "No cost was shown" if any(math.isfinite(entry.overhead.upper) for entry in trusted) else "Not known"


def _describe(question: Question, entries: Sequence[_Measured]) -> str:
    """Return the clause of the answer on one question."""
    name = _QUESTION_NAMES[question]
    methods_only = len({entry.report.case.method for entry in entries}) == len(entries)
    things = "method" if methods_only else "case"
    costly = [entry for entry in entries if _is_costly(entry)]
    if costly:
        worst = max(costly, key=lambda entry: entry.overhead.estimate)
        which = worst.report.case.method if methods_only else worst.report.case.params_id
        rank = f", the most of {len(entries)} {things}s" if len(entries) > 1 else ""
        return f"{name} rises by {_format_overhead_interval(worst.overhead)} with {which}{rank}"
    bounds = [entry.overhead.upper for entry in entries if math.isfinite(entry.overhead.upper)]
    unbounded = len(entries) - len(bounds)
    if not bounds:
        return f"{name} was measured in too few blocks to tell"
    among = f"any of {len(bounds)} {things}s" if len(bounds) > 1 else f"the 1 {things} measured"
    confidence = _format_confidence(entries[0].overhead)
    unknown = f", and nothing is known of {unbounded} more with too few blocks" if unbounded else ""
    return f"{name} rises by no more than {format_overhead(max(bounds))} with {among} ({confidence}s){unknown}"


def _is_costly(entry: _Measured) -> bool:
    """Whether the whole interval lies above 1.00."""
    return entry.overhead.lower > 1.0


def _find_null(case: Case) -> Case:
    """Return the null case of the same path, workload and sizes."""
    return dataclasses.replace(case, method=name_null_method(case.method), null=True)


def _find_nulls_off(reports: Sequence[CaseReport]) -> Iterator[Case]:
    """Yield the null cases that were measured and whose identical arms came out different."""
    for report in reports:
        verdict = report.verdict
        if not report.case.null or verdict is None or verdict.outcome is not Outcome.FAILED:
            continue
        read = report.measurement is not None and report.measurement.readings
        if verdict.comparison is not None or read:
            yield report.case


def _render_warnings(reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield what the null cases say against this run's own measurement."""
    off = list(_find_nulls_off(reports))
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
        cells = [_NOTHING] * 4 if entry is None else _make_cells(entry)
        verdict = [] if not judged else ["" if report.verdict is None else report.verdict.outcome.value]
        rows.append([report.case.case_id, *cells, *verdict])
    confidence = _format_confidence(measured[0].overhead) if measured else "interval"
    table = tabulate(
        rows,
        headers=["case", "control", "weighted", "overhead", confidence, *(["verdict"] if judged else [])],
        colalign=["left", "right", "right", "right", "right", *(["left"] if judged else [])],
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
    ]


def _render_remarks(measured: Sequence[_Measured]) -> Iterator[str]:
    """Yield how to read the table, and how well the time was used."""
    if not measured:
        return
    yield "Times are medians per step; a start-up is one step. Overhead 0 % means that weighting is free."
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
    blocks = [block for entry in measured for block in entry.measurement.blocks]
    wall_ns = sum(block.wall_ns for block in blocks)
    if wall_ns:
        share = sum(block.timed_ns for block in blocks) / wall_ns
        yield f"Timed slices took {100.0 * share:.0f} % of the wall time of {len(blocks)} blocks."


def _render_reasons(reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield one line for each case whose verdict needs a reason."""
    width = max(len(outcome.value) for outcome in _TOLD_WITH_REASON)
    for outcome in _TOLD_WITH_REASON:
        for report in reports:
            if report.verdict is not None and report.verdict.outcome is outcome:
                yield f"{outcome.value:<{width}}  {report.case.case_id}: {report.verdict.reason}"


def _format_overhead_interval(interval: Interval) -> str:
    """Write an overhead with its interval: `+3.1 % (95 % interval +2.0 % to +4.2 %)`."""
    return f"{format_overhead(interval.estimate)} ({_format_confidence(interval)} {_format_bounds(interval)})"


def _format_bounds(interval: Interval) -> str:
    """Write the bounds of an interval: `+2.0 % to +4.2 %`; one block alone has none."""
    if math.isinf(interval.upper):
        return "unknown"
    return f"{format_overhead(interval.lower)} to {format_overhead(interval.upper)}"


def _format_confidence(interval: Interval) -> str:
    """Write the name of an interval: `95 % interval`."""
    return f"{100.0 * interval.confidence:g} % interval"
