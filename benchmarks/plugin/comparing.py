"""What is a run held against, and how many of its cases were compared? A comparison of nothing is a failure.

pytest-benchmark finds and loads the stored run (`--benchmark-compare`) and hands it over before the first test; beside
it stands the anchor, where there is one. A null case is compared with nothing but itself, and so does not count. Leaves
out: the judging of a case (`benchmarks.measuring`).
"""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.baselines.schema import RUN_KEY
from benchmarks.baselines.store import check_run, check_run_file, read_baseline
from benchmarks.errors import BaselineError, SuiteError
from benchmarks.gate.plan import count_judgements
from benchmarks.measuring.standards import Standards, load_anchor
from benchmarks.plugin.run import Run, find_run, name_case
from benchmarks.records import Case, CaseReport, Json, Outcome, Question, Verdict

_LACKING = "the other target does not have this case"
"""How the reason of a verdict begins for a case that there is in this target alone."""

_NONE_SELECTED = "no weighted case was selected, and null cases are compared with nothing; select weighted cases too"
_NOT_MEASURABLE = "could not be measured; what each of them said stands below"
_NOT_ENDED = "not measured to its end; let the run end"
_NOT_RUN = "its test was skipped or did not come to run; let it run"
_SKIPPED = "skipped, as --benchmark-skip asks; leave it out"
_DOUBTED = "a change was seen, but its null case was off too; close what else runs on this machine, and measure again"
_LACKING_WITH_REMEDY = f"{_LACKING}; choose cases that both have"


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
            check_run_file(Path(asked))
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
    """Write into a saved run what it was asked to do and what it could not measure."""
    # SciPy, which fits the lines, takes longer to import than 1,000 cases take to be listed.
    from benchmarks.reports.growth import estimate_sample_costs  # noqa: PLC0415

    run = find_run(config)
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
        "sample_costs": [dataclasses.asdict(cost) for cost in estimate_sample_costs(run.reports)],
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
    if (
        run.settings.strict_verdicts
        and run.session.standards.comparing
        and exitstatus == pytest.ExitCode.OK
        and run.list_removed()
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


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


def render_compared(compared: Compared) -> str:
    """Return the sentence that a summary begins with; empty where all weighted cases were compared."""
    if compared.count and not compared.left_out:
        return ""
    reasons = sorted(compared.left_out.items(), key=lambda entry: (-entry[1], entry[0]))
    if compared.count:
        # With its remedy each reason is told of its case, further down.
        parts = [f"{number}: {reason.partition(';')[0]}" for reason, number in reasons]
        return f"Compared {compared.count} of {compared.cases} cases; {'; '.join(parts)}."
    parts = [f"{number}: {reason}" for reason, number in reasons] or [_NONE_SELECTED]
    return f"Compared 0 of {compared.cases} cases, and so this run fails; {'; '.join(parts)}."


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
