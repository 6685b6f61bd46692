"""How does a case come to its report? Its blocks are measured or read as its verdict needs, and judged, in one way.

With another target blocks of both come in pairs. Whatever goes wrong costs this case and no other, and what was
measured before is in its report, also when the run is interrupted. Where it was asked for, or an overhead has risen, a
few more processes read both arms' graphs and profile their steps, to say what it is made of; a failure to explain is
said in the explanation and changes no verdict. Leaves out: where blocks come from (`timed`, `read`), what they are held
against (`standards`), when there are enough of them and what they show (`benchmarks.gate`).
"""

from __future__ import annotations

import dataclasses
import functools
import traceback
from collections.abc import Callable, Sequence

from benchmarks.cases import null_case_of
from benchmarks.errors import BaselineError, SuiteError, UnsharedError, describe_fault
from benchmarks.gate.confirm import Judgement, screen_then_confirm
from benchmarks.gate.plan import Plan
from benchmarks.gate.readings import list_reading_criteria, list_reading_criteria_of_pairs
from benchmarks.gate.times import list_time_criteria, list_time_criteria_of_pairs
from benchmarks.measuring.read import ReadSource
from benchmarks.measuring.session import MeasuringSettings, OpenTarget, Session
from benchmarks.measuring.standards import Standards
from benchmarks.measuring.timed import OnBlock, TimedSource, make_plain_report
from benchmarks.records import Case, CaseReport, Change, Outcome, Question, Verdict
from benchmarks.records.cases import Introduction
from benchmarks.reports.explanation import Composition, explain_nothing, explain_overhead, make_message
from benchmarks.reports.verdicts import doubt, list_changes, make_verdict

_Source = TimedSource | ReadSource

Publish = Callable[[CaseReport, Sequence[float]], None]
"""Called with the report on a case, and how long each step of its weighted arm took, or each process that read it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCase:
    """A case that was measured and judged; `message` is what its test says where it fails.

    `traceback` is that of an exception which nobody foresaw, where there was one.
    """

    report: CaseReport
    message: str
    traceback: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Conclusion:
    """What a case came to: nothing as long as it is measured, or where nothing was asked to be judged."""

    verdict: Verdict | None = None
    message: str = ""
    changes: tuple[Change, ...] = ()


def open_source(
    case: Case, target: OpenTarget, settings: MeasuringSettings, on_block: OnBlock | None = None
) -> _Source:
    """Return the source of a case's blocks in one target."""
    if case.question.is_timed:
        return TimedSource(case, target.launcher, settings, on_block)
    return ReadSource(case, target.launcher, settings, target.answers, on_block)


def measure_case(
    case: Case, session: Session, *, next_step: str, on_block: OnBlock, publish: Publish, try_once: bool = False
) -> MeasuredCase:
    """Measure and judge one case; its report is kept and published whatever comes of it.

    Args:
        case: what is measured.
        session: settings, targets and standards; the report is added to it, and the verdict where this is a null case.
        next_step: what the message of a failure advises, as a sentence or a command.
        on_block: called after each block.
        publish: called with the report.
        try_once: measure one block and judge nothing.
    """
    conclusion = _Conclusion()
    explanation = trace = ""
    now = other = None
    try:
        now = open_source(case, session.target, session.settings, on_block)
        if session.other is not None:  # a planted fault is in this target alone, or it would cancel
            other = open_source(case, session.other, dataclasses.replace(session.settings, plant=None))
        if try_once:
            now.measure_more(1)
        else:
            conclusion = _conclude(case, now, other, session, next_step)
            if _is_to_be_explained(case, conclusion.verdict, session):
                explanation = explain_case(case, session)
    except SuiteError as error:
        conclusion = _fail(str(error))
    except session.ends_run:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it costs this case and no other
        conclusion = _fail(describe_fault(error))
        trace = "".join(traceback.format_exception(error))
    finally:
        report, conclusion = _report(case, now, other, conclusion)
        report = dataclasses.replace(report, explanation=explanation)
        session.reports.append(report)
        publish(report, () if now is None else now.samples_ns)
    message = "\n".join(filter(None, (conclusion.message, explanation)))
    return MeasuredCase(report=report, message=message, traceback=trace)


def _conclude(case: Case, now: _Source, other: _Source | None, session: Session, next_step: str) -> _Conclusion:
    """Measure as many blocks as the verdict needs, and return what they come to.

    Null cases are always judged. What must never be (traces after warm-up, memory that is kept) is looked for in any
    run; the rest is judged where there is something to hold it against.

    Raises:
        SuiteError: when a block could not be measured.
    """
    plan = session.settings.make_plan(case, session.judgements, compared=session.is_comparing)
    problem = ""
    judgements: tuple[Judgement, ...] = ()
    try:
        if other is not None:
            check_shared(case, other.launcher.introduce())
            judgements = judge_against(case, now, other, plan, f"{session.settings.seed} {case.case_id}")
        else:
            judgements = _judge(case, now, session.standards, plan)
    except UnsharedError as error:
        problem = str(error)
        now.measure_more(plan.screen_blocks)
    except BaselineError as error:
        problem = str(error)
        judgements = _judge(case, now, Standards(), plan)
    precision = None if judgements or problem else case.question.row.precision
    if precision is not None and isinstance(now, TimedSource):  # nothing is judged of it: it is measured to be known
        now.measure_until(precision, at_most=session.settings.find_most_blocks(case.question))
    verdict = make_verdict(judgements, plan)
    if problem and (verdict is None or verdict.outcome is Outcome.HELD):
        verdict = Verdict(outcome=Outcome.NOT_COMPARABLE, reason=problem)
    if verdict is None:
        return _Conclusion()
    null_verdict = session.find_null_verdict(case)
    if case.null:
        session.null_verdicts[case] = verdict
    elif null_verdict is not None:
        verdict = doubt(verdict, null_verdict)
    message = make_message(case, verdict, judgements, plan, next_step, two_targets=other is not None)
    return _Conclusion(verdict=verdict, message=message, changes=list_changes(judgements, plan))


