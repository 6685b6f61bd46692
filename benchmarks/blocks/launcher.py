"""How does the measuring side ask a target for blocks? It keeps one server per target and restarts it if it dies.

Leaves out: everything TensorFlow; this side never imports it. A reply is waited for a little longer than the server
waits for its child, so that a server that hangs is noticed too.
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
from pathlib import Path
from typing import IO

from benchmarks import errors
from benchmarks.blocks.supervise import Limits
from benchmarks.blocks.targets import Target
from benchmarks.errors import BlockError, SuiteError, TargetError
from benchmarks.records import ArmReadings, Block, BlockRequest, Environment, Json, Meeting, Profile, ReadRequest

_ROOT = Path(__file__).resolve().parents[2]

_IMPORT_TIMEOUT_S = 180.0
"""Longest wait for a server to import TensorFlow: 3 to 10 s are usual, a cold disk takes longer."""

_GRACE_S = 30.0
"""How much longer than its child's limit a server may take to answer."""

Proof = tuple[str, str]
"""A method and a workload: the method was seen to weight the gradient with it."""

FORK_IS_SAFE = hasattr(os, "fork") and sys.platform.startswith("linux")
"""On macOS a fork after the import of system frameworks is not supported, elsewhere there is none."""


class ServerLauncher:
    """Runs blocks in one target through a server process; satisfies `protocols.Launcher`."""

    def __init__(
        self,
        target: Target,
        limits: Limits,
        *,
        intra_op_threads: int | None = None,
        inter_op_threads: int | None = None,
        fork: bool = FORK_IS_SAFE,
        proven: set[Proof] | None = None,
    ) -> None:
        """Start nothing yet; the first request starts the server.

        Args:
            target: the interpreter to measure.
            limits: what each block may use.
            intra_op_threads: TensorFlow's threads within an operation; None leaves its default.
            inter_op_threads: TensorFlow's threads between operations; None leaves its default.
            fork: fork a child per block; otherwise start an interpreter per block.
            proven: what need not be proven any more; what is proven here is added. Servers of a target may share it.
        """
        self._target = target
        self._limits = limits
        self._threads = {"intra_op_threads": intra_op_threads, "inter_op_threads": inter_op_threads}
        self._start = "fork" if fork else "fresh"
        self._proven: set[Proof] = set() if proven is None else proven
        self._server: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None
        self._unread = b""
        self._environment: Environment | None = None
        self._unusable: TargetError | None = None

    def describe_environment(self) -> Environment:
        """Return what the target is; asked once, then remembered.

        Raises:
            TargetError: when the target has no TensorFlow or does not start.
        """
        if self._environment is None:
            try:
                self._environment = Environment.from_json(self._ask({"do": "describe", **self._threads}, self._limits))
            except BlockError as error:
                raise TargetError(f"{self._target.interpreter} cannot start TensorFlow: {error}") from error
        return self._environment

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        """Measure one block in a fresh process of the target.

        Args:
            request: what to measure.
            meeting: where the block takes turns with others; None where it has the machine to itself.

        Raises:
            BlockError: when it ended without a result.
            CaseError: when the target refuses the case, for example a method that does not weight the gradient.
            TargetError: when the target has no TensorFlow or does not start.
        """
        if meeting is None:
            return Block.from_json(self._ask_of_case("measure", request))
        limits = dataclasses.replace(self._limits, timeout_s=self._limits.timeout_s * meeting.blocks)
        where = dataclasses.asdict(meeting)
        del where["blocks"]  # the limits' business, which are kept here
        return Block.from_json(self._ask_of_case("measure", request, limits, meeting=where))

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        """Read one arm alone in a fresh process of the target.

        Raises:
            BlockError: when it ended without a result.
            CaseError: when the target refuses the case.
            TargetError: when the target has no TensorFlow or does not start.
        """
        return ArmReadings.from_json(self._ask_of_case("read", request))

    def profile(self, request: BlockRequest) -> Profile:
        """Profile both arms of a timed case in a fresh process of the target.

        Raises:
            BlockError: when it ended without a result.
            CaseError: when the target refuses the case.
            TargetError: when the target has no TensorFlow or does not start.
        """
        return Profile.from_json(self._ask_of_case("profile", request))

    def close(self) -> None:
        """End the server and any child it has; safe to call twice."""
        if self._server is not None:
            self._kill()

    def _ask_of_case(
        self, do: str, request: BlockRequest | ReadRequest, limits: Limits | None = None, **more: Json
    ) -> Json:
        """Ask for something that a method does; the target proves it first, unless that has been done."""
        proof = (request.case.method, request.case.workload)
        asked = {"do": do, "request": request.to_json(), "proven": proof in self._proven, **more}
        result = self._ask(asked, limits or self._limits)
        if not request.case.null:
            self._proven.add(proof)
        return result

    def _ask(self, request: Json, limits: Limits) -> Json:
        """Send a request and return the result; an error that comes back is raised as what it was there."""
        server = self._find_server()
        assert server.stdin is not None  # noqa: S101 - a pipe by the call that started it
        try:
            server.stdin.write(json.dumps(request | {"limits": dataclasses.asdict(limits)}).encode() + b"\n")
            server.stdin.flush()
        except BrokenPipeError:
            raise BlockError(self._bury("went away before the block")) from None
        # A block may be preceded by the proof of its method, which has the same limits.
        return _unwrap(self._read_reply(2 * limits.timeout_s + _GRACE_S))

    def _find_server(self) -> subprocess.Popen[bytes]:
        """Return the running server, started if need be."""
        if self._unusable is not None:
            raise self._unusable
        if self._server is not None and self._server.poll() is None:
            return self._server
        self._unread = b""
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        root = self._target.root or _ROOT
        environment = os.environ | {
            "PYTHONPATH": str(root),
            "OPENBLAS_NUM_THREADS": "1",  # NumPy's thread pool would not survive the fork
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        try:
            self._server = subprocess.Popen(  # noqa: S603 - the interpreter the user named
                [str(self._target.interpreter), "-m", "benchmarks.blocks.worker", "--serve", self._start],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=environment,
                cwd=root,
                start_new_session=True,  # Ctrl-C is for the measuring side, which then ends the server in good order
            )
            _unwrap(self._read_reply(_IMPORT_TIMEOUT_S))
        except OSError as error:
            self._unusable = TargetError(
                f"target: cannot run {self._target.interpreter} ({error}); pass another --target"
            )
            raise self._unusable from error
        except SuiteError as error:
            self._unusable = TargetError(f"target {self._target.interpreter}: {error}")
            raise self._unusable from error
        return self._server

    def _read_reply(self, timeout_s: float) -> Json:
        """Return the next line of the server as JSON."""
        server = self._server
        assert server is not None  # noqa: S101 - only called with one
        assert server.stdout is not None  # noqa: S101
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._unread:
            readable, _, _ = select.select([server.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not readable:
                raise BlockError(self._bury(f"did not answer within {timeout_s:g} s"))
            chunk = os.read(server.stdout.fileno(), 1 << 20)
            if not chunk:
                raise BlockError(self._bury("ended"))
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        reply: Json = json.loads(line)
        return reply

    def _bury(self, how: str) -> str:
        """End a server that failed and say how it did, with its last words."""
        assert self._stderr is not None  # noqa: S101 - there is a server
        self._stderr.seek(0)
        lines = [line for line in self._stderr.read().decode(errors="replace").splitlines() if line.strip()]
        self._kill()
        last_words = f", last words {lines[-1].strip()[:200]!r}" if lines else ""
        return f"the target's server {how}{last_words}; it is started again for the next block"

    def _kill(self) -> None:
        """Kill the server and its children, which share its process group."""
        server = self._server
        assert server is not None  # noqa: S101 - only called with one
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        for pipe in (server.stdin, server.stdout, self._stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._server = None


def _unwrap(reply: Json) -> Json:
    """Return the result of a reply, or raise the error it carries."""
    if "result" in reply:
        result: Json = reply["result"]
        return result
    kind = getattr(errors, reply.get("kind", "BlockError"), BlockError)
    raise kind(reply["error"])
