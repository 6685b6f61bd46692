"""How does the measuring side ask a target for blocks? It keeps one server per target and restarts it if it dies.

A server introduces itself before it is asked for anything, and is refused where the two sides would misread each other.
Each request has a number, which comes back with its reply: a wait may be interrupted, and the reply that comes later is
not that to the next request. A reply is waited for a little longer than the server waits for its child, so that a
server that hangs is noticed too.

Leaves out: everything TensorFlow, which this side never imports, and the process of a server (`server`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence

from benchmarks import errors
from benchmarks.errors import BlockError, SuiteError, TargetError, attempt
from benchmarks.launch.server import Server, ServerError
from benchmarks.launch.targets import Target
from benchmarks.records import ArmReadings, Block, BlockRequest, Environment, Json, Meeting, Profile, ReadRequest
from benchmarks.records.cases import Introduction
from benchmarks.records.convergence import TrainedBlock, TrainRequest
from benchmarks.target.supervise import Limits

_IMPORT_TIMEOUT_S = 180.0
"""Longest wait for a server to import TensorFlow: 3 to 10 s are usual, a cold disk takes longer."""

_MOST_STARTS = 3
"""Starts in a row that may fail before a target is given up: a full disk cache or another's load passes, a broken
TensorFlow does not."""

_GRACE_S = 30.0
"""How much longer than its child's limit a server may take to answer."""

_PROVEN_WITH = "mlp"
"""The workload with which a method is proven that trains data of no workload: a perceptron too."""

Proof = tuple[str, str]
"""A method and a workload: the method was seen to weight the gradient with it."""

FORK_IS_SAFE = hasattr(os, "fork") and sys.platform.startswith("linux")
"""On macOS a fork after the import of system frameworks is not supported, elsewhere there is none."""


