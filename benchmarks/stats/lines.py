"""How does a quantity grow with samples or epochs, and how does it run through versions? Lines, and sure changes.

Leaves out: where values come from. Over dataset sizes a line is fitted by least squares, with a t-interval on its slope
from the scatter of all readings about it. Over the epochs of one process readings depend on those before them, so one
process gives one slope and no interval; it is Theil and Sen's, the median of the slopes between every two epochs, which
a single jump of the allocator does not move.

Through versions a quantity has one value per version and round, and an interval in each version from the spread between
rounds. Where all versions were measured together in a round, a change between two neighbours is judged by its own
spread over the rounds, which no mood of the machine enters; elsewhere by Welch's interval. That is on the log scale, or
on the linear one for what can be 0 or below, such as counts; and at an error level that is shared by all changes that
are looked at.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 4.1.4.1 (least squares); P. K. Sen, Estimates of the
regression coefficient based on Kendall's tau, JASA 63 (1968).
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Hashable, Mapping
from enum import Enum
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from benchmarks.errors import StatisticsError
from benchmarks.records import Interval
from benchmarks.records.json_form import JsonRecord
from benchmarks.stats.intervals import LogEstimate, estimate_change, estimate_mean

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


class Scale(str, Enum):
    """How two values of a quantity are held against each other: now ÷ before, or now - before where 0 is usual."""

    RATIO = "ratio"
    DIFFERENCE = "difference"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The change of a quantity since the version `before`: a ratio or a difference, by the scale of its track.

    `is_sure` says whether it is beyond noise.
    """

    before: str
    change: Interval
    is_sure: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A quantity through the versions, in their order: its interval in each, and the step into each but the first.

    Two versions that no round has in common, where that is needed, have no step between them.
    """

    name: str
    points: Mapping[str, Interval]
    steps: Mapping[str, Step]

    @property
    def changes(self) -> dict[str, float]:
        """The changes that are beyond noise, by the version in which they came."""
        return {version: step.change.estimate for version, step in self.steps.items() if step.is_sure}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRule:
    """What of a quantity is called a change.

    `alpha` is the two-sided error level of one change; `together` says whether the versions were measured together in
    each round. What is smaller than `least` is not told: a log-ratio, or a difference in the quantity's unit.
    """

    alpha: float
    together: bool
    scale: Scale = Scale.RATIO
    least: float = LEAST_CHANGE


def estimate_track(name: str, values: Mapping[str, Mapping[Round, float]], rule: ChangeRule) -> Track:
    """Return the track of a quantity.

    Args:
        name: of the quantity.
        values: by version, in the order of the versions, and by round; above 0 on the scale of ratios.
        rule: what is called a change.
    """
    is_ratio = rule.scale is Scale.RATIO
    scaled = {
        version: {number: math.log(value) if is_ratio else value for number, value in found.items()}
        for version, found in values.items()
        if found
    }
    points = {version: _make_interval(estimate_mean(list(found.values())), rule) for version, found in scaled.items()}
    steps: dict[str, Step] = {}
    for before, version in itertools.pairwise(scaled):
        change = _estimate_change(scaled[version], scaled[before], rule)
        if change is None:
            continue
        is_beyond = (
            change.estimate_lower_bound(rule.alpha / 2.0) > 0.0 or change.estimate_upper_bound(rule.alpha / 2.0) < 0.0
        )
        steps[version] = Step(
            before=before,
            change=_make_interval(change, rule),
            is_sure=is_beyond and abs(change.log_ratio) >= rule.least,
        )
    return Track(name=name, points=points, steps=steps)


def _estimate_change(now: Mapping[Round, float], before: Mapping[Round, float], rule: ChangeRule) -> LogEstimate | None:
    """Return the change between two versions; None where they have no round in common and need one."""
    if not rule.together:
        return estimate_change(list(now.values()), list(before.values()))
    changes = [now[number] - before[number] for number in now if number in before]
    return estimate_mean(changes) if changes else None


def _make_interval(estimate: LogEstimate, rule: ChangeRule) -> Interval:
    """Return the interval of an estimate on the scale that people read: ratios as such, differences as they are."""
    if rule.scale is Scale.RATIO:
        return estimate.estimate_interval(_CONFIDENCE)
    alpha = (1.0 - _CONFIDENCE) / 2.0
    return Interval(
        estimate=estimate.log_ratio,
        lower=estimate.estimate_lower_bound(alpha),
        upper=estimate.estimate_upper_bound(alpha),
        confidence=_CONFIDENCE,
    )
