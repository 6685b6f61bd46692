"""Blocks of several targets never work at the same time, take short turns in random order, and drop out when they end.

Launchers are played by threads that keep to the protocol, over real pipes; nothing is timed.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from benchmarks.errors import BlockError, SuiteError
from benchmarks.launch import lockstep
from benchmarks.launch.lockstep import TURN_NS, run_together
from benchmarks.protocols import Launcher
from benchmarks.records import Block, BlockRequest, Meeting
from benchmarks.target.interleave import Turns
from tests.examples import make_case
from tests.plugin.fakes import FakeLauncher

REQUEST = BlockRequest(case=make_case(), seed=1, timed_budget_ns=1000, min_rounds=1)


def run_alike(launchers: Sequence[Launcher], seed: str, *, turn_ns: int = TURN_NS) -> list[Block | SuiteError]:
    """Ask all of them for the same."""
    return run_together(launchers, [REQUEST] * len(launchers), seed, turn_ns=turn_ns)


class Stage:
    """Notes who worked, and fails when two work at the same time."""

    def __init__(self) -> None:
        self.diary: list[str] = []
        self.clashes = 0
        self._lock = threading.Lock()

    def work(self, name: str) -> None:
        if not self._lock.acquire(blocking=False):
            self.clashes += 1
            return
        self.diary.append(name)
        time.sleep(0.001)
        self._lock.release()


class TurnTaker(FakeLauncher):
    """A target whose blocks have `rounds` rounds of 1 us, and one that may die after some of them."""

    def __init__(self, name: str, stage: Stage, rounds: int, *, dies_after: int | None = None) -> None:
        super().__init__()
        self._name, self._stage, self._rounds, self._dies_after = name, stage, rounds, dies_after
        self.waited_ns = 0

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        assert meeting is not None
        turns = Turns(meeting, itertools.count(0, 1000).__next__)
        try:
            spent_ns = 0
            for done in range(self._rounds):
                if done == self._dies_after:
                    raise BlockError(f"{self._name} was killed")
                turns.spend(spent_ns)
                self._stage.work(self._name)
                spent_ns = 1000
        finally:
            turns.close()
        self.waited_ns = turns.waited_ns
        return super().run_block(request)


def test_no_two_blocks_work_at_once_and_turns_are_as_long_as_asked() -> None:
    stage = Stage()
    run_alike([TurnTaker(name, stage, rounds=24) for name in "abc"], "seed", turn_ns=4000)
    assert stage.clashes == 0
    assert Counter(stage.diary) == {"a": 24, "b": 24, "c": 24}
    lengths = [len(list(group)) for _, group in itertools.groupby(stage.diary)]
    assert all(length % 4 == 0 for length in lengths)


def test_in_each_cycle_every_block_has_one_turn_in_an_order_drawn_anew() -> None:
    stage = Stage()
    run_alike([TurnTaker(name, stage, rounds=40) for name in "abc"], "seed", turn_ns=1000)
    cycles = [tuple(stage.diary[start : start + 3]) for start in range(0, 120, 3)]
    assert all(set(cycle) == set("abc") for cycle in cycles)
    assert len(set(cycles)) > 3


def test_the_same_seed_gives_the_same_order() -> None:
    def record(seed: str) -> list[str]:
        stage = Stage()
        run_alike([TurnTaker(name, stage, rounds=20) for name in "ab"], seed, turn_ns=1000)
        return stage.diary

    assert record("one") == record("one")
    assert record("one") != record("two")


def test_a_block_that_ends_leaves_the_others_to_go_on() -> None:
    stage = Stage()
    run_alike([TurnTaker("a", stage, 2), TurnTaker("b", stage, 10)], "seed", turn_ns=1000)
    assert stage.diary[-7:] == ["b"] * 7


@pytest.mark.parametrize("dies_after", [0, 3])
def test_a_block_that_dies_is_told_and_the_other_one_is_kept(dies_after: int) -> None:
    stage = Stage()
    dying = TurnTaker("a", stage, 10, dies_after=dies_after)
    error, block = run_alike([dying, TurnTaker("b", stage, 10)], "seed", turn_ns=1000)
    assert str(error) == "a was killed"
    assert isinstance(block, Block)
    assert Counter(stage.diary)["b"] == 10


def test_an_exception_that_nobody_foresaw_costs_one_block_alone() -> None:
    def raise_it(case: object, index: int) -> None:
        raise ZeroDivisionError("division by zero")

    stage = Stage()
    broken = FakeLauncher(before_block=raise_it)
    error, block = run_alike([broken, TurnTaker("b", stage, 10)], "seed", turn_ns=1000)
    assert "raised ZeroDivisionError: division by zero" in str(error)
    assert isinstance(block, Block)


def test_a_target_that_knows_nothing_of_turns_is_measured_too() -> None:
    stage = Stage()
    results = run_alike([FakeLauncher(), TurnTaker("b", stage, 10)], "seed", turn_ns=1000)
    assert all(isinstance(result, Block) for result in results)


def test_waiting_is_counted() -> None:
    stage = Stage()
    taker = TurnTaker("a", stage, 10)
    run_alike([taker], "seed", turn_ns=1000)
    assert taker.waited_ns == 10 * 1000


def test_without_named_pipes_whole_blocks_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockstep, "_HAS_NAMED_PIPES", False)
    diary: list[str] = []

    def note(name: str) -> Callable[[object, int], None]:
        return lambda case, index: diary.append(name)

    for seed in range(10):
        pair: list[Launcher] = [FakeLauncher(before_block=note(name)) for name in "ab"]
        assert all(isinstance(result, Block) for result in run_alike(pair, str(seed)))
    assert set(diary[::2]) == {"a", "b"}


def test_an_interruption_ends_all_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lockstep, "_conduct", interrupt)
    launchers = [FakeLauncher(), FakeLauncher()]
    with pytest.raises(KeyboardInterrupt):
        run_alike(launchers, "seed")
    assert all(launcher.closed for launcher in launchers)
