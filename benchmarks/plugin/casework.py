"""How does a test measure its case? Blocks are measured, judged and published, whatever comes of them.

pytest-benchmark gets the weighted arm's samples, and everything else in `extra_info`, also when the run is
interrupted: a case in progress is kept with the blocks it has.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from benchmarks.baselines.store import EXTRA_INFO_KEY, to_extra_info
from benchmarks.errors import SuiteError
from benchmarks.measuring.timed import OnBlock, make_unmeasured_report
from benchmarks.plugin.collection import REPLAY
from benchmarks.plugin.compared import lacks_case_there
from benchmarks.plugin.explaining import explain_case
from benchmarks.plugin.faults import describe_fault, render_traceback
from benchmarks.plugin.judging import Judged
from benchmarks.plugin.run import Run
from benchmarks.plugin.works import ReadWork, TimedWork
from benchmarks.records import Case, CaseReport, Outcome, Verdict

_FAILING = frozenset({Outcome.REGRESSED, Outcome.FAILED})
_FAILING_WHEN_STRICT = _FAILING | {Outcome.UNDECIDED, Outcome.NOT_COMPARABLE}


_TO_BE_COMPARED = (
    "  expected a comparison, as both targets have this case; close what else runs on this machine and measure it again"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCase:
    """A case that was measured and judged, ready to fail its test; `strict` and `against` are what the run was told."""

    report: CaseReport
    message: str
    strict: bool
    against: bool

    def fail_if_regressed(self) -> None:
        """Fail the test when its verdict is a failure; the message says all there is to say."""
        verdict = self.report.verdict
        if verdict is None:
            return
        if verdict.outcome in (_FAILING_WHEN_STRICT if self.strict else _FAILING):
            pytest.fail(self.message, pytrace=False)
        if self.against and verdict.outcome is Outcome.NOT_COMPARABLE and not lacks_case_there(verdict):
            reason = f"{verdict.outcome.value}: {verdict.reason}"
            pytest.fail(f"{self.report.case.case_id}: {reason}\n{_TO_BE_COMPARED}", pytrace=False)


def measure_case(
    request: pytest.FixtureRequest,
    benchmark: Any,
    run: Run,
    case: Case,
    on_block: OnBlock,
) -> MeasuredCase:
    """Measure and judge one case, and publish its samples whatever comes of it."""
    judged = Judged(verdict=None, message="")
    explanation = ""
    work: TimedWork | ReadWork | None = None
    try:
        work = TimedWork(case, run, on_block) if case.question.is_timed else ReadWork(case, run, on_block)
        if benchmark.enabled:
            judged = work.judge(request)
            if _is_to_be_explained(case, judged, run):
                explanation = explain_case(case, run)
        else:  # --benchmark-disable: see whether it can be measured at all
            work.try_once()
    except SuiteError as error:
        judged = _fail(str(error))
    except pytest.exit.Exception:
        raise  # ends the run; the only one of pytest's own outcomes that is an Exception
    except Exception as error:  # noqa: BLE001 - whatever it is, it costs this case and no other
        judged = _fail(describe_fault(error))
        request.node.add_report_section("call", "traceback", render_traceback(error))
    finally:
        report, judged = _make_report(case, work, judged)
        report = dataclasses.replace(report, explanation=explanation)
        run.reports.append(report)
        if work is not None and report.measurement is not None:
            benchmark.extra_info[EXTRA_INFO_KEY] = to_extra_info(report)
            request.node.stash[REPLAY].replay(benchmark, work.samples_ns)
    message = "\n".join(filter(None, (judged.message, report.explanation)))
    return MeasuredCase(
        report=report,
        message=message,
        strict=run.settings.strict_verdicts,
        against=run.settings.against is not None,
    )


def _fail(reason: str) -> Judged:
    """Return what is said of a case that could not be measured."""
    return Judged(verdict=Verdict(outcome=Outcome.FAILED, reason=reason), message=reason)


def _make_report(case: Case, work: TimedWork | ReadWork | None, judged: Judged) -> tuple[CaseReport, Judged]:
    """Return the report on what was measured so far, and what was judged: FAILED where there can be no report."""
    try:
        if work is not None:
            return work.make_report(judged), judged
    except Exception as error:  # noqa: BLE001 - as above, and Ctrl-C is not to get lost in it
        judged = _fail(str(error) if isinstance(error, SuiteError) else describe_fault(error))
    return make_unmeasured_report(case, judged.verdict), judged


def _is_to_be_explained(case: Case, judged: Judged, run: Run) -> bool:
    """Whether to look into what an overhead is made of: where it rose, and wherever it was asked for."""
    if not case.question.is_timed or case.null:
        return False
    return run.settings.explain or (judged.verdict is not None and judged.verdict.outcome is Outcome.REGRESSED)
