"""How many of a run's weighted cases were compared, and why not the others? A comparison of nothing is a failure.

A null case is compared with nothing but itself, and so does not count. Leaves out: when a run is red for it
(`comparing`), and the verdicts (`benchmarks.measuring`).
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping

from benchmarks.errors import BaselineError
from benchmarks.plugin.run import Run
from benchmarks.records import Case, CaseReport, Outcome, Verdict

_LACKING = "the other target does not have this case"
"""How the reason of a verdict begins for a case that there is in this target alone."""

_NOT_MEASURABLE = "could not be measured; what each of them said stands below"
_NOT_ENDED = "not measured to its end; let the run end"
_NOT_RUN = "its test was skipped or did not come to run; let it run"
_SKIPPED = "skipped, as --benchmark-skip asks; leave it out"
_DOUBTED = "a change was seen, but its null case was off too; close what else runs on this machine, and measure again"
_LACKING_WITH_REMEDY = f"{_LACKING}; choose cases that both have"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How many weighted cases there were in this run, and how many were not compared, by reason with its remedy."""

    cases: int
    left_out: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many were compared."""
        return self.cases - sum(self.left_out.values())


def lacks_case_there(verdict: Verdict) -> bool:
    """Whether a case was not compared because the other target does not have it, which is no fault of this one."""
    return verdict.outcome is Outcome.NOT_COMPARABLE and verdict.reason.startswith(_LACKING)


def is_asked_to_compare(run: Run) -> bool:
    """Whether this run is held against a stored one or against another target."""
    return run.session.standards.comparing or run.settings.against is not None


def count_compared(run: Run) -> Compared:
    """Return how many of the weighted cases selected for this run were compared so far."""
    reports = {report.case.case_id: report for report in run.reports}
    reasons = (_explain(run, case_id, reports.get(case_id)) for case_id in run.weighted_cases)
    return Compared(cases=len(run.weighted_cases), left_out=Counter(reason for reason in reasons if reason))


def _explain(run: Run, case_id: str, report: CaseReport | None) -> str:
    """Return why a case was not compared, with the remedy after a semicolon; empty where it was."""
    if report is None:
        if case_id in run.refused_cases:
            return _NOT_MEASURABLE
        return _SKIPPED if run.skipping else _NOT_RUN
    if report.verdict is None:
        return _NOT_ENDED
    if report.verdict.outcome is Outcome.NOT_COMPARABLE:
        return _explain_not_comparable(run, report.case, report.verdict)
    return _NOT_MEASURABLE if report.verdict.outcome is Outcome.FAILED else _explain_missing(run, report.case)


def _explain_not_comparable(run: Run, case: Case, verdict: Verdict) -> str:
    """Return the reason of a verdict without what is particular to its case, so that reasons can be counted."""
    if lacks_case_there(verdict):
        return _LACKING_WITH_REMEDY
    null_verdict = run.session.find_null_verdict(case)
    doubted = null_verdict is not None and null_verdict.reason in verdict.reason
    return _DOUBTED if doubted else verdict.reason


def _explain_missing(run: Run, case: Case) -> str:
    """Return why there is no stored case for one that is judged without one too, as a leak is; empty where there is."""
    if not run.session.standards.comparing:
        return ""
    try:
        run.session.standards.find_stored(case)
    except BaselineError as error:
        return str(error)
    return ""
