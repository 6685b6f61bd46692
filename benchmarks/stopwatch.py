"""How long does a stretch of work take? Wall time, and the processor time of all threads of the process meanwhile.

Whoever does the work starts and stops the watch, so that nothing but the work lies between. Processor time says what
work costs where a free core hides it; what threads still do after the watch was stopped counts to whoever is timed
next. Leaves out: what the times mean.
"""

from __future__ import annotations

import time

from benchmarks.protocols import Clock, Times


class Stopwatch:
    """Reads a wall clock and a processor clock."""

    def __init__(self, clock: Clock = time.perf_counter_ns, cpu_clock: Clock = time.process_time_ns) -> None:
        """Start nothing yet.

        Args:
            clock: nanoseconds of wall time.
            cpu_clock: nanoseconds of processor time, of all threads of the process.
        """
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._begin_ns = 0
        self._begin_cpu_ns = 0
        self._end_ns = 0

    def start(self) -> None:
        """Begin a stretch of work. The wall clock is read last, so that reading clocks is not in the wall time."""
        self._begin_cpu_ns = self._cpu_clock()
        self._begin_ns = self._clock()

    def stop(self) -> Times:
        """End the stretch and return its times."""
        self._end_ns = self._clock()
        return Times(wall_ns=self._end_ns - self._begin_ns, cpu_ns=self._cpu_clock() - self._begin_cpu_ns)

    def read_since_stop_ns(self) -> int:
        """Return the wall time since the watch was last stopped: what a call still took after its work was done."""
        return self._clock() - self._end_ns
