"""Which Python functions does a slice call, and how long is each of them busy itself? Both arms under cProfile.

The profiler runs while the watch does, so that it sees what is timed and nothing else: no building of models, no
collecting of garbage. Where the arms share a process they take turns of a few slices each, so that a slow phase of the
machine meets both; a cold start has a process of its own. A profiler makes calls slower than anything else, so its
times are not those of a step; the difference between the arms shows where the weighted one does more. Leaves out: what
TensorFlow does outside Python, which is in the graph.
Source: https://docs.python.org/3/library/profile.html.
"""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

from benchmarks.probes import Stopwatch
from benchmarks.protocols import Slices, Times

_TURNS = 4
_PROFILED_SLICES = 200
"""Slices of each arm at the most, in so many turns."""

_PROFILED_NS = 2_000_000_000
"""Timed nanoseconds of an arm after which its turns get one slice each: passes take long."""

_NS_PER_SECOND = 1e9

_SITE_PACKAGES = "site-packages"
_PARTS_KEPT = 3
"""Of the path of a file that is not an installed package's: enough to find it."""


class ProfilingWatch(Stopwatch):
    """A stopwatch with a profiler that runs while it does; none until `profiler` is set."""

    def __init__(self) -> None:
        """Profile nothing yet."""
        super().__init__()
        self.profiler: cProfile.Profile | None = None

    def start(self) -> None:
        """Begin a stretch of work."""
        super().start()
        if self.profiler is not None:
            self.profiler.enable()

    def stop(self) -> Times:
        """End the stretch and return its times, which the profiler has made longer."""
        if self.profiler is not None:
            self.profiler.disable()
        return super().stop()


def profile_in_turns(control: Slices, weighted: Slices, watch: ProfilingWatch) -> tuple[dict[str, float], ...]:
    """Return the own time of Python functions per step, in ns by function, of control and weighted arm.

    Args:
        control: the unweighted arm, warm, timed by `watch`.
        weighted: the arm under test, likewise.
        watch: profiles one arm after the other.
    """
    first_ns = max(slices.measure_slice().wall_ns for slices in (control, weighted))
    slices_per_turn = max(1, min(_PROFILED_SLICES, _PROFILED_NS // first_ns) // _TURNS)
    profilers = (cProfile.Profile(), cProfile.Profile())
    for turn in range(_TURNS):
        pairs = list(zip((control, weighted), profilers, strict=True))
        for slices, profiler in pairs if turn % 2 else reversed(pairs):
            watch.profiler = profiler
            for _ in range(slices_per_turn):
                slices.measure_slice()
    watch.profiler = None
    steps = _TURNS * slices_per_turn * control.steps_per_slice
    return tuple(read_own_times(profiler, steps) for profiler in profilers)


def profile_once(slices: Slices, watch: ProfilingWatch) -> dict[str, float]:
    """Return the own time of Python functions in one slice, per step, in ns by function.

    Args:
        slices: an arm that has not been started, timed by `watch`.
        watch: profiles it.
    """
    watch.profiler = cProfile.Profile()
    slices.measure_slice()
    return read_own_times(watch.profiler, slices.steps_per_slice)


def read_own_times(profiler: cProfile.Profile, steps: int) -> dict[str, float]:
    """Return nanoseconds per step by function."""
    times: dict[str, float] = {}
    for (path, _, function), (_, _, own_s, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        # Without the line: it moves from version to version, and a function's time is to be subtracted from its own.
        name = function if path == "~" else f"{_shorten(path)} {function}"
        times[name] = times.get(name, 0.0) + own_s * _NS_PER_SECOND / steps
    return times


def _shorten(path: str) -> str:
    """Return the part of a path that tells a reader which file it is."""
    parts = Path(path).parts
    if _SITE_PACKAGES in parts:
        return "/".join(parts[parts.index(_SITE_PACKAGES) + 1 :])
    return "/".join(parts[-_PARTS_KEPT:])
