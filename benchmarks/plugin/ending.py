"""What does a run end with? How many cases were compared, and its summary, whatever else goes wrong at the end.

The summary is made once, when the run is saved or at the end. It is shown where pytest has its summaries; where another
plugin's hook raises before that, when the session finishes; and where even that is not reached, when pytest cleans up.
A null case is compared with nothing but itself, and so does not count as compared; each weighted case that was not has
a reason.

SIGTERM and SIGHUP end a run as Ctrl-C does: a process that is told to end by its service, its scheduler or its closing
terminal would otherwise die at once, with hours of blocks, and leave its targets' processes behind. A signal that was
ignored before, as under nohup, stays so. Leaves out: the wording, which is in `benchmarks.reports`.
"""

from __future__ import annotations

import contextlib
import functools
import shlex
import signal
import threading
from collections import Counter
from collections.abc import Generator
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from benchmarks.baselines.store import RUN_KEY, SUMMARY_KEY
from benchmarks.errors import BaselineError
from benchmarks.measuring.standards import is_held
from benchmarks.plugin.run import RUN, Run, find_run
from benchmarks.records import CaseReport, Json, Outcome
from benchmarks.reports.running import NOTHING_COMPARED, LeftOut

if TYPE_CHECKING:
    from benchmarks.reports.summary import Summary

_SIGNALS = ("SIGTERM", "SIGHUP")


class Stopper:
    """Raises KeyboardInterrupt on the first signal; those that come while the run ends are not to interrupt that."""

    def __init__(self) -> None:
        """Wait for a signal; it stays without effect where `is_ending` is set before."""
        self.is_ending = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        del frame
        if not self.is_ending:
            self.is_ending = True
            raise KeyboardInterrupt(signal.Signals(number).name)


_STOPPER = pytest.StashKey[Stopper]()


def _handle_signals(config: pytest.Config) -> None:
    """Handle the signals until the session is over; only the main thread can."""
    stopper = config.stash[_STOPPER] = Stopper()
    if threading.current_thread() is not threading.main_thread():
        return
    handlers = contextlib.ExitStack()
    config.add_cleanup(handlers.close)
    for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
        before = signal.getsignal(number)
        if before is not None and before is not signal.SIG_IGN:  # None: set by what is not Python
            signal.signal(number, stopper)
            handlers.callback(signal.signal, number, before)


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
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
    """Fail a run that compared nothing, and show the summary where the end of the session fails before it.

    That may be because the run cannot be saved. It is saved and told in peace: a cancelled workflow sends SIGINT, and
    SIGTERM seconds later.
    """
    session.config.stash[_STOPPER].is_ending = True
    try:
        if exitstatus == pytest.ExitCode.OK:
            _fail_where_too_little_was_compared(session)
        return (yield)
    finally:
        show_summary(session.config)


def _fail_where_too_little_was_compared(session: pytest.Session) -> None:
    """Fail a run that was to compare and compared nothing, and with strict verdicts one that lacks stored cases."""
    run = find_run(session.config)
    if run.started and run.is_comparing and len(_list_left_out(run)) == len(run.weighted_cases):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.shouldfail = NOTHING_COMPARED  # pytest prints it, beside tests that all passed
    if run.settings.strict_verdicts and run.list_removed():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config: pytest.Config, output_json: Json) -> None:
    """Write into a saved run what it was asked to do, what it could not measure, and its summary."""
    run = find_run(config)
    summary = find_summary(config, run)
    output_json[RUN_KEY] = {
        "profile": summary.provenance.sweep,
        "seed": summary.provenance.seed,
        "order_seed": summary.provenance.order_seed,
        "shard": summary.provenance.shard,
        "anchor": summary.provenance.anchor,
        "failed_cases": {each.case_id: each.reason for each in summary.verdicts if each.outcome is Outcome.FAILED},
        "sample_costs": [cost.to_json() for cost in summary.sample_costs],
        SUMMARY_KEY: summary.to_json() if run.reports else None,
    }


def show_summary(config: pytest.Config) -> None:
    """Write the summary, once; nothing where nothing was to be measured or compared."""
    run = config.stash.get(RUN, None)
    if run is None or config.stash.get(_TOLD, False):
        return
    if not run.reports and not (run.started and run.is_comparing):
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
    from benchmarks.reports.sentences import describe_lacking  # noqa: PLC0415 - as above
    from benchmarks.reports.summarising import summarise_run  # noqa: PLC0415
    from benchmarks.reports.summary import Provenance, RunFacts  # noqa: PLC0415

    if _SUMMARY not in config.stash:
        settings = run.settings
        standards = run.session.standards
        stored = {"baseline": standards.baseline}
        if standards.baseline is not None:
            stored["anchor"] = standards.anchor
        held = [report for report in run.reports if is_held(report.case) and standards.baseline is not None]
        comparing = run.started and run.is_comparing
        facts = RunFacts(
            provenance=Provenance(
                sweep=settings.profile.value,
                seed=settings.seed,
                order_seed=settings.order_seed,
                shard=None if settings.shard is None else str(settings.shard),
                against=settings.against,
                anchor=None if settings.anchor is None else str(settings.anchor),
                command=shlex.join(["pytest", *map(str, config.invocation_params.args)]),
            ),
            selected_cases=len(run.weighted_cases) if comparing else None,
            left_out=Counter(_list_left_out(run)) if comparing else {},
            neighbours=tuple(run.neighbours),
            plant=settings.plant,
            places={name: kept.list_places() for name, kept in stored.items() if kept is not None},
            removed=run.list_removed(),
            strict_verdicts=settings.strict_verdicts,
            notes=tuple(describe_lacking(standards.list_lacking(held), len(held))),
        )
        config.stash[_SUMMARY] = summarise_run(run.reports, facts)
    return config.stash[_SUMMARY]


def _list_left_out(run: Run) -> list[str]:
    """Return why weighted cases that were selected for this run were not compared so far, a reason for each."""
    reports = {report.case.case_id: report for report in run.reports}
    reasons = (_explain(run, case_id, reports.get(case_id)) for case_id in run.weighted_cases)
    return [reason for reason in reasons if reason]


def _explain(run: Run, case_id: str, report: CaseReport | None) -> str:
    """Return why a case was not compared, with the remedy after a semicolon; empty where it was."""
    if report is None:
        not_run = LeftOut.SKIPPED if run.skipping else LeftOut.NOT_RUN
        return (LeftOut.NOT_MEASURABLE if case_id in run.refused_cases else not_run).value
    if report.outcome is None:
        return LeftOut.NOT_ENDED.value
    if report.outcome is Outcome.NOT_COMPARABLE:
        return _explain_not_comparable(run, report)
    return LeftOut.NOT_MEASURABLE.value if report.outcome is Outcome.FAILED else _explain_missing(run, report)


def _explain_not_comparable(run: Run, report: CaseReport) -> str:
    """Return the reason of a verdict without what is particular to its case, so that reasons can be counted."""
    if run.settings.against is not None and report.other is None:
        return LeftOut.NOT_SHARED.value
    null_verdict = run.session.find_null_verdict(report.case)
    doubted = null_verdict is not None and null_verdict.reason in report.reason
    return LeftOut.DOUBTED.value if doubted else report.reason


def _explain_missing(run: Run, report: CaseReport) -> str:
    """Return why there is no stored case for one that is judged without one too, as a leak is; empty where there is."""
    if not run.session.standards.comparing:
        return ""
    try:
        run.session.standards.find_stored(report.case)
    except BaselineError as error:
        return str(error)
    return ""
