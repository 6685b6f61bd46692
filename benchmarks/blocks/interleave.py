"""How do two arms share one block? Slice by slice, in random order, until the timed budget is spent.

The order is drawn anew in each pair of rounds (permuted blocks of two), so that either arm leads in half of the
rounds: position alone was seen to be worth 3 % on identical code. Garbage collection is off inside slices and done
between them. Leaves out: what a slice does (probes) and what the samples mean (stats).

Source: permuted-block randomisation, e.g. Rosenberger & Lachin, Randomization in Clinical Trials (2016), section 3.4.
"""

from __future__ import annotations

import dataclasses
import gc
import random
from collections.abc import Iterator

from benchmarks.protocols import Clock, Slices, Turns
from benchmarks.records import Block, Plant

_COLLECT_EVERY_NS = 500_000_000
"""Timed work between two garbage collections: long beside a collection (about 50 ms), short beside a block."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long the arms take turns, and in which order.

    `seed` decides the order of the arms in each round. `warmup_rounds` are made before the first one that counts. No
    round starts after `timed_budget_ns` of timed time, except that `min_rounds` are made whatever they take.
    """

    seed: int
    timed_budget_ns: int
    min_rounds: int
    warmup_rounds: int


def interleave(
    control: Slices,
    weighted: Slices,
    schedule: Schedule,
    *,
    plant: Plant | None,
    clock: Clock,
    turns: Turns | None = None,
) -> Block:
    """Measure both arms in turns and return the samples of all timed rounds.

    Args:
        control: the unweighted arm, ready to be measured.
        weighted: the arm under test, ready to be measured.
        schedule: how long, and in which order.
        plant: a slowdown of the weighted arm, or None.
        clock: nanoseconds; the time of a planted slowdown and of the whole block is read from it.
        turns: waits while a block of another target has its turn; None where there is no other.
    """
    begin_ns = clock()
    orders = _draw_orders(schedule.seed)
    for _ in range(schedule.warmup_rounds):
        _measure_round(control, weighted, weighted_first=next(orders), plant=None, clock=clock)
    traces_before = control.trace_count + weighted.trace_count
    control_slice_ns: list[int] = []
    weighted_slice_ns: list[int] = []
    weighted_first: list[bool] = []
    timed_ns = round_ns = 0
    since_collection_ns = 0
    collecting = gc.isenabled()
    gc.disable()
    try:
        while timed_ns < schedule.timed_budget_ns or len(weighted_first) < schedule.min_rounds:
            if turns is not None:
                turns.spend(round_ns)
            first = next(orders)
            control_ns, weighted_ns = _measure_round(control, weighted, weighted_first=first, plant=plant, clock=clock)
            control_slice_ns.append(control_ns)
            weighted_slice_ns.append(weighted_ns)
            weighted_first.append(first)
            round_ns = control_ns + weighted_ns
            timed_ns += round_ns
            since_collection_ns += round_ns
            if since_collection_ns > _COLLECT_EVERY_NS:
                gc.collect()
                since_collection_ns = 0
    finally:
        if collecting:
            gc.enable()
    return Block(
        seed=schedule.seed,
        control_slice_ns=tuple(control_slice_ns),
        weighted_slice_ns=tuple(weighted_slice_ns),
        weighted_first=tuple(weighted_first),
        steps_per_slice=control.steps_per_slice,
        traces_while_timed=control.trace_count + weighted.trace_count - traces_before,
        wall_ns=clock() - begin_ns - (0 if turns is None else turns.waited_ns),
    )


def _draw_orders(seed: int) -> Iterator[bool]:
    """Yield for each round whether the weighted arm goes first."""
    generator = random.Random(seed)  # noqa: S311 - an order, not a secret
    while True:
        first = generator.choice((False, True))
        yield first
        yield not first


def _measure_round(
    control: Slices, weighted: Slices, *, weighted_first: bool, plant: Plant | None, clock: Clock
) -> tuple[int, int]:
    """Visit each arm once; return the control's and the weighted arm's nanoseconds."""
    if weighted_first:
        weighted_ns = _measure_weighted(weighted, plant, clock)
        return control.measure_slice_ns(), weighted_ns
    control_ns = control.measure_slice_ns()
    return control_ns, _measure_weighted(weighted, plant, clock)


def _measure_weighted(weighted: Slices, plant: Plant | None, clock: Clock) -> int:
    """Measure one weighted slice, made longer by the plant: real time is spent, not added."""
    slice_ns = weighted.measure_slice_ns()
    if plant is None:
        return slice_ns
    begin_ns = clock()
    extra_ns = round(slice_ns * plant.step_fraction)
    while clock() - begin_ns < extra_ns:
        pass
    return slice_ns + clock() - begin_ns
