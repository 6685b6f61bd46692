"""How is the answer of a run said? What weighting was shown to cost, and what it costs at the most, in a few sentences.

With two targets there is a second question: whether anything is slower or larger here. Leaves out: the decision
(`benchmarks.gate.answer`).
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.cases import null_case_of
from benchmarks.gate.answer import Answer, Cost, TimeAnswer, answer_in_time
from benchmarks.records import CaseReport, Outcome, Question
from benchmarks.records.quantities import GRAPH_NODES, Rule, find_quantity, title_reading
from benchmarks.reports.summary import AnswerText, QuantityRow, Statement
from benchmarks.units import format_overhead, format_percent

QUESTION = "Does sample weighting slow TensorFlow training here, or cost it memory?"

_HEADS = {Answer.YES: "Yes", Answer.NOT_SHOWN: "No cost was shown", Answer.NOT_KNOWN: "Not known"}

_NAMED_IN_SENTENCE = 3
"""More cases that cost something are easier to read below each other."""

_OPEN = (Outcome.UNDECIDED, Outcome.NOT_COMPARABLE, Outcome.FAILED)
"""Verdicts that leave the question open for a case."""

DOUBTED = frozenset({Outcome.NOT_COMPARABLE, Outcome.FAILED})
"""Verdicts on a case of which no change is to be told."""


def answer_on_costs(reports: Sequence[CaseReport], quantities: Sequence[QuantityRow]) -> AnswerText:
    """Return what weighting costs in time, bytes and counts.

    Args:
        reports: on all cases of the run.
        quantities: what was read of them.
    """
    answer = AnswerText(question=QUESTION, statements=())
    if any(report.case.question.is_timed for report in reports):
        answer = answer_on_time(reports)
    details = tuple(_describe_quantities(quantities))
    beside = (Statement(text="In bytes and counts:", details=details),) if details else ()
    return dataclasses.replace(answer, statements=(*answer.statements, *beside))


def answer_on_time(reports: Sequence[CaseReport]) -> AnswerText:
    """Return the answer on the timed cases of a run: a sentence per question, those with a cost first.

    Args:
        reports: on all cases of the run, at least one of them timed.
    """
    timed = [report for report in reports if report.case.question.is_timed]
    weighted = [report.case for report in timed if not report.case.null]
    found = answer_in_time(timed, {case: null_case_of(case) for case in weighted})
    if not found.costs:
        return AnswerText(question=QUESTION, statements=(Statement(text=_explain_no_answer(timed)),))
    by_question = [
        (question.row.title, costs)
        for question in Question
        if (costs := [cost for cost in found.costs if cost.case.question is question])
    ]
    by_question.sort(key=lambda entry: not any(cost.costs for cost in entry[1]))
    first, *others = (_describe_costs(title, costs) for title, costs in by_question)
    statements = (
        dataclasses.replace(first, text=f"{_HEADS[found.answer]}: {first.text}"),
        *(dataclasses.replace(each, text=f"{each.text[0].upper()}{each.text[1:]}") for each in others),
    )
    return AnswerText(question=QUESTION, statements=statements, how_sure=_say_how_sure(found))


def answer_on_changes(reports: Sequence[CaseReport], against: str | None) -> AnswerText | None:
    """Return whether anything is slower or larger in this target; None where there is no other, or nothing was judged.

    Args:
        reports: on all cases of the run.
        against: what the other target was asked for as.
    """
    outcomes = Counter(report.verdict.outcome for report in reports if report.verdict is not None)
    if against is None or not outcomes:
        return None
    regressed = outcomes[Outcome.REGRESSED]
    if regressed:
        answer = f"Yes: {regressed} of {len(reports)} cases"
    elif any(_is_compared(report) for report in reports):
        answer = f"Not shown in any of {len(reports)} cases"
    else:
        answer = "Not known: no weighted case was compared"
    rest = [f"{outcomes[outcome]} {outcome.value}" for outcome in _OPEN if outcomes[outcome]]
    return AnswerText(
        question=f"Is anything slower or larger here than in {against}?",
        statements=(Statement(text=f"{'; '.join([answer, *rest])}."),),
    )


def _is_compared(report: CaseReport) -> bool:
    """Whether a weighted case has a verdict on what differs from the other target."""
    return not report.case.null and report.verdict is not None and report.verdict.outcome not in DOUBTED


def _explain_no_answer(timed: Sequence[CaseReport]) -> str:
    """Return the sentence in place of an answer."""
    weighted = [report for report in timed if not report.case.null]
    if any(report.measurement is not None for report in weighted):
        return "Not known: where a weighted case was measured, its null case came out different."
    if weighted:
        return "Not known: no weighted case could be measured."
    return "Not asked: all cases were null cases."


def _describe_costs(title: str, costs: Sequence[Cost]) -> Statement:
    """Return the statement of the answer on one question; what costs is listed where it is more than a few cases."""
    methods_only = len({cost.case.method for cost in costs}) == len(costs)
    thing = "method" if methods_only else "case"
    costly = sorted((cost for cost in costs if cost.costs), key=lambda cost: -cost.overhead_ratio.estimate)
    named = [
        f"by {format_overhead(cost.overhead_ratio.estimate)} (at least {format_overhead(cost.overhead_ratio.lower)}) "
        f"with {cost.case.method if methods_only else cost.case.params_id}"
        for cost in costly
    ]
    listed = len(named) > _NAMED_IN_SENTENCE
    which = f"all {len(costs)}" if len(named) == len(costs) else f"{len(named)} of {len(costs)}"
    parts = [f"with {which} {thing}s"] if listed else list(named)
    others = [cost.overhead_ratio.upper for cost in costs if not cost.costs]
    bounds = [bound for bound in others if math.isfinite(bound)]
    if bounds:
        other = f"{'other ' if costly else ''}{thing}"
        which = f"any of {len(bounds)} {other}s" if len(bounds) > 1 else f"the 1 {other} measured"
        parts.append(f"{'and ' if costly else ''}by no more than {format_overhead(max(bounds))} with {which}")
    if not parts:
        return Statement(text=f"{title} was measured in too few blocks to say.")
    if len(bounds) < len(others):
        parts.append(f"and nothing is known of {len(others) - len(bounds)} more, with too few blocks")
    return Statement(text=f"{title} rises {', '.join(parts)}.", details=tuple(named) if listed else ())


def _say_how_sure(found: TimeAnswer) -> str:
    """Return the sentence on the bounds that were given; empty where there is none."""
    together = f"together with {100.0 * found.confidence:g} % confidence"
    least = any(cost.costs for cost in found.costs)
    most = any(not cost.costs and math.isfinite(cost.overhead_ratio.upper) for cost in found.costs)
    if least and most:
        return f"Of the times, all figures after 'at least' hold {together}, and so do all after 'no more than'."
    return (
        f"Of the times, all figures after '{'at least' if least else 'no more than'}' hold {together}."
        if least or most
        else ""
    )


def _describe_quantities(rows: Sequence[QuantityRow]) -> Iterator[str]:
    """Yield a line on each quantity in bytes or counts: the most that any weighted case has beside its control."""
    weighted = [row for row in rows if not row.case.null]
    for key in dict.fromkeys(row.key for row in weighted):
        found = [row for row in weighted if row.key == key]
        title, quantity = title_reading(key), find_quantity(key)
        if not quantity.is_brief:
            continue
        if quantity.rule is Rule.BYTES:
            shares = {row.case.params_id: row.difference / row.control for row in found if row.control > 0.0}
            most = max(shares, key=lambda name: shares[name], default="")
            if most and any(shares.values()):
                yield f"{format_percent(shares[most])} {title} at most, with {most}"
        elif quantity.rule is Rule.NONE:
            tracing = [row.case.params_id for row in found if row.difference > 0.0]
            yield f"{title} with {', '.join(tracing)}" if tracing else f"no {title}"
        elif quantity is GRAPH_NODES:
            largest = max(found, key=lambda row: row.difference)
            yield f"{largest.difference:+.0f} {title} at most, with {largest.case.params_id}"
