"""A worker that is to have a fixed layout starts itself anew with addresses that are not drawn."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks.target.worker import FIXED_ADDRESSES_VARIABLE

_MAPS = "import sys; print(open('/proc/self/maps').read().splitlines()[0], sys.argv[1:])"

_WORKER = f"""
import os, sys
from benchmarks.target import worker
from importlib.machinery import ModuleSpec

def become(program, arguments):
    assert arguments[:3] == [sys.executable, "-m", "benchmarks.target.worker"], arguments
    execute(program, [program, "-c", {_MAPS!r}, *arguments[3:]])

execute, os.execv = os.execv, become
worker.__spec__ = ModuleSpec("benchmarks.target.worker", None)
sys.exit(worker.main(["--nothing"]))
"""
"""A worker whose place is taken by a program that prints where it lies and which arguments it was given."""


def run_worker(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _WORKER], capture_output=True, text=True, env=os.environ | variables, check=False
    )


@pytest.mark.skipif(sys.platform != "linux", reason="addresses can be fixed on Linux only")
def test_addresses_are_the_same_in_each_process_where_they_are_fixed() -> None:
    """The first line of the map is where the interpreter lies, which is drawn otherwise."""
    lines = {run_worker(**{FIXED_ADDRESSES_VARIABLE: "1"}).stdout for _ in range(3)}
    assert len(lines) == 1
    assert lines.pop().endswith("['--nothing']\n")


def test_without_being_asked_the_worker_does_its_work_where_it_is() -> None:
    result = run_worker()
    assert result.returncode == 2
    assert "expected --serve fork" in result.stderr
