"""Which sentences end a run? What weighting was shown to cost, and what a reader of the numbers has to know beside it.

With two targets a second question is whether anything is slower or larger here. Leaves out: decisions (`gate`), tables.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.baselines.lines import group_by_key
from benchmarks.cases import null_case_of
from benchmarks.gate.answer import Answer, Cost, TimeAnswer, answer_in_time, is_off
from benchmarks.records import CaseReport, Environment, Outcome, Question
from benchmarks.records.quantities import GRAPH_NODES, Rule, find_quantity, title_reading
from benchmarks.reports.running import NOTHING_COMPARED, describe_neighbours
from benchmarks.reports.summary import AnswerText, QuantityRow, RunFacts, Statement
from benchmarks.units import format_duration, format_overhead, format_percent

QUESTION = "Does sample weighting slow TensorFlow training here, or cost it memory?"

_HEADS = {Answer.YES: "Yes", Answer.NOT_SHOWN: "No cost was shown", Answer.NOT_KNOWN: "Not known"}

_NAMED_IN_SENTENCE = 3
"""More cases that cost something are easier to read below each other."""

_OPEN = (Outcome.UNDECIDED, Outcome.NOT_COMPARABLE, Outcome.FAILED)
"""Verdicts that leave the question open for a case."""

DOUBTED = frozenset({Outcome.NOT_COMPARABLE, Outcome.FAILED})
"""Verdicts on a case of which no change is to be told."""

_LISTED_CASES = 10

_NONE_SELECTED = "no weighted case was selected, and null cases are compared with nothing; select weighted cases too"


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
    by_question = group_by_key((cost.case.question, cost) for cost in found.costs)
    asked = [question for question in Question if question in by_question]
    asked.sort(key=lambda question: not any(cost.costs for cost in by_question[question]))
    first, *others = (_describe_costs(question.row.title, by_question[question]) for question in asked)
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
    outcomes = Counter(report.outcome for report in reports if report.outcome is not None)
    if against is None or not outcomes:
        return None
    regressed = outcomes[Outcome.REGRESSED]
    if regressed:
        answer = f"Yes: {regressed} of {len(reports)} cases"
    elif any(_is_compared(report) for report in reports):
        answer = f"Not shown in any of {len(reports)} cases"
    else:
        answer = f"Not known: {NOTHING_COMPARED}"
    rest = [f"{outcomes[outcome]} {outcome.value}" for outcome in _OPEN if outcomes[outcome]]
    return AnswerText(
        question=f"Is anything slower or larger here than in {against}?",
        statements=(Statement(text=f"{'; '.join([answer, *rest])}."),),
    )


def _is_compared(report: CaseReport) -> bool:
    """Whether a weighted case has a verdict on what differs from the other target."""
    return not report.case.null and report.outcome is not None and report.outcome not in DOUBTED


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
    if not least and not most:
        return ""
    also = ", and so do all after 'no more than'" if least and most else ""
    return f"Of the times, all figures after '{'at least' if least else 'no more than'}' hold {together}{also}."


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


def describe_compared(facts: RunFacts) -> str:
    """Return how many of the weighted cases were compared, and why not the others; empty where all were."""
    selected = facts.selected_cases
    if selected is None:
        return ""
    if selected and not facts.left_out:
        return ""
    count = selected - sum(facts.left_out.values())
    reasons = sorted(facts.left_out.items(), key=lambda entry: (-entry[1], entry[0]))
    if count:
        # With its remedy each reason is told of its case, further down.
        parts = [f"{number}: {reason.partition(';')[0]}" for reason, number in reasons]
        return f"Compared {count} of {selected} cases; {'; '.join(parts)}."
    parts = [f"{number}: {reason}" for reason, number in reasons] or [_NONE_SELECTED]
    return f"Compared 0 of {selected} cases, and so this run fails; {'; '.join(parts)}."


def list_warnings(reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield what the null cases say against this run's own measurement."""
    nulls = [report for report in reports if report.case.null]
    off = [report for report in nulls if is_off(report)]
    failed = [report for report in nulls if report.outcome is Outcome.FAILED and report not in off]
    undecided = [report for report in nulls if report.outcome not in {None, Outcome.HELD, Outcome.FAILED}]
    not_trusted = (
        "this run's own measurement is not to be trusted beside these null cases, whose identical arms came out "
        "different; the answer leaves their methods out"
    )
    for concerned, meaning in (
        (off, not_trusted),
        (undecided, "these null cases did not show that identical arms come out alike"),
        (failed, "these null cases could not be measured, so nothing checks the measurement beside them"),
    ):
        if concerned:
            yield f"WARNING: {meaning}: {', '.join(report.case.case_id for report in concerned)}"


