"""Servers of a target that are played by small programs, so that what goes wrong with one can be told to it."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from benchmarks.launch.launcher import ServerLauncher
from benchmarks.launch.targets import Target
from benchmarks.target.supervise import Limits
from tests.examples import make_block, make_readings
from tests.plugin.fakes import make_introduction

BLOCK = make_block([10, 11], [12, 13])

_PRELUDE = """
import json, os, pathlib, sys, time

starts = pathlib.Path(__file__ + ".starts")
starts.write_text((starts.read_text() if starts.exists() else "") + "x")
start = len(starts.read_text())

def note(what):
    pathlib.Path(__file__ + "." + what).touch()

def send(reply):
    print(json.dumps(reply), flush=True)

def introduce(**changes):
    send({{"result": {introduction} | changes}})

def read():
    line = sys.stdin.readline()
    return json.loads(line) if line else sys.exit(0)

def answer(request, **reply):
    send(reply | {{"id": request["id"]}})

def measure(request):
    answer(request, result={block} | {{"seed": request["request"]["seed"]}})

def read_arm(request):
    answer(request, result={readings} | {{"seed": request["request"]["seed"]}})
"""


class Servers:
    """Makes interpreters that behave as told, and closes the launchers that used them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.launchers: list[ServerLauncher] = []

    def write(self, body: str) -> Path:
        """Return a program that runs `body`, which may use what the prelude has."""
        program = self.folder / f"server{len(self.launchers)}"
        prelude = _PRELUDE.format(
            introduction=make_introduction().to_json(), block=BLOCK.to_json(), readings=make_readings().to_json()
        )
        program.write_text(f"#!{sys.executable}\n{prelude}\n{textwrap.dedent(body)}\n")
        program.chmod(0o755)
        return program

    def launch(self, body: str, timeout_s: float = 5.0) -> ServerLauncher:
        """Return a launcher whose server runs `body`."""
        return self.add(self.write(body), timeout_s)

    def add(self, interpreter: Path, timeout_s: float = 5.0) -> ServerLauncher:
        """Return a launcher of this interpreter."""
        made = ServerLauncher(Target(interpreter=interpreter), Limits(timeout_s=timeout_s, memory_bytes=2**40))
        self.launchers.append(made)
        return made

    def count_starts(self, number: int = 0) -> int:
        """Return how often the server of launcher `number` was started."""
        return len((self.folder / f"server{number}.starts").read_text())
