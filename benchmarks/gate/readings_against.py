"""What is concluded of bytes and counts that were read in two targets in turns? A verdict on a case, and what changed.

Of each quantity three things are judged: what the weighted arm has more than its control, as against a baseline, and
what either arm has by itself, which the same machine in the same minutes allows. Leaves out: times (`times_against`)
and the rule for each quantity (`reading_rules`).
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Sequence

from benchmarks.gate.reading_rules import (
    EXPECT_NO_DIFFERENCE,
    Finding,
    ReadingPlan,
    expect_stored,
    judge_arm,
    judge_reading,
    list_keys,
)
from benchmarks.gate.readings import ReadJudgement, conclude_findings, find_incomparable
from benchmarks.records import Aspect, Case, Change, Outcome, ReadBlock
from benchmarks.records.quantities import Rule, find_quantity, title_reading
from benchmarks.units import format_bytes

_THERE = "in the other target"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadPair:
    """A block of this target and one of the other, read one after the other."""

    now: ReadBlock
    other: ReadBlock


ReadPairs = Callable[[int], Sequence[ReadPair]]
"""Reads that many more pairs and returns them, in order."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SidesJudgement:
    """What is concluded of a case, and the changes of its quantities and arms."""

    judgement: ReadJudgement
    changes: tuple[Change, ...]


def judge_read_sides(case: Case, read_pairs: ReadPairs, plan: ReadingPlan) -> SidesJudgement:
    """Read a case in both targets until each quantity of each arm can be judged, or the plan's blocks are used up.

    Args:
        case: what is read; of a null case only the difference between its arms is judged.
        read_pairs: reads more pairs; what it raises passes through.
        plan: limits and numbers of blocks.
    """
    pairs = tuple(read_pairs(plan.screen_blocks))
    aspects = (Aspect.OVERHEAD,) if case.null else (Aspect.OVERHEAD, Aspect.CONTROL, Aspect.WEIGHTED)
    subjects = [(key, aspect) for key in _list_shared(pairs) for aspect in aspects]
    findings = {subject: _judge(case, *subject, pairs, plan, final=False) for subject in subjects}
    unsettled = [subject for subject, finding in findings.items() if finding is None]
    fresh: tuple[ReadPair, ...] = ()
    if unsettled and plan.fresh_blocks:
        fresh = tuple(read_pairs(plan.fresh_blocks))
        shared = _list_shared(fresh)
        findings |= {
            subject: _judge(case, *subject, fresh, plan, final=True) for subject in unsettled if subject[0] in shared
        }
    settled = [finding for finding in findings.values() if finding is not None]
    settled += find_incomparable(
        [pair.now for pair in pairs],
        [pair.other for pair in pairs],
        there=f"read {_THERE}",
        remedy="that target does not have it",
    )
    judgement = conclude_findings(case, settled)
    changes = [_describe(finding, pairs + fresh) for finding in judgement.findings if _has_changed(finding)]
    return SidesJudgement(judgement=judgement, changes=tuple(changes))


def _list_shared(pairs: Sequence[ReadPair]) -> list[str]:
    """Return the keys that were read in both targets."""
    other = list_keys([pair.other for pair in pairs])
    return [key for key in list_keys([pair.now for pair in pairs]) if key in other]


def _judge(
    case: Case, key: str, aspect: Aspect, pairs: Sequence[ReadPair], plan: ReadingPlan, *, final: bool
) -> Finding | None:
    """Return what the pairs show of one quantity and aspect."""
    if aspect is Aspect.OVERHEAD:
        other = [pair.other for pair in pairs]
        expected = EXPECT_NO_DIFFERENCE if case.null else expect_stored(key, other, _THERE)
        finding = judge_reading(key, [pair.now for pair in pairs], expected, plan, final=final)
        return finding if finding is None or case.null else _excuse(finding, pairs, plan)
    now, then = _list_values(key, aspect, pairs)
    return judge_arm(key, aspect, now, then, plan, final=final)


def _excuse(finding: Finding, pairs: Sequence[ReadPair], plan: ReadingPlan) -> Finding:
    """Return HELD for a trace after warm-up, or memory that is kept, of which the other target has as much.

    Against a baseline both are faults whatever was stored; of two targets only what the other does not do is a change.
    """
    rule = find_quantity(finding.key).rule
    if rule not in {Rule.NONE, Rule.LEAK} or finding.outcome not in {Outcome.REGRESSED, Outcome.UNDECIDED}:
        return finding
    aspect, tolerated = (Aspect.WEIGHTED, 0) if rule is Rule.NONE else (Aspect.OVERHEAD, plan.floor_bytes)
    now, other = (statistics.median(values) for values in _list_values(finding.key, aspect, pairs))
    if now - other > tolerated:
        return finding
    return dataclasses.replace(finding, outcome=Outcome.HELD, text=f"{finding.text}; as much {_THERE}")


def _list_values(key: str, aspect: Aspect, pairs: Sequence[ReadPair]) -> tuple[list[float], list[float]]:
    """Return what was read of a quantity here, and in the other target, pair by pair."""

    def find(block: ReadBlock) -> float:
        if aspect is Aspect.OVERHEAD:
            return block.find_extra(key)
        return (block.control if aspect is Aspect.CONTROL else block.weighted).values[key]

    return [find(pair.now) for pair in pairs], [find(pair.other) for pair in pairs]


def _has_changed(finding: Finding) -> bool:
    return finding.outcome in {Outcome.REGRESSED, Outcome.IMPROVED, Outcome.UNDECIDED}


def _describe(finding: Finding, pairs: Sequence[ReadPair]) -> Change:
    """Return the change behind a finding."""
    now, other = _list_values(finding.key, finding.aspect, pairs)
    write = format_bytes if find_quantity(finding.key).in_bytes else "{:.0f}".format
    of = "weighted - control" if finding.aspect is Aspect.OVERHEAD else finding.aspect.value
    return Change(
        aspect=finding.aspect,
        outcome=finding.outcome,
        reason=finding.sentence,
        rises=statistics.median(now) > statistics.median(other),
        brief=(
            f"{title_reading(finding.key)}, {of}: {write(statistics.median(other))} → {write(statistics.median(now))}"
        ),
    )
