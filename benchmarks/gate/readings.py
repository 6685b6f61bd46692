"""What is judged of the bytes and counts of a case? One criterion for each reading, by the rule of its quantity.

Against a baseline, what is judged is what the weighted arm has *more than its control*, against what it had more when
the baseline was recorded; what both arms share is no cost of weighting. An anchor is a second thing that the same
blocks are held against, with larger limits. A null case is held against no difference at all. Against a target that was
read in the same minutes, what either arm has by itself is judged too. Counts are judged exactly, and settled by the
first blocks. Bytes scatter a little and not normally (a prefetched batch more or less), so they are judged by medians
and by whether the ranges overlap, without a distribution; those beyond their limit are read again.

Leaves out: when enough blocks are read (`confirm`).
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from benchmarks.gate.confirm import (
    Criterion,
    Expectation,
    Judgement,
    Missing,
    Pair,
    ReadingFigures,
    Stage,
    Standard,
)
from benchmarks.gate.plan import Plan
from benchmarks.records import Aspect, Case, Outcome, ReadBlock
from benchmarks.records.blocks import list_shared_keys
from benchmarks.records.quantities import QUANTITIES, Rule, find_quantity
from benchmarks.stats.lines import estimate_mean_interval

LEAST_BLOCKS_TO_TELL_APART: int = 2
"""The fewest readings on either side whose ranges mean anything."""

EXPECT_NO_DIFFERENCE = Expectation(values=(0.0,) * LEAST_BLOCKS_TO_TELL_APART)
"""What a null case is held against."""


def expect_stored(
    key: str, stored: Sequence[ReadBlock], source: str = "baseline", aspect: Aspect = Aspect.OVERHEAD
) -> Expectation:
    """Return what the stored blocks, or those of another source, had of this reading."""
    values = tuple(_find_value(block, key, aspect) for block in stored)
    return Expectation(values=values, op_types=stored[0].find_extra_op_types(key), source=source)


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
    compared = [key for key in keys if find_quantity(key).is_compared]
    asked: list[tuple[str, Standard[ReadBlock] | None]] = [
        (key, each) for key in keys for each in ([None] if case.null or key not in compared else standards[:1])
    ]
    asked += [(key, standard) for key in compared for standard in standards[1:]]
    criteria: list[Criterion[ReadBlock]] = []
    for key, standard in asked:
        expected, limits = EXPECT_NO_DIFFERENCE, plan
        if standard is not None:
            if key not in list_keys(standard.blocks):
                continue
            expected, limits = expect_stored(key, standard.blocks, standard.name), plan.loosen(standard.factor)
        judge = partial(judge_reading, key=key, expected=expected, plan=limits)
        criteria.append(Criterion(judge=judge, null=case.null))
    if standards:
        criteria += _list_missing(blocks, standards[0].blocks, two_targets=False)
    return criteria


def list_reading_criteria_of_pairs(
    case: Case, pairs: Sequence[Pair[ReadBlock]], plan: Plan
) -> list[Criterion[Pair[ReadBlock]]]:
    """Return what is judged of a case that is read in two targets: what weighting has more, and each arm by itself.

    Args:
        case: of a null case only the difference between its arms is judged.
        pairs: the first ones of it.
        plan: limits and error levels; of the arms those that have a tolerance are judged.
    """
    now, other = [pair.now for pair in pairs], [pair.other for pair in pairs]
    criteria: list[Criterion[Pair[ReadBlock]]] = [
        Criterion(judge=partial(_judge_change, key=key, aspect=aspect, plan=plan, null=case.null), null=case.null)
        for key in list_keys([*now, *other])
        for aspect in ((Aspect.OVERHEAD,) if case.null else plan.tolerances)
    ]
    return [*criteria, *_list_missing(now, other, two_targets=True)]


def _judge_change(
    pairs: Sequence[Pair[ReadBlock]], stage: Stage, *, key: str, aspect: Aspect, plan: Plan, null: bool
) -> Judgement | None:
    """Return what pairs show of a reading, of one arm or of what the weighted arm has more, with how it changed."""
    now, other = [pair.now for pair in pairs], [pair.other for pair in pairs]
    if key not in list_keys([*now, *other]):
        return None
    there = expect_stored(key, other, "other target", aspect)
    expected = EXPECT_NO_DIFFERENCE if null else there
    judgement = judge_reading(now, stage, key=key, expected=expected, plan=plan, aspect=aspect)
    if judgement is not None and aspect is Aspect.OVERHEAD and not null:
        judgement = _excuse(judgement, now, other, plan)
    if judgement is None or judgement.outcome is Outcome.HELD:
        return judgement
    here = expect_stored(key, now, aspect=aspect)
    return dataclasses.replace(judgement, medians=(statistics.median(there.values), statistics.median(here.values)))


def _excuse(judgement: Judgement, now: Sequence[ReadBlock], other: Sequence[ReadBlock], plan: Plan) -> Judgement:
    """Return HELD for a trace after warm-up, or memory that is kept, of which the other target has as much.

    Against a baseline both are faults whatever was stored; of two targets only what the other does not do is a change.
    """
    key, rule = judgement.key, find_quantity(judgement.key).rule
    if rule not in {Rule.NONE, Rule.LEAK} or judgement.outcome not in {Outcome.REGRESSED, Outcome.UNDECIDED}:
        return judgement
    aspect, tolerated = (Aspect.WEIGHTED, 0) if rule is Rule.NONE else (Aspect.OVERHEAD, plan.floor_bytes)
    here, there = (statistics.median(expect_stored(key, blocks, aspect=aspect).values) for blocks in (now, other))
    if here - there > tolerated:
        return judgement
    return dataclasses.replace(judgement, outcome=Outcome.HELD, excused=True)


def _find_value(block: ReadBlock, key: str, aspect: Aspect) -> float:
    """Return what a block has of a reading: one arm, or what the weighted arm has more."""
    if aspect is Aspect.OVERHEAD:
        return block.find_extra(key)
    return (block.control if aspect is Aspect.CONTROL else block.weighted).values[key]


def _list_missing(
    blocks: Sequence[ReadBlock], others: Sequence[ReadBlock], *, two_targets: bool
) -> Iterator[Criterion[Any]]:
    """Yield each reading that only this run has, or only the other side."""
    now, then = list_keys(blocks), list_keys(others)
    for key in [*(key for key in then if key not in now), *(key for key in now if key not in then)]:
        cause = (others if key in now else blocks)[0].find_missing(key)
        figures = Missing(is_here=key in now, two_targets=two_targets, cause=cause)
        judgement = Judgement(key=key, aspect=Aspect.OVERHEAD, outcome=Outcome.NOT_COMPARABLE, figures=figures)
        yield Criterion(judge=partial(_repeat, judgement))


def _repeat(judgement: Judgement, *_: object) -> Judgement:
    """Return what is known already, whatever blocks show."""
    return judgement


def judge_reading(
    blocks: Sequence[ReadBlock],
    stage: Stage,
    *,
    key: str,
    expected: Expectation,
    plan: Plan,
    aspect: Aspect = Aspect.OVERHEAD,
) -> Judgement | None:
    """Return what the blocks show of one reading; None where more blocks are needed or do not have it.

    Args:
        blocks: at least one; the fresh ones alone after the screen.
        stage: only at the final look bytes are said to have changed.
        key: of the reading.
        expected: what was stored; of what must never be, nothing is.
        plan: limits.
        aspect: what the weighted arm has more, or an arm by itself, whose bytes may change by the floor in any case.
    """
    if key not in list_keys(blocks):
        return None
    quantity = find_quantity(key)
    rule = quantity.rule if aspect is Aspect.OVERHEAD else None
    values = tuple(_find_value(block, key, aspect) for block in blocks)
    before = statistics.median(expected.values)
    whole = abs(before) if rule is None else statistics.median(block.control.values[key] for block in blocks)
    limit = plan.tolerances[aspect] * whole
    if quantity.in_bytes:
        limit = plan.floor_bytes if rule is Rule.LEAK else max(limit, plan.floor_bytes)
    final = stage is Stage.FINAL
    figures = ReadingFigures(values=values, block=blocks[0], expected=expected, limit=limit)
    outcome: Outcome | None
    if rule is Rule.NONE:
        worst = max(blocks, key=lambda block: block.weighted.values[key])
        figures = dataclasses.replace(figures, block=worst)
        outcome = Outcome.REGRESSED if worst.weighted.values[key] else Outcome.HELD
    elif rule is Rule.LEAK:
        figures = dataclasses.replace(figures, interval=estimate_mean_interval(values, plan.report_confidence))
        outcome = judge_growth(values, plan, final=final)
    elif rule is Rule.EXACT:
        outcome = judge_counts(values, expected.values)
    elif quantity.in_bytes:
        outcome = judge_bytes(values, expected.values, limit, final=final, notes_falls=rule is None)
    else:
        outcome = judge_change(statistics.median(values) - before, limit)
    return None if outcome is None else Judgement(key=key, aspect=aspect, outcome=outcome, figures=figures)


def judge_change(change: float, limit: float) -> Outcome:
    """Return what is shown by a change that is exact, and tolerated up to `limit` to either side."""
    if abs(change) <= limit:
        return Outcome.HELD
    return Outcome.REGRESSED if change > 0 else Outcome.IMPROVED


def judge_counts(now: Sequence[float], then: Sequence[float]) -> Outcome:
    """Return what counts show that must not rise at all; UNDECIDED where they are not the same in every block.

    Args:
        now: what the weighted arm has more than its control, one count per block.
        then: the same where it was stored, or in the other target.
    """
    if len(set(now)) > 1 or len(set(then)) > 1:
        return Outcome.UNDECIDED
    return judge_change(now[0] - then[0], 0.0)


def judge_bytes(
    now: Sequence[float], then: Sequence[float], limit: float, *, final: bool, notes_falls: bool = False
) -> Outcome | None:
    """Return what bytes show whose median must not rise by more than `limit`; None where more blocks are needed.

    Args:
        now: one reading per block; the fresh ones alone where `final`.
        then: what was stored, or is in the other target.
        limit: the tolerated change in bytes.
        final: whether no more blocks will come.
        notes_falls: whether a fall that the ranges do not bear out is UNDECIDED instead of HELD.
    """
    outcome = judge_change(statistics.median(now) - statistics.median(then), limit)
    if outcome is Outcome.HELD:
        return outcome
    if not final:
        return None
    enough = min(len(now), len(then)) >= LEAST_BLOCKS_TO_TELL_APART
    if enough and (min(now) > max(then) or max(now) < min(then)):
        return outcome
    return Outcome.UNDECIDED if outcome is Outcome.REGRESSED or notes_falls else Outcome.HELD


def judge_growth(extras: Sequence[float], plan: Plan, *, final: bool) -> Outcome | None:
    """Return what is shown by what the weighted arm retains per epoch more than its control; None for more blocks.

    REGRESSED: lower bound at the judgement's error level beyond the floor. HELD: upper bound at the confidence of a
    screen, or of a look, within it.

    Args:
        extras: bytes per epoch, one for each block; the fresh ones alone where `final`.
        plan: the floor and error levels.
        final: whether no more blocks will come.
    """
    if final and estimate_mean_interval(extras, 1.0 - 2.0 * plan.judgement_alpha).lower > plan.floor_bytes:
        return Outcome.REGRESSED
    confidence = plan.held_confidence if final else plan.screen_confidence
    if estimate_mean_interval(extras, 2.0 * confidence - 1.0).upper <= plan.floor_bytes:
        return Outcome.HELD
    return Outcome.UNDECIDED if final else None


def list_keys(blocks: Sequence[ReadBlock]) -> tuple[str, ...]:
    """Return the keys that every one of the blocks has, in the order of the registry of quantities."""
    return tuple(sorted(list_shared_keys(blocks), key=lambda key: list(QUANTITIES).index(find_quantity(key).name)))
