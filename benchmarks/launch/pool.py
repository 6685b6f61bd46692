"""Which server of a target is asked, and how do blocks that are alive together share the machine?

Bytes are read in servers of fixed layouts, times measured in any.

A process draws its address space and the seed of its hashes when it starts, and a forked child has those of its server.
TensorFlow and Keras go through sets and dictionaries in an order that follows from both, and so a peak was the same in
all children of a server, and differed between servers by the size of the weights and more (docs/how-it-measures.md).
Servers that read therefore have a fixed layout: addresses that are not drawn, where the system lets a process have
that, and a hash seed that is the layout's number. The blocks of a case are spread over the layouts in turn, both arms
of a block in the same; so a run and its baseline have drawn alike, and their ranges show what belongs to the draw.

Times vary less between servers than between blocks, and are measured in servers that draw. Blocks that are asked for at
once have a server each, so that models are built and traced on all cores; their timed parts follow each other, alone.

The times of one process drift by a fifth and more from one second to the next, so that blocks of two targets measured
one after the other tell little of the targets' own times. Each block is therefore set up in its process, says that it
is at rest, and goes on for one short turn whenever it is given one. Nobody is given a turn before all others are at
rest, and the order is drawn anew in each cycle. A block that ends, or dies, drops out; one of a target that knows
nothing of turns runs before all others.

Leaves out: what a server is (`launcher`), and what a block does with its turns (`benchmarks.target.interleave`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from benchmarks.errors import BlockError, SuiteError, attempt
from benchmarks.launch.launcher import Proof, ServerLauncher
from benchmarks.launch.targets import Target
from benchmarks.protocols import Launcher
from benchmarks.records import ArmReadings, Block, BlockRequest, Environment, Meeting, Profile, ReadRequest
from benchmarks.records.cases import Introduction
from benchmarks.target.interleave import ENDED
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

TURN_NS: int = 10_000_000
"""Timed nanoseconds of a turn: short beside the moods of a machine, long beside handing over; chosen by
`benchmarks.studies.estimators`, docs/how-it-measures.md has the table."""


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
            self._find_server(number=number).start()

    def introduce(self) -> Introduction:
        """Return what the target says of itself; raise TargetError where it cannot."""
        return self._find_any().introduce()

    def describe_environment(self) -> Environment:
        """Return what the target is; raise TargetError where it cannot measure."""
        return self._find_any().describe_environment()

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        """Measure one block; raise BlockError where it ended without a result."""
        return self._find_server().run_block(request, meeting)

    def run_blocks(self, requests: Sequence[BlockRequest]) -> list[Block | SuiteError]:
        """Measure several blocks at once, each in a server of its own: set up together, timed one after the other.

        Args:
            requests: one for each server. Which is timed first is drawn from their seeds.

        Returns:
            For each request its block, or why there is none.
        """
        if not requests:
            return []
        servers = [self._find_server(number=number) for number in range(len(requests))]
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
        return self._find_server().profile(request)

    def close(self) -> None:
        """End all servers."""
        _close(list(self._servers.values()))

    def _find_server(self, layout: int | None = None, number: int = 0) -> Launcher:
        """Return the server of a layout that reads, or with None one of those that measure times; made if need be."""
        if (layout, number) not in self._servers:
            self._servers[layout, number] = self._make_server(layout)
        return self._servers[layout, number]

    def _find_any(self) -> Launcher:
        """Return a server that there is, so that none is started to say what each could; one that reads if none is.

        Where times are to be measured, `start` has been called or a block asked for.
        """
        return next(iter(self._servers.values()), None) or self._find_server(layout=0)


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


def run_together(
    launchers: Sequence[Launcher], requests: Sequence[BlockRequest], seed: str, *, turn_ns: int = TURN_NS
) -> list[Block | SuiteError]:
    """Measure one block in each target, in turns, and return the blocks in the order of the launchers.

    Args:
        launchers: one per target, up to 128.
        requests: what each of them is asked for.
        seed: a text; the same one gives the same order of turns.
        turn_ns: timed nanoseconds of a turn.

    Returns:
        For each launcher its block, or why there is none.
    """
    order = random.Random(seed)  # noqa: S311 - an order, not a secret
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        told_fd = stack.enter_context(_open_pipe(folder / "told"))
        given_fds = [stack.enter_context(_open_pipe(folder / f"given{number}")) for number in range(len(launchers))]
        pool = stack.enter_context(ThreadPoolExecutor(len(launchers)))
        try:
            blocks = [
                pool.submit(
                    launcher.run_block,
                    request,
                    Meeting(
                        number=number,
                        given_path=str(folder / f"given{number}"),
                        told_path=str(folder / "told"),
                        turn_ns=turn_ns,
                        blocks=len(launchers),
                    ),
                )
                for number, (launcher, request) in enumerate(zip(launchers, requests, strict=True))
            ]
            for number, block in enumerate(blocks):
                block.add_done_callback(_tell_end(told_fd, number))
            _conduct(told_fd, given_fds, order)
        except BaseException:  # Ctrl-C: the blocks end with their servers, which start again when they are needed
            _close(launchers)
            raise
    return [_find_result(block) for block in blocks]


def _conduct(told_fd: int, given_fds: Sequence[int], order: random.Random) -> None:
    """Give turns until every block has ended."""
    alive = set(range(len(given_fds)))
    at_rest: set[int] = set()
    cycle: list[int] = []
    while alive:
        told = os.read(told_fd, 1)[0]
        number = told & ~ENDED
        if told & ENDED:
            alive.discard(number)
            at_rest.discard(number)
        else:
            at_rest.add(number)
        if not alive or at_rest != alive:
            continue
        cycle = [waiting for waiting in cycle if waiting in alive]
        if not cycle:
            cycle = sorted(alive)
            order.shuffle(cycle)
        chosen = cycle.pop()
        at_rest.discard(chosen)
        os.write(given_fds[chosen], b"x")


def _tell_end(told_fd: int, number: int) -> Callable[[Future[Block]], None]:
    """Return what tells the conductor that a block has ended, however it did."""

    def tell(_: Future[Block]) -> None:
        os.write(told_fd, bytes([number | ENDED]))

    return tell


def _find_result(block: Future[Block]) -> Block | SuiteError:
    """Return the block, or the reason that there is none, whatever it is: other blocks are not to be lost with it."""
    try:
        return attempt(Future.result, block)
    except Exception as error:  # noqa: BLE001 - whatever it is
        return BlockError(f"asking for the block raised {type(error).__name__}: {error}; please report it")


@contextlib.contextmanager
def _open_pipe(path: Path) -> Iterator[int]:
    """Make a named pipe and hold both of its ends open."""
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR)
    try:
        yield fd
    finally:
        os.close(fd)
