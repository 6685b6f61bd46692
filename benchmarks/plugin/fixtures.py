"""What does a test of this suite call, and what does a person see of it? `measure`, progress, and one line per case.

`measure` measures the test's case, judges it, and hands its samples on; `benchmarks.measuring` does the work.
pytest-benchmark gets the weighted arm's samples, and everything else in `extra_info`, also when the run is interrupted:
a case in progress is kept with the blocks it has.

On a terminal a line is rewritten while a case is measured; elsewhere each case gets one plain line. With `-v` pytest's
own lines take the place of both, with `-q` its dots. Leaves out: the wording, which is in `benchmarks.reports`, and the
summary (`ending`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from benchmarks.baselines.store import EXTRA_INFO_KEY, to_extra_info
from benchmarks.cases import null_case_of
from benchmarks.gate.confirm import FAILING
from benchmarks.plugin.benchmark import REPLAY
from benchmarks.plugin.run import Run, find_case, find_question, find_run, name_case
from benchmarks.records import Case, CaseReport, Interval, Outcome, Question
from benchmarks.reports.running import (
    Progress,
    RemainingTime,
    describe_not_compared,
    describe_run,
    render_blank_line,
    render_finished_line,
    render_live_line,
    summarise_readings,
)
from benchmarks.sweeps import Profile

if TYPE_CHECKING:
    from benchmarks.measuring.timed import OnBlock

_VERDICT_PROPERTY = "verdict"
"""Name of the user property that carries a test's outcome to pytest's reports and to JUnit XML."""

_MARKUP: Mapping[Outcome, Mapping[str, bool]] = {
    Outcome.HELD: {"green": True},
    Outcome.IMPROVED: {"green": True},
    Outcome.REGRESSED: {"red": True},
    Outcome.FAILED: {"red": True},
    Outcome.UNDECIDED: {"yellow": True},
    Outcome.NOT_COMPARABLE: {"yellow": True},
}

_FAILING_WHEN_STRICT = FAILING | {Outcome.UNDECIDED, Outcome.NOT_COMPARABLE}

_BLOCKS_TO_LOOK_CLOSER = 20
_BLOCKS_TO_READ_AGAIN = 5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CaseUnderTest:
    """A case that was measured and judged, ready to fail its test; `strict` and `against` are as asked for."""

    report: CaseReport
    message: str
    strict: bool
    against: bool

    def fail_if_regressed(self) -> None:
        """Fail the test when its verdict is a failure; the message says all there is to say.

        With another target a case that was not compared fails too, unless that one does not have it: then this target
        alone was measured.
        """
        outcome = self.report.outcome
        if outcome in (_FAILING_WHEN_STRICT if self.strict else FAILING):
            pytest.fail(self.message, pytrace=False)
        if self.against and outcome is Outcome.NOT_COMPARABLE and self.report.other is not None:
            pytest.fail(describe_not_compared(self.report), pytrace=False)


class Display:
    """Writes the progress of a run to pytest's terminal."""

    def __init__(self, config: pytest.Config, case_counts: Mapping[Question, int]) -> None:
        """Write nothing yet.

        Args:
            config: of the session whose terminal is written to.
            case_counts: the cases to be measured, by question.
        """
        self._config = config
        self._case_count = sum(case_counts.values())
        self._case_number = 0
        self._case: Case | None = None
        self._session = find_run(config).session
        self._remaining = RemainingTime(time.monotonic_ns, case_counts)
        reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        self._reporter = reporter if config.get_verbosity() == 0 else None
        self._is_live = self._reporter is not None and self._reporter.isatty
        if self._reporter is not None:
            self._reporter.showfspath = False  # each case has a line of its own, which names it

    def begin_case(self, case: Case) -> None:
        """Show that a case is being measured."""
        self._case = case
        self._case_number += 1
        self._remaining.begin_case(case.question)
        self.show_blocks(0, None)

    def show_blocks(self, blocks: int, overhead_ratio: Interval | None) -> None:
        """Show what the blocks of the current case say so far."""
        if self._is_live and self._case is not None:
            progress = self._make_progress(self._case, blocks, overhead_ratio)
            self._write(lambda width: render_live_line(progress, width))

    def end_case(self, report: CaseReport) -> None:
        """Show what came of a case."""
        self._remaining.end_case()
        if self._reporter is None:
            return
        readings = () if report.measurement is None else report.measurement.readings
        blocks = () if report.measurement is None else report.measurement.blocks
        outcome = report.outcome
        progress = self._make_progress(report.case, len(blocks or readings), report.overhead_ratio)
        reading = summarise_readings(readings) if readings else ""
        line = render_finished_line(dataclasses.replace(progress, outcome=outcome, reading=reading))
        markup = {} if outcome is None else _MARKUP[outcome]
        self._write(lambda width: f"{render_blank_line(width) if self._is_live else ''}{line}\n", **markup)

    def _make_progress(self, case: Case, blocks: int, ratio: Interval | None) -> Progress:
        """Return where the run is."""
        return Progress(
            case_number=self._case_number,
            case_count=self._case_count,
            case_id=case.case_id,
            blocks_done=blocks,
            blocks_planned=max(self._session.count_first_blocks(case.question), blocks),
            overhead_ratio=ratio,
            remaining_seconds=self._remaining.estimate_seconds(),
        )

    def _write(self, render: Callable[[int], str], **markup: bool) -> None:
        """Write past pytest's capture of the running test, which also hides the terminal and its width."""
        assert self._reporter is not None  # noqa: S101 - only called where there are lines
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        with contextlib.nullcontext() if capture is None else capture.global_and_fixture_disabled():
            self._reporter.write(render(shutil.get_terminal_size().columns), flush=True, **markup)


