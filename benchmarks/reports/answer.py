"""How is the answer on time said? One sentence: what weighting was shown to cost, and what it costs at the most.

Leaves out: the judgement itself (`benchmarks.gate.answer`), and bytes and counts (`readings`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.cases import null_case_of
from benchmarks.gate.answer import Answer, Cost, TimeAnswer, answer_in_time
from benchmarks.records import CaseReport, Question
from benchmarks.units import format_overhead

_HEADS = {Answer.YES: "Yes", Answer.NOT_SHOWN: "No cost was shown", Answer.NOT_KNOWN: "Not known"}


def render_time_answer(reports: Sequence[CaseReport]) -> str:
    """Return the answer on the timed cases of a run, in one sentence and how sure it is.

    Args:
        reports: on all cases of the run, at least one of them timed.
    """
    timed = [report for report in reports if report.case.question.is_timed]
    weighted = [report.case for report in timed if not report.case.null]
    found = answer_in_time(timed, {case: null_case_of(case) for case in weighted})
    if not found.costs:
        return _explain_no_answer(timed)
    clauses = "; ".join(
        _describe(title, costs)
        for title, costs in (
            (question.row.title, [cost for cost in found.costs if cost.case.question is question])
            for question in Question
        )
        if costs
    )
    return f"{_HEADS[found.answer]}: {clauses}.{_say_how_sure(found)}"


def _explain_no_answer(timed: Sequence[CaseReport]) -> str:
    """Return the sentence in place of an answer."""
    weighted = [report for report in timed if not report.case.null]
    if any(report.measurement is not None for report in weighted):
        return "Not known: where a weighted case was measured, its null case came out different."
    if weighted:
        return "Not known: no weighted case could be measured."
    return "Not asked: all cases were null cases."


def _describe(title: str, costs: Sequence[Cost]) -> str:
    """Return the clause of the answer on one question."""
    methods_only = len({cost.case.method for cost in costs}) == len(costs)
    costly = sorted((cost for cost in costs if cost.costs), key=lambda cost: -cost.overhead_ratio.estimate)
    others = [cost for cost in costs if not cost.costs]
    things = "method" if methods_only else "case"
    parts = []
    if costly:
        named = ", ".join(
            f"with {cost.case.method if methods_only else cost.case.params_id} by "
            f"{format_overhead(cost.overhead_ratio.estimate)} (at least {format_overhead(cost.overhead_ratio.lower)})"
            for cost in costly
        )
        parts.append(f"{title} rises {named}")
    bounds = [cost.overhead_ratio.upper for cost in others if math.isfinite(cost.overhead_ratio.upper)]
    if bounds:
        limit = f"by no more than {format_overhead(max(bounds))}"
        other = "other " if costly else ""
        count = f"any of {len(bounds)} {other}{things}s" if len(bounds) > 1 else f"the 1 {other}{things} measured"
        parts.append(f"{limit} with {count}" if costly else f"{title} rises {limit} with {count}")
    unbounded = len(others) - len(bounds)
    if unbounded and not parts:
        return f"{title} was measured in too few blocks to tell"
    if unbounded:
        parts.append(f"and nothing is known of {unbounded} more with too few blocks")
    return ", ".join(parts)


def _say_how_sure(found: TimeAnswer) -> str:
    """Return the sentence on the bounds that were given; nothing where there is none."""
    level = f"together with {100.0 * found.confidence:g} % confidence"
    least = any(cost.costs for cost in found.costs)
    most = any(not cost.costs and math.isfinite(cost.overhead_ratio.upper) for cost in found.costs)
    if least and most:
        return f" All that is said to be at least so much holds {level}, and so do all upper limits."
    if least:
        return f" All that is said to be at least so much holds {level}."
    return f" All these limits hold {level}." if most else ""
