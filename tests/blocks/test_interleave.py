"""Blocks alternate their arms fairly, spend the budget they are given, and say what happened."""

from __future__ import annotations

import gc

from benchmarks.blocks.interleave import Schedule, interleave
from benchmarks.records import Block, Plant


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

    def measure_slice_ns(self) -> int:
        self._diary.append(self._name)
        self._clock.now_ns += self._slice_ns
        self.trace_count += self.traces_per_slice
        self.collecting.add(gc.isenabled())
        return self._slice_ns

    def close(self) -> None:
        self._diary.append(f"close {self._name}")


def run(
    *, budget_ns: int = 20_000, min_rounds: int = 1, warmup_rounds: int = 0, plant: Plant | None = None, seed: int = 7
) -> tuple[Block, list[str]]:
    clock = FakeClock()
    diary: list[str] = []
    block = interleave(
        FakeSlices("control", 1000, clock, diary),
        FakeSlices("weighted", 1000, clock, diary),
        Schedule(seed=seed, timed_budget_ns=budget_ns, min_rounds=min_rounds, warmup_rounds=warmup_rounds),
        plant=plant,
        clock=clock,
    )
    return block, diary


def make_schedule(warmup_rounds: int) -> Schedule:
    return Schedule(seed=0, timed_budget_ns=100, min_rounds=1, warmup_rounds=warmup_rounds)


def test_the_budget_is_spent_and_no_more() -> None:
    """Ten rounds of two slices of 1 us use up 20 us."""
    block, _ = run(budget_ns=20_000)
    assert len(block.control_slice_ns) == 10
    assert block.timed_ns == 20_000
    assert block.steps_per_slice == 3


def test_min_rounds_are_made_whatever_the_budget_says() -> None:
    block, _ = run(budget_ns=1, min_rounds=4)
    assert len(block.weighted_slice_ns) == 4


def test_each_arm_leads_in_half_of_the_rounds_in_an_order_drawn_by_the_seed() -> None:
    block, diary = run(budget_ns=200_000)
    assert sum(block.weighted_first) == 50
    assert [name == "weighted" for name in diary[::2]] == list(block.weighted_first)
    assert run(budget_ns=200_000)[0] == block
    assert run(budget_ns=200_000, seed=8)[0].weighted_first != block.weighted_first


def test_warmup_rounds_are_not_counted_and_not_planted() -> None:
    block, diary = run(budget_ns=2_000, warmup_rounds=3, plant=Plant(step_fraction=0.5))
    assert len(diary) == 8
    assert len(block.control_slice_ns) == 1


def test_a_planted_slowdown_takes_real_time_in_the_weighted_arm_alone() -> None:
    block, _ = run(plant=Plant(step_fraction=0.10))
    assert set(block.control_slice_ns) == {1000}
    # The spin ends at the first reading past 10 %: the fake clock moves 1 ns a reading.
    assert all(1100 <= slice_ns <= 1103 for slice_ns in block.weighted_slice_ns)


def test_garbage_collection_is_off_inside_timed_slices_and_back_on_afterwards() -> None:
    clock = FakeClock()
    control, weighted = FakeSlices("c", 10, clock, []), FakeSlices("w", 10, clock, [])
    interleave(control, weighted, make_schedule(warmup_rounds=0), plant=None, clock=clock)
    assert control.collecting == weighted.collecting == {False}
    assert gc.isenabled()


def test_traces_are_counted_from_the_end_of_the_warmup() -> None:
    clock = FakeClock()
    control, weighted = FakeSlices("c", 10, clock, []), FakeSlices("w", 10, clock, [])
    weighted.traces_per_slice = 1
    block = interleave(control, weighted, make_schedule(warmup_rounds=2), plant=None, clock=clock)
    assert block.traces_while_timed == 5


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
        blocks.append(
            interleave(control, weighted, make_schedule(warmup_rounds=0), plant=None, clock=clock, turns=turns)
        )
    assert turns is not None
    assert turns.spent == [0, 20, 20, 20, 20]
    assert blocks[0] == blocks[1]
