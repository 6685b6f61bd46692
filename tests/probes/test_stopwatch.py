"""A stopwatch reads a wall clock and a processor clock, and knows how long it has been stopped."""

from __future__ import annotations

from benchmarks.probes import Stopwatch
from benchmarks.protocols import Times


class Hands:
    """Two clocks that stand until they are moved."""

    def __init__(self) -> None:
        self.wall_ns = 1000
        self.cpu_ns = 500

    def make_watch(self) -> Stopwatch:
        return Stopwatch(lambda: self.wall_ns, lambda: self.cpu_ns)


def test_both_times_run_from_start_to_stop() -> None:
    hands = Hands()
    watch = hands.make_watch()
    watch.start()
    hands.wall_ns += 30
    hands.cpu_ns += 55
    assert watch.stop() == Times(wall_ns=30, cpu_ns=55)


def test_the_time_since_it_was_stopped_is_no_part_of_the_stretch() -> None:
    hands = Hands()
    watch = hands.make_watch()
    watch.start()
    hands.wall_ns += 30
    stopped = watch.stop()
    hands.wall_ns += 40
    assert (stopped.wall_ns, watch.read_since_stop_ns()) == (30, 40)


def test_a_stretch_begins_anew_with_each_start() -> None:
    hands = Hands()
    watch = hands.make_watch()
    for length in (10, 20):
        watch.start()
        hands.wall_ns += length
        assert watch.stop().wall_ns == length