def list_time_remarks(reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield what the times rest on: the effect of the position, and how much of the time was used."""
    timed = [report for report in reports if report.measurement is not None and report.case.question.is_timed]
    positions = [report.position_ratio.estimate for report in timed if report.position_ratio is not None]
    if positions:
        largest = max(positions, key=lambda ratio: abs(math.log(ratio)))
        yield (
            "Position effect, second arm of a round against the first: "
            f"{format_overhead(statistics.median(positions))} in the median case, {format_overhead(largest)} at most; "
            "the order is drawn anew each round, so it favours neither arm."
        )
    yield from _list_takedowns(timed)
    in_turns = [report.measurement for report in timed if report.timed_share is not None]
    blocks = [block for measurement in in_turns if measurement is not None for block in measurement.blocks]
    wall_ns = sum(block.wall_ns for block in blocks)
    if wall_ns:
        share = sum(block.timed_ns for block in blocks) / wall_ns
        many = f"{len(blocks)} blocks" if len(blocks) > 1 else "1 block"
        yield f"Timed slices took {100.0 * share:.0f} % of the wall time of {many}."


def _list_takedowns(timed: Sequence[CaseReport]) -> Iterator[str]:
    """Yield how long the calls of passes took to return once their training was over."""
    blocks = [
        block
        for report in timed
        if report.case.question is Question.EPOCH_TIME and not report.case.null and report.measurement is not None
        for block in report.measurement.blocks
    ]
    if blocks:
        control = statistics.median(block.control_takedown_ns for block in blocks)
        weighted = statistics.median(block.weighted_takedown_ns for block in blocks)
        yield (
            "After the last step of a pass, its call waits for the threads of its pipeline: "
            f"{format_duration(control)} in the median control, {format_duration(weighted)} in the median weighted "
            "arm. Epoch time leaves that out."
        )


def list_run_remarks(facts: RunFacts, reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield what this run as a whole cannot be compared in, and what it lacks."""
    if facts.neighbours:
        yield describe_neighbours(facts.neighbours, "was")
    if facts.plant is not None:
        shows = any(facts.plant.concerns(report.case.question) for report in reports)
        aside = "" if shows else ", which no case of this run can show"
        yield f"A fault was planted on purpose ({facts.plant.description}{aside}); nothing here is a finding."
    measured = dict.fromkeys(report.measurement.environment for report in reports if report.measurement is not None)
    for name, places in facts.places.items():
        for differences in filter(None, (_describe_differences(place, here) for here in measured for place in places)):
            yield (
                f"The {name} was recorded elsewhere ({differences}): overheads, bytes and counts are compared, "
                "absolute times are not."
            )
    yield from facts.notes
    if facts.removed:
        strict = "; --strict-verdicts fails the run for that" if facts.strict_verdicts else ""
        removed = _list_cases(facts.removed)
        yield f"{len(facts.removed)} cases of the baseline are not in this run's sweep: {removed}{strict}"


def _describe_differences(stored: Environment, current: Environment) -> str:
    """Name what differs between where a stored run and this one were measured: `cores: 4 stored, 2 now`."""
    return "; ".join(
        f"{field.name}: {getattr(stored, field.name)} stored, {getattr(current, field.name)} now"
        for field in dataclasses.fields(Environment)
        if field.compare and getattr(stored, field.name) != getattr(current, field.name)
    )


def describe_lacking(causes: Mapping[str, str | Sequence[str]], held: int) -> Iterator[str]:
    """Yield the remark on what the anchor lacks, if it lacks anything.

    Args:
        causes: by the id of each case that it has not in whole: why, with a remedy after a semicolon, or the keys of
            the readings that it has not.
        held: how many cases are held against it.
    """
    lost = {
        case_id: cause if isinstance(cause, str) else f"no {' and no '.join(map(title_reading, cause))}"
        for case_id, cause in causes.items()
    }
    by_reason = group_by_key((reason.partition(";")[0], case_id) for case_id, reason in lost.items())
    if lost:
        head = f"The anchor lacks {len(causes)} of {held} cases, and what it lacks is judged against the baseline alone"
        yield f"{head}: {'; '.join(f'{_list_cases(ids)} ({reason})' for reason, ids in by_reason.items())}"


def _list_cases(case_ids: Sequence[str]) -> str:
    return ", ".join(case_ids[:_LISTED_CASES]) + (", …" if len(case_ids) > _LISTED_CASES else "")
