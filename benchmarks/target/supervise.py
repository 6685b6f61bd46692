"""How is one block kept from taking the run down? Its child processes are under a time and a memory limit.

A child answers with one JSON object on a pipe. Whatever else happens to it (a signal, an exception, silence, too much
memory) becomes a BlockError of one line. Where several work at the same time, the first that fails ends the others.
None is left behind, whatever is raised. Leaves out: what a child computes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from typing import IO

import psutil

from benchmarks.errors import BlockError, SuiteError
from benchmarks.records import Json

_POLL_S = 0.25
"""Between two looks at a child: its limits are seconds and gigabytes, and a look costs the machine about 50 us."""

_LAST_WORDS_BYTES = 4000

THE_BLOCK = "the block"
"""What messages call a child."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one block may use: seconds of wall time and bytes of resident memory, those of all its children together."""

    timeout_s: float
    memory_bytes: int


class ChildError(BlockError):
    """A child replied with an error; `reply` is what it said."""

    def __init__(self, reply: Json) -> None:
        """Keep the reply, which names the kind of the error."""
        super().__init__(reply["error"])
        self.reply = reply


class Child:
    """A running process of a block, which is listened to until it ends, by itself or by closing this."""

    def __init__(
        self,
        pid: int,
        answer_fd: int,
        stderr: IO[bytes],
        process: subprocess.Popen[bytes] | None = None,
        name: str = THE_BLOCK,
    ) -> None:
        """Have heard nothing yet.

        Args:
            pid: its number.
            answer_fd: the pipe it answers on, closed with this.
            stderr: the file its error output goes to, likewise.
            process: the handle of a fresh interpreter, None for a fork.
            name: what messages call it.
        """
        self.pid = pid
        self.answer_fd = answer_fd
        self._stderr = stderr
        self._process = process
        self._name = name
        self._said: list[bytes] = []
        self._has_exited = False

    def has_ended(self) -> bool:
        """Read what it says, and tell whether that was all."""
        chunk = os.read(self.answer_fd, 1 << 20)
        self._said.append(chunk)
        return not chunk

    def find_result(self) -> Json:
        """Wait for its end and return its result.

        Raises:
            ChildError: when it replied with an error.
            BlockError: when it was killed by a signal, or ended without an answer.
        """
        exit_status = self._wait()
        self._has_exited = True
        last_words = read_last_words(self._stderr)
        if exit_status < 0:
            raise BlockError(_explain_signal(self._name, -exit_status, last_words))
        said = b"".join(self._said)
        if not said:
            raise BlockError(
                f"{self._name} ended with exit status {exit_status} and no result"
                f"{last_words}; run the case alone to see whether it does so again"
            )
        reply: Json = json.loads(said)
        if "error" in reply:
            raise ChildError(reply)
        result: Json = reply["result"]
        return result

    def close(self) -> None:
        """Kill it unless it has ended, and free what listening to it needed."""
        if not self._has_exited:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):  # interrupted just after it was waited for
                if self._process is not None:
                    self._process.kill()
                else:
                    os.kill(self.pid, signal.SIGKILL)
                self._wait()
        os.close(self.answer_fd)
        self._stderr.close()

    def _wait(self) -> int:
        """Wait for the end and return the exit status, the negative number of the signal that ended it if one did."""
        if self._process is not None:
            return self._process.wait()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start_forked(work: Callable[[], Json], name: str = THE_BLOCK) -> Child:
    """Fork, and let the child answer with what `work` returns; messages call it by `name`.

    The caller must not have started threads that `work` depends on.
    """
    read_fd, write_fd = os.pipe()
    stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by supervise
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads; TensorFlow's have not begun
        pid = os.fork()
    if pid:
        os.close(write_fd)
        return Child(pid, read_fd, stderr, name=name)
    exit_code = 1
    try:
        os.close(read_fd)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(stderr.fileno(), 1)
        os.dup2(stderr.fileno(), 2)
        answer(work, write_fd, name)
        exit_code = 0
    finally:
        os._exit(exit_code)


def start_fresh(command: list[str], request: Json, name: str = THE_BLOCK) -> Child:
    """Start `command` where fork is not to be had; it reads `request` from its input and answers on its output."""
    stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by supervise
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)  # noqa: S603
    assert process.stdin is not None  # noqa: S101 - both are pipes by the call above
    assert process.stdout is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError), process.stdin as stdin:  # it may be gone, which supervise will tell
        stdin.write(json.dumps(request).encode() + b"\n")
    answer_fd = os.dup(process.stdout.fileno())
    process.stdout.close()
    return Child(process.pid, answer_fd, stderr, process, name)


