"""How do two arms share one block? Slice by slice, in random order, until the block is long enough.

The order is drawn anew in each pair of rounds (permuted blocks of two), so that either arm leads in half of the
rounds: position alone was seen to be worth 3 % on identical code. Garbage collection is off inside slices and done
between them. A block that shares the machine with blocks of other targets does a short turn whenever it is given one.
Leaves out: what a slice does (probes), what the samples mean (stats), and who gives the turns of blocks
(`benchmarks.launch.pool`).

Source: permuted-block randomisation, e.g. Rosenberger & Lachin, Randomization in Clinical Trials (2016), section 3.4.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import math
import os
import random
import time
from collections.abc import Callable, Iterator

from benchmarks import protocols
from benchmarks.protocols import Clock, Slices, Times, Watch
from benchmarks.records import Block, BlockRequest, Json, Meeting, Plant

COLLECT_EVERY_NS: int = 500_000_000
"""Timed work between two garbage collections: long beside a collection (about 50 ms), short beside a block."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One visit to each arm of a block, and which of them came first."""

    control: Times
    weighted: Times
    weighted_first: bool

    @property
    def timed_ns(self) -> int:
        """The wall time of both slices."""
        return self.control.wall_ns + self.weighted.wall_ns


MeasureRound = Callable[[bool], Round]
"""Visits each arm once, the weighted one first where that is True."""


def interleave(
    control: Slices,
    weighted: Slices,
    request: BlockRequest,
    *,
    warmup_rounds: int,
    watch: Watch,
    turns: protocols.Turns | None = None,
) -> Block:
    """Measure both arms in turns and return the samples of all timed rounds.

    Args:
        control: the unweighted arm, ready to be measured.
        weighted: the arm under test, ready to be measured.
        request: how long, in which order, and with which planted slowdown.
        warmup_rounds: made before the first one that counts.
        watch: times what a planted slowdown adds.
        turns: waits while another block has its turn; None where there is no other.
    """
    orders = draw_orders(request.order_seed)
    for _ in range(warmup_rounds):
        _measure_round(control, weighted, plant=None, watch=watch, weighted_first=next(orders))
    traces_before = control.trace_count + weighted.trace_count

    def count_traces() -> int:
        return control.trace_count + weighted.trace_count - traces_before

    def measure(weighted_first: bool) -> Round:  # noqa: FBT001 - the one thing that is drawn
        return _measure_round(control, weighted, plant=request.plant, watch=watch, weighted_first=weighted_first)

    with defer_collection():
        rounds = measure_rounds(
            measure, request, orders, turns, collect=gc.collect, is_spoilt=lambda: count_traces() > 0
        )
    return make_block(
        rounds,
        request,
        steps_per_slice=control.steps_per_slice,
        traces=count_traces(),
        weighted_built_first=request.weighted_built_first,
    )


