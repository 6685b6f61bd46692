"""How does a quantity run through a series of versions, and where does it change beyond noise?

A quantity has one value per version and round, and an interval in each version from the spread between rounds. Where
all versions were measured together in a round, a change between two neighbours is judged by its own spread over the
rounds, which no mood of the machine enters; elsewhere by Welch's interval. All of it on the log scale, at an error
level that is shared by all changes that are looked at. Leaves out: what the values are, and why one changed.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Hashable, Mapping
from typing import TypeVar

from benchmarks.records import Interval
from benchmarks.stats.intervals import LogEstimate, estimate_change, estimate_mean, estimate_ratio_interval

_CONFIDENCE = 0.95

Round = TypeVar("Round", bound=Hashable)
"""What tells rounds apart; equal in two versions where their values were had together."""

LEAST_CHANGE: float = 0.001
"""Log-ratio below which a change is not told, however sure it is: bytes that repeat exactly differ by a few of them."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A quantity through the versions, in their order: its interval in each, and the versions in which it changed.

    `changes` has the change ÷ of a version against the one before it, where that is beyond noise.
    """

    name: str
    points: Mapping[str, Interval]
    changes: Mapping[str, float]


def estimate_track(name: str, values: Mapping[str, Mapping[Round, float]], alpha: float, *, together: bool) -> Track:
    """Return the track of a quantity.

    Args:
        name: of the quantity.
        values: by version, in the order of the versions, and by round; above 0.
        alpha: two-sided error level of one change.
        together: whether the versions were measured together in each round.
    """
    logs = {
        version: {number: math.log(value) for number, value in found.items()}
        for version, found in values.items()
        if found
    }
    points = {version: estimate_ratio_interval(list(found.values()), _CONFIDENCE) for version, found in logs.items()}
    changes: dict[str, float] = {}
    for before, version in itertools.pairwise(logs):
        change = _estimate_change(logs[version], logs[before], together=together)
        if change is None or abs(change.log_ratio) < LEAST_CHANGE:
            continue
        if change.estimate_lower_bound(alpha / 2.0) > 0.0 or change.estimate_upper_bound(alpha / 2.0) < 0.0:
            changes[version] = math.exp(change.log_ratio)
    return Track(name=name, points=points, changes=changes)


def _estimate_change(
    now: Mapping[Round, float], before: Mapping[Round, float], *, together: bool
) -> LogEstimate | None:
    """Return the change between two versions; None where they have no round in common and need one."""
    if not together:
        return estimate_change(list(now.values()), list(before.values()))
    changes = [now[number] - before[number] for number in now if number in before]
    return estimate_mean(changes) if changes else None