def answer(work: Callable[[], Json], answer_fd: int, name: str = THE_BLOCK) -> None:
    """Do `work` and write its result, or the one line it failed with, as JSON to `answer_fd`."""
    try:
        reply: Json = {"result": work()}
    except SuiteError as error:
        reply = {"error": str(error), "kind": type(error).__name__}
    except MemoryError:
        reply = {"error": f"{name} ran out of memory; choose a smaller case or a machine with more memory"}
    except Exception as error:  # noqa: BLE001 - the process boundary: whatever it was, it is told in one line
        reply = {"error": f"{name} raised {type(error).__name__}: {_find_line(str(error))}"}
    with os.fdopen(answer_fd, "wb") as pipe:
        pipe.write(json.dumps(reply).encode())


def supervise(starts: Sequence[Callable[[], Child]], limits: Limits, parent_fd: int | None = None) -> list[Json]:
    """Start the children of a block at the same time, wait for all of them, and return their results in that order.

    Args:
        starts: start one child each.
        limits: what they may use together.
        parent_fd: becomes readable when the asking process is gone; all children are then killed.

    Raises:
        ChildError: when a child replied with an error; the others are then killed.
        BlockError: when one was killed by a signal or ended without an answer, or a limit was exceeded; likewise.
    """
    deadline = time.monotonic() + limits.timeout_s
    results: dict[int, Json] = {}
    with contextlib.ExitStack() as stack:
        working = {number: stack.enter_context(contextlib.closing(start())) for number, start in enumerate(starts)}
        while working:
            answer_fds = {child.answer_fd: number for number, child in working.items()}
            parent_fds = [] if parent_fd is None else [parent_fd]
            readable, _, _ = select.select([*answer_fds, *parent_fds], [], [], _POLL_S)
            answering = [number for answer_fd, number in answer_fds.items() if answer_fd in readable]
            for number in answering:
                if working[number].has_ended():
                    results[number] = working.pop(number).find_result()
            if not answering:
                _check(limits, deadline, [child.pid for child in working.values()])
                if parent_fd in readable:
                    raise BlockError("the asking process is gone")
    return [results[number] for number in range(len(starts))]


def _check(limits: Limits, deadline: float, pids: Sequence[int]) -> None:
    """Raise BlockError where the children that still work are over a limit."""
    if time.monotonic() > deadline:
        raise BlockError(
            f"the block gave no result within {limits.timeout_s:g} s and was ended; "
            "raise --block-timeout or choose a smaller case"
        )
    resident_bytes = sum(map(_find_resident_bytes, pids))
    if resident_bytes > limits.memory_bytes:
        raise BlockError(
            f"the block used {resident_bytes / 2**30:.2f} GiB, more than the {limits.memory_bytes / 2**30:.2f} "
            "GiB it may, and was ended; raise --block-memory or choose a smaller case"
        )


def _find_resident_bytes(pid: int) -> int:
    """Return what a child holds; nothing where it is about to end."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _explain_signal(who: str, number: int, last_words: str) -> str:
    """Say what a deadly signal usually means."""
    name = signal.Signals(number).name
    if number == signal.SIGKILL:
        return (
            f"{who} was killed (SIGKILL), as the system does when memory runs out"
            f"{last_words}; free memory or choose a smaller case"
        )
    return f"{who} crashed with {name}{last_words}; run the case alone to see whether it does so again"


def read_last_words(stderr: IO[bytes]) -> str:
    """Return the last line a process wrote to this file, as a clause for a message; empty where it wrote nothing."""
    size = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, size - _LAST_WORDS_BYTES))
    lines = [line.strip() for line in stderr.read().decode(errors="replace").splitlines() if line.strip()]
    return f", last words {lines[-1][:200]!r}" if lines else ""


def _find_line(text: str) -> str:
    """Return the line of an error's text that says what went wrong, at most 300 characters of it.

    It is the first, unless TensorFlow has put the lines of user code before it, as it does for what it converts.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no message"]
    return lines[-1 if "in user code:" in lines[0] else 0][:300]
