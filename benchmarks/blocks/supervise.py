"""How is one block kept from taking the run down? A child process under a time and a memory limit.

The child answers with one JSON object on a pipe. Whatever else happens to it (a signal, an exception, silence, too
much memory) becomes a BlockError of one line. Leaves out: what the child computes.
"""

from __future__ import annotations

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
from collections.abc import Callable
from typing import IO

import psutil

from benchmarks.errors import BlockError, SuiteError
from benchmarks.records import Json

_POLL_S = 0.25
"""Between two looks at a child: its limits are seconds and gigabytes, and a look costs the machine about 50 us."""

_LAST_WORDS_BYTES = 4000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one block may use: seconds of wall time and bytes of resident memory."""

    timeout_s: float
    memory_bytes: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A running block: its process, the pipe it answers on, and the file its error output goes to.

    `process` is the handle of a fresh interpreter, None for a fork.
    """

    pid: int
    answer_fd: int
    stderr: IO[bytes]
    process: subprocess.Popen[bytes] | None = None

    def wait(self) -> int:
        """Wait for the end and return the exit status, the negative number of the signal that ended it if one did."""
        if self.process is not None:
            return self.process.wait()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start_forked(work: Callable[[], Json]) -> Child:
    """Fork, and let the child answer with what `work` returns.

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
        return Child(pid=pid, answer_fd=read_fd, stderr=stderr)
    exit_code = 1
    try:
        os.close(read_fd)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(stderr.fileno(), 1)
        os.dup2(stderr.fileno(), 2)
        answer(work, write_fd)
        exit_code = 0
    finally:
        os._exit(exit_code)


def start_fresh(command: list[str], request: Json) -> Child:
    """Start `command` where fork is not to be had; it reads `request` from its input and answers on its output."""
    stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by supervise
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)  # noqa: S603
    assert process.stdin is not None  # noqa: S101 - both are pipes by the call above
    assert process.stdout is not None  # noqa: S101
    with process.stdin as stdin:
        stdin.write(json.dumps(request).encode() + b"\n")
    answer_fd = os.dup(process.stdout.fileno())
    process.stdout.close()
    return Child(pid=process.pid, answer_fd=answer_fd, stderr=stderr, process=process)


def answer(work: Callable[[], Json], answer_fd: int) -> None:
    """Do `work` and write its result, or the one line it failed with, as JSON to `answer_fd`."""
    try:
        reply: Json = {"result": work()}
    except SuiteError as error:
        reply = {"error": str(error), "kind": type(error).__name__}
    except MemoryError:
        reply = {"error": "the block ran out of memory; choose a smaller case or a machine with more memory"}
    except Exception as error:  # noqa: BLE001 - the process boundary: whatever it was, it is told in one line
        reply = {"error": f"the block raised {type(error).__name__}: {_first_line(str(error))}"}
    with os.fdopen(answer_fd, "wb") as pipe:
        pipe.write(json.dumps(reply).encode())


def supervise(child: Child, limits: Limits, parent_fd: int | None = None) -> Json:
    """Wait for the child's answer and return it: `{"result": …}`, or `{"error": …}` where it caught its own failure.

    Args:
        child: the running block.
        limits: what it may use.
        parent_fd: becomes readable when the asking process is gone; the child is then killed.

    Raises:
        BlockError: when the child was killed by a signal, exceeded a limit, or ended without an answer.
    """
    deadline = time.monotonic() + limits.timeout_s
    chunks: list[bytes] = []
    problem = ""
    try:
        while True:
            watched = [child.answer_fd] if parent_fd is None else [child.answer_fd, parent_fd]
            readable, _, _ = select.select(watched, [], [], _POLL_S)
            if child.answer_fd in readable:
                chunk = os.read(child.answer_fd, 1 << 20)
                if not chunk:
                    break
                chunks.append(chunk)
                continue
            problem = _exceeded(child.pid, limits, deadline)
            if parent_fd in readable:
                problem = "the asking process is gone"
            if problem:
                os.kill(child.pid, signal.SIGKILL)
                break
    finally:
        os.close(child.answer_fd)
        exit_status = child.wait()
        last_words = _read_last_words(child.stderr)
    if problem:
        raise BlockError(problem)
    if exit_status < 0:
        raise BlockError(_explain_signal(-exit_status, last_words))
    if not chunks:
        raise BlockError(
            f"the block ended with exit status {exit_status} and no result"
            f"{last_words}; run the case alone to see whether it does so again"
        )
    reply: Json = json.loads(b"".join(chunks))
    return reply


def _exceeded(pid: int, limits: Limits, deadline: float) -> str:
    """Say which limit the child is over; empty where none."""
    if time.monotonic() > deadline:
        return (
            f"the block gave no result within {limits.timeout_s:g} s and was ended; "
            "raise --block-timeout or choose a smaller case"
        )
    try:
        resident_bytes = psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return ""
    if resident_bytes > limits.memory_bytes:
        return (
            f"the block used {resident_bytes / 2**30:.2f} GiB, more than the {limits.memory_bytes / 2**30:.2f} "
            "GiB it may, and was ended; raise --block-memory or choose a smaller case"
        )
    return ""


def _explain_signal(number: int, last_words: str) -> str:
    """Say what a deadly signal usually means."""
    name = signal.Signals(number).name
    if number == signal.SIGKILL:
        return (
            "the block was killed (SIGKILL), as the system does when memory runs out"
            f"{last_words}; free memory or choose a smaller case"
        )
    return f"the block crashed with {name}{last_words}; run the case alone to see whether it does so again"


def _read_last_words(stderr: IO[bytes]) -> str:
    """Return the last line the child wrote, as a clause for a message; empty where it wrote nothing."""
    with stderr:
        size = stderr.seek(0, os.SEEK_END)
        stderr.seek(max(0, size - _LAST_WORDS_BYTES))
        lines = [line.strip() for line in stderr.read().decode(errors="replace").splitlines() if line.strip()]
    return f", last words {lines[-1][:200]!r}" if lines else ""


def _first_line(text: str) -> str:
    """Return the first line that says something, at most 300 characters of it."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "no message")[:300]
