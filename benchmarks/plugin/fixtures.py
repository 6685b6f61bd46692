"""What does a test of this suite call? `measure_overhead`: it measures a case, judges it, and hands its samples on.

pytest-benchmark gets the weighted arm's samples, and everything else in `extra_info`, also when the run is
interrupted: a case in progress is kept with the blocks it has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pytest

from benchmarks.baselines.schema import EXTRA_INFO_KEY, to_extra_info
from benchmarks.errors import SuiteError
from benchmarks.plans import find_block_plan
from benchmarks.plugin.collection import REPLAY
from benchmarks.plugin.judging import Judged, measure_and_judge
from benchmarks.plugin.measuring import BlockSource, make_failed_verdict
from benchmarks.plugin.run import Run, find_run
from benchmarks.plugin.showing import VERDICT_PROPERTY, find_display
from benchmarks.records import BlockSummary, Case, CaseReport, Outcome, Question
from benchmarks.sweeps import split_null

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


class MeasureOverhead(Protocol):
    """The fixture's value."""

    def __call__(self, question: Question, **values: Any) -> MeasuredCase:
        """Measure one case and judge it.

        Args:
            question: what is compared between the arms.
            values: the case's value on each axis, by name; `method` may end in `-null`.
        """


@pytest.fixture
def measure_overhead(request: pytest.FixtureRequest, benchmark: Any) -> MeasureOverhead:
    """Measure a case in fresh processes, judge it, and give its samples to pytest-benchmark."""
    run = find_run(request.config)
    display = find_display(request.config)

    def measure(question: Question, **values: Any) -> MeasuredCase:
        rejected = request.node.get_closest_marker("rejected")
        if rejected is not None:
            _add_verdict(request.node, Outcome.FAILED)
            pytest.fail(rejected.args[0], pytrace=False)
        try:
            method, null = split_null(values["method"])
            case = Case(**{"dataset_size": None} | values | {"question": question, "method": method, "null": null})
        except SuiteError as error:
            _add_verdict(request.node, Outcome.FAILED)
            pytest.fail(str(error), pytrace=False)
        display.begin_case(case)
        measured = _measure_case(request, benchmark, run, case, display.show_blocks)
        display.end_case(measured.report)
        if measured.report.verdict is not None:
            _add_verdict(request.node, measured.report.verdict.outcome)
        return measured

    return measure


def _measure_case(
    request: pytest.FixtureRequest,
    benchmark: Any,
    run: Run,
    case: Case,
    on_block: Callable[[Sequence[BlockSummary]], None],
) -> MeasuredCase:
    """Measure and judge one case, and publish its samples whatever comes of it."""
    settings = run.settings
    source = BlockSource(
        case,
        run.launcher,
        block_plan=find_block_plan(case.question, settings.block_seconds),
        run_seed=settings.seed,
        plant=settings.plant,
        threads=(settings.intra_op_threads, settings.inter_op_threads),
        on_block=on_block,
    )
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


def _add_verdict(node: pytest.Item, outcome: Outcome) -> None:
    """Let pytest's reports know the outcome of this test's case."""
    node.user_properties.append((VERDICT_PROPERTY, outcome.value))


def _find_tolerance(request: pytest.FixtureRequest, run: Run, question: Question) -> float:
    """Return the tolerance of this question: the command line's, else the marker's, else the default."""
    asked = run.settings.tolerances.get(question)
    if asked is not None:
        return asked
    marker = request.node.get_closest_marker("tolerance")
    return _DEFAULT_TOLERANCE if marker is None else float(marker.args[0])