class ServerLauncher:
    """Runs blocks in one target through a server process; satisfies `protocols.Launcher`.

    Requests from several threads follow each other; any thread may close it. A request raises BlockError when it ended
    without a result, CaseError when the target refuses the case, for example a method that does not weight the
    gradient, and TargetError when the target has no TensorFlow or does not start.
    """

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
            proven: what need not be proven any more; what is proven here is added. Servers of a target may share it,
                from several threads too: to look a pair up and to add one are each a single step of a set, and where
                two servers begin with a method at the same time, both prove it.
        """
        self._target = target
        self._limits = limits
        self._threads = {"intra_op_threads": intra_op_threads, "inter_op_threads": inter_op_threads}
        self._fork = fork
        self._proven: set[Proof] = set() if proven is None else proven
        self._server: Server | None = None
        self._environment: Environment | None = None
        self._unusable: TargetError | None = None
        self._failed_starts = 0
        self._requests = 0
        self._speaking = threading.RLock()
        self._closing = False

    def start(self, count: int = 1) -> None:
        """Start the server, the only one, and do not wait for its import; what goes wrong, the next request says."""
        del count
        with self._speaking, contextlib.suppress(TargetError):
            self._start_server()

    def introduce(self) -> Introduction:
        """Return what the target says of itself.

        Raises:
            TargetError: when it does not start, has no TensorFlow, or is not understood.
        """
        with self._speaking:
            introduction = self._find_server().introduction
        assert introduction is not None  # noqa: S101 - the server is found when it has introduced itself
        return introduction

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
        """
        if meeting is None:
            return Block.from_json(self._ask_of_case("measure", request))
        limits = dataclasses.replace(self._limits, timeout_s=self._limits.timeout_s * meeting.blocks)
        where = dataclasses.asdict(meeting)
        del where["blocks"]  # the limits' business, which are kept here
        return Block.from_json(self._ask_of_case("measure", request, limits, meeting=where))

    def run_blocks(self, requests: Sequence[BlockRequest]) -> list[Block | SuiteError]:
        """Measure several blocks, one after the other: a single server has one child at a time."""
        return [attempt(self.run_block, request) for request in requests]

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        """Read one arm alone in a fresh process of the target."""
        return ArmReadings.from_json(self._ask_of_case("read", request))

    def read_arms(self, requests: Sequence[ReadRequest]) -> list[ArmReadings | SuiteError]:
        """Read several arms, one after the other."""
        return [attempt(self.read_arm, request) for request in requests]

    def profile(self, request: BlockRequest) -> Profile:
        """Profile both arms of a timed case in a fresh process of the target."""
        return Profile.from_json(self._ask_of_case("profile", request))

    def train(self, request: TrainRequest) -> TrainedBlock:
        """Train both arms of a setting in a fresh process of the target, which proves the method first."""
        proof = (request.method, _PROVEN_WITH)
        if proof not in self._proven:
            method, workload = proof
            self._ask({"do": "prove", "case": {"method": method, "workload": workload}}, self._limits)
            self._proven.add(proof)
        return TrainedBlock.from_json(self._ask({"do": "train", "request": request.to_json()}, self._limits))

    def close(self) -> None:
        """End the server and any child it has; safe to call twice, and while another thread waits for a reply."""
        self._closing = True
        server = self._server
        if server is not None:
            server.kill()
        with self._speaking:
            self._closing = False
            self._end_server()

    def _ask_of_case(
        self, do: str, request: BlockRequest | ReadRequest, limits: Limits | None = None, **more: Json
    ) -> Json:
        """Ask for something that a method does; the target proves it first, unless that has been done."""
        proof = (request.case.method, request.case.workload)
        sent = self.introduce().leave_out_unknown(request.to_json())
        asked = {"do": do, "request": sent, "proven": proof in self._proven, **more}
        result = self._ask(asked, limits or self._limits)
        if not request.case.null:
            self._proven.add(proof)
        return result

    def _ask(self, request: Json, limits: Limits) -> Json:
        """Send a request and return the result; an error that comes back is raised as what it was there."""
        with self._speaking:
            server = self._find_server()
            self._requests += 1
            try:
                server.send(request | {"id": self._requests, "limits": dataclasses.asdict(limits)})
                # A block may be preceded by the proof of its method, which has the same limits.
                reply = self._find_reply(server, 2 * limits.timeout_s + _GRACE_S)
            except ServerError as error:
                raise BlockError(f"the target's {self._bury(error)}; it is started again for the next block") from error
        return _unwrap(reply)

    def _find_reply(self, server: Server, timeout_s: float) -> Json:
        """Return the reply to the last request; one to an earlier request, which nobody waits for, is thrown away."""
        while True:
            reply = server.read_reply(timeout_s, time.monotonic())
            number = reply.get("id")
            if number == self._requests:
                return reply
            if not isinstance(number, int) or number > self._requests:
                raise ServerError(f"answered request {number!r} instead of {self._requests}")

    def _find_server(self) -> Server:
        """Return the running server, started if need be, after it has introduced itself."""
        server = self._start_server()
        if server.introduction is None:
            try:
                reply = server.read_reply(_IMPORT_TIMEOUT_S, server.started_s)
                server.introduction = Introduction.from_json(_unwrap(reply))
            except ServerError as error:
                raise self._count_failed_start(error) from error
            except SuiteError as error:
                self._end_server()
                self._unusable = TargetError(f"target {self._target.name}: {error}")
                raise self._unusable from error
            self._failed_starts = 0
        return server

    def _start_server(self) -> Server:
        """Return the server, started if there is none that runs or has yet to say why it ended."""
        if self._unusable is not None:
            raise self._unusable
        if self._server is not None and (self._server.introduction is None or self._server.is_running()):
            return self._server
        self._end_server()
        try:
            self._server = Server(self._target, fork=self._fork)
        except OSError as error:
            self._unusable = TargetError(
                f"target: cannot run {self._target.interpreter} ({error}); pass another --target"
            )
            raise self._unusable from error
        if self._closing:  # by another thread, which did not see it
            self._server.kill()
        return self._server

    def _count_failed_start(self, error: ServerError) -> TargetError:
        """Bury a server that did not come up; return what is said of it, for good where it was one too many."""
        story = f"target {self._target.name}: its {self._bury(error)}"
        if not self._closing:
            self._failed_starts += 1
        if self._failed_starts < _MOST_STARTS:
            return TargetError(f"{story}; it is started again at the next request")
        self._unusable = TargetError(
            f"{story}, in {self._failed_starts} starts; see whether "
            f"`{self._target.interpreter} -c 'import tensorflow'` works there"
        )
        return self._unusable

    def _bury(self, error: ServerError) -> str:
        """End a server that failed and say how it did, with its last words."""
        assert self._server is not None  # noqa: S101 - there is one that failed
        last_words = self._server.find_last_words()
        self._end_server()
        return f"server {error}{last_words}"

    def _end_server(self) -> None:
        """End the server, if there is one."""
        if self._server is not None:
            self._server.close()
            self._server = None


@contextlib.contextmanager
def open_servers(
    targets: Iterable[Target], limits: Limits, proven: set[Proof] | None = None, *, threads: int | None = None
) -> Iterator[list[ServerLauncher]]:
    """Start a server of each target when it is first asked, and end them with the context.

    Args:
        targets: what to measure.
        limits: what each block may use.
        proven: what need not be proven in any of them; None where they have nothing in common.
        threads: TensorFlow's, of each kind; None leaves its defaults.
    """
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                contextlib.closing(
                    ServerLauncher(each, limits, intra_op_threads=threads, inter_op_threads=threads, proven=proven)
                )
            )
            for each in targets
        ]


def _unwrap(reply: Json) -> Json:
    """Return the result of a reply, or raise the error it carries."""
    if "result" in reply:
        result: Json = reply["result"]
        return result
    kind = getattr(errors, reply.get("kind", "BlockError"), BlockError)
    raise kind(reply["error"])
