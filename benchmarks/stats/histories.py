"""How does a quantity run through a series of versions, and where does it change beyond noise?

A quantity has one value per block. Ratios and times are averaged on the log scale, with a t-interval over blocks;
between two neighbouring versions the change is Welch's, at an error level that is shared by all changes that are looked
at. Leaves out: what the values are, and why one changed.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence

from benchmarks.records import Interval
from benchmarks.stats.intervals import estimate_change, estimate_ratio_interval

_CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A quantity through the versions, in their order: its interval in each, and the versions in which it changed.

    `changes` has the change ÷ of a version against the one before it, where that is beyond noise.
    """

    name: str
    points: Mapping[str, Interval]
    changes: Mapping[str, float]


def estimate_track(name: str, values: Mapping[str, Sequence[float]], alpha: float) -> Track:
    """Return the track of a quantity.

    Args:
        name: of the quantity.
        values: by version, in the order of the versions; one per block, above 0.
        alpha: two-sided error level of one change.
    """
    logs = {version: [math.log(value) for value in found] for version, found in values.items() if found}
    points = {version: estimate_ratio_interval(found, _CONFIDENCE) for version, found in logs.items()}
    changes: dict[str, float] = {}
    versions = list(logs)
    for before, version in itertools.pairwise(versions):
        change = estimate_change(logs[version], logs[before])
        if change.estimate_lower_bound(alpha / 2.0) > 0.0 or change.estimate_upper_bound(alpha / 2.0) < 0.0:
            changes[version] = math.exp(change.log_ratio)
    return Track(name=name, points=points, changes=changes)
