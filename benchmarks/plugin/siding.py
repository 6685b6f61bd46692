"""How is a case judged that is measured in two targets? Blocks of both take turns, and are compared pair by pair.

What is judged of a time: its overhead, and the control's and the weighted arm's own time, which two targets on one
machine in the same minutes allow. Of bytes and counts: what the weighted arm has more than its control, and what
either arm has. Leaves out: the rules (`benchmarks.gate.times_against`, `readings_against`).
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.errors import UnsharedError
from benchmarks.gate.plan import LEAST_ARM_TOLERANCE, GatePlan
from benchmarks.gate.reading_rules import ReadingPlan
from benchmarks.gate.readings import explain_readings
from benchmarks.gate.readings_against import ReadPair, judge_read_sides
from benchmarks.gate.times_against import (
    BlockPair,
    MeasurePairs,
    SidesVerdict,
    conclude_sides,
    explain_sides,
    judge_null_sides,
    judge_sides,
)
from benchmarks.measuring.pairs import check_shared, measure_pair, read_pair
from benchmarks.measuring.read import ReadSource
from benchmarks.measuring.timed import BlockSource
from benchmarks.plugin.judging import (
    Judged,
    as_judged,
    command_to_look_closer,
    conclude_readings,
    hear_null_case,
    make_gate_plan,
)
from benchmarks.plugin.run import Run
from benchmarks.records import Aspect, Case, Outcome, Verdict


def judge_both(case: Case, now: BlockSource, other: BlockSource, run: Run, node_id: str) -> Judged:
    """Measure as many pairs of blocks of a timed case as its verdict needs.

    Args:
        case: what is measured.
        now: its blocks in this target.
        other: its blocks in the other one.
        run: settings and the verdicts on null cases so far; a null case's verdict is added to them.
        node_id: the test's id, for the command that looks closer.

    Raises:
        SuiteError: when a block could not be measured in one of the targets.
    """
    plan = make_gate_plan(run, case)
    next_step = command_to_look_closer(run, case, node_id)

    def measure_pairs(count: int) -> list[BlockPair]:
        return [measure_pair(now, other, _name_case(case, run)) for _ in range(count)]

    try:
        check_shared(case, other.launcher.introduce())
        judged = _judge_pairs(case, measure_pairs, plan, run.settings.find_tolerances(case))
    except UnsharedError as error:
        now.measure_more(plan.screen_blocks - len(now.summaries))
        return _leave_alone(error)
    verdict = hear_null_case(case, judged.verdict, run)
    reasons = judged.reasons if verdict is judged.verdict else (verdict.reason,)
    return Judged(verdict=verdict, message=explain_sides(case, reasons, next_step), changes=judged.changes)


def _judge_pairs(
    case: Case, measure_pairs: MeasurePairs, plan: GatePlan, overheads: Mapping[Aspect, float]
) -> SidesVerdict:
    """Return what the pairs of a timed case show, as many as it takes; `overheads` are tolerated by aspect."""
    if case.null:
        return judge_null_sides(measure_pairs, overheads, plan)
    absolute = max(plan.tolerance, LEAST_ARM_TOLERANCE)
    tolerances = {**overheads, Aspect.CONTROL: absolute, Aspect.WEIGHTED: absolute}
    return conclude_sides(judge_sides(measure_pairs, plan, tolerances, null=False))


def _leave_alone(error: UnsharedError) -> Judged:
    """Return what is said of a case that only this target has; a new method, for one, is no regression."""
    return as_judged(Verdict(outcome=Outcome.NOT_COMPARABLE, reason=str(error)))


def judge_readings_of_both(
    case: Case, now: ReadSource, other: ReadSource, run: Run, plan: ReadingPlan, node_id: str
) -> Judged:
    """Read as many blocks of a case in either target as its verdict needs.

    Args:
        case: what is read.
        now: its blocks in this target.
        other: its blocks in the other one.
        run: settings and the verdicts on null cases so far; a null case's verdict is added to them.
        plan: limits and numbers of blocks.
        node_id: the test's id, for the command that looks closer.

    Raises:
        SuiteError: when an arm could not be read in one of the targets.
    """

    def read_pairs(count: int) -> list[ReadPair]:
        return [read_pair(now, other, _name_case(case, run)) for _ in range(count)]

    try:
        check_shared(case, other.launcher.introduce())
        sides = judge_read_sides(case, read_pairs, plan)
    except UnsharedError as error:
        now.read_more(plan.screen_blocks - len(now.blocks))
        return _leave_alone(error)
    next_step = command_to_look_closer(run, case, node_id)
    complaint = "more here than in the other target."
    message = explain_readings(case, sides.judgement.findings, next_step, complaint=complaint)
    return conclude_readings(case, sides.judgement.verdict, run, message, sides.changes)


def _name_case(case: Case, run: Run) -> str:
    """Return a text from which the orders of a case are drawn."""
    return f"{run.settings.seed} {case.case_id}"
