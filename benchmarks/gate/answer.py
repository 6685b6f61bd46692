"""Does weighting cost time here? One answer for all weighted cases that were timed, at one error level.

Each bound of each case is at its share of that level (Bonferroni), so that with 95 % confidence all lower bounds hold
together, and with 95 % all upper bounds do. A case costs something when its lower bound lies above 1.00 and above what
the null case of its control read, to whichever side that was: what identical arms show is no cost. Every case that
costs is named, so that the largest of many is not taken for the truth because it is the largest.

Leaves out: the words, and verdicts against a baseline.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from enum import Enum

from benchmarks.gate.plan import FAMILY_ALPHA
from benchmarks.gate.times import estimate_overhead
from benchmarks.records import Aspect, Case, CaseReport, Interval, Outcome
from benchmarks.stats.intervals import split_level


class Answer(str, Enum):
    """What a run says on the question whether weighting costs time."""

    YES = "yes"
    NOT_SHOWN = "not shown"
    NOT_KNOWN = "not known"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What weighting costs in one case.

    The bounds of `overhead_ratio` hold together with those of all other cases, each side at the error level of the
    answer. `costs` says whether the case was shown to cost anything.
    """

    case: Case
    overhead_ratio: Interval
    costs: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TimeAnswer:
    """The answer, and the cost of each weighted case that may be trusted, in the order of the reports.

    `confidence` is that of all bounds of one side together.
    """

    answer: Answer
    costs: tuple[Cost, ...]
    confidence: float


def answer_in_time(
    reports: Sequence[CaseReport], nulls: Mapping[Case, Case], alpha: float = FAMILY_ALPHA
) -> TimeAnswer:
    """Return what the timed cases of a run say.

    Args:
        reports: on all cases of the run.
        nulls: the null case of each weighted case.
        alpha: error level of all lower bounds together, and of all upper bounds.
    """
    by_case = {report.case: report for report in reports}
    timed = [
        report
        for report in reports
        if report.case.question.is_timed and not report.case.null and report.measurement is not None
    ]
    costs = []
    for report in timed:
        null = by_case.get(nulls[report.case])
        if null is None or not is_off(null):
            costs.append(_estimate_cost(report, null, split_level(alpha, len(timed), "cases")))
    if any(cost.costs for cost in costs):
        answer = Answer.YES
    else:
        known = any(cost.overhead_ratio.upper < float("inf") for cost in costs)
        answer = Answer.NOT_SHOWN if known else Answer.NOT_KNOWN
    return TimeAnswer(answer=answer, costs=tuple(costs), confidence=1.0 - alpha)


def is_off(null: CaseReport) -> bool:
    """Whether the identical arms of a null case were judged and came out different; not where measuring failed."""
    verdict = null.verdict
    if verdict is None or verdict.outcome is not Outcome.FAILED:
        return False
    read = null.measurement is not None and bool(null.measurement.readings)
    return read or bool(null.changes) or verdict.comparison is not None


def _estimate_cost(report: CaseReport, null: CaseReport | None, alpha: float) -> Cost:
    """Return the cost of one case, with either bound at this error level."""
    assert report.measurement is not None  # noqa: S101 - selected so
    estimate = estimate_overhead(report.measurement.blocks, Aspect.OVERHEAD)
    seen_in_null = 0.0
    if null is not None and null.measurement is not None:
        seen_in_null = abs(estimate_overhead(null.measurement.blocks, Aspect.OVERHEAD).log_ratio)
    return Cost(
        case=report.case,
        overhead_ratio=estimate.estimate_interval(1.0 - 2.0 * alpha),
        costs=estimate.estimate_lower_bound(alpha) > seen_in_null,
    )
