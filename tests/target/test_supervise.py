"""Whatever happens to a block becomes its result or one line that says what happened."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.errors import BlockError, CaseError
from benchmarks.records import Json
from benchmarks.target.supervise import Child, ChildError, Limits, start_forked, start_fresh, supervise
from tests.launch.interruptions import TimeIsUpError, interrupted_when_there_are

_GENEROUS = Limits(timeout_s=30.0, memory_bytes=2**40)

_SLEEPING = "import time; time.sleep(60)"


def fork(work: Callable[[], Json]) -> Callable[[], Child]:
    return lambda: start_forked(work)


def hang() -> Json:
    time.sleep(60)
    return {}


def test_the_result_of_the_work_comes_back() -> None:
    assert supervise([fork(lambda: {"answer": 42})], _GENEROUS) == [{"answer": 42}]


def test_a_large_result_comes_back_whole() -> None:
    numbers = list(range(300_000))
    (result,) = supervise([fork(lambda: {"numbers": numbers})], _GENEROUS)
    assert result["numbers"] == numbers


def test_a_fresh_interpreter_serves_where_fork_is_not_to_be_had() -> None:
    echo = "import sys, json; print(json.dumps({'result': json.loads(sys.stdin.readline())}))"
    starts = [lambda: start_fresh([sys.executable, "-c", echo], {"a": 1})] * 2
    assert supervise(starts, _GENEROUS) == [{"a": 1}] * 2


def test_a_fresh_interpreter_that_ends_before_it_reads_is_told_of() -> None:
    leave = [sys.executable, "-c", "import sys; sys.exit('no room')"]
    with pytest.raises(BlockError, match="exit status 1 and no result, last words 'no room'"):
        supervise([lambda: start_fresh(leave, {"a": "x" * 2**20})], _GENEROUS)


def test_an_error_of_the_suite_keeps_its_kind_and_its_line() -> None:
    def refuse() -> Json:
        raise CaseError("expected this,\n got that")

    with pytest.raises(ChildError) as caught:
        supervise([fork(refuse)], _GENEROUS)
    assert caught.value.reply == {"error": "expected this, got that", "kind": "CaseError"}


def test_what_tensorflow_converted_is_told_by_the_last_line_of_its_text() -> None:
    def fail() -> Json:
        raise TypeError('in user code:\n\n    File "loops.py", line 3, in step\n\n    TypeError: no such argument\n')

    with pytest.raises(ChildError) as caught:
        supervise([fork(fail)], _GENEROUS)
    assert caught.value.reply == {"error": "the block raised TypeError: TypeError: no such argument"}


def test_any_other_exception_is_told_in_one_line() -> None:
    def fail() -> Json:
        raise ValueError("\n\nshapes (3,) and (4,)\nand a long explanation")

    with pytest.raises(ChildError) as caught:
        supervise([fork(fail)], _GENEROUS)
    assert caught.value.reply == {"error": "the block raised ValueError: shapes (3,) and (4,)"}


def test_a_killed_block_is_told_of() -> None:
    def die() -> Json:
        os.write(2, b"allocating\n")
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    with pytest.raises(BlockError, match=r"killed \(SIGKILL\).*memory.*last words 'allocating'"):
        supervise([fork(die)], _GENEROUS)


def test_a_crash_names_its_signal() -> None:
    def crash() -> Json:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGSEGV)
        return {}

    with pytest.raises(BlockError, match="crashed with SIGSEGV"):
        supervise([fork(crash)], _GENEROUS)


def test_a_block_that_ends_without_a_result_is_told_of() -> None:
    def leave() -> Json:
        os._exit(3)

    with pytest.raises(BlockError, match="exit status 3 and no result"):
        supervise([fork(leave)], _GENEROUS)


def test_a_hung_block_is_ended_at_its_timeout() -> None:
    with pytest.raises(BlockError, match=r"no result within 0\.1 s.*--block-timeout"):
        supervise([fork(hang)], Limits(timeout_s=0.1, memory_bytes=2**40))


def grow() -> Json:
    """Hold 300 MiB and hang."""
    held = bytearray(300 * 2**20)
    held[::4096] = b"x" * len(held[::4096])
    return hang()


def test_a_block_over_its_memory_is_ended() -> None:
    with pytest.raises(BlockError, match=r"more than the 0\.20 GiB it may.*--block-memory"):
        supervise([fork(grow)], Limits(timeout_s=30.0, memory_bytes=200 * 2**20))


def test_a_block_ends_with_the_process_that_asked_for_it() -> None:
    read_fd, write_fd = os.pipe()
    os.close(write_fd)

    with pytest.raises(BlockError, match="the asking process is gone"):
        supervise([fork(hang)], _GENEROUS, parent_fd=read_fd)
    os.close(read_fd)


def test_several_work_at_the_same_time_and_their_results_come_in_order(tmp_path: Path) -> None:
    """Each waits for the mark of the other, so that neither would end alone; the first one ends last."""

    def work(mine: str, other: str) -> Json:
        (tmp_path / mine).touch()
        while not (tmp_path / other).exists():
            time.sleep(0.01)
        return {"mine": mine}

    def work_longer() -> Json:
        time.sleep(0.3)
        return work("a", "b")

    assert supervise([fork(work_longer), fork(lambda: work("b", "a"))], _GENEROUS) == [{"mine": "a"}, {"mine": "b"}]


def refuse_later() -> Json:
    time.sleep(0.1)
    raise CaseError("expected this, got that")


def die_later() -> Json:
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


@pytest.mark.parametrize("failing_first", [True, False])
@pytest.mark.parametrize(
    ("fail", "message"), [(refuse_later, "expected this, got that"), (die_later, r"killed \(SIGKILL\)")]
)
def test_one_that_fails_ends_the_others_and_its_error_is_told(
    fail: Callable[[], Json],
    message: str,
    failing_first: bool,  # noqa: FBT001
) -> None:
    begin_s = time.monotonic()
    starts = [fork(fail), fork(hang)] if failing_first else [fork(hang), fork(fail)]
    with pytest.raises(BlockError, match=message):
        supervise(starts, _GENEROUS)
    assert time.monotonic() - begin_s < 10.0
    assert psutil.Process().children() == []


def test_a_limit_of_time_ends_all() -> None:
    with pytest.raises(BlockError, match=r"no result within 0\.3 s"):
        supervise([fork(dict), fork(hang), fork(hang)], Limits(timeout_s=0.3, memory_bytes=2**40))
    assert psutil.Process().children() == []


def test_the_memory_of_all_counts_together() -> None:
    """Each holds 300 MiB and what it inherits; one alone would be within the limit."""
    inherited_bytes = psutil.Process().memory_info().rss
    limits = Limits(timeout_s=30.0, memory_bytes=inherited_bytes + 400 * 2**20)
    with pytest.raises(BlockError, match=r"GiB it may.*--block-memory"):
        supervise([fork(grow), fork(grow)], limits)
    assert psutil.Process().children() == []


@pytest.mark.parametrize(
    "start", [fork(hang), lambda: start_fresh([sys.executable, "-c", _SLEEPING], {})], ids=["forked", "fresh"]
)
def test_where_one_cannot_be_started_none_is_left_behind(start: Callable[[], Child]) -> None:
    def cannot() -> Child:
        raise BlockingIOError("too many processes")

    with pytest.raises(BlockingIOError, match="too many"):
        supervise([start, cannot], _GENEROUS)
    assert psutil.Process().children() == []


def test_an_interruption_leaves_none_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it waits: an exception that strikes during a fork may be lost in what Python calls after one."""

    def mark(name: str) -> Json:
        (tmp_path / name).touch()
        return hang()

    def wait(*arguments: Any) -> object:
        (tmp_path / "waiting").touch()
        return really_wait(*arguments)

    really_wait = select.select
    monkeypatch.setattr(select, "select", wait)
    files = [tmp_path / name for name in ("a", "b", "waiting")]
    with pytest.raises(TimeIsUpError), interrupted_when_there_are(*files):
        supervise([fork(lambda: mark("a")), fork(lambda: mark("b"))], _GENEROUS)
    assert psutil.Process().children() == []
