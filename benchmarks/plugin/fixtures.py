"""What does a test of this suite call? `measure_overhead`: it measures a case, judges it, and hands its samples on.

pytest-benchmark gets the weighted arm's samples, and everything else in `extra_info`, also when the run is
interrupted: a case in progress is kept with the blocks it has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from benchmarks.baselines.schema import EXTRA_INFO_KEY, to_extra_info
from benchmarks.errors import BaselineError, SuiteError
from benchmarks.plans import find_block_plan, find_screen_blocks
from benchmarks.plugin.collection import REPLAY
from benchmarks.plugin.measuring import BlockSource, make_failed_verdict, make_unmeasured_report
from benchmarks.plugin.run import Run, find_run
from benchmarks.plugin.showing import Display, find_display
from benchmarks.records import Case, CaseReport, Outcome, Question, Verdict
from benchmarks.sweeps import find_null_method, split_null
from benchmarks.verdicts.gate import judge_against_baseline, judge_null_case
from benchmarks.verdicts.plan import GatePlan
from benchmarks.verdicts.rules import doubt

VERDICT_PROPERTY = "verdict"
"""Name of the user property that carries a test's outcome to pytest's reports and to JUnit XML."""

_DEFAULT_TOLERANCE = 0.02

_FAILING = frozenset({Outcome.REGRESSED, Outcome.FAILED})
_FAILING_WHEN_STRICT = _FAILING | {Outcome.UNDECIDED, Outcome.NOT_COMPARABLE}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCase:
    """A case that was measured and judged, ready to fail its test."""

    report: CaseReport
    strict: bool

    def fail_if_regressed(self) -> None:
        """Fail the test when its verdict is a failure; the reason is the whole message."""
        verdict = self.report.verdict
        if verdict is not None and verdict.outcome in (_FAILING_WHEN_STRICT if self.strict else _FAILING):
            pytest.fail(f"{verdict.outcome.value}: {verdict.reason}", pytrace=False)


class MeasureOverhead(Protocol):
    """The fixture's value."""

    def __call__(self, question: Question, **values: Any) -> MeasuredCase:
        """Measure one case and judge it.

        Args:
            question: what is compared between the arms.
            values: the case's value on each axis, by name; `method` may end in `-null`.
        """


@pytest.fixture
def measure_overhead(request: pytest.FixtureRequest, benchmark: Any) -> Iterator[MeasureOverhead]:
    """Measure a case in fresh processes, judge it, and give its samples to pytest-benchmark."""
    run = find_run(request.config)
    display = find_display(request.config)

    def measure(question: Question, **values: Any) -> MeasuredCase:
        report = _report_case(request, benchmark, run, display, question, values)
        run.reports.append(report)
        if report.verdict is not None:
            request.node.user_properties.append((VERDICT_PROPERTY, report.verdict.outcome.value))
        return MeasuredCase(report=report, strict=run.settings.strict_verdicts)

    yield measure


def _report_case(
    request: pytest.FixtureRequest,
    benchmark: Any,
    run: Run,
    display: Display,
    question: Question,
    values: dict[str, Any],
) -> CaseReport:
    """Measure, judge and publish one case."""
    rejected = request.node.get_closest_marker("rejected")
    if rejected is not None:
        pytest.fail(rejected.args[0], pytrace=False)
    method, null = split_null(values["method"])
    try:
        case = Case(**{"dataset_size": None} | values | {"question": question, "method": method, "null": null})
    except SuiteError as error:
        pytest.fail(f"{Outcome.FAILED.value}: {error}", pytrace=False)
    display.begin_case(case)
    settings = run.settings
    try:
        source = BlockSource(
            case,
            run.launcher,
            block_plan=find_block_plan(question, settings.block_seconds),
            run_seed=settings.seed,
            plant=settings.plant,
            threads=(settings.intra_op_threads, settings.inter_op_threads),
            on_block=display.show_blocks,
        )
    except SuiteError as error:
        report = make_unmeasured_report(case, make_failed_verdict(error))
        display.end_case(report)
        return report
    verdict: Verdict | None = None
    try:
        verdict = _judge(case, source, run, _find_tolerance(request, run, question), smoke=not benchmark.enabled)
    except SuiteError as error:
        verdict = make_failed_verdict(error)
    finally:
        report = source.make_report(verdict)
        if report.measurement is not None:
            benchmark.extra_info[EXTRA_INFO_KEY] = to_extra_info(report)
            request.node.stash[REPLAY].replay(benchmark, source.weighted_step_ns)
    display.end_case(report)
    return report


def _judge(case: Case, source: BlockSource, run: Run, tolerance: float, *, smoke: bool) -> Verdict | None:
    """Measure as many blocks as the verdict needs and return it; None where nothing was asked to be judged.

    Args:
        case: what is measured.
        source: its blocks.
        run: settings and baseline.
        tolerance: the tolerated rise, a fraction.
        smoke: measure one block to see that it can be done (`--benchmark-disable`).

    Raises:
        SuiteError: when a block could not be measured.
    """
    if smoke:
        source.measure_more(1)
        return None
    plan = GatePlan(
        gated_cases=max(1, run.gated_cases),
        tolerance=tolerance,
        screen_blocks=find_screen_blocks(run.settings.profile, run.settings.blocks),
    )
    if case.null:
        verdict = judge_null_case(source.measure_more, plan).verdict
        run.null_verdicts[case] = verdict
        return verdict
    if not run.comparing:
        source.measure_more(plan.screen_blocks)
        return None
    try:
        if run.baseline is None:
            raise BaselineError(run.no_baseline)
        stored = run.baseline.find_measurement(case.case_id)
    except BaselineError as error:
        source.measure_more(plan.screen_blocks)
        return Verdict(outcome=Outcome.NOT_COMPARABLE, reason=str(error))
    verdict = judge_against_baseline(source.measure_more, stored.blocks, plan).verdict
    null_case = dataclasses.replace(case, method=find_null_method(case.method), null=True)
    null_verdict = run.null_verdicts.get(null_case)
    return verdict if null_verdict is None else doubt(verdict, null_verdict)


def _find_tolerance(request: pytest.FixtureRequest, run: Run, question: Question) -> float:
    """Return the tolerance of this question: the command line's, else the marker's, else the default."""
    asked = run.settings.tolerances.get(question)
    if asked is not None:
        return asked
    marker = request.node.get_closest_marker("tolerance")
    return _DEFAULT_TOLERANCE if marker is None else float(marker.args[0])
