"""Which verdict does a case get? It depends on what the run compares with and on whether the case is a null case.

Leaves out: the rules (`benchmarks.gate`) and the measuring (`benchmarks.measuring`).
"""

from __future__ import annotations

import dataclasses
import shlex

from benchmarks.baselines.store import explain_unlike_versions
from benchmarks.cases import null_case_of
from benchmarks.errors import BaselineError
from benchmarks.gate.explain import explain_failed_null_case, explain_regression
from benchmarks.gate.plan import ANCHOR_FACTOR, GatePlan
from benchmarks.gate.reading_rules import ReadingPlan
from benchmarks.gate.readings import explain_readings, judge_read_case
from benchmarks.gate.rules import doubt
from benchmarks.gate.times import Stored, judge_case, judge_null_case
from benchmarks.measuring.read import ReadSource
from benchmarks.measuring.timed import BlockSource
from benchmarks.plugin.anchoring import find_anchored
from benchmarks.plugin.run import Run
from benchmarks.records import Case, Change, Outcome, ReadBlock, Verdict
from benchmarks.sweeps import Profile

_BLOCKS_TO_LOOK_CLOSER = 20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict, None where nothing was asked to be judged, and what the test says if it fails because of it.

    `changes` is what differs from the other target, where there is one.
    """

    verdict: Verdict | None
    message: str
    changes: tuple[Change, ...] = ()


def measure_and_judge(case: Case, source: BlockSource, run: Run, node_id: str) -> Judged:
    """Measure as many blocks of a case as its verdict needs.

    Null cases are always judged: they must read 1.00. Others are judged when the run compares with a baseline.

    Args:
        case: what is measured.
        source: its blocks.
        run: settings, baseline and the verdicts on null cases so far; a null case's verdict is added to them.
        node_id: the test's id, for the command that looks closer.

    Raises:
        SuiteError: when a block could not be measured.
    """
    plan = make_gate_plan(run, case)
    if case.null:
        return _judge_null(case, source, run, plan, node_id)
    if not run.comparing:
        row = case.question.row
        if run.settings.blocks is None and row.precision is not None:
            source.measure_until(row.precision, at_least=row.screen_blocks, at_most=row.most_blocks)
        else:
            source.measure_more(plan.screen_blocks)
        return Judged(verdict=None, message="")
    try:
        stored = _find_stored_runs(case, run)
    except BaselineError as error:
        source.measure_more(plan.screen_blocks)
        return as_judged(Verdict(outcome=Outcome.NOT_COMPARABLE, reason=str(error)))
    occasion_sd = case.question.row.occasion_sd
    judgement = judge_case(source.measure_more, stored, plan, occasion_sd=occasion_sd)
    verdict = hear_null_case(case, judgement.verdict, run)
    if verdict.outcome is Outcome.REGRESSED:
        message = explain_regression(case, judgement.comparisons, plan, _advise(run, case, node_id))
        return Judged(verdict=verdict, message=message)
    return as_judged(verdict)


def _find_stored_runs(case: Case, run: Run) -> list[Stored]:
    """Return what a timed case is held against: the baseline, and the anchor where it has the case.

    Raises:
        BaselineError: when there is no baseline, or none for this case; the message says why.
    """
    tolerances = run.settings.find_tolerances(case)
    stored = [Stored(name="baseline", blocks=run.find_stored(case).blocks, tolerances=tolerances)]
    try:
        anchored = find_anchored(run, case).blocks
    except BaselineError:  # the summary's note says why
        return stored
    larger = {aspect: ANCHOR_FACTOR * tolerance for aspect, tolerance in tolerances.items()}
    return [*stored, Stored(name="anchor", blocks=anchored, tolerances=larger)]


def make_gate_plan(run: Run, case: Case) -> GatePlan:
    """Return how a timed case of this run is judged; the tolerance is that of its overhead in wall time."""
    row = case.question.row
    return GatePlan(
        judgements=max(1, run.judgements),
        tolerance=run.settings.find_tolerance(case),
        screen_blocks=row.find_first_blocks(run.settings.blocks),
        blocks_per_look=row.fresh_blocks,
    )


def read_and_judge(case: Case, source: ReadSource, run: Run, plan: ReadingPlan, node_id: str) -> Judged:
    """Read as many blocks of a case as its verdict needs.

    Null cases are always judged. What must never be (traces after warm-up, memory that is kept) is looked for in
    any run; the rest is judged when the run compares with a baseline.

    Args:
        case: what is read.
        source: its blocks.
        run: baseline and the verdicts on null cases so far; a null case's verdict is added to them.
        plan: limits and numbers of blocks.
        node_id: the test's id, for the command that looks closer.

    Raises:
        SuiteError: when an arm could not be read.
    """
    stored: tuple[ReadBlock, ...] | None = None
    problem = ""
    if run.comparing and not case.null:
        try:
            stored = _find_stored_readings(case, source, run)
        except BaselineError as error:
            problem = str(error)
    anchored = () if stored is None else _find_anchored_readings(case, source, run)
    judgement = judge_read_case(case, source.read_more, stored, plan, anchored)
    verdict = judgement.verdict
    if problem and (verdict is None or verdict.outcome is Outcome.HELD):
        verdict = Verdict(outcome=Outcome.NOT_COMPARABLE, reason=problem)
    next_step = _advise(run, case, node_id) if run.comparing else _command(run, case, node_id, "--blocks 5")
    complaint = "weighting samples costs more than it should."
    message = explain_readings(case, judgement.findings, next_step, complaint=complaint)
    return conclude_readings(case, verdict, run, message)


def conclude_readings(
    case: Case, verdict: Verdict | None, run: Run, message: str, changes: tuple[Change, ...] = ()
) -> Judged:
    """Return what is said of a case of bytes or counts, once its null case has been heard.

    Args:
        case: what was read.
        verdict: on it; None where nothing was asked to be judged.
        run: the verdicts on null cases so far; a null case's verdict is added to them.
        message: what the test says where it fails.
        changes: what differs from the other target, where there is one.
    """
    if verdict is None:
        return Judged(verdict=None, message="")
    verdict = hear_null_case(case, verdict, run)
    if verdict.outcome not in {Outcome.REGRESSED, Outcome.FAILED}:
        message = _describe_verdict(verdict)
    return Judged(verdict=verdict, message=message, changes=changes)


def hear_null_case(case: Case, verdict: Verdict, run: Run) -> Verdict:
    """Return the verdict as the null case of the same control leaves it; remember that of a null case itself."""
    if case.null:
        run.null_verdicts[case] = verdict
        return verdict
    null_verdict = run.find_null_verdict(case)
    return verdict if null_verdict is None else doubt(verdict, null_verdict)


def _find_stored_readings(case: Case, source: ReadSource, run: Run) -> tuple[ReadBlock, ...]:
    """Return the baseline's readings of a case.

    Raises:
        BaselineError: when there are none, or they are of another TensorFlow.
    """
    stored = run.find_stored(case)
    if not stored.readings:
        raise BaselineError("the stored run has no readings of this case; record a baseline that has them")
    problem = explain_unlike_versions(stored.environment, source.describe_environment())
    if problem is not None:
        raise BaselineError(problem)
    return stored.readings


def _find_anchored_readings(case: Case, source: ReadSource, run: Run) -> tuple[ReadBlock, ...]:
    """Return the anchor's readings of a case; none where they are not there or of another TensorFlow."""
    try:
        return find_anchored(run, case, source.describe_environment()).readings
    except BaselineError:  # the summary's note says why
        return ()


