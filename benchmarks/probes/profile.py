"""Which Python functions does a slice call, and how long is each of them busy itself? Both arms under cProfile.

The arms take turns of a few slices each, so that a slow phase of the machine meets both. A profiler makes calls slower
than anything else, so its times are not those of a step; the difference between the arms shows where the weighted one
does more. Leaves out: what TensorFlow does outside Python, which is in the graph.
Source: https://docs.python.org/3/library/profile.html.
"""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

from benchmarks.protocols import Slices
from benchmarks.records import Profile, Question

_TURNS_AND_SLICES = {Question.STEP_TIME: (20, 10), Question.EPOCH_TIME: (4, 1), Question.STARTUP_TIME: (2, 1)}
"""Turns of each arm, and slices in a turn: many where they take a millisecond, few where they may take seconds."""

_NS_PER_SECOND = 1e9

_SITE_PACKAGES = "site-packages"
_PARTS_KEPT = 3
"""Of the path of a file that is not an installed package's: enough to find it."""


def profile_arms(question: Question, control: Slices, weighted: Slices) -> Profile:
    """Run both arms in turns under a profiler each and return the own time of their functions.

    Args:
        question: which is asked of the slices; one that is timed.
        control: the unweighted arm.
        weighted: the arm under test.
    """
    turns, slices_per_turn = _TURNS_AND_SLICES[question]
    for slices in (control, weighted):
        slices.measure_slice_ns()  # the first start in a process also pays for what is set up once
    profilers = (cProfile.Profile(), cProfile.Profile())
    for turn in range(turns):
        pairs = list(zip((control, weighted), profilers, strict=True))
        for slices, profiler in pairs if turn % 2 else reversed(pairs):
            profiler.enable()
            for _ in range(slices_per_turn):
                slices.measure_slice_ns()
            profiler.disable()
    steps = turns * slices_per_turn * control.steps_per_slice
    control_times, weighted_times = (_read_own_times(profiler, steps) for profiler in profilers)
    return Profile(control_own_ns_per_step=control_times, weighted_own_ns_per_step=weighted_times)


def _read_own_times(profiler: cProfile.Profile, steps: int) -> dict[str, float]:
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
