"""How does a block share the machine with blocks of other targets? It does a short turn whenever it is given one.

Leaves out: who gives the turns (`benchmarks.launch.lockstep`), and the turns of the two arms inside a block
(`interleave`).
"""

from __future__ import annotations

import os

from benchmarks.protocols import Clock
from benchmarks.records import Meeting

ENDED = 0x80
"""Set in the byte of a block that has ended; the other bits are its number."""


class Turns:
    """The turns of one block, in its process; satisfies `protocols.Turns`."""

    def __init__(self, meeting: Meeting, clock: Clock) -> None:
        """Open both pipes; the conductor holds them open too, so that this does not wait.

        Args:
            meeting: where the conductor is met.
            clock: nanoseconds, for the time spent waiting.
        """
        self._number = meeting.number
        self._turn_ns = meeting.turn_ns
        self._clock = clock
        self._left_ns = 0
        self._given_fd = os.open(meeting.given_path, os.O_RDONLY)
        self._told_fd = os.open(meeting.told_path, os.O_WRONLY)
        self.waited_ns = 0

    def spend(self, timed_ns: int) -> None:
        """Count timed work, and wait for the next turn where this one is used up.

        Args:
            timed_ns: nanoseconds of timed work since the last call; 0 before the first round.
        """
        self._left_ns -= timed_ns
        if self._left_ns > 0:
            return
        begin_ns = self._clock()
        os.write(self._told_fd, bytes([self._number]))
        os.read(self._given_fd, 1)
        self.waited_ns += self._clock() - begin_ns
        self._left_ns = self._turn_ns

    def close(self) -> None:
        """Close the pipes."""
        os.close(self._given_fd)
        os.close(self._told_fd)