def _judge_null(case: Case, source: BlockSource, run: Run, plan: GatePlan, node_id: str) -> Judged:
    """Measure a null case until it is known whether it reads 1.00."""
    judgement = judge_null_case(source.measure_more, run.settings.find_tolerances(case), plan)
    verdict = hear_null_case(case, judgement.verdict, run)
    if verdict.outcome is Outcome.FAILED and verdict.comparison is not None:
        command = _command(run, case, node_id, f"--blocks {_BLOCKS_TO_LOOK_CLOSER}")
        next_step = f"close what else runs on this machine, then {command}"
        return Judged(verdict=verdict, message=explain_failed_null_case(case, verdict.comparison, plan, next_step))
    return as_judged(verdict)


def as_judged(verdict: Verdict) -> Judged:
    """Return a verdict whose reason says all there is to say."""
    return Judged(verdict=verdict, message=_describe_verdict(verdict))


def _describe_verdict(verdict: Verdict) -> str:
    return f"{verdict.outcome.value}: {verdict.reason}"


def _advise(run: Run, case: Case, node_id: str) -> str:
    """Return the command that looks closer at one case."""
    compare = f"--benchmark-compare={run.compared_with}" if run.compared_with else "--benchmark-compare"
    if run.settings.anchor is not None:
        compare += f" --anchor {shlex.quote(str(run.settings.anchor))}"
    return _command(run, case, node_id, f"{compare} --blocks {_BLOCKS_TO_LOOK_CLOSER}")


def command_to_look_closer(run: Run, case: Case, node_id: str) -> str:
    """Return the command that measures one case of two targets with more blocks."""
    against = shlex.quote(run.settings.against or "")
    return _command(run, case, node_id, f"--against {against} --blocks {_BLOCKS_TO_LOOK_CLOSER}")


def _command(run: Run, case: Case, node_id: str, options: str) -> str:
    """Return the command that measures one case after its null case, with what this run was told that it depends on."""
    settings = run.settings
    told = [f"--target {shlex.quote(str(settings.target.interpreter))}"] if settings.target_named else []
    told += [f"--sweep {settings.profile.value}"] if settings.profile is not Profile.QUICK else []
    values = {axis: getattr(case, axis) for axis in settings.overrides}
    told += [f"--{axis.replace('_', '-')} {value}" for axis, value in values.items() if value is not None]
    null_id = node_id.replace(f"[{case.params_id}]", f"[{null_case_of(case).params_id}]")
    return " ".join(["pytest", *map(shlex.quote, dict.fromkeys([null_id, node_id])), *told, options])
