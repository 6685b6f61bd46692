"""What is judged of the bytes and counts of a case? One criterion for each reading, by the rule of its quantity.

Against a baseline, what is judged is what the weighted arm has *more than its control*, against what it had more when
the baseline was recorded; what both arms share is no cost of weighting. An anchor is a second thing that the same
blocks are held against, with larger limits. A null case is held against no difference at all. Against a target that was
read in the same minutes, what either arm has by itself is judged too. Counts are settled by the first blocks; bytes
beyond their limit are read again.

Leaves out: when enough blocks are read (`confirm`), and the rules (`rules`).
"""

from __future__ import annotations

import dataclasses
import functools
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic

from benchmarks.gate.confirm import Criterion, Measured, Pair, Standard
from benchmarks.gate.explain import describe_bytes, describe_counts, describe_growth
from benchmarks.gate.judgement import Judgement
from benchmarks.gate.plan import Plan
from benchmarks.gate.rules import (
    LEAST_BLOCKS_TO_TELL_APART,
    judge_arm_count,
    judge_bytes,
    judge_counts,
    judge_growth,
)
from benchmarks.records import Aspect, Case, Outcome, ReadBlock
from benchmarks.records.blocks import describe_op_types, list_shared_keys, subtract_op_types
from benchmarks.records.quantities import QUANTITIES, Rule, find_quantity, title_reading
from benchmarks.units import format_bytes