_DISPLAY = pytest.StashKey[Display]()


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
    display = request.config.stash[_DISPLAY]

    def measure_and_show() -> CaseUnderTest:
        case = find_case(request.node)
        if case is None:
            _refuse(request.node, run)
        display.begin_case(case)
        measured = _measure_in_test(request, benchmark, run, case, display.show_blocks)
        display.end_case(measured.report)
        if measured.report.outcome is not None:
            _add_verdict(request.node, measured.report.outcome)
        return measured

    return measure_and_show


def _refuse(node: pytest.Item, run: Run) -> NoReturn:
    """Fail the test of a case that is none."""
    _add_verdict(node, Outcome.FAILED)
    run.refused_cases.add(name_case(node))
    pytest.fail("".join(rejected.args[0] for rejected in node.iter_markers("rejected")), pytrace=False)


def _add_verdict(node: pytest.Item, outcome: Outcome) -> None:
    """Let pytest's reports know the outcome of this test's case."""
    node.user_properties.append((_VERDICT_PROPERTY, outcome.value))


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


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Set up the display once it is known what will be measured; leave pytest's own where nothing will."""
    if any(map(find_question, session.items)) and not session.config.option.collectonly:
        counts = Counter(case.question for case in map(find_case, session.items) if case is not None)
        session.config.stash[_DISPLAY] = Display(session.config, counts)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is measured, where pytest says what it is."""
    settings = find_run(config).settings
    return describe_run(
        sweep=settings.profile.value,
        target=str(settings.target.interpreter),
        against=settings.against,
        anchor=None if settings.anchor is None else str(settings.anchor),
        plant=settings.plant,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> tuple[str, str, tuple[str, Mapping[str, bool]]] | None:
    """Tell pytest to count and show a measured case by its verdict; without `-q` or `-v` its line is the display's."""
    if report.when != "call" or _DISPLAY not in config.stash:
        return None
    outcomes = [Outcome(value) for name, value in report.user_properties if name == _VERDICT_PROPERTY]
    letter = "" if config.get_verbosity() == 0 else {"passed": ".", "failed": "F"}.get(report.outcome, "s")
    if not outcomes:
        return (report.outcome, letter, (report.outcome.upper(), {})) if report.passed else None
    outcome = outcomes[0]
    quiet = report.passed and outcome in {Outcome.UNDECIDED, Outcome.NOT_COMPARABLE}
    category = outcome.value.lower() if quiet else report.outcome
    return category, letter, (outcome.value, _MARKUP[outcome])
