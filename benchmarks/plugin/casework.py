"""How does a test measure its case? Blocks are measured, judged and published, whatever comes of them.

pytest-benchmark gets the weighted arm's samples, and everything else in `extra_info`, also when the run is
interrupted: a case in progress is kept with the blocks it has.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from benchmarks.baselines.schema import EXTRA_INFO_KEY, to_extra_info
from benchmarks.errors import SuiteError
from benchmarks.plans import find_block_plan
from benchmarks.plugin.collection import REPLAY
from benchmarks.plugin.judging import Judged, measure_and_judge
from benchmarks.plugin.measuring import BlockSettings, BlockSource, OnBlock, make_failed_verdict
from benchmarks.plugin.run import Run
from benchmarks.records import Case, CaseReport, Outcome, Question

_DEFAULT_TOLERANCE = 0.02

_FAILING = frozenset({Outcome.REGRESSED, Outcome.FAILED})
_FAILING_WHEN_STRICT = _FAILING | {Outcome.UNDECIDED, Outcome.NOT_COMPARABLE}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCase:
    """A case that was measured and judged, ready to fail its test."""

    report: CaseReport
    message: str
    strict: bool

    def fail_if_regressed(self) -> None:
        """Fail the test when its verdict is a failure; the message says all there is to say."""
        verdict = self.report.verdict
        if verdict is not None and verdict.outcome in (_FAILING_WHEN_STRICT if self.strict else _FAILING):
            pytest.fail(self.message, pytrace=False)


def measure_case(
    request: pytest.FixtureRequest,
    benchmark: Any,
    run: Run,
    case: Case,
    on_block: OnBlock,
) -> MeasuredCase:
    """Measure and judge one case, and publish its samples whatever comes of it."""
    settings = run.settings
    block_settings = BlockSettings(
        block_plan=find_block_plan(case.question, settings.block_seconds),
        run_seed=settings.seed,
        plant=settings.plant,
        intra_op_threads=settings.intra_op_threads,
        inter_op_threads=settings.inter_op_threads,
    )
    source = BlockSource(case, run.launcher, block_settings, on_block)
    judged = Judged(verdict=None, message="")
    try:
        if benchmark.enabled:
            tolerance = _find_tolerance(request, run, case.question)
            judged = measure_and_judge(case, source, run, tolerance=tolerance, node_id=request.node.nodeid)
        else:  # --benchmark-disable: see whether it can be measured at all
            source.measure_more(1)
    except SuiteError as error:
        judged = Judged(verdict=make_failed_verdict(error), message=str(error))
    finally:
        report = source.make_report(judged.verdict)
        run.reports.append(report)
        if report.measurement is not None:
            benchmark.extra_info[EXTRA_INFO_KEY] = to_extra_info(report)
            request.node.stash[REPLAY].replay(benchmark, source.weighted_step_ns)
    return MeasuredCase(report=report, message=judged.message, strict=settings.strict_verdicts)


def _find_tolerance(request: pytest.FixtureRequest, run: Run, question: Question) -> float:
    """Return the tolerance of this question: the command line's, else the marker's, else the default."""
    asked = run.settings.tolerances.get(question)
    if asked is not None:
        return asked
    marker = request.node.get_closest_marker("tolerance")
    return _DEFAULT_TOLERANCE if marker is None else float(marker.args[0])
