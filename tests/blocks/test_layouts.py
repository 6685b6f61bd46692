"""Readings are spread over the servers of a target, all else is asked of the first, and all of them are ended."""

from __future__ import annotations

from benchmarks.blocks.layouts import LayoutsLauncher
from benchmarks.records import Arm, BlockRequest, Question, ReadRequest
from tests.examples import make_case
from tests.plugin.fakes import FakeLauncher

CASE = make_case(question=Question.PEAK_MEMORY, dataset_size=512)


def make_launcher() -> tuple[LayoutsLauncher, list[FakeLauncher]]:
    servers: list[FakeLauncher] = []

    def make_server() -> FakeLauncher:
        servers.append(FakeLauncher())
        return servers[-1]

    return LayoutsLauncher(make_server), servers


def test_each_layout_has_a_server_that_is_started_when_it_is_asked() -> None:
    launcher, servers = make_launcher()
    assert not servers
    for layout in (0, 1, 0, 2):
        launcher.read_arm(ReadRequest(case=CASE, arm=Arm.CONTROL, seed=1, layout=layout))
    assert [len(server.read_requests) for server in servers] == [2, 1, 1]


def test_blocks_profiles_and_the_environment_are_asked_of_the_first() -> None:
    launcher, servers = make_launcher()
    request = BlockRequest(case=make_case(), seed=1, timed_budget_ns=1000, min_rounds=1)
    launcher.describe_environment()
    launcher.run_block(request)
    launcher.profile(request)
    assert len(servers) == 1
    assert servers[0].requests == [request]


def test_closing_ends_all_servers() -> None:
    launcher, servers = make_launcher()
    for layout in range(3):
        launcher.read_arm(ReadRequest(case=CASE, arm=Arm.CONTROL, seed=1, layout=layout))
    launcher.close()
    assert [server.closed for server in servers] == [True] * 3