_THERE = "in the other target"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the weighted arm was expected to have more than its control, one entry per stored block.

    `op_types` is by how many nodes of each type the weighted arm's graph was larger. `source` says where it was read. A
    null case expects nothing.
    """

    extras: tuple[float, ...]
    op_types: Mapping[str, int]
    source: str = "before"


EXPECT_NO_DIFFERENCE = Expectation(extras=(0.0,) * LEAST_BLOCKS_TO_TELL_APART, op_types={})
"""What a null case is held against."""


def expect_stored(key: str, stored: Sequence[ReadBlock], source: str = "before") -> Expectation:
    """Return what the stored blocks, or those of another source, had of this reading."""
    extras = tuple(block.find_extra(key) for block in stored)
    return Expectation(extras=extras, op_types=stored[0].find_extra_op_types(key), source=source)


def list_reading_criteria(
    case: Case, blocks: Sequence[ReadBlock], standards: Sequence[Standard[ReadBlock]], plan: Plan
) -> list[Criterion[ReadBlock]]:
    """Return what is judged of a case that is read in one target.

    What must never be is looked for in any case, all else where there is something to hold it against. What only one of
    this run and its baseline has is NOT COMPARABLE; what the anchor has not is not asked of it.

    Args:
        case: a null case is held against no difference at all, whatever is stored.
        blocks: the first blocks of it.
        standards: the stored runs it is held against, the baseline first.
        plan: limits and error levels.
    """
    keys = list_keys(blocks)
    criteria: list[Criterion[ReadBlock]] = []
    for key in keys:
        if case.null or not find_quantity(key).is_compared:
            judge = functools.partial(judge_reading, key, expected=EXPECT_NO_DIFFERENCE, plan=plan)
            criteria.append(_ReadingCriterion(judge=judge, null=case.null))
        else:
            criteria += _hold_against(key, standards[:1], plan)
    for key in filter(lambda key: find_quantity(key).is_compared, keys):
        criteria += _hold_against(key, standards[1:], plan)
    if standards:
        criteria += _list_incomparable(blocks, standards[0].blocks, "stored", "record a baseline that has it")
    return criteria


def _hold_against(key: str, standards: Sequence[Standard[ReadBlock]], plan: Plan) -> Iterator[Criterion[ReadBlock]]:
    """Yield that a reading has not risen over each of these stored runs that has it."""
    for standard in standards:
        if key in list_keys(standard.blocks):
            source = "before" if standard.name == "baseline" else f"in the {standard.name}"
            expected = expect_stored(key, standard.blocks, source)
            judge = functools.partial(judge_reading, key, expected=expected, plan=plan.loosen(standard.factor))
            yield _ReadingCriterion(judge=judge, null=False)


def list_reading_criteria_of_pairs(
    case: Case, pairs: Sequence[Pair[ReadBlock]], plan: Plan
) -> list[Criterion[Pair[ReadBlock]]]:
    """Return what is judged of a case that is read in two targets: what weighting has more, and each arm by itself.

    Args:
        case: of a null case only the difference between its arms is judged.
        pairs: the first ones of it.
        plan: limits and error levels; of the arms those that have a tolerance are judged.
    """
    criteria: list[Criterion[Pair[ReadBlock]]] = []
    for key in _list_shared(pairs):
        for aspect in (Aspect.OVERHEAD,) if case.null else plan.tolerances:
            judge = functools.partial(_judge_change, key, aspect=aspect, plan=plan, null=case.null)
            criteria.append(_ReadingCriterion(judge=judge, null=case.null))
    now, other = [pair.now for pair in pairs], [pair.other for pair in pairs]
    criteria += _list_incomparable(now, other, f"read {_THERE}", "that target does not have it")
    return criteria


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _ReadingCriterion(Generic[Measured]):
    """A reading of blocks, or of pairs of them; of a `null` case any difference is the measurement's fault.

    `judge` takes blocks, and whether they are final, and says what they show as if the case were no null case.
    """

    judge: Callable[..., Judgement | None]
    null: bool

    @property
    def worst(self) -> Outcome:
        """The worst that can be found of it."""
        return Outcome.FAILED if self.null else Outcome.REGRESSED

    def judge_at_screen(self, blocks: Sequence[Measured]) -> Judgement | None:
        """Return what the first blocks show; None where they leave it open."""
        return self.judge_at_look(blocks, final=False)

    def judge_at_look(self, blocks: Sequence[Measured], *, final: bool) -> Judgement | None:
        """Return what fresh blocks show; None where they leave it open, and more may come, or do not have it."""
        judgement = self.judge(blocks, final=final)
        if judgement is None or not self.null or judgement.outcome not in {Outcome.REGRESSED, Outcome.IMPROVED}:
            return judgement
        return dataclasses.replace(judgement, outcome=Outcome.FAILED, brief="")


def _judge_change(
    key: str, pairs: Sequence[Pair[ReadBlock]], *, aspect: Aspect, plan: Plan, null: bool, final: bool
) -> Judgement | None:
    """Return what pairs show of a reading, of one arm or of what the weighted arm has more, with it in a few words."""
    if key not in _list_shared(pairs):
        return None
    now, other = _list_values(key, aspect, pairs)
    if aspect is Aspect.OVERHEAD:
        expected = EXPECT_NO_DIFFERENCE if null else expect_stored(key, [pair.other for pair in pairs], _THERE)
        judgement = judge_reading(key, [pair.now for pair in pairs], expected, plan, final=final)
        if judgement is not None and not null:
            judgement = _excuse(judgement, pairs, plan)
    else:
        judgement = _judge_arm(key, aspect, now, other, plan, final=final)
    if judgement is None or judgement.outcome is Outcome.HELD:
        return judgement
    before, after = statistics.median(other), statistics.median(now)
    of = "weighted - control" if aspect is Aspect.OVERHEAD else aspect.value
    brief = f"{title_reading(key)}, {of}: {_find_format(key)(before)} → {_find_format(key)(after)}"
    return dataclasses.replace(judgement, brief=brief, rises=after > before)


def _excuse(judgement: Judgement, pairs: Sequence[Pair[ReadBlock]], plan: Plan) -> Judgement:
    """Return HELD for a trace after warm-up, or memory that is kept, of which the other target has as much.

    Against a baseline both are faults whatever was stored; of two targets only what the other does not do is a change.
    """
    rule = find_quantity(judgement.key).rule
    if rule not in {Rule.NONE, Rule.LEAK} or judgement.outcome not in {Outcome.REGRESSED, Outcome.UNDECIDED}:
        return judgement
    aspect, tolerated = (Aspect.WEIGHTED, 0) if rule is Rule.NONE else (Aspect.OVERHEAD, plan.floor_bytes)
    now, other = (statistics.median(values) for values in _list_values(judgement.key, aspect, pairs))
    if now - other > tolerated:
        return judgement
    return dataclasses.replace(judgement, outcome=Outcome.HELD, text=f"{judgement.text}; as much {_THERE}")


def _list_shared(pairs: Sequence[Pair[ReadBlock]]) -> list[str]:
    """Return the keys that were read in both targets."""
    other = list_keys([pair.other for pair in pairs])
    return [key for key in list_keys([pair.now for pair in pairs]) if key in other]


def _list_values(key: str, aspect: Aspect, pairs: Sequence[Pair[ReadBlock]]) -> tuple[list[float], list[float]]:
    """Return what was read of a quantity here, and in the other target, pair by pair."""

    def find(block: ReadBlock) -> float:
        if aspect is Aspect.OVERHEAD:
            return block.find_extra(key)
        return (block.control if aspect is Aspect.CONTROL else block.weighted).values[key]

    return [find(pair.now) for pair in pairs], [find(pair.other) for pair in pairs]


def _list_incomparable(
    blocks: Sequence[ReadBlock], stored: Sequence[ReadBlock], there: str, remedy: str
) -> Iterator[_ReadingCriterion[Any]]:
    """Yield each reading that only one of two runs has; `there` says where the other was read, `remedy` what to do."""
    now, then = list_keys(blocks), list_keys(stored)
    lost, new = ([key for key in one if key not in two] for one, two in ((then, now), (now, then)))
    reasons = {key: blocks[0].find_missing(key) or "this target does not have it" for key in lost}
    texts = {key: f"{there}, but not read here: {reasons[key]}" for key in lost}
    texts |= {key: f"read here, but not {there}: {stored[0].find_missing(key) or remedy}" for key in new}
    for key, text in texts.items():
        judgement = Judgement(key=key, aspect=Aspect.OVERHEAD, outcome=Outcome.NOT_COMPARABLE, text=text)
        yield _ReadingCriterion(judge=functools.partial(_return, judgement), null=False)


def _return(judgement: Judgement, blocks: object, *, final: bool) -> Judgement:
    """Return what is known already, whatever blocks show."""
    del blocks, final
    return judgement


def judge_reading(
    key: str, blocks: Sequence[ReadBlock], expected: Expectation | None, plan: Plan, *, final: bool
) -> Judgement | None:
    """Return what the blocks show of one reading; None where more blocks are needed or nothing is asked of it.

    Args:
        key: of the reading.
        blocks: at least one; the fresh ones alone where `final`.
        expected: what was stored; None where nothing is compared, and only what must never be is looked for.
        plan: limits.
        final: whether no more blocks will come.
    """
    if key not in list_keys(blocks):
        return None
    rule = find_quantity(key).rule
    extras = [block.find_extra(key) for block in blocks]
    outcome: Outcome | None = None
    text = ""
    if rule is Rule.NONE:
        worst = max(blocks, key=lambda block: block.weighted.values[key])
        count = worst.weighted.values[key]
        outcome = Outcome.REGRESSED if count else Outcome.HELD
        causes = "; ".join(dict.fromkeys(worst.weighted.trace_causes))
        text = f"expected none, got {count:.0f}: {causes}" if count else "none"
    elif rule is Rule.LEAK:
        outcome = judge_growth(extras, plan, final=final)
        text = describe_growth(extras, plan)
    elif expected is not None and rule is Rule.EXACT:
        outcome = judge_counts(extras, expected.extras)
        text = describe_counts(extras, expected.extras, expected.source)
        if outcome in {Outcome.REGRESSED, Outcome.IMPROVED}:
            text += _describe_graphs(key, blocks[0], expected)
    elif expected is not None:
        control = statistics.median(block.control.values[key] for block in blocks)
        limit = max(plan.floor_bytes, plan.tolerances[Aspect.OVERHEAD] * control)
        outcome = judge_bytes(extras, expected.extras, limit, final=final)
        text = describe_bytes(extras, expected.extras, expected.source, limit)
    return None if outcome is None else Judgement(key=key, aspect=Aspect.OVERHEAD, outcome=outcome, text=text)


def _describe_graphs(key: str, block: ReadBlock, expected: Expectation) -> str:
    """Return the counts of both arms, and what the weighted arm's graph has more than was expected."""
    text = f"; {block.weighted.values[key]:.0f} weighted, {block.control.values[key]:.0f} control now"
    if key not in block.weighted.op_types:
        return text
    types = subtract_op_types(block.find_extra_op_types(key), expected.op_types)
    return f"{text}; by op type {describe_op_types(types)}"


def _judge_arm(
    key: str, aspect: Aspect, now: Sequence[float], other: Sequence[float], plan: Plan, *, final: bool
) -> Judgement | None:
    """Return what one arm has by itself, here against the other target; bytes may change by the floor in any case."""
    there = statistics.median(other)
    limit = plan.tolerances[aspect] * abs(there)
    if find_quantity(key).in_bytes:
        limit = max(limit, plan.floor_bytes)
        outcome = judge_bytes(now, other, limit, final=final, notes_falls=True)
    else:
        outcome = judge_arm_count(now, other, limit)
    write = _find_format(key)
    text = f"{write(there)} → {write(statistics.median(now))}, where a rise of {write(limit)} is tolerated"
    return None if outcome is None else Judgement(key=key, aspect=aspect, outcome=outcome, text=text)


def _find_format(key: str) -> Callable[[float], str]:
    return format_bytes if find_quantity(key).in_bytes else "{:.0f}".format


def list_keys(blocks: Sequence[ReadBlock]) -> tuple[str, ...]:
    """Return the keys that every one of the blocks has, in the order of the registry of quantities."""
    order = list(QUANTITIES)
    return tuple(sorted(list_shared_keys(blocks), key=lambda key: order.index(find_quantity(key).name)))
