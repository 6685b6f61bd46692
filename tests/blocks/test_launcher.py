"""A target's server is started once, restarted when it dies, and refused in one line when it cannot measure."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.blocks import launcher as launcher_module
from benchmarks.blocks.launcher import ServerLauncher
from benchmarks.blocks.supervise import Limits
from benchmarks.blocks.targets import Target, find_target
from benchmarks.errors import BlockError, CaseError, TargetError
from benchmarks.records import BlockRequest, Case, Question
from tests.examples import make_block

_BLOCK = make_block([10, 11], [12, 13])
_REQUEST = BlockRequest(
    case=Case(
        question=Question.STEP_TIME, workload="mlp", depth=2, batch_size=8, dataset_size=None, method="loop_graph"
    ),
    seed=1,
    timed_budget_ns=1000,
    min_rounds=1,
)


class Servers:
    """Makes interpreters that behave as told, and closes the launchers that used them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.launchers: list[ServerLauncher] = []

    def launch(self, body: str, timeout_s: float = 5.0) -> ServerLauncher:
        """Return a launcher whose server runs `body`, which may use `read()` and `send(reply)`."""
        program = self.folder / f"server{len(self.launchers)}"
        prelude = """
            import json, os, pathlib, sys, time
            def send(reply):
                print(json.dumps(reply), flush=True)
            def read():
                line = sys.stdin.readline()
                return json.loads(line) if line else sys.exit(0)
            starts = pathlib.Path(__file__ + ".starts")
            starts.write_text((starts.read_text() if starts.exists() else "") + "x")
        """
        program.write_text(f"#!{sys.executable}\n{textwrap.dedent(prelude)}\n{textwrap.dedent(body)}\n")
        program.chmod(0o755)
        return self.add(program, timeout_s)

    def add(self, interpreter: Path, timeout_s: float = 5.0) -> ServerLauncher:
        made = ServerLauncher(Target(interpreter=interpreter), Limits(timeout_s=timeout_s, memory_bytes=2**40))
        self.launchers.append(made)
        return made

    def count_starts(self) -> int:
        return len((self.folder / "server0.starts").read_text())


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    made = Servers(tmp_path)
    yield made
    for each in made.launchers:
        each.close()


def test_one_server_measures_many_blocks(servers: Servers) -> None:
    launcher = servers.launch(f"send({{'result': {{}}}})\nwhile read(): send({{'result': {_BLOCK.to_json()}}})")
    assert [launcher.run_block(_REQUEST) for _ in range(3)] == [_BLOCK] * 3
    assert servers.count_starts() == 1


def test_an_error_of_the_target_is_raised_as_what_it_was(servers: Servers) -> None:
    launcher = servers.launch("send({'result': {}})\nwhile read(): send({'error': 'no such', 'kind': 'CaseError'})")
    with pytest.raises(CaseError, match="no such"):
        launcher.run_block(_REQUEST)


def test_a_server_that_dies_costs_one_block_and_is_started_again(servers: Servers) -> None:
    launcher = servers.launch(
        f"""
        send({{'result': {{}}}})
        read()
        if len(starts.read_text()) == 1:
            sys.exit("it was too much")
        send({{'result': {_BLOCK.to_json()}}})
        """
    )
    with pytest.raises(BlockError, match="server ended, last words 'it was too much'"):
        launcher.run_block(_REQUEST)
    assert launcher.run_block(_REQUEST) == _BLOCK


def test_a_server_that_hangs_is_ended(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher_module, "_GRACE_S", 0.2)
    launcher = servers.launch("send({'result': {}})\ntime.sleep(60)", timeout_s=0.1)
    with pytest.raises(BlockError, match="did not answer within"):
        launcher.run_block(_REQUEST)


def test_a_target_that_cannot_measure_is_asked_once_and_refused_each_time(servers: Servers) -> None:
    launcher = servers.launch("send({'error': 'expected TensorFlow, got none', 'kind': 'TargetError'})")
    for _ in range(2):
        with pytest.raises(TargetError, match="server0: expected TensorFlow, got none"):
            launcher.run_block(_REQUEST)
    assert servers.count_starts() == 1


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
    body = f"""
        send({{'result': {{}}}})
        while True:
            request = read()
            with open(__file__ + '.proven', 'a') as file:
                print(request['proven'], file=file)
            send({{'result': {_BLOCK.to_json()}}})
    """
    first, second = servers.launch(body), servers.launch(body)
    first._proven = second._proven = set()
    for launcher in (first, first, second):
        launcher.run_block(_REQUEST)
    told = [(servers.folder / f"server{number}.proven").read_text().split() for number in range(2)]
    assert told == [["False", "True"], ["True"]]
