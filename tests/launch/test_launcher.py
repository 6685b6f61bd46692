"""A target's server is started once, restarted when it dies, and refused in one line when it cannot measure."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from benchmarks.errors import BlockError, CaseError, SuiteError, TargetError
from benchmarks.launch import launcher as launcher_module
from benchmarks.launch.server import Server
from benchmarks.launch.targets import Target, find_target
from benchmarks.records import Arm, BlockRequest, Case, Question, ReadRequest
from tests.examples import make_case
from tests.launch.fake_servers import BLOCK, Servers
from tests.launch.interruptions import TimeIsUpError, interrupted_when_there_are
from tests.plugin.fakes import make_introduction

_REQUEST = BlockRequest(
    case=Case(
        question=Question.STEP_TIME, workload="mlp", depth=2, batch_size=8, dataset_size=None, method="loop_graph"
    ),
    seed=1,
    timed_budget_ns=1000,
    min_rounds=1,
)


def test_one_server_measures_many_blocks(servers: Servers) -> None:
    launcher = servers.launch("introduce()\nwhile True: measure(read())")
    assert [launcher.run_block(_REQUEST) for _ in range(3)] == [BLOCK] * 3
    assert servers.count_starts() == 1


def test_an_error_of_the_target_is_raised_as_what_it_was(servers: Servers) -> None:
    launcher = servers.launch("introduce()\nwhile True: answer(read(), error='no such', kind='CaseError')")
    with pytest.raises(CaseError, match="no such"):
        launcher.run_block(_REQUEST)


def test_a_server_that_dies_costs_one_block_and_is_started_again(servers: Servers) -> None:
    launcher = servers.launch(
        """
        introduce()
        request = read()
        if start == 1:
            sys.exit("it was too much")
        measure(request)
        """
    )
    with pytest.raises(BlockError, match="server ended, last words 'it was too much'"):
        launcher.run_block(_REQUEST)
    assert launcher.run_block(_REQUEST) == BLOCK


def test_a_server_that_hangs_is_ended(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher_module, "_GRACE_S", 0.2)
    launcher = servers.launch("introduce()\ntime.sleep(60)", timeout_s=0.1)
    with pytest.raises(BlockError, match="did not answer within"):
        launcher.run_block(_REQUEST)


def test_a_target_that_cannot_measure_is_asked_once_and_refused_each_time(servers: Servers) -> None:
    launcher = servers.launch("send({'error': 'expected TensorFlow, got none', 'kind': 'TargetError'})")
    for _ in range(2):
        with pytest.raises(TargetError, match="server0: expected TensorFlow, got none"):
            launcher.run_block(_REQUEST)
    assert servers.count_starts() == 1


def test_a_server_introduces_itself(servers: Servers) -> None:
    launcher = servers.launch("introduce(methods=['fit_array'], tensorflow='2.16.2')\nwhile True: measure(read())")
    assert launcher.introduce() == make_introduction(methods=("fit_array",), tensorflow="2.16.2")
    assert launcher.run_block(_REQUEST) == BLOCK
    assert servers.count_starts() == 1


@pytest.mark.parametrize(
    ("first_reply", "got"),
    [
        (
            "send({'result': {}})",
            "wire version 3, got one that does not introduce itself; update the older of the two checkouts",
        ),
        (
            "introduce(wire_version=99, hobbies=[])",
            "wire version 3, got one that speaks 99; update the older of the two checkouts",
        ),
        ("introduce(hobbies=[])", "introduction of a server, got something else .*hobbies"),
    ],
)
def test_a_server_that_speaks_otherwise_is_refused_before_it_is_asked_for_anything(
    servers: Servers, first_reply: str, got: str
) -> None:
    launcher = servers.launch(f"{first_reply}\nwhile True: measure(read())")
    for _ in range(2):
        with pytest.raises(TargetError, match=rf"server0: expected .*{got}"):
            launcher.describe_environment()
    assert servers.count_starts() == 1


def test_a_reply_that_nobody_waited_for_is_not_taken_for_the_next_one(servers: Servers) -> None:
    launcher = servers.launch(
        """
        introduce()
        while True:
            request = read()
            if request["request"]["seed"] == 2:
                note("asked")
                time.sleep(0.5)
            measure(request)
        """
    )
    with pytest.raises(TimeIsUpError), interrupted_when_there_are(servers.folder / "server0.asked"):
        launcher.run_block(dataclasses.replace(_REQUEST, seed=2))
    assert launcher.run_block(dataclasses.replace(_REQUEST, seed=3)).seed == 3
    assert servers.count_starts() == 1


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("answer({'id': request['id'] + 7}, result={})", "server answered request 8 instead of 1"),
        ("send({'result': {}})", "server answered request None instead of 1"),
        ("print('Segmentation', flush=True)", "server said 'Segmentation', which is no reply"),
        ("print('[1]', flush=True)", r"server said '\[1\]', which is no reply"),
    ],
)
def test_anything_else_than_the_reply_is_an_error_and_the_server_is_started_again(
    servers: Servers, reply: str, message: str
) -> None:
    launcher = servers.launch(
        f"introduce()\nwhile True:\n    request = read()\n    {reply} if start == 1 else measure(request)"
    )
    with pytest.raises(BlockError, match=f"{message}; it is started again for the next block"):
        launcher.run_block(_REQUEST)
    assert launcher.run_block(_REQUEST) == BLOCK


@pytest.mark.parametrize(
    ("trouble", "timeout_s", "message"),
    [
        ("time.sleep(60)", 0.3, "server did not answer within 0.3 s; it is started again at the next request"),
        (
            "sys.exit('no memory')",
            30.0,
            "server ended, last words 'no memory'; it is started again at the next request",
        ),
    ],
)
def test_an_import_that_is_slow_or_crashes_is_tried_again_at_the_next_request(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, trouble: str, timeout_s: float, message: str
) -> None:
    monkeypatch.setattr(launcher_module, "_IMPORT_TIMEOUT_S", timeout_s)
    launcher = servers.launch(f"if start == 1: {trouble}\nintroduce()\nwhile True: measure(read())")
    with pytest.raises(TargetError, match=message):
        launcher.run_block(_REQUEST)
    monkeypatch.undo()
    assert launcher.run_block(_REQUEST) == BLOCK


def test_a_server_that_never_comes_up_is_given_up_after_three_starts(servers: Servers) -> None:
    launcher = servers.launch("sys.exit('no memory')")
    messages = []
    for _ in range(5):
        with pytest.raises(TargetError) as raised:
            launcher.run_block(_REQUEST)
        messages.append(str(raised.value))
    assert servers.count_starts() == 3
    assert [message.endswith("it is started again at the next request") for message in messages] == [True, True] + [
        False
    ] * 3
    assert "server ended, last words 'no memory', in 3 starts; see whether" in messages[-1]


def test_a_server_that_came_up_in_between_is_not_given_up(servers: Servers) -> None:
    launcher = servers.launch("if start % 3: sys.exit(1)\nintroduce()\nmeasure(read())")
    measured = 0
    for _ in range(12):  # each third start measures one block, and may be found dead at the next
        with contextlib.suppress(TargetError, BlockError):
            launcher.run_block(_REQUEST)
            measured += 1
    assert measured >= 3


def test_starting_does_not_wait_for_the_import(servers: Servers) -> None:
    launcher = servers.launch(
        "go = pathlib.Path(__file__ + '.go')\nwhile not go.exists(): time.sleep(0.01)\nintroduce()"
    )
    launcher.start()
    launcher.start()
    (servers.folder / "server0.go").touch()
    assert launcher.introduce() == make_introduction()
    assert servers.count_starts() == 1


def test_a_server_that_ended_before_it_was_asked_still_says_why(servers: Servers) -> None:
    launcher = servers.launch("send({'error': 'expected TensorFlow, got none', 'kind': 'TargetError'})")
    launcher.start()
    (process,) = psutil.Process().children()
    while process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    with pytest.raises(TargetError, match="server0: expected TensorFlow, got none"):
        launcher.run_block(_REQUEST)
    assert servers.count_starts() == 1


def test_an_interpreter_that_cannot_be_started_is_told_of_by_the_first_request(servers: Servers) -> None:
    launcher = servers.add(servers.folder / "missing")
    launcher.start()
    with pytest.raises(TargetError, match=r"cannot run .*missing"):
        launcher.run_block(_REQUEST)


def test_closing_ends_a_request_that_another_thread_waits_for(servers: Servers) -> None:
    launcher = servers.launch("introduce()\nread()\nnote('asked')\ntime.sleep(60)", 60.0)
    with ThreadPoolExecutor(1) as pool:
        block = pool.submit(launcher.run_block, _REQUEST)
        while not (servers.folder / "server0.asked").exists():
            time.sleep(0.01)
        launcher.close()
        with pytest.raises(BlockError, match="server ended"):
            block.result()
    assert psutil.Process().children() == []


def test_closing_ends_a_server_that_another_thread_is_just_starting(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher = servers.launch("time.sleep(60)")
    closing = threading.Thread(target=launcher.close)

    def start_while_closing(target: Target, *, fork: bool) -> Server:
        closing.start()
        while not launcher._closing:
            time.sleep(0.01)
        return Server(target, fork=fork)

    monkeypatch.setattr(launcher_module, "Server", start_while_closing)
    monkeypatch.setattr(launcher_module, "_IMPORT_TIMEOUT_S", 10.0)
    with pytest.raises(TargetError, match="server ended"):
        launcher.run_block(_REQUEST)
    closing.join()
    assert psutil.Process().children() == []


def test_several_requests_of_one_server_follow_each_other_and_an_error_takes_the_place_of_its_result(
    servers: Servers,
) -> None:
    launcher = servers.launch(
        """
        introduce()
        while True:
            request = read()
            if request["request"]["seed"] == 2:
                answer(request, error="no such", kind="CaseError")
            elif request["do"] == "read":
                read_arm(request)
            else:
                measure(request)
        """
    )
    blocks = launcher.run_blocks([dataclasses.replace(_REQUEST, seed=seed) for seed in (1, 2, 3)])
    assert [str(block) if isinstance(block, SuiteError) else block.seed for block in blocks] == [1, "no such", 3]
    case = make_case(question=Question.TRAINING_GRAPH)
    arms = launcher.read_arms([ReadRequest(case=case, arm=Arm.CONTROL, seed=seed) for seed in (1, 2, 3)])
    assert [str(arm) if isinstance(arm, SuiteError) else arm.seed for arm in arms] == [1, "no such", 3]


def test_an_interpreter_without_tensorflow_is_told_of_in_one_line(servers: Servers, tmp_path: Path) -> None:
    """A real interpreter that sees no installed packages (`-S`) stands for one without TensorFlow."""
    bare = tmp_path / "bare-python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(TargetError, match=r"expected an interpreter with TensorFlow.*cannot import numpy.*pip install"):
        servers.add(bare, timeout_s=30.0).describe_environment()


def test_a_target_that_is_no_program_is_refused() -> None:
    with pytest.raises(TargetError, match="got 'no/such/python', which is not a program"):
        find_target("no/such/python")


def test_the_default_target_is_this_interpreter() -> None:
    assert find_target(None).interpreter == Path(sys.executable)


def test_a_method_is_proven_once_for_all_servers_of_a_target(servers: Servers) -> None:
    body = """
        introduce()
        while True:
            request = read()
            with open(__file__ + '.proven', 'a') as file:
                print(request['proven'], file=file)
            measure(request)
    """
    first, second = servers.launch(body), servers.launch(body)
    first._proven = second._proven = set()
    for launcher in (first, first, second):
        launcher.run_block(_REQUEST)
    told = [(servers.folder / f"server{number}.proven").read_text().split() for number in range(2)]
    assert told == [["False", "True"], ["True"]]
