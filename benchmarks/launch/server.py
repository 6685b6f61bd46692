"""How is a target's server started, spoken to and ended? One process, and one line of JSON at a time in each direction.

Leaves out: what is said, and what becomes of a server that failed (`launcher`).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.errors import SuiteError
from benchmarks.launch.targets import Target
from benchmarks.records import Json
from benchmarks.records.cases import Introduction
from benchmarks.target.supervise import read_last_words
from benchmarks.target.worker import FIXED_ADDRESSES_VARIABLE

_ROOT = Path(__file__).resolve().parents[2]

_MOST_LETTERS = 200
"""Of what a server said, in a message."""


class ServerError(SuiteError):
    """A server ended, hung, or said what cannot be understood; the message goes on after `the server`."""


class Server:
    """A running server of a target. One thread at a time speaks to it; any may kill it.

    `introduction` is what it said of itself, None until that was heard.
    """

    def __init__(self, target: Target, *, fork: bool) -> None:
        """Start it, without waiting for anything.

        Args:
            target: the interpreter, and the checkout whose code it runs.
            fork: fork a child per block; otherwise start an interpreter per block.

        Raises:
            OSError: when the interpreter cannot be run.
        """
        root = target.root or _ROOT
        environment = os.environ | {
            "PYTHONPATH": str(root),
            "OPENBLAS_NUM_THREADS": "1",  # NumPy's thread pool would not survive the fork
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        if target.layout is not None:
            environment |= {"PYTHONHASHSEED": str(target.layout), FIXED_ADDRESSES_VARIABLE: "1"}
        self.introduction: Introduction | None = None
        self.started_s = time.monotonic()
        self._unread = b""
        with contextlib.ExitStack() as stack:
            self._stderr = stack.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(  # noqa: S603 - the interpreter the user named
                [str(target.interpreter), "-m", target.worker, "--serve", "fork" if fork else "fresh"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=environment,
                cwd=root,
                start_new_session=True,  # Ctrl-C is for the measuring side, which then ends the server in good order
            )
            assert self._process.stdin is not None  # noqa: S101 - both are pipes by the call above
            assert self._process.stdout is not None  # noqa: S101
            self._stdin, self._stdout = self._process.stdin, self._process.stdout
            stack.pop_all()  # closed with the server

    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def send(self, request: Json) -> None:
        """Send a request.

        Raises:
            ServerError: when the server is gone.
        """
        try:
            self._stdin.write(json.dumps(request).encode() + b"\n")
            self._stdin.flush()
        except BrokenPipeError:
            raise ServerError("went away before the block") from None

    def read_reply(self, timeout_s: float, since_s: float) -> Json:
        """Return what the server says next.

        Args:
            timeout_s: how long it may take, in seconds.
            since_s: from when on, by the monotonic clock. What it has said by then is read, however late that is.

        Raises:
            ServerError: when it says nothing in time, ends, or says what is no reply.
        """
        while b"\n" not in self._unread:
            left_s = since_s + timeout_s - time.monotonic()
            readable, _, _ = select.select([self._stdout], [], [], max(0.0, left_s))
            if not readable:
                raise ServerError(f"did not answer within {timeout_s:g} s")
            chunk = os.read(self._stdout.fileno(), 1 << 20)
            if not chunk:
                raise ServerError("ended")
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        try:
            reply = json.loads(line)
        except ValueError:
            reply = None
        if not isinstance(reply, dict):
            raise ServerError(f"said {line[:_MOST_LETTERS].decode(errors='replace')!r}, which is no reply")
        return reply

    def find_last_words(self) -> str:
        """Return the last line of its error output, as a clause for a message; empty where it wrote nothing."""
        return read_last_words(self._stderr)

    def kill(self) -> None:
        """Kill the server and its children, which share its process group; who waits for its reply hears that."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill the server and free what speaking to it needed; it is not spoken to again."""
        self.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout, self._stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