def _judge(case: Case, source: _Source, standards: Standards, plan: Plan) -> tuple[Judgement, ...]:
    """Measure a case in one target until it can be judged.

    Raises:
        BaselineError: before anything is measured, when there is nothing to hold it against and there should be.
    """
    if isinstance(source, TimedSource):
        times = standards.list_standards(case, None, lambda stored: stored.blocks)
        return screen_then_confirm(source.measure_more, lambda _: list_time_criteria(case, times, plan), plan)
    environment = source.describe_environment() if standards.comparing else None
    readings = standards.list_standards(case, environment, lambda stored: stored.readings)
    return screen_then_confirm(
        source.measure_more, lambda blocks: list_reading_criteria(case, blocks, readings, plan), plan
    )


def judge_against(case: Case, now: _Source, other: _Source, plan: Plan, seed: str) -> tuple[Judgement, ...]:
    """Measure a case in two targets, pair by pair, until it can be judged.

    Args:
        case: that both have.
        now: its blocks in this target.
        other: its blocks in the other one.
        plan: limits, error levels and numbers of blocks.
        seed: a text, from which the orders of the pairs are drawn.

    Raises:
        SuiteError: when a block could not be measured in one of the targets.
    """
    if isinstance(now, TimedSource) and isinstance(other, TimedSource):
        measure = functools.partial(now.measure_pairs, other, seed=seed)
        return screen_then_confirm(measure, lambda _: list_time_criteria_of_pairs(case, plan), plan)
    assert isinstance(now, ReadSource) and isinstance(other, ReadSource)  # noqa: S101, PT018 - both are of one case
    read = functools.partial(now.measure_pairs, other, seed=seed)
    return screen_then_confirm(read, lambda pairs: list_reading_criteria_of_pairs(case, pairs, plan), plan)


def check_shared(case: Case, other: Introduction) -> None:
    """Refuse a case that the other target does not have.

    Args:
        case: what is to be measured in both.
        other: what the other target says of itself.

    Raises:
        UnsharedError: when it lacks the case's question, workload or method, or that of the control that is read.
    """
    needed = [case]
    if not case.question.is_timed:  # a control is read as its path's null case, in the name of that one's method
        needed.append(null_case_of(case))
    missing = dict.fromkeys(each for one in needed for each in other.list_missing(one))
    if missing:
        raise UnsharedError(f"the other target does not have this case: it lacks {' and '.join(missing)}")


def _fail(reason: str) -> _Conclusion:
    """Return what is said of a case that could not be measured."""
    return _Conclusion(verdict=Verdict(outcome=Outcome.FAILED, reason=reason), message=reason)


def _report(
    case: Case, now: _Source | None, other: _Source | None, conclusion: _Conclusion
) -> tuple[CaseReport, _Conclusion]:
    """Return the report on what was measured so far, and what it came to: FAILED where there can be no report."""
    try:
        if now is not None:
            there = None if other is None else other.make_report(None).measurement
            report = now.make_report(conclusion.verdict)
            return dataclasses.replace(report, other=there, changes=conclusion.changes), conclusion
    except Exception as error:  # noqa: BLE001 - as above, and Ctrl-C is not to get lost in it
        conclusion = _fail(str(error) if isinstance(error, SuiteError) else describe_fault(error))
    return make_plain_report(case, verdict=conclusion.verdict), conclusion


def _is_to_be_explained(case: Case, verdict: Verdict | None, session: Session) -> bool:
    """Whether to look into what an overhead is made of: where it rose, and wherever it was asked for."""
    if not case.question.is_timed or case.null:
        return False
    return session.settings.explain or (verdict is not None and verdict.outcome is Outcome.REGRESSED)


def explain_case(case: Case, session: Session) -> str:
    """Return a paragraph on what the overhead of a timed case is made of.

    Args:
        case: that was measured.
        session: settings and targets.
    """
    try:
        here = _look_into(case, session, session.target)
        other = None if session.other is None else _look_into(case, session, session.other)
        return explain_overhead(case, here, other)
    except SuiteError as error:
        return explain_nothing(case, str(error))
    except session.ends_run:
        raise
    except Exception as error:  # noqa: BLE001 - what is beside a verdict must not cost it
        return explain_nothing(case, describe_fault(error))


def _look_into(case: Case, session: Session, target: OpenTarget) -> Composition:
    """Return graphs, traces and profiles of both arms in one target."""
    graph_case = dataclasses.replace(case, question=Question.TRAINING_GRAPH, dataset_size=None)
    source = ReadSource(graph_case, target.launcher, session.settings, target.answers)
    return Composition(
        graph=source.measure_more(1)[0],
        profile=target.launcher.profile(session.settings.make_profile_request(case)),
    )
