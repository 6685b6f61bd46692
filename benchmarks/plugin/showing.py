"""What does a person see while the suite runs? Progress, and one line per case.

On a terminal a line is rewritten while a case is measured; elsewhere each case gets one plain line. With `-v` pytest's
own lines take the place of both, with `-q` its dots. Leaves out: the wording, which is in `benchmarks.reports`, and the
summary (`ending`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from benchmarks.plugin.run import find_run
from benchmarks.records import Case, CaseReport, Interval, Outcome, Question
from benchmarks.reports.progress import (
    Progress,
    RemainingTime,
    render_blank_line,
    render_finished_line,
    render_live_line,
    summarise_readings,
)

VERDICT_PROPERTY = "verdict"
"""Name of the user property that carries a test's outcome to pytest's reports and to JUnit XML."""

_MARKUP: Mapping[Outcome, Mapping[str, bool]] = {
    Outcome.HELD: {"green": True},
    Outcome.IMPROVED: {"green": True},
    Outcome.REGRESSED: {"red": True},
    Outcome.FAILED: {"red": True},
    Outcome.UNDECIDED: {"yellow": True},
    Outcome.NOT_COMPARABLE: {"yellow": True},
}


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
        self._blocks_asked = find_run(config).settings.blocks
        self._remaining = RemainingTime(time.monotonic_ns, case_counts)
        self._reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        self._has_lines = self._reporter is not None and config.get_verbosity() == 0
        self._is_live = self._has_lines and self._reporter is not None and self._reporter.isatty
        if self._has_lines and self._reporter is not None:
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
            progress = self._make_progress(self._case, blocks, overhead_ratio, None)
            self._write(lambda width: render_live_line(progress, width))

    def end_case(self, report: CaseReport) -> None:
        """Show what came of a case."""
        self._remaining.end_case()
        if not self._has_lines:
            return
        blocks = 0 if report.measurement is None else len(report.measurement.blocks)
        reading = ""
        if report.measurement is not None and report.measurement.readings:
            blocks = len(report.measurement.readings)
            reading = summarise_readings(report.measurement.readings)
        outcome = None if report.verdict is None else report.verdict.outcome
        progress = self._make_progress(report.case, blocks, report.overhead_ratio, outcome)
        line = render_finished_line(dataclasses.replace(progress, reading=reading))
        markup = {} if outcome is None else _MARKUP[outcome]
        self._write(lambda width: f"{render_blank_line(width) if self._is_live else ''}{line}\n", **markup)

    def _make_progress(self, case: Case, blocks: int, ratio: Interval | None, outcome: Outcome | None) -> Progress:
        """Return where the run is."""
        return Progress(
            case_number=self._case_number,
            case_count=self._case_count,
            case_id=case.case_id,
            blocks_done=blocks,
            blocks_planned=max(case.question.row.find_first_blocks(self._blocks_asked), blocks),
            overhead_ratio=ratio,
            remaining_seconds=self._remaining.estimate_seconds(),
            outcome=outcome,
        )

    def _write(self, render: Callable[[int], str], **markup: bool) -> None:
        """Write past pytest's capture of the running test, which also hides the terminal and its width."""
        assert self._reporter is not None  # noqa: S101 - only called where there are lines
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        with contextlib.nullcontext() if capture is None else capture.global_and_fixture_disabled():
            self._reporter.write(render(shutil.get_terminal_size().columns), flush=True, **markup)


_DISPLAY = pytest.StashKey[Display]()


def find_display(config: pytest.Config) -> Display:
    """Return the display of this session."""
    return config.stash[_DISPLAY]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Set up the display once it is known what will be measured; leave pytest's own where nothing will."""
    sweeps = [marker.args[0] for item in session.items if (marker := item.get_closest_marker("sweep")) is not None]
    rejected = [item for item in session.items if item.get_closest_marker("rejected") is not None]
    if sweeps and not session.config.option.collectonly:
        counts = Counter(Question(name) for name in sweeps)
        counts.subtract(Question(item.get_closest_marker("sweep").args[0]) for item in rejected)  # type: ignore[union-attr]
        session.config.stash[_DISPLAY] = Display(session.config, counts)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is measured, where pytest says what it is."""
    settings = find_run(config).settings
    plant = "" if settings.plant is None else f", PLANTED: {settings.plant.description}"
    against = "" if settings.against is None else f", against {settings.against}"
    anchor = "" if settings.anchor is None else f", anchor {settings.anchor}"
    target = f"target {settings.target.interpreter}"
    return [f"sample weighting: sweep {settings.profile.value}, {target}{against}{anchor}{plant}"]


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> tuple[str, str, tuple[str, Mapping[str, bool]]] | None:
    """Tell pytest to count and show a measured case by its verdict; without `-q` or `-v` its line is the display's."""
    if report.when != "call" or _DISPLAY not in config.stash:
        return None
    outcomes = [Outcome(value) for name, value in report.user_properties if name == VERDICT_PROPERTY]
    letter = "" if config.get_verbosity() == 0 else {"passed": ".", "failed": "F"}.get(report.outcome, "s")
    if not outcomes:
        return (report.outcome, letter, (report.outcome.upper(), {})) if report.passed else None
    outcome = outcomes[0]
    quiet = report.passed and outcome in {Outcome.UNDECIDED, Outcome.NOT_COMPARABLE}
    category = outcome.value.lower() if quiet else report.outcome
    return category, letter, (outcome.value, _MARKUP[outcome])
