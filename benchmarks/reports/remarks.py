"""What does a reader of the numbers have to know beside them? Warnings, and remarks on the times and on the run.

Leaves out: what weighting costs (`answer`), and how a table is to be read (`tables`).
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.gate.answer import is_off
from benchmarks.records import CaseReport, Outcome, Plant, Question
from benchmarks.records.quantities import title_reading
from benchmarks.reports.progress import describe_neighbours
from benchmarks.reports.summary import Provenance
from benchmarks.units import format_duration, format_overhead

_LISTED_CASES = 10

_NONE_SELECTED = "no weighted case was selected, and null cases are compared with nothing; select weighted cases too"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a run knows beside the reports on its cases.

    `provenance` has no targets yet: the reports know them. `selected_cases` counts the weighted cases to be compared,
    None where nothing was to be, and `left_out` how many of them were not, by reason with its remedy after a semicolon.
    `elsewhere` is how the places differ where a stored run was measured, by what that run is called. `removed` are the
    cases of the baseline that this run's sweep has not; with `strict_verdicts` they fail it. `neighbours` are the
    process ids of other runs that measured on this machine. `notes` are remarks that stand as they are.
    """

    provenance: Provenance = dataclasses.field(default_factory=Provenance)
    selected_cases: int | None = None
    left_out: Mapping[str, int] = dataclasses.field(default_factory=dict)
    neighbours: tuple[int, ...] = ()
    plant: Plant | None = None
    elsewhere: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    removed: tuple[str, ...] = ()
    strict_verdicts: bool = False
    notes: tuple[str, ...] = ()


def describe_compared(facts: RunFacts) -> str:
    """Return how many of the weighted cases were compared, and why not the others; empty where all were."""
    selected = facts.selected_cases
    if selected is None:
        return ""
    count = selected - sum(facts.left_out.values())
    if count and not facts.left_out:
        return ""
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
    others = [report for report in nulls if report.verdict is not None and report not in off]
    failed = [report for report in others if report.verdict and report.verdict.outcome is Outcome.FAILED]
    undecided = [
        report for report in others if report.verdict and report.verdict.outcome not in {Outcome.HELD, Outcome.FAILED}
    ]
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
        touched = any(facts.plant.concerns(report.case.question) for report in reports)
        aside = "" if touched else ", which no case of this run can show"
        yield f"A fault was planted on purpose ({facts.plant.description}{aside}); nothing here is a finding."
    for name, places in facts.elsewhere.items():
        for differences in places:
            yield (
                f"The {name} was recorded elsewhere ({differences}): overheads, bytes and counts are compared, "
                "absolute times are not."
            )
    yield from facts.notes
    if facts.removed:
        listed = _list_cases(facts.removed)
        strict = "; --strict-verdicts fails the run for that" if facts.strict_verdicts else ""
        yield f"{len(facts.removed)} cases of the baseline are not in this run's sweep: {listed}{strict}"


def describe_lacking(causes: Mapping[str, str | Sequence[str]], held: int) -> Iterator[str]:
    """Yield the remark on what the anchor lacks, if it lacks anything.

    Args:
        causes: by the id of each case that it has not in whole: why, with a remedy after a semicolon, or the keys of
            the readings that it has not.
        held: how many cases are held against it.
    """
    by_reason: dict[str, list[str]] = {}
    for case_id, cause in causes.items():
        lost = cause if isinstance(cause, str) else f"no {' and no '.join(map(title_reading, cause))}"
        by_reason.setdefault(lost.partition(";")[0], []).append(case_id)
    if by_reason:
        parts = [f"{_list_cases(case_ids)} ({reason})" for reason, case_ids in by_reason.items()]
        yield (
            f"The anchor lacks {len(causes)} of {held} cases, and what it lacks is judged against the baseline alone: "
            f"{'; '.join(parts)}"
        )


def _list_cases(case_ids: Sequence[str]) -> str:
    return ", ".join(case_ids[:_LISTED_CASES]) + (", …" if len(case_ids) > _LISTED_CASES else "")
