"""Which Python functions does a step call, and how long is each of them busy itself? Both arms under cProfile.

The arms are stepped in turns of a few steps each, so that a slow phase of the machine meets both. A profiler makes
calls slower than anything else, so its times are not those of a step; the difference between the arms shows where the
weighted one does more. Leaves out: what TensorFlow does outside Python, which is in the graph.
Source: https://docs.python.org/3/library/profile.html.
"""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

from benchmarks.protocols import Slices
from benchmarks.records import Profile

_TURNS = 20
_STEPS_PER_TURN = 10
_NS_PER_SECOND = 1e9

_SITE_PACKAGES = "site-packages"
_PARTS_KEPT = 3
"""Of the path of a file that is not an installed package's: enough to find it."""


def profile_arms(control: Slices, weighted: Slices) -> Profile:
    """Step both arms in turns under a profiler each and return the own time of their functions.

    Args:
        control: the unweighted arm, warmed up.
        weighted: the arm under test, warmed up.
    """
    profilers = (cProfile.Profile(), cProfile.Profile())
    for turn in range(_TURNS):
        pairs = list(zip((control, weighted), profilers, strict=True))
        for slices, profiler in pairs if turn % 2 else reversed(pairs):
            profiler.enable()
            for _ in range(_STEPS_PER_TURN):
                slices.measure_slice_ns()
            profiler.disable()
    control_times, weighted_times = (_read_own_times(profiler) for profiler in profilers)
    return Profile(control_own_ns_per_step=control_times, weighted_own_ns_per_step=weighted_times)


def _read_own_times(profiler: cProfile.Profile) -> dict[str, float]:
    """Return nanoseconds per step by function."""
    steps = _TURNS * _STEPS_PER_TURN
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
