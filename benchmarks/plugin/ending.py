"""What does a run end with? How many cases were compared, and its summary, whatever else goes wrong at the end.

The summary is made once, when the run is saved or at the end. It is shown where pytest has its summaries; where another
plugin's hook raises before that, when the session finishes; and where even that is not reached, when pytest cleans up.
A null case is compared with nothing but itself, and so does not count as compared; each weighted case that was not has
a reason.

SIGTERM and SIGHUP end a run as Ctrl-C does: a process that is told to end by its service, its scheduler or its closing
terminal would otherwise die at once, with hours of blocks, and leave its targets' processes behind. A signal that was
ignored before, as under nohup, stays so. Leaves out: the wording, which is in `benchmarks.reports`, and when a run is
red for it (`comparing`).
"""

from __future__ import annotations

import dataclasses
import functools
import shlex
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from benchmarks.baselines.store import Baseline, describe_differences
from benchmarks.errors import BaselineError
from benchmarks.measuring.standards import is_held
from benchmarks.plugin.run import RUN, Run
from benchmarks.records import Case, CaseReport, Measurement, Outcome, Verdict

if TYPE_CHECKING:
    from benchmarks.reports.summary import Provenance, Summary

_Handler = Callable[[int, FrameType | None], object] | int

_SIGNALS = ("SIGTERM", "SIGHUP")


class Stopper:
    """Raises KeyboardInterrupt on the first signal; those that come while the run ends are not to interrupt that."""

    def __init__(self) -> None:
        """Wait for a signal."""
        self._ending = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        del frame
        if not self._ending:
            self._ending = True
            raise KeyboardInterrupt(signal.Signals(number).name)

    def note_ending(self) -> None:
        """Let no signal interrupt from now on."""
        self._ending = True


_STOPPER = pytest.StashKey[Stopper]()


def _handle_signals(config: pytest.Config) -> None:
    """Handle the signals until the session is over; only the main thread can."""
    stopper = config.stash[_STOPPER] = Stopper()
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
        before = signal.getsignal(number)
        if before is None or before is signal.SIG_IGN:  # None: set by what is not Python
            continue
        signal.signal(number, stopper)
        config.add_cleanup(functools.partial(_restore, number, before))


def _restore(number: int, handler: _Handler) -> None:
    """Let a signal be handled as before the session."""
    signal.signal(number, handler)


_TOLD = pytest.StashKey[bool]()

_SUMMARY: pytest.StashKey[Summary] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Show the summary at the very end where it was not shown before, and end by a signal as by Ctrl-C."""
    config.add_cleanup(functools.partial(show_summary, config))
    _handle_signals(config)


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(config: pytest.Config) -> Generator[None, object, object]:
    """Show the summary after pytest-benchmark's tables, also where these cannot be made."""
    try:
        return (yield)
    finally:
        show_summary(config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Show the summary where the end of the session failed before it, as when a run cannot be saved.

    The run is saved and told in peace: a cancelled workflow sends SIGINT, and SIGTERM seconds later.
    """
    session.config.stash[_STOPPER].note_ending()
    try:
        return (yield)
    finally:
        show_summary(session.config)


def show_summary(config: pytest.Config) -> None:
    """Write the summary, once; nothing where nothing was to be measured or compared."""
    run = config.stash.get(RUN, None)
    if run is None or config.stash.get(_TOLD, False):
        return
    if not run.reports and not (run.started and is_asked_to_compare(run)):
        return
    config.stash[_TOLD] = True
    # As in `fixtures`: what they need is slow to import.
    from benchmarks.reports.markdown import render_markdown  # noqa: PLC0415
    from benchmarks.reports.terminal import render_terminal  # noqa: PLC0415

    summary = find_summary(config, run)
    try:
        if run.settings.summary is not None:
            run.settings.summary.write_text(render_markdown(summary), encoding="utf-8")
    finally:
        reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.section("sample weighting")
            reporter.write_line(render_terminal(summary))


def find_summary(config: pytest.Config, run: Run) -> Summary:
    """Return the summary of a run that is over, made when it is first asked for."""
    from benchmarks.reports.remarks import RunFacts  # noqa: PLC0415 - as above
    from benchmarks.reports.summarising import summarise_run  # noqa: PLC0415

    if _SUMMARY not in config.stash:
        compared = count_compared(run) if run.started and is_asked_to_compare(run) else None
        facts = RunFacts(
            provenance=_find_provenance(config, run),
            selected_cases=None if compared is None else compared.cases,
            left_out={} if compared is None else compared.left_out,
            neighbours=tuple(run.neighbours),
            plant=run.settings.plant,
            elsewhere=_list_elsewhere(run),
            removed=run.list_removed(),
            strict_verdicts=run.settings.strict_verdicts,
            notes=_list_notes(run),
        )
        config.stash[_SUMMARY] = summarise_run(run.reports, facts)
    return config.stash[_SUMMARY]


def _find_provenance(config: pytest.Config, run: Run) -> Provenance:
    """Return what the run was asked to do."""
    from benchmarks.reports.summary import Provenance  # noqa: PLC0415 - as above

    settings = run.settings
    return Provenance(
        sweep=settings.profile.value,
        seed=settings.seed,
        order_seed=settings.order_seed,
        shard=None if settings.shard is None else str(settings.shard),
        against=settings.against,
        anchor=None if settings.anchor is None else str(settings.anchor),
        command=shlex.join(["pytest", *map(str, config.invocation_params.args)]),
    )


def _list_notes(run: Run) -> tuple[str, ...]:
    """Return what the anchor lacks of what was compared with the baseline; nothing where it lacks nothing."""
    from benchmarks.reports.remarks import describe_lacking  # noqa: PLC0415 - as above

    standards = run.session.standards
    held = [report for report in run.reports if is_held(report.case) and standards.baseline is not None]
    return tuple(describe_lacking(standards.list_lacking(held), len(held)))


def _list_elsewhere(run: Run) -> Mapping[str, tuple[str, ...]]:
    """Return how the places where baseline and anchor were measured differ from those of this run."""
    measured = [report.measurement for report in run.reports if report.measurement is not None]
    standards = run.session.standards
    stored = {"baseline": standards.baseline}
    if standards.baseline is not None:
        stored["anchor"] = standards.anchor
    return {name: tuple(_list_differences(kept, measured)) for name, kept in stored.items() if kept is not None}


def _list_differences(stored: Baseline, measured: Sequence[Measurement]) -> Generator[str, None, None]:
    """Yield how each place where a stored run was measured differs from each of this run."""
    places = {measurement.environment for measurement in stored.measurements.values()}
    for current in {measurement.environment for measurement in measured}:
        for other in places - {current}:
            yield "; ".join(describe_differences(other, current))


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
