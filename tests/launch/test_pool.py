"""Readings and blocks asked for at once are spread over servers, all else is asked of the first, and all are ended.

Blocks of several targets never work at the same time, take short turns in random order, and drop out when they end.
Launchers are played by threads that keep to the protocol, over real pipes; nothing is timed.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import psutil
import pytest

from benchmarks.errors import BlockError, SuiteError
from benchmarks.launch import pool
from benchmarks.launch.pool import TURN_NS, ServerPool, run_together
from benchmarks.protocols import Launcher
from benchmarks.records import Arm, ArmReadings, Block, BlockRequest, Meeting, Question, ReadRequest
from benchmarks.target.interleave import Turns
from tests.examples import make_case
from tests.launch.fake_servers import Servers
from tests.launch.interruptions import TimeIsUpError, interrupted_when_there_are
from tests.plugin.fakes import FakeLauncher, make_introduction

CASE = make_case(question=Question.PEAK_MEMORY, dataset_size=512)

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


class FakeServer(FakeLauncher):
    """A server that is only played; `meet` is waited for at the beginning of each request."""

    def __init__(self, meet: Callable[[], object] = lambda: None, layout: int | None = None) -> None:
        super().__init__()
        self._meet = meet
        self.layout = layout

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        self._meet()
        return super().run_block(request)

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        self._meet()
        return super().read_arm(request)


def make_launcher(meet: Callable[[], object] = lambda: None) -> tuple[ServerPool, list[FakeServer]]:
    servers: list[FakeServer] = []

    def make_server(layout: int | None) -> FakeServer:
        servers.append(FakeServer(meet, layout))
        return servers[-1]

    return ServerPool(make_server), servers


def ask_for_blocks(*seeds: int) -> list[BlockRequest]:
    return [
        BlockRequest(case=make_case(), seed=seed, order_seed=seed, timed_budget_ns=1000, min_rounds=1) for seed in seeds
    ]


def ask_for_arms(*layouts: int) -> list[ReadRequest]:
    return [ReadRequest(case=CASE, arm=Arm.CONTROL, seed=seed, layout=layout) for seed, layout in enumerate(layouts)]


def list_seeds(results: Sequence[Block | SuiteError] | Sequence[ArmReadings | SuiteError]) -> list[int | str]:
    return [str(result) if isinstance(result, SuiteError) else result.seed for result in results]


def test_each_layout_has_a_server_that_is_started_when_it_is_asked() -> None:
    launcher, servers = make_launcher()
    assert not servers
    for layout in (0, 1, 0, 2):
        launcher.read_arm(ReadRequest(case=CASE, arm=Arm.CONTROL, seed=1, layout=layout))
    assert [len(server.read_requests) for server in servers] == [2, 1, 1]


def test_servers_that_read_have_fixed_layouts_and_those_that_time_draw_theirs() -> None:
    """Both at the same time, since a run may have cases of either kind."""
    launcher, servers = make_launcher()
    launcher.start(2)
    assert [server.started for server in servers] == [1, 1]
    launcher.run_blocks(ask_for_blocks(1, 2))
    launcher.read_arms([ReadRequest(case=CASE, arm=Arm.CONTROL, seed=1, layout=layout) for layout in (2, 0)])
    assert [(server.layout, len(server.requests), len(server.read_requests)) for server in servers] == [
        (None, 1, 0),
        (None, 1, 0),
        (2, 0, 1),
        (0, 0, 1),
    ]


def test_no_server_is_started_to_say_what_one_that_reads_can_say() -> None:
    launcher, servers = make_launcher()
    launcher.introduce()
    launcher.read_arms(ask_for_arms(0))
    launcher.describe_environment()
    assert len(servers) == 1


def test_blocks_profiles_and_the_environment_are_asked_of_the_first() -> None:
    launcher, servers = make_launcher()
    request = BlockRequest(case=make_case(), seed=1, timed_budget_ns=1000, min_rounds=1)
    launcher.run_block(request)
    launcher.describe_environment()
    launcher.profile(request)
    assert launcher.introduce() == make_introduction()
    assert len(servers) == 1
    assert servers[0].requests == [request]


def test_closing_ends_all_servers() -> None:
    launcher, servers = make_launcher()
    for layout in range(3):
        launcher.read_arm(ReadRequest(case=CASE, arm=Arm.CONTROL, seed=1, layout=layout))
    launcher.close()
    assert [server.closed for server in servers] == [True] * 3


def test_blocks_asked_for_at_once_have_a_server_each_and_are_set_up_at_the_same_time() -> None:
    launcher, servers = make_launcher(meet=threading.Barrier(2, timeout=10.0).wait)
    assert list_seeds(launcher.run_blocks(ask_for_blocks(5, 6))) == [5, 6]
    assert [[request.seed for request in server.requests] for server in servers] == [[5], [6]]


def test_the_timed_part_of_a_block_is_alone_and_is_not_interrupted() -> None:
    stage = Stage()
    names = iter("abc")
    launcher = ServerPool(lambda layout: TurnTaker(next(names), stage, rounds=20))
    launcher.run_blocks(ask_for_blocks(1, 2, 3))
    assert stage.clashes == 0
    assert sorted((name, len(list(turn))) for name, turn in itertools.groupby(stage.diary)) == [
        ("a", 20),
        ("b", 20),
        ("c", 20),
    ]


def test_which_block_is_timed_first_is_drawn_from_the_seeds() -> None:
    def find_first(*seeds: int) -> str:
        stage = Stage()
        names = iter("ab")
        ServerPool(lambda layout: TurnTaker(next(names), stage, rounds=2)).run_blocks(ask_for_blocks(*seeds))
        return stage.diary[0]

    assert find_first(1, 2) == find_first(1, 2)
    assert {find_first(seed, seed + 1) for seed in range(10)} == {"a", "b"}


def test_a_block_that_failed_is_an_error_in_its_place() -> None:
    launcher, servers = make_launcher()
    launcher.start(2)

    def fail() -> None:
        raise BlockError("it was killed")

    servers[0]._meet = fail
    assert list_seeds(launcher.run_blocks(ask_for_blocks(5, 6))) == ["it was killed", 6]


def test_arms_of_several_layouts_are_read_at_once_and_told_in_the_order_they_were_asked_for() -> None:
    launcher, servers = make_launcher(meet=threading.Barrier(2, timeout=10.0).wait)
    assert list_seeds(launcher.read_arms(ask_for_arms(0, 2, 2, 0))) == [0, 1, 2, 3]
    assert [[request.seed for request in server.read_requests] for server in servers] == [[0, 3], [1, 2]]


def test_arms_of_one_layout_follow_each_other_also_after_an_error() -> None:
    at_work = threading.Lock()
    numbers = itertools.count()

    def work() -> None:
        assert at_work.acquire(blocking=False)
        time.sleep(0.01)
        at_work.release()
        if next(numbers) == 1:
            raise BlockError("it was killed")

    launcher, _ = make_launcher(meet=work)
    assert list_seeds(launcher.read_arms(ask_for_arms(1, 1, 1))) == [0, "it was killed", 2]


def test_asking_for_nothing_at_once_gives_nothing() -> None:
    launcher, servers = make_launcher()
    assert launcher.run_blocks([]) == []
    assert launcher.read_arms([]) == []
    assert not servers


def launch_real(servers: Servers, body: str) -> ServerPool:
    """Return a launcher whose servers are processes that run `body`."""
    return ServerPool(lambda layout: servers.launch(body))


def test_servers_are_started_at_the_same_time(servers: Servers) -> None:
    """Neither of them comes up before the other one was started."""
    launcher = launch_real(
        servers,
        """
        while len(list(pathlib.Path(__file__).parent.glob("*.starts"))) < 2: time.sleep(0.01)
        introduce()
        while True: measure(read())
        """,
    )
    launcher.start(2)
    for result, request in zip(launcher.run_blocks(requests := ask_for_blocks(0, 1)), requests, strict=True):
        assert isinstance(result, Block)
        assert result.seed == request.seed


@pytest.mark.parametrize("ask", [ServerPool.read_arms, ServerPool.run_blocks])
def test_an_interruption_ends_all_servers_and_no_late_reply_is_taken_for_the_next(
    servers: Servers, ask: Callable[[ServerPool, Sequence[Any]], list[Any]]
) -> None:
    launcher = launch_real(
        servers,
        """
        introduce()
        while True:
            request = read()
            if start == 1:
                note("asked")
                time.sleep(60)
            (read_arm if request["do"] == "read" else measure)(request)
        """,
    )
    requests = ask_for_arms(0, 1, 0, 1, 0, 1) if ask is ServerPool.read_arms else ask_for_blocks(0, 1)
    asked = [servers.folder / f"server{number}.asked" for number in range(2)]
    with pytest.raises(TimeIsUpError), interrupted_when_there_are(*asked):
        ask(launcher, requests)
    assert psutil.Process().children() == []
    assert [servers.count_starts(number) for number in range(2)] == [1, 1], "no server was started to read the rest"
    again = ask_for_arms(0, 1)[::-1] if ask is ServerPool.read_arms else ask_for_blocks(7, 8)
    assert list_seeds(ask(launcher, again)) == [request.seed for request in again]


def test_an_interruption_while_servers_import_ends_them_too(servers: Servers) -> None:
    launcher = launch_real(
        servers, "note(f'up{start}')\nif start < 4: time.sleep(60)\nintroduce()\nwhile True: read_arm(read())"
    )
    for start in (1, 2, 3):
        up = [servers.folder / f"server{number}.up{start}" for number in range(2)]
        with pytest.raises(TimeIsUpError), interrupted_when_there_are(*up):
            launcher.read_arms(ask_for_arms(0, 1))
        assert psutil.Process().children() == []
    assert list_seeds(launcher.read_arms(ask_for_arms(0, 1))) == [0, 1], "an end of ours is no failed start"


def test_servers_of_a_target_share_what_is_proven_while_they_work_at_once(servers: Servers) -> None:
    launcher = launch_real(
        servers,
        """
        introduce()
        while True:
            request = read()
            with open(__file__ + ".proven", "a") as file:
                print(request["proven"], file=file)
            measure(request)
        """,
    )
    launcher.start(2)
    servers.launchers[0]._proven = servers.launchers[1]._proven = set()
    for seed in range(3):
        launcher.run_blocks(ask_for_blocks(seed, seed))
    told = [(servers.folder / f"server{number}.proven").read_text().split() for number in range(2)]
    assert [proven[1:] for proven in told] == [["True", "True"]] * 2
    assert "False" in {proven[0] for proven in told}


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


def test_an_interruption_ends_all_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pool, "_conduct", interrupt)
    launchers = [FakeLauncher(), FakeLauncher()]
    with pytest.raises(KeyboardInterrupt):
        run_alike(launchers, "seed")
    assert all(launcher.closed for launcher in launchers)
