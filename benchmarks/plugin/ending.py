"""What does a run end with? Its summary, on the terminal and in its file, whatever else goes wrong at the end.

The summary is made once, when the run is saved or at the end. It is shown where pytest has its summaries; where another
plugin's hook raises before that, when the session finishes; and where even that is not reached, when pytest cleans up.
Leaves out: the wording, which is in `benchmarks.reports`.
"""

from __future__ import annotations

import functools
import shlex
from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING

import pytest

from benchmarks.baselines.store import Baseline, describe_differences
from benchmarks.plugin.compared import count_compared, is_asked_to_compare
from benchmarks.plugin.run import RUN, Run
from benchmarks.records import Measurement

if TYPE_CHECKING:
    from benchmarks.reports.summary import Provenance, Summary

_TOLD = pytest.StashKey[bool]()

_SUMMARY: pytest.StashKey[Summary] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Show the summary at the very end where it was not shown before."""
    config.add_cleanup(functools.partial(show_summary, config))


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(config: pytest.Config) -> Generator[None, object, object]:
    """Show the summary after pytest-benchmark's tables, also where these cannot be made."""
    try:
        return (yield)
    finally:
        show_summary(config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Show the summary where the end of the session failed before it, as when a run cannot be saved."""
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
    standards = run.session.standards
    lacking = "" if standards.baseline is None else standards.describe_lacking(run.reports)
    return (lacking,) if lacking else ()


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