@contextlib.contextmanager
def defer_collection() -> Iterator[None]:
    """Let no garbage be collected but where it is asked for."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def measure_rounds(
    measure: MeasureRound,
    request: BlockRequest,
    orders: Iterator[bool],
    turns: protocols.Turns | None,
    collect: Callable[[], object] = lambda: None,
    is_spoilt: Callable[[], bool] = lambda: False,
) -> list[Round]:
    """Measure rounds until the timed budget is spent or enough are made, and `min_rounds` whatever they take.

    A spoilt block ends at once: where each call traces, the rest would take minutes and be of no use.

    Args:
        measure: visits each arm once.
        request: has the budget.
        orders: for each round whether the weighted arm goes first.
        turns: waits while another block has its turn; None where there is no other.
        collect: collects garbage between slices now and then.
        is_spoilt: whether a round was made that is of no use.
    """
    rounds: list[Round] = []
    timed_ns = since_collection_ns = round_ns = 0
    most = math.inf if request.enough_rounds is None else request.enough_rounds
    while not is_spoilt() and (
        len(rounds) < request.min_rounds or (timed_ns < request.timed_budget_ns and len(rounds) < most)
    ):
        if turns is not None:
            turns.spend(round_ns)
        rounds.append(measure(next(orders)))
        round_ns = rounds[-1].timed_ns
        timed_ns += round_ns
        since_collection_ns += round_ns
        if since_collection_ns > COLLECT_EVERY_NS:
            collect()
            since_collection_ns = 0
    return rounds


def make_block(
    rounds: list[Round],
    request: BlockRequest,
    *,
    steps_per_slice: int,
    traces: int,
    weighted_built_first: bool | None,
) -> Block:
    """Return the rounds as the columns of a block, whose wall time is the timed time until somebody knows better."""
    control, weighted = [each.control for each in rounds], [each.weighted for each in rounds]
    return Block(
        seed=request.seed,
        control_slice_ns=tuple(times.wall_ns for times in control),
        weighted_slice_ns=tuple(times.wall_ns for times in weighted),
        control_cpu_ns=tuple(times.cpu_ns for times in control),
        weighted_cpu_ns=tuple(times.cpu_ns for times in weighted),
        control_takedown_ns=tuple(times.takedown_ns for times in control),
        weighted_takedown_ns=tuple(times.takedown_ns for times in weighted),
        weighted_first=tuple(each.weighted_first for each in rounds),
        weighted_built_first=weighted_built_first,
        steps_per_slice=steps_per_slice,
        traces_while_timed=traces,
        wall_ns=sum(each.timed_ns for each in rounds),
    )


def draw_orders(seed: int) -> Iterator[bool]:
    """Yield for each round whether the weighted arm goes first."""
    generator = random.Random(seed)  # noqa: S311 - an order, not a secret
    while True:
        first = generator.choice((False, True))
        yield first
        yield not first


def slow_down(times: Times, plant: Plant | None, watch: Watch) -> Times:
    """Return the times of a weighted slice, made longer by the plant: real time is spent, not added."""
    if plant is None:
        return times
    extra_ns = round(times.wall_ns * plant.step_fraction)
    watch.start()
    extra = watch.stop()
    while extra.wall_ns < extra_ns:
        extra = watch.stop()
    return dataclasses.replace(times, wall_ns=times.wall_ns + extra.wall_ns, cpu_ns=times.cpu_ns + extra.cpu_ns)


def _measure_round(
    control: Slices, weighted: Slices, *, plant: Plant | None, watch: Watch, weighted_first: bool
) -> Round:
    """Visit each arm once."""
    if weighted_first:
        weighted_times = slow_down(weighted.measure_slice(), plant, watch)
        return Round(control=control.measure_slice(), weighted=weighted_times, weighted_first=True)
    control_times = control.measure_slice()
    weighted_times = slow_down(weighted.measure_slice(), plant, watch)
    return Round(control=control_times, weighted=weighted_times, weighted_first=False)


ENDED = 0x80
"""Set in the byte of a block that has ended; the other bits are its number."""


class Turns:
    """The turns of one block, in its process; satisfies `protocols.Turns`."""

    def __init__(self, meeting: Meeting, clock: Clock) -> None:
        """Open both pipes; the conductor holds them open too, so that this does not wait.

        Args:
            meeting: where the conductor is met.
            clock: nanoseconds, for the time spent waiting.
        """
        self._number = meeting.number
        self._turn_ns = meeting.turn_ns
        self._clock = clock
        self._left_ns = 0
        self._given_fd = os.open(meeting.given_path, os.O_RDONLY)
        self._told_fd = os.open(meeting.told_path, os.O_WRONLY)
        self.waited_ns = 0

    def spend(self, timed_ns: int) -> None:
        """Count timed work, and wait for the next turn where this one is used up.

        Args:
            timed_ns: nanoseconds of timed work since the last call; 0 before the first round.
        """
        self._left_ns -= timed_ns
        if self._left_ns > 0:
            return
        begin_ns = self._clock()
        os.write(self._told_fd, bytes([self._number]))
        os.read(self._given_fd, 1)
        self.waited_ns += self._clock() - begin_ns
        self._left_ns = self._turn_ns

    def close(self) -> None:
        """Close the pipes."""
        os.close(self._given_fd)
        os.close(self._told_fd)


@contextlib.contextmanager
def open_turns(meeting: Json | None) -> Iterator[Turns | None]:
    """Take turns with other blocks where a request says that they meet; None where the block has the machine alone."""
    if meeting is None:
        yield None
        return
    with contextlib.closing(Turns(Meeting.from_json(meeting), time.perf_counter_ns)) as turns:
        yield turns


def write_block(block: Block, begin_ns: int, turns: Turns | None) -> Json:
    """Return a block for its reply, with the wall time since `begin_ns` in which it did not wait for others."""
    waited_ns = 0 if turns is None else turns.waited_ns
    return block.to_json() | {"wall_ns": time.perf_counter_ns() - begin_ns - waited_ns}
