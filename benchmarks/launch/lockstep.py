"""How do blocks of several targets share the machine? They are alive together and take turns of a few rounds.

The times of one process drift by a fifth and more from one second to the next, so that blocks measured one after the
other tell little of two targets' own times. Each block is therefore set up in its process, says that it is at rest, and
goes on for one short turn whenever it is given one. Nobody is given a turn before all others are at rest, and the order
is drawn anew in each cycle. A block that ends, or dies, drops out; one of a target that knows nothing of turns runs
before all others. Where the system has no named pipes, whole blocks take turns instead.

Leaves out: what a block does with its turns (`benchmarks.target.interleave`).
"""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from benchmarks.errors import BlockError, SuiteError
from benchmarks.protocols import Launcher
from benchmarks.records import Block, BlockRequest, Meeting
from benchmarks.target.interleave import ENDED

TURN_NS: int = 10_000_000
"""Timed nanoseconds of a turn: short beside the moods of a machine, long beside handing over; chosen by
`benchmarks.studies.estimators`, docs/how-it-measures.md has the table."""

_HAS_NAMED_PIPES = hasattr(os, "mkfifo")


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
    if not _HAS_NAMED_PIPES:
        return _run_one_by_one(launchers, requests, order)
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
            for launcher in launchers:
                launcher.close()
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


def _run_one_by_one(
    launchers: Sequence[Launcher], requests: Sequence[BlockRequest], order: random.Random
) -> list[Block | SuiteError]:
    """Measure one block after the other, in an order drawn anew."""
    numbers = order.sample(range(len(launchers)), k=len(launchers))
    results = {number: _run_alone(launchers[number], requests[number]) for number in numbers}
    return [results[number] for number in range(len(launchers))]


def _run_alone(launcher: Launcher, request: BlockRequest) -> Block | SuiteError:
    try:
        return launcher.run_block(request)
    except SuiteError as error:
        return error


def _tell_end(told_fd: int, number: int) -> Callable[[Future[Block]], None]:
    """Return what tells the conductor that a block has ended, however it did."""

    def tell(_: Future[Block]) -> None:
        os.write(told_fd, bytes([number | ENDED]))

    return tell


def _find_result(block: Future[Block]) -> Block | SuiteError:
    """Return the block, or the reason that there is none, whatever it is: other blocks are not to be lost with it."""
    try:
        return block.result()
    except SuiteError as error:
        return error
    except Exception as error:  # noqa: BLE001 - as above
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
