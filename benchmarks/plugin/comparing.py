"""What is a run held against? The stored run that pytest-benchmark loaded, and what is missing on either side.

Beside it stands the anchor, where there is one. Leaves out: the judging of a case (`benchmarks.measuring`).
pytest-benchmark finds and loads the stored run (`--benchmark-compare`) and hands it over before the first test.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from benchmarks.baselines.store import RUN_KEY, SUMMARY_KEY, check_run, load_run, read_baseline
from benchmarks.errors import BaselineError, SuiteError
from benchmarks.gate.plan import count_judgements
from benchmarks.measuring.standards import Standards, load_anchor
from benchmarks.plugin.ending import count_compared, find_summary, is_asked_to_compare
from benchmarks.plugin.run import find_run, name_case
from benchmarks.records import Json, Outcome, Question


def pytest_configure(config: pytest.Config) -> None:
    """Load the anchor, and check a baseline that was named by its path, before pytest-benchmark tries to load it.

    The target's processes end when pytest cleans up, which it does whatever other plugins raise.
    """
    asked = config.getoption("benchmark_compare", None)
    run = find_run(config)
    config.add_cleanup(run.session.close)
    anchor = None
    run.skipping = bool(config.getoption("benchmark_skip", None))
    run.compared_with = asked if isinstance(asked, str) else ""
    try:
        if isinstance(asked, str) and (os.sep in asked or asked.endswith(".json")):
            load_run(Path(asked))
        if run.settings.anchor is not None:
            largest_tolerance = max(run.settings.tolerances.values(), default=0.0)
            anchor = load_anchor(run.settings.anchor, largest_tolerance)
    except SuiteError as error:
        raise pytest.UsageError(str(error)) from None
    run.session.standards = Standards(comparing=bool(asked), anchor=anchor)


@pytest.hookimpl(optionalhook=True, tryfirst=True)  # before pytest-benchmark's own, which takes it for granted
def pytest_benchmark_compare_machine_info(config: pytest.Config, compared_benchmark: Json) -> None:
    """Take the stored run that pytest-benchmark loaded; of several, the last. Refuse what it would break on."""
    run = find_run(config)
    try:
        check_run(compared_benchmark, "the stored run")
    except BaselineError as error:
        raise pytest.UsageError(str(error)) from None
    standards = run.session.standards
    try:
        run.session.standards = dataclasses.replace(standards, baseline=read_baseline(compared_benchmark))
    except BaselineError as error:
        run.session.standards = dataclasses.replace(standards, no_baseline=str(error))


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config: pytest.Config, output_json: Json) -> None:
    """Write into a saved run what it was asked to do, what it could not measure, and its summary."""
    run = find_run(config)
    summary = find_summary(config, run)
    failed = {
        report.case.case_id: report.verdict.reason
        for report in run.reports
        if report.verdict is not None and report.verdict.outcome is Outcome.FAILED
    }
    output_json[RUN_KEY] = {
        "profile": run.settings.profile.value,
        "seed": run.settings.seed,
        "order_seed": run.settings.order_seed,
        "shard": None if run.settings.shard is None else str(run.settings.shard),
        "anchor": None if run.settings.anchor is None else str(run.settings.anchor),
        "failed_cases": failed,
        "sample_costs": [cost.to_json() for cost in summary.sample_costs],
        SUMMARY_KEY: summary.to_json() if run.reports else None,
    }


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Remember each case of the sweep, also one that `-k` or `-m` will leave out: it is not gone from the suite."""
    case_id = name_case(item)
    if case_id is not None:
        find_run(item.config).collected.add(case_id)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Count in how many ways the run can turn red by chance, over all of its shards."""
    run = find_run(session.config)
    swept = [item for item in (*session.items, *run.in_other_shards) if item.get_closest_marker("sweep") is not None]
    run.session.judgements = sum(
        count_judgements(
            Question(sweep.args[0]),
            null=item.get_closest_marker("null") is not None,
            stored_runs=run.session.standards.count_stored_runs(name_case(item)),
            two_targets=run.settings.against is not None,
        )
        for item in swept
        if (sweep := item.get_closest_marker("sweep")) is not None and item.get_closest_marker("rejected") is None
    )
    weighted = (name_case(item) for item in session.items if item.get_closest_marker("null") is None)
    run.weighted_cases = tuple(case_id for case_id in weighted if case_id is not None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Note that tests are run, and not only listed."""
    find_run(session.config).started = not session.config.option.collectonly


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that was to compare and compared nothing, and with strict verdicts one that lacks stored cases."""
    run = find_run(session.config)
    if run.started and is_asked_to_compare(run) and not count_compared(run).count and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.shouldfail = "no weighted case was compared"  # pytest prints it, beside tests that all passed
    if run.settings.strict_verdicts and exitstatus == pytest.ExitCode.OK and run.list_removed():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
