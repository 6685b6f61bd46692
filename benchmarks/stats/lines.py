"""How does a quantity grow with samples or epochs, and how does it run through versions? Lines, and sure changes.

Leaves out: where values come from. Over dataset sizes a line is fitted by least squares, with a t-interval on its slope
from the scatter of all readings about it. Over the epochs of one process readings depend on those before them, so one
process gives one slope and no interval; it is Theil and Sen's, the median of the slopes between every two epochs, which
a single jump of the allocator does not move.

Through versions a quantity has one value per version and round, and an interval in each version from the spread between
rounds. Where all versions were measured together in a round, a change between two neighbours is judged by its own
spread over the rounds, which no mood of the machine enters; elsewhere by Welch's interval. All of it on the log scale,
at an error level that is shared by all changes that are looked at.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 4.1.4.1 (least squares); P. K. Sen, Estimates of the
regression coefficient based on Kendall's tau, JASA 63 (1968).
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Hashable, Mapping
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from benchmarks.errors import StatisticsError
from benchmarks.records import Interval
from benchmarks.records.json_form import JsonRecord
from benchmarks.stats.intervals import LogEstimate, estimate_change, estimate_mean, estimate_ratio_interval

_PARAMETERS = 2
"""A straight line has two; the scatter about it is known from what there is beyond that."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line(JsonRecord):
    """A fitted line: the slope with its interval, and the value at 0."""

    json_name: ClassVar[str] = "a line"

    slope: Interval
    intercept: float

    def predict(self, position: float) -> float:
        """Return the value on the line."""
        return self.intercept + self.slope.estimate * position


def estimate_line(positions: ArrayLike, values: ArrayLike, confidence: float) -> Line:
    """Return the least-squares line through points, float [points], with the two-sided interval of its slope.

    Raises:
        StatisticsError: when there are fewer than three points, or all are at one position.
    """
    x, y = np.asarray(positions, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or x.size <= _PARAMETERS or np.unique(x).size < _PARAMETERS:
        raise StatisticsError(
            f"a line: expected at least 3 points at 2 positions or more, got {x.size} points at {np.unique(x).size}; "
            "measure more dataset sizes"
        )
    fit = stats.linregress(x, y)
    reach = float(stats.t.ppf((1.0 + confidence) / 2.0, x.size - _PARAMETERS)) * float(fit.stderr)
    slope = float(fit.slope)
    return Line(
        slope=Interval(estimate=slope, lower=slope - reach, upper=slope + reach, confidence=confidence),
        intercept=float(fit.intercept),
    )


def estimate_growth(levels: ArrayLike) -> float:
    """Return the growth from one level to the next, of float [epochs], by Theil and Sen.

    Raises:
        StatisticsError: when there are fewer than two levels.
    """
    values = np.asarray(levels, dtype=np.float64)
    if values.ndim != 1 or values.size < _PARAMETERS:
        raise StatisticsError(f"growth: expected levels after at least 2 epochs, got {values.size}; read more epochs")
    return float(stats.theilslopes(values).slope)


def estimate_mean_interval(values: ArrayLike, confidence: float) -> Interval:
    """Return the mean of values on any scale with its two-sided t-interval over blocks; one gives infinite bounds.

    Raises:
        StatisticsError: when there are none.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not numbers.size:
        raise StatisticsError(f"a mean: expected at least one value, got shape {numbers.shape}; measure some blocks")
    mean = float(numbers.mean())
    if numbers.size == 1:
        return Interval(estimate=mean, lower=-np.inf, upper=np.inf, confidence=confidence)
    reach = float(stats.t.ppf((1.0 + confidence) / 2.0, numbers.size - 1)) * float(stats.sem(numbers))
    return Interval(estimate=mean, lower=mean - reach, upper=mean + reach, confidence=confidence)


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
