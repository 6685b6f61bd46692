"""Blocks alternate their arms fairly, spend the budget they are given, and say what happened."""

from __future__ import annotations

import dataclasses
import gc
from typing import Any

from benchmarks.probes import Stopwatch
from benchmarks.protocols import Times
from benchmarks.records import Block, BlockRequest, Plant
from benchmarks.target.interleave import interleave
from tests.examples import EXAMPLE_CASE


class FakeClock:
    """Nanoseconds that pass only when somebody works or looks."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        self.now_ns += 1
        return self.now_ns


class FakeSlices:
    """An arm whose slices take `slice_ns` of fake time and are written to a shared diary."""

    steps_per_slice = 3

    def __init__(self, name: str, slice_ns: int, clock: FakeClock, diary: list[str]) -> None:
        self._name, self._slice_ns, self._clock, self._diary = name, slice_ns, clock, diary
        self.trace_count = 0
        self.traces_per_slice = 0
        self.collecting: set[bool] = set()

    def measure_slice(self) -> Times:
        self._diary.append(self._name)
        self._clock.now_ns += self._slice_ns
        self.trace_count += self.traces_per_slice
        self.collecting.add(gc.isenabled())
        return Times(wall_ns=self._slice_ns, cpu_ns=2 * self._slice_ns, takedown_ns=35)

    def close(self) -> None:
        self._diary.append(f"close {self._name}")


def make_request(**values: Any) -> BlockRequest:
    example = BlockRequest(case=EXAMPLE_CASE, seed=1, order_seed=7, timed_budget_ns=20_000, min_rounds=1)
    return dataclasses.replace(example, **values)


def run(*, warmup_rounds: int = 0, **values: Any) -> tuple[Block, list[str]]:
    clock = FakeClock()
    diary: list[str] = []
    block = interleave(
        FakeSlices("control", 1000, clock, diary),
        FakeSlices("weighted", 1000, clock, diary),
        make_request(**values),
        warmup_rounds=warmup_rounds,
        watch=Stopwatch(clock, clock),
    )
    return block, diary


SHORT = make_request(timed_budget_ns=100)


def test_the_budget_is_spent_and_no_more() -> None:
    """Ten rounds of two slices of 1 us use up 20 us."""
    block, _ = run(timed_budget_ns=20_000)
    assert len(block.control_slice_ns) == 10
    assert block.timed_ns == 20_000
    assert block.steps_per_slice == 3


def test_processor_time_and_take_down_are_kept_beside_each_slice() -> None:
    block, _ = run()
    assert block.control_cpu_ns == block.weighted_cpu_ns == (2000,) * 10
    assert block.control_takedown_ns == block.weighted_takedown_ns == (35,) * 10


def test_min_rounds_are_made_whatever_the_budget_says() -> None:
    block, _ = run(timed_budget_ns=1, min_rounds=4)
    assert len(block.weighted_slice_ns) == 4


def test_a_block_ends_with_enough_rounds_before_its_time_is_spent() -> None:
    block, _ = run(timed_budget_ns=20_000, enough_rounds=6)
    assert len(block.control_slice_ns) == 6
    block, _ = run(timed_budget_ns=20_000, enough_rounds=60)
    assert len(block.control_slice_ns) == 10
    block, _ = run(timed_budget_ns=1, enough_rounds=2, min_rounds=4)
    assert len(block.control_slice_ns) == 4


def test_each_arm_leads_in_half_of_the_rounds_in_an_order_drawn_by_the_seed() -> None:
    block, diary = run(timed_budget_ns=200_000)
    assert sum(block.weighted_first) == 50
    assert [name == "weighted" for name in diary[::2]] == list(block.weighted_first)
    assert run(timed_budget_ns=200_000)[0] == block
    assert run(timed_budget_ns=200_000, order_seed=8)[0].weighted_first != block.weighted_first


def test_warmup_rounds_are_not_counted_and_not_planted() -> None:
    block, diary = run(timed_budget_ns=2_000, warmup_rounds=3, plant=Plant(step_fraction=0.5))
    assert len(diary) == 8
    assert len(block.control_slice_ns) == 1


def test_a_planted_slowdown_takes_real_time_in_the_weighted_arm_alone() -> None:
    block, _ = run(plant=Plant(step_fraction=0.10))
    assert set(block.control_slice_ns) == {1000}
    # The spin ends at the first reading past 10 %: the fake clock moves 1 ns a reading, of either kind.
    assert all(1100 <= slice_ns <= 1105 for slice_ns in block.weighted_slice_ns)
    assert all(cpu_ns >= 2100 for cpu_ns in block.weighted_cpu_ns), "spinning takes processor time as well"


def test_garbage_collection_is_off_inside_timed_slices_and_back_on_afterwards() -> None:
    clock = FakeClock()
    control, weighted = FakeSlices("c", 10, clock, []), FakeSlices("w", 10, clock, [])
    interleave(control, weighted, SHORT, warmup_rounds=0, watch=Stopwatch(clock, clock))
    assert control.collecting == weighted.collecting == {False}
    assert gc.isenabled()


def test_traces_are_counted_from_the_end_of_the_warmup_and_the_first_ends_the_block() -> None:
    """Where each call traced, the rounds of a pass that nobody could use took five minutes."""
    clock = FakeClock()
    control, weighted = FakeSlices("c", 10, clock, []), FakeSlices("w", 10, clock, [])
    weighted.traces_per_slice = 1
    block = interleave(control, weighted, SHORT, warmup_rounds=2, watch=Stopwatch(clock, clock))
    assert block.traces_while_timed == 1
    assert len(block.control_slice_ns) == 1


class FakeTurns:
    """Notes what was spent before each round, and lets 5 us of fake time pass in waiting at the first."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.spent: list[int] = []
        self.waited_ns = 0

    def spend(self, timed_ns: int) -> None:
        if not self.spent:
            self._clock.now_ns += 5000
            self.waited_ns += 5000
        self.spent.append(timed_ns)


def test_each_round_is_spent_from_a_turn_and_waiting_is_no_part_of_the_block() -> None:
    blocks = []
    for waits in (False, True):
        clock = FakeClock()
        turns = FakeTurns(clock) if waits else None
        control, weighted = FakeSlices("c", 10, clock, []), FakeSlices("w", 10, clock, [])
        blocks.append(interleave(control, weighted, SHORT, warmup_rounds=0, watch=Stopwatch(clock, clock), turns=turns))
    assert turns is not None
    assert turns.spent == [0, 20, 20, 20, 20]
    assert blocks[0] == blocks[1]
