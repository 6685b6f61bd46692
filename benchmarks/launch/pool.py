"""Which server of a target is asked? Bytes are read in servers of fixed layouts, times measured in any.

A process draws its address space and the seed of its hashes when it starts, and a forked child has those of its server.
TensorFlow and Keras go through sets and dictionaries in an order that follows from both, and so a peak was the same in
all children of a server, and differed between servers by the size of the weights and more (docs/how-it-measures.md).
Servers that read therefore have a fixed layout: addresses that are not drawn, where the system lets a process have
that, and a hash seed that is the layout's number. The blocks of a case are spread over the layouts in turn, both arms
of a block in the same; so a run and its baseline have drawn alike, and their ranges show what belongs to the draw.

Times vary less between servers than between blocks, and are measured in servers that draw. Blocks that are asked for at
once have a server each, so that models are built and traced on all cores; their timed parts follow each other, alone.

Leaves out: what a server is (`launcher`).
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.errors import SuiteError, attempt
from benchmarks.launch.launcher import Proof, ServerLauncher
from benchmarks.launch.lockstep import run_together
from benchmarks.launch.targets import Target
from benchmarks.protocols import Launcher
from benchmarks.records import ArmReadings, Block, BlockRequest, Environment, Meeting, Profile, ReadRequest
from benchmarks.records.cases import Introduction
from benchmarks.target.supervise import Limits

LAYOUTS: int = 4
"""Layouts that readings are spread over: enough that a range is one, few enough that importing TensorFlow in each does
not take longer than reading."""

BLOCKS_AT_ONCE: int = 2
"""Servers that set blocks up, and blocks whose arms are read, at the same time. Blocks that are set up together are one
of either build order, and their slices follow each other; more than the cores of a small machine would not be set up
any sooner."""

WHOLE_BLOCK_NS: int = 10**15
"""A turn that is longer than any block, eleven days of timed work: what is timed in one block is not interrupted."""


class ServerPool:
    """Asks servers of fixed layouts for readings, and others for all else; satisfies `protocols.Launcher`."""

    def __init__(self, make_server: Callable[[int | None], Launcher]) -> None:
        """Make no server yet.

        Args:
            make_server: makes one more launcher of the same target, with the layout of that number; with None, one
                that draws its own.
        """
        self._make_server = make_server
        self._servers: dict[tuple[int | None, int], Launcher] = {}

    def start(self, count: int = 1) -> None:
        """Start `count` servers that measure times, all at once, without waiting for their imports.

        What goes wrong with one, the first request to it tells. Those that read start with their first request: while
        they import, nothing could be timed.
        """
        for number in range(count):
            self._find_timing(number).start()

    def introduce(self) -> Introduction:
        """Return what the target says of itself; raise TargetError where it cannot."""
        return self._find_any().introduce()

    def describe_environment(self) -> Environment:
        """Return what the target is; raise TargetError where it cannot measure."""
        return self._find_any().describe_environment()

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        """Measure one block; raise BlockError where it ended without a result."""
        return self._find_timing(0).run_block(request, meeting)

    def run_blocks(self, requests: Sequence[BlockRequest]) -> list[Block | SuiteError]:
        """Measure several blocks at once, each in a server of its own: set up together, timed one after the other.

        Args:
            requests: one for each server. Which is timed first is drawn from their seeds.

        Returns:
            For each request its block, or why there is none.
        """
        if not requests:
            return []
        servers = [self._find_timing(number) for number in range(len(requests))]
        seed = " ".join(str(request.order_seed) for request in requests)
        return run_together(servers, requests, seed, turn_ns=WHOLE_BLOCK_NS)

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        """Read one arm alone, in the server of its layout; raise BlockError where it ended without a result."""
        return self._find_reading(request.layout).read_arm(request)

    def read_arms(self, requests: Sequence[ReadRequest]) -> list[ArmReadings | SuiteError]:
        """Read several arms at once, each in the server of its layout; those of one layout follow each other.

        As many processes are alive at the same time as there are layouts among the requests. An interruption ends their
        servers, which start again when they are needed.

        Returns:
            For each request its readings, or why there are none.
        """
        if not requests:
            return []
        servers = {request.layout: self._find_reading(request.layout) for request in requests}
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
        return self._find_timing(0).profile(request)

    def close(self) -> None:
        """End all servers."""
        _close(list(self._servers.values()))

    def _find_timing(self, number: int) -> Launcher:
        return self._find_server(None, number)

    def _find_reading(self, layout: int) -> Launcher:
        return self._find_server(layout, 0)

    def _find_server(self, layout: int | None, number: int) -> Launcher:
        if (layout, number) not in self._servers:
            self._servers[layout, number] = self._make_server(layout)
        return self._servers[layout, number]

    def _find_any(self) -> Launcher:
        """Return a server that there is, so that none is started to say what each could; one that reads if none is.

        Where times are to be measured, `start` has been called or a block asked for.
        """
        return next(iter(self._servers.values()), None) or self._find_reading(0)


def _close(launchers: Iterable[Launcher]) -> None:
    for launcher in launchers:
        launcher.close()


def launch_target(
    target: Target, limits: Limits, *, intra_op_threads: int | None = None, inter_op_threads: int | None = None
) -> ServerPool:
    """Return a launcher of this target, whose servers know what any of them has proven.

    Args:
        target: the interpreter to measure.
        limits: what each block may use.
        intra_op_threads: TensorFlow's threads within an operation; None leaves its default.
        inter_op_threads: TensorFlow's threads between operations; None leaves its default.
    """
    proven: set[Proof] = set()
    return ServerPool(
        lambda layout: ServerLauncher(
            dataclasses.replace(target, layout=layout),
            limits,
            intra_op_threads=intra_op_threads,
            inter_op_threads=inter_op_threads,
            proven=proven,
        )
    )
