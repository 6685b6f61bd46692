"""Why are bytes read through several servers of a target? Because an address space is drawn when a process starts.

A forked child has the address space of its server, and what depends on addresses with it. Peaks of one and the same arm
were the same in all children of a server, and differed between servers by the size of the weights, unless drawing
addresses was switched off (docs/gate-verification.md). So the blocks of a case are spread over servers, in turn, and
their range tells what belongs to the draw. Times vary less between servers than between blocks, and have one server,
unless several blocks are asked for at once: then each has a server to itself, so that models are built and traced on
all cores, and the timed parts follow each other, alone.

Leaves out: what a server is (`launcher`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.blocks.launcher import Proof, ServerLauncher
from benchmarks.blocks.supervise import Limits
from benchmarks.blocks.targets import Target
from benchmarks.blocks.turns import run_together
from benchmarks.errors import SuiteError, attempt
from benchmarks.protocols import Launcher
from benchmarks.records import ArmReadings, Block, BlockRequest, Environment, Meeting, Profile, ReadRequest
from benchmarks.records.introduction import Introduction

LAYOUTS: int = 4
"""Servers that peaks are spread over: enough that a range is one, few enough that importing TensorFlow in each does not
take longer than reading."""

BLOCKS_AT_ONCE: int = 2
"""Servers that set blocks up, or read arms, at the same time. Blocks that are set up together are one of either build
order, and their slices follow each other; more than the cores of a small machine would not be set up any sooner."""

WHOLE_BLOCK_NS: int = 10**15
"""A turn that is longer than any block, eleven days of timed work: what is timed in one block is not interrupted."""


class LayoutsLauncher:
    """Asks each server of a target for the readings of its layout, and the first for all else.

    Satisfies `protocols.Launcher`.
    """

    def __init__(self, make_server: Callable[[], Launcher]) -> None:
        """Make no server yet.

        Args:
            make_server: makes one more launcher of the same target.
        """
        self._make_server = make_server
        self._servers: dict[int, Launcher] = {}

    def start(self, count: int = 1) -> None:
        """Start the first `count` servers at the same time, without waiting for their imports.

        What goes wrong with one, the first request to it tells.
        """
        for number in range(count):
            self._find_server(number).start(1)

    def introduce(self) -> Introduction:
        """Return what the target says of itself; raise TargetError where it cannot."""
        return self._find_server(0).introduce()

    def describe_environment(self) -> Environment:
        """Return what the target is; raise TargetError where it cannot measure."""
        return self._find_server(0).describe_environment()

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        """Measure one block; raise BlockError where it ended without a result."""
        return self._find_server(0).run_block(request, meeting)

    def run_blocks(self, requests: Sequence[BlockRequest]) -> list[Block | SuiteError]:
        """Measure several blocks at once, each in a server of its own: set up together, timed one after the other.

        Args:
            requests: what the servers 0, 1, … are asked for. Which is timed first is drawn from their seeds.

        Returns:
            For each request its block, or why there is none.
        """
        if not requests:
            return []
        servers = [self._find_server(number) for number in range(len(requests))]
        seed = " ".join(str(request.order_seed) for request in requests)
        return run_together(servers, requests, seed, turn_ns=WHOLE_BLOCK_NS)

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        """Read one arm alone, in the server of its layout; raise BlockError where it ended without a result."""
        return self._find_server(request.layout).read_arm(request)

    def read_arms(self, requests: Sequence[ReadRequest]) -> list[ArmReadings | SuiteError]:
        """Read several arms at once, each in the server of its layout; those of one layout follow each other.

        As many processes are alive at the same time as there are layouts among the requests. An interruption ends their
        servers, which start again when they are needed.

        Returns:
            For each request its readings, or why there are none.
        """
        if not requests:
            return []
        servers = {request.layout: self._find_server(request.layout) for request in requests}
        stopped = threading.Event()

        def read_layout(layout: int) -> list[ArmReadings | SuiteError]:
            mine = (request for request in requests if request.layout == layout)
            return [attempt(servers[layout].read_arm, request) for request in mine if not stopped.is_set()]

        with ThreadPoolExecutor(len(servers)) as pool:
            try:
                reading = {layout: pool.submit(read_layout, layout) for layout in servers}
                readings = {layout: iter(of_layout.result()) for layout, of_layout in reading.items()}
            except BaseException:
                stopped.set()
                _close(servers.values())
                pool.shutdown()
                _close(servers.values())  # once more: a thread may have been about to ask when its server was ended
                raise
        return [next(readings[request.layout]) for request in requests]

    def profile(self, request: BlockRequest) -> Profile:
        """Profile both arms of a timed case; raise BlockError where the process ended without a result."""
        return self._find_server(0).profile(request)

    def close(self) -> None:
        """End all servers."""
        _close(self._servers.values())

    def _find_server(self, layout: int) -> Launcher:
        if layout not in self._servers:
            self._servers[layout] = self._make_server()
        return self._servers[layout]


def _close(launchers: Iterable[Launcher]) -> None:
    for launcher in launchers:
        launcher.close()


def launch_target(
    target: Target, limits: Limits, *, intra_op_threads: int | None = None, inter_op_threads: int | None = None
) -> LayoutsLauncher:
    """Return a launcher of this target, whose servers know what any of them has proven.

    Args:
        target: the interpreter to measure.
        limits: what each block may use.
        intra_op_threads: TensorFlow's threads within an operation; None leaves its default.
        inter_op_threads: TensorFlow's threads between operations; None leaves its default.
    """
    proven: set[Proof] = set()
    return LayoutsLauncher(
        lambda: ServerLauncher(
            target, limits, intra_op_threads=intra_op_threads, inter_op_threads=inter_op_threads, proven=proven
        )
    )
