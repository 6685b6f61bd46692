"""When are enough readings taken, and what is the verdict on a case? Screen, read fresh blocks where needed, conclude.

A case has several quantities and gets one verdict, that of the worst. Counts are settled by the first blocks; bytes
beyond their limit are read again on fresh blocks alone, since the first were the reason to look again. Where there is
an anchor, what was stored in it is a second thing that the same blocks are held against. Leaves out: the rule for each
quantity (`reading_rules`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from benchmarks.gate.plan import ANCHOR_FACTOR
from benchmarks.gate.reading_rules import (
    EXPECT_NO_DIFFERENCE,
    Expectation,
    Finding,
    ReadingPlan,
    expect_stored,
    judge_reading,
    list_keys,
)
from benchmarks.gate.rules import find_worst
from benchmarks.records import Case, Outcome, ReadBlock, Verdict
from benchmarks.records.quantities import Rule, find_quantity, title_reading

ReadMore = Callable[[int], Sequence[ReadBlock]]
"""Reads that many more blocks of the case and returns them, in order."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadJudgement:
    """A verdict, None where nothing was asked to be judged, and what was found of each quantity."""

    verdict: Verdict | None
    findings: tuple[Finding, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Standard:
    """What the readings of a case are held against, with the limits of a rise over it.

    `stored` are blocks that were read at another time, which `source` names; None where nothing is compared.
    """

    case: Case
    stored: Sequence[ReadBlock] | None
    plan: ReadingPlan
    source: str = "before"

    def judge(self, key: str, blocks: Sequence[ReadBlock], *, final: bool) -> Finding | None:
        """Return what the blocks show of one reading; None where more are needed or nothing is asked of it."""
        return judge_reading(key, blocks, self.find_expectation(key), self.plan, final=final)

    def find_expectation(self, key: str) -> Expectation | None:
        """Return what a reading is held against."""
        if self.case.null:
            return EXPECT_NO_DIFFERENCE
        if not self.stored or key not in list_keys(self.stored):
            return None
        return expect_stored(key, self.stored, self.source)

    def is_asked(self, key: str) -> bool:
        """Whether a finding that is missing would be there with more blocks."""
        return find_quantity(key).rule is Rule.LEAK or self.find_expectation(key) is not None


def judge_read_case(
    case: Case,
    read_more: ReadMore,
    stored: Sequence[ReadBlock] | None,
    plan: ReadingPlan,
    anchored: Sequence[ReadBlock] = (),
) -> ReadJudgement:
    """Read a case until each of its quantities can be judged, or the plan's blocks are used up.

    Args:
        case: what is read; a null case is held against no difference at all, whatever is stored.
        read_more: reads more blocks; what it raises passes through.
        stored: the stored blocks of the same case; None where nothing is compared.
        plan: limits and numbers of blocks.
        anchored: the blocks of the same case in the anchor, to which the same blocks are held too: counts exactly,
            bytes with limits `ANCHOR_FACTOR` times as large. What it has not read is not asked of it.
    """
    blocks = tuple(read_more(plan.screen_blocks))
    keys = list_keys(blocks)
    baseline = _Standard(case=case, stored=stored, plan=plan)
    asked = [(key, baseline) for key in keys]
    if anchored and not case.null:
        anchor = _Standard(case=case, stored=anchored, plan=_loosen(plan), source="in the anchor")
        asked += [(key, anchor) for key in keys if find_quantity(key).is_compared and anchor.is_asked(key)]
    findings = [standard.judge(key, blocks, final=False) for key, standard in asked]
    left_open = [
        index for index, (key, standard) in enumerate(asked) if findings[index] is None and standard.is_asked(key)
    ]
    if left_open and plan.fresh_blocks:
        fresh = tuple(read_more(plan.fresh_blocks))
        shared = list_keys(fresh)
        for index in left_open:
            key, standard = asked[index]
            if key in shared:
                findings[index] = standard.judge(key, fresh, final=True)
    settled = [finding for finding in findings if finding is not None]
    settled += find_incomparable(blocks, stored or ())
    return conclude_findings(case, settled)


def _loosen(plan: ReadingPlan) -> ReadingPlan:
    """Return the limits of a rise over the anchor."""
    return dataclasses.replace(
        plan, tolerance=ANCHOR_FACTOR * plan.tolerance, floor_bytes=ANCHOR_FACTOR * plan.floor_bytes
    )


def conclude_findings(case: Case, findings: Sequence[Finding]) -> ReadJudgement:
    """Return the verdict that these findings on a case come to; in a null case any difference is a fault."""
    heard = [_as_null(finding) for finding in findings] if case.null else list(findings)
    return ReadJudgement(verdict=_conclude(heard), findings=tuple(heard))


def find_incomparable(
    blocks: Sequence[ReadBlock],
    stored: Sequence[ReadBlock],
    *,
    there: str = "stored",
    remedy: str = "record a baseline that has it",
) -> list[Finding]:
    """Return a finding for each reading that only one of two runs has.

    Args:
        blocks: of this run.
        stored: of the run that it is held against; none where there is none.
        there: what is said of a reading that the other run has.
        remedy: for a reading that it has not, where it does not say why.
    """
    if not stored:
        return []
    now, then = list_keys(blocks), list_keys(stored)
    lost = [
        Finding(
            key=key,
            outcome=Outcome.NOT_COMPARABLE,
            text=f"{there}, but not read here: {blocks[0].find_missing(key) or 'this target does not have it'}",
        )
        for key in then
        if key not in now
    ]
    new = [
        Finding(
            key=key,
            outcome=Outcome.NOT_COMPARABLE,
            text=f"read here, but not {there}: {stored[0].find_missing(key) or remedy}",
        )
        for key in now
        if key not in then
    ]
    return lost + new


def _as_null(finding: Finding) -> Finding:
    """Return the finding on a null case: a difference between identical arms is the measurement's fault."""
    if finding.outcome not in {Outcome.REGRESSED, Outcome.IMPROVED}:
        return finding
    return dataclasses.replace(finding, outcome=Outcome.FAILED)


def _conclude(findings: Sequence[Finding]) -> Verdict | None:
    """Return the verdict on the case: the worst finding's, with the reasons of all that are as bad."""
    if not findings:
        return None
    worst = find_worst(finding.outcome for finding in findings)
    reasons = [finding.sentence for finding in findings if finding.outcome is worst]
    if worst is Outcome.HELD:
        titles = dict.fromkeys(title_reading(finding.key) for finding in findings)
        return Verdict(outcome=worst, reason=f"held: {', '.join(titles)}")
    return Verdict(outcome=worst, reason="; ".join(reasons))


def explain_readings(case: Case, findings: Sequence[Finding], next_step: str, *, complaint: str) -> str:
    """Return the paragraph that the test of a case fails with.

    Args:
        case: what was read.
        findings: on each of its quantities; those that failed are told.
        next_step: what to run now, as a sentence or a command.
        complaint: what is wrong where the case is no null case, as a sentence.
    """
    bad = [finding for finding in findings if finding.outcome in {Outcome.REGRESSED, Outcome.FAILED}]
    head = (
        "the readings themselves are off: both arms run the same code. This is not a finding about TensorFlow."
        if case.null
        else complaint
    )
    width = max((len(finding.title) for finding in bad), default=0)
    rows = [f"  {finding.title:<{width}}  {finding.text}" for finding in bad]
    return "\n".join([f"{case.case_id}: {head}", *rows, f"  {'next':<{width}}  {next_step}"])
