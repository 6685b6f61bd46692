"""Why are bytes read through several servers of a target? Because an address space is drawn when a process starts.

A forked child has the address space of its server, and what depends on addresses with it. Peaks of one and the same arm
were the same in all children of a server, and differed between servers by the size of the weights, unless drawing
addresses was switched off (docs/gate-verification.md). So the blocks of a case are spread over servers, in turn, and
their range tells what belongs to the draw. Times vary less between servers than between blocks, and have one server.

Leaves out: what a server is (`launcher`).
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.blocks.launcher import Proof, ServerLauncher
from benchmarks.blocks.supervise import Limits
from benchmarks.blocks.targets import Target
from benchmarks.protocols import Launcher
from benchmarks.records import ArmReadings, Block, BlockRequest, Environment, Meeting, Profile, ReadRequest
from benchmarks.records.introduction import Introduction

LAYOUTS: int = 4
"""Servers that peaks are spread over: enough that a range is one, few enough that importing TensorFlow in each does not
take longer than reading."""


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

    def introduce(self) -> Introduction:
        """Return what the target says of itself; raise TargetError where it cannot."""
        return self._find_server(0).introduce()

    def describe_environment(self) -> Environment:
        """Return what the target is; raise TargetError where it cannot measure."""
        return self._find_server(0).describe_environment()

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        """Measure one block; raise BlockError where it ended without a result."""
        return self._find_server(0).run_block(request, meeting)

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        """Read one arm alone, in the server of its layout; raise BlockError where it ended without a result."""
        return self._find_server(request.layout).read_arm(request)

    def profile(self, request: BlockRequest) -> Profile:
        """Profile both arms of a timed case; raise BlockError where the process ended without a result."""
        return self._find_server(0).profile(request)

    def close(self) -> None:
        """End all servers."""
        for server in self._servers.values():
            server.close()

    def _find_server(self, layout: int) -> Launcher:
        if layout not in self._servers:
            self._servers[layout] = self._make_server()
        return self._servers[layout]


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
