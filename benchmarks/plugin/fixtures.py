"""What does a test of this suite call? `measure`: it measures the test's case, judges it, and hands its samples on.

`benchmarks.measuring` does the work; samples and report go where pytest looks. pytest-benchmark gets the weighted arm's
samples, and everything else in `extra_info`, also when the run is interrupted: a case in progress is kept with the
blocks it has.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from benchmarks.baselines.store import EXTRA_INFO_KEY, to_extra_info
from benchmarks.cases import null_case_of
from benchmarks.gate.confirm import FAILING
from benchmarks.plugin.collection import REPLAY
from benchmarks.plugin.ending import lacks_case_there
from benchmarks.plugin.run import Run, find_run, name_case
from benchmarks.plugin.showing import VERDICT_PROPERTY, find_display
from benchmarks.records import Case, CaseReport, Outcome
from benchmarks.sweeps import Profile

if TYPE_CHECKING:
    from benchmarks.measuring.timed import OnBlock

_FAILING_WHEN_STRICT = FAILING | {Outcome.UNDECIDED, Outcome.NOT_COMPARABLE}

_BLOCKS_TO_LOOK_CLOSER = 20
_BLOCKS_TO_READ_AGAIN = 5

_TO_BE_COMPARED = (
    "  expected a comparison, as both targets have this case; close what else runs on this machine and measure it again"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CaseUnderTest:
    """A case that was measured and judged, ready to fail its test; `strict` and `against` are as asked for."""

    report: CaseReport
    message: str
    strict: bool
    against: bool

    def fail_if_regressed(self) -> None:
        """Fail the test when its verdict is a failure; the message says all there is to say."""
        verdict = self.report.verdict
        if verdict is None:
            return
        if verdict.outcome in (_FAILING_WHEN_STRICT if self.strict else FAILING):
            pytest.fail(self.message, pytrace=False)
        if self.against and verdict.outcome is Outcome.NOT_COMPARABLE and not lacks_case_there(verdict):
            reason = f"{verdict.outcome.value}: {verdict.reason}"
            pytest.fail(f"{self.report.case.case_id}: {reason}\n{_TO_BE_COMPARED}", pytrace=False)


Measure = Callable[[], CaseUnderTest]
"""Measures and judges the case of the test that calls it, once."""


@pytest.fixture
def dataset_size() -> None:
    """Stand for the dataset size of a question whose answer does not depend on it."""


@pytest.fixture
def measure(  # noqa: PLR0913, PLR0917 - pytest parametrizes a test by the names that it or its fixtures ask for
    request: pytest.FixtureRequest,
    benchmark: Any,
    workload: str,  # noqa: ARG001 - as above, and below
    depth: int,  # noqa: ARG001
    batch_size: int,  # noqa: ARG001
    dataset_size: int | None,  # noqa: ARG001
    method: str,  # noqa: ARG001
) -> Measure:
    """Measure a case in fresh processes, judge it, and give its samples to pytest-benchmark."""
    run = find_run(request.config)
    display = find_display(request.config)

    def measure_and_show() -> CaseUnderTest:
        rejected = request.node.get_closest_marker("rejected")
        if rejected is not None:
            _refuse(request.node, run, rejected.args[0])
        case: Case = request.node.get_closest_marker("case").args[0]
        display.begin_case(case)
        measured = _measure_in_test(request, benchmark, run, case, display.show_blocks)
        display.end_case(measured.report)
        if measured.report.verdict is not None:
            _add_verdict(request.node, measured.report.verdict.outcome)
        return measured

    return measure_and_show


def _refuse(node: pytest.Item, run: Run, reason: str) -> NoReturn:
    """Fail the test of a case that is none."""
    _add_verdict(node, Outcome.FAILED)
    case_id = name_case(node)
    if case_id is not None:
        run.refused_cases.add(case_id)
    pytest.fail(reason, pytrace=False)


def _add_verdict(node: pytest.Item, outcome: Outcome) -> None:
    """Let pytest's reports know the outcome of this test's case."""
    node.user_properties.append((VERDICT_PROPERTY, outcome.value))


def _measure_in_test(
    request: pytest.FixtureRequest, benchmark: Any, run: Run, case: Case, on_block: OnBlock
) -> CaseUnderTest:
    """Measure and judge one case, and publish its samples whatever comes of it."""
    # scipy.stats, which judging needs, takes longer to import than 1,000 cases take to be listed.
    from benchmarks.measuring.cases import measure_case  # noqa: PLC0415

    def publish(report: CaseReport, samples_ns: Sequence[float]) -> None:
        if report.measurement is not None:
            benchmark.extra_info[EXTRA_INFO_KEY] = to_extra_info(report)
            request.node.stash[REPLAY].replay(benchmark, samples_ns)

    measured = measure_case(
        case,
        run.session,
        next_step=_advise(run, case, request.node.nodeid),
        on_block=on_block,
        publish=publish,
        try_once=not benchmark.enabled,  # --benchmark-disable: see whether it can be measured at all
    )
    if measured.traceback:
        request.node.add_report_section("call", "traceback", measured.traceback)
    return CaseUnderTest(
        report=measured.report,
        message=measured.message,
        strict=run.settings.strict_verdicts,
        against=run.settings.against is not None,
    )


def _advise(run: Run, case: Case, node_id: str) -> str:
    """Return the command that looks closer at a case that failed, after its null case, and what to do before.

    Args:
        run: what it was asked that the case depends on.
        case: what was measured.
        node_id: the id of its test.
    """
    settings = run.settings
    blocks = f"--blocks {_BLOCKS_TO_LOOK_CLOSER}"
    before = ""
    if settings.against is not None:
        options = f"--against {shlex.quote(settings.against)} {blocks}"
    elif case.null and case.question.is_timed:
        before, options = "close what else runs on this machine, then ", blocks
    elif run.session.standards.comparing:
        anchor = "" if settings.anchor is None else f" --anchor {shlex.quote(str(settings.anchor))}"
        compare = f"--benchmark-compare={run.compared_with}" if run.compared_with else "--benchmark-compare"
        options = f"{compare}{anchor} {blocks}"
    else:
        options = f"--blocks {_BLOCKS_TO_READ_AGAIN}"
    named = [f"--target {shlex.quote(str(settings.target.interpreter))}"] if settings.target_named else []
    named += [f"--sweep {settings.profile.value}"] if settings.profile is not Profile.QUICK else []
    values = {axis: getattr(case, axis) for axis in settings.overrides}
    named += [f"--{axis.replace('_', '-')} {value}" for axis, value in values.items() if value is not None]
    null_id = node_id.replace(f"[{case.params_id}]", f"[{null_case_of(case).params_id}]")
    return before + " ".join(["pytest", *map(shlex.quote, dict.fromkeys([null_id, node_id])), *named, options])
