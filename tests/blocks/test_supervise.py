"""Whatever happens to a block becomes its result or one line that says what happened."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from benchmarks.blocks.supervise import Limits, start_forked, start_fresh, supervise
from benchmarks.errors import BlockError, CaseError
from benchmarks.records import Json

_GENEROUS = Limits(timeout_s=30.0, memory_bytes=2**40)


def test_the_result_of_the_work_comes_back() -> None:
    assert supervise(start_forked(lambda: {"answer": 42}), _GENEROUS) == {"result": {"answer": 42}}


def test_a_large_result_comes_back_whole() -> None:
    numbers = list(range(300_000))
    assert supervise(start_forked(lambda: {"numbers": numbers}), _GENEROUS)["result"]["numbers"] == numbers


def test_a_fresh_interpreter_serves_where_fork_is_not_to_be_had() -> None:
    echo = "import sys, json; print(json.dumps({'result': json.loads(sys.stdin.readline())}))"
    assert supervise(start_fresh([sys.executable, "-c", echo], {"a": 1}), _GENEROUS) == {"result": {"a": 1}}


def test_an_error_of_the_suite_keeps_its_kind_and_its_line() -> None:
    def refuse() -> Json:
        raise CaseError("expected this,\n got that")

    reply = supervise(start_forked(refuse), _GENEROUS)
    assert reply == {"error": "expected this, got that", "kind": "CaseError"}


def test_any_other_exception_is_told_in_one_line() -> None:
    def fail() -> Json:
        raise ValueError("\n\nshapes (3,) and (4,)\nand a long explanation")

    reply = supervise(start_forked(fail), _GENEROUS)
    assert reply == {"error": "the block raised ValueError: shapes (3,) and (4,)"}


def test_a_killed_block_is_told_of() -> None:
    def die() -> Json:
        os.write(2, b"allocating\n")
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    with pytest.raises(BlockError, match=r"killed \(SIGKILL\).*memory.*last words 'allocating'"):
        supervise(start_forked(die), _GENEROUS)


def test_a_crash_names_its_signal() -> None:
    def crash() -> Json:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGSEGV)
        return {}

    with pytest.raises(BlockError, match="crashed with SIGSEGV"):
        supervise(start_forked(crash), _GENEROUS)


def test_a_block_that_ends_without_a_result_is_told_of() -> None:
    def leave() -> Json:
        os._exit(3)

    with pytest.raises(BlockError, match="exit status 3 and no result"):
        supervise(start_forked(leave), _GENEROUS)


def test_a_hung_block_is_ended_at_its_timeout() -> None:
    def hang() -> Json:
        time.sleep(60)
        return {}

    with pytest.raises(BlockError, match=r"no result within 0\.1 s.*--block-timeout"):
        supervise(start_forked(hang), Limits(timeout_s=0.1, memory_bytes=2**40))


def test_a_block_over_its_memory_is_ended() -> None:
    def grow() -> Json:
        held = bytearray(300 * 2**20)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(60)
        return {}

    with pytest.raises(BlockError, match=r"more than the 0\.20 GiB it may.*--block-memory"):
        supervise(start_forked(grow), Limits(timeout_s=30.0, memory_bytes=200 * 2**20))


def test_a_block_ends_with_the_process_that_asked_for_it() -> None:
    read_fd, write_fd = os.pipe()
    os.close(write_fd)

    def hang() -> Json:
        time.sleep(60)
        return {}

    with pytest.raises(BlockError, match="the asking process is gone"):
        supervise(start_forked(hang), _GENEROUS, parent_fd=read_fd)
    os.close(read_fd)
