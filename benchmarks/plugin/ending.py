"""What does a run end with? The summary, on the terminal and in its file, whatever else goes wrong at the end.

It is told where pytest has its summaries; where another plugin's hook raises before that, when the session finishes;
and where even that is not reached, when pytest cleans up. It is told once. Leaves out: the wording, which is in
`benchmarks.reports`.
"""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterator, Sequence

import pytest

from benchmarks.baselines.store import Baseline, describe_differences
from benchmarks.plugin.compared import count_compared, is_asked_to_compare, render_compared
from benchmarks.plugin.neighbours import describe_neighbours
from benchmarks.plugin.run import RUN, Run
from benchmarks.records import Measurement

_LISTED_CASES = 10

_TOLD = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Tell the summary at the very end where it was not told before."""
    config.add_cleanup(functools.partial(tell_summary, config))


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(config: pytest.Config) -> Generator[None, object, object]:
    """Tell the summary after pytest-benchmark's tables, also where these cannot be made."""
    try:
        return (yield)
    finally:
        tell_summary(config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Tell the summary where the end of the session failed before it, as when a run cannot be saved."""
    try:
        return (yield)
    finally:
        tell_summary(session.config)


def tell_summary(config: pytest.Config) -> None:
    """Write the answer, the table and what needs a remark, once; nothing where nothing was to be measured."""
    run = config.stash.get(RUN, None)
    if run is None or config.stash.get(_TOLD, False):
        return
    head = render_compared(count_compared(run)) if run.started and is_asked_to_compare(run) else ""
    if not run.reports and not head:
        return
    config.stash[_TOLD] = True
    # As in `fixtures`: what it needs is slow to import.
    from benchmarks.reports.terminal import render_summary  # noqa: PLC0415

    summary = render_summary(run.reports, list_notes(run), run.settings.against, head)
    try:
        if run.settings.summary is not None:
            run.settings.summary.write_text(f"```text\n{summary}\n```\n", encoding="utf-8")
    finally:
        reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.section("sample weighting")
            reporter.write_line(summary)


def _list_differences(stored: Baseline | None, measured: Sequence[Measurement]) -> Iterator[str]:
    """Yield how each place where a stored run was measured differs from each of this run."""
    if stored is None:
        return
    places = {measurement.environment for measurement in stored.measurements.values()}
    for current in {measurement.environment for measurement in measured}:
        for other in places - {current}:
            yield "; ".join(describe_differences(other, current))


def list_notes(run: Run) -> list[str]:
    """Return the remarks on this run as a whole: what it cannot be compared in, and what it lacks."""
    notes = [describe_neighbours(run.neighbours, "was")] if run.neighbours else []
    if run.settings.plant is not None:
        touched = any(run.settings.plant.concerns(report.case.question) for report in run.reports)
        aside = "" if touched else ", which no case of this run can show"
        notes.append(
            f"A fault was planted on purpose ({run.settings.plant.description}{aside}); nothing here is a finding."
        )
    standards = run.session.standards
    if standards.baseline is None:
        return notes
    measured = [report.measurement for report in run.reports if report.measurement is not None]
    for name, stored in (("baseline", standards.baseline), ("anchor", standards.anchor)):
        notes += [
            f"The {name} was recorded elsewhere ({differences}): overheads, bytes and counts are compared, "
            "absolute times are not."
            for differences in _list_differences(stored, measured)
        ]
    notes += filter(None, [standards.describe_lacking(run.reports)])
    removed = run.list_removed()
    if removed:
        listed = ", ".join(removed[:_LISTED_CASES]) + (", …" if len(removed) > _LISTED_CASES else "")
        strict = "; --strict-verdicts fails the run for that" if run.settings.strict_verdicts else ""
        notes.append(f"{len(removed)} cases of the baseline are not in this run's sweep: {listed}{strict}")
    return notes
