"""How does a quantity grow with samples or epochs, and how does it run through versions? Lines, and sure changes.

Leaves out: where values come from. Over dataset sizes a line is fitted by least squares, with a t-interval on its slope
from the scatter of all readings about it. Over the epochs of one process readings depend on those before them, so one
process gives one slope and no interval; it is Theil and Sen's, the median of the slopes between every two epochs, which
a single jump of the allocator does not move.

Through versions a quantity has one value per version and round, and an interval in each version from the spread between
rounds. The error of a change between two neighbours comes from the residuals of all versions about their means, and
about the means of the rounds where all versions were measured together in each, so that no mood of the machine enters:
five rounds of two versions know their own spread too badly for an error level that is shared by thousands of changes
(t = 28 at 1e-5 with 4 degrees of freedom, 5.1 with the 36 of ten versions). Versions may differ in spread, so a change
has to be beyond its own too, at the usual level. That is on the log scale, or on the linear one for what can be 0 or
below, such as counts.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, sections 4.1.4.1 (least squares) and 7.4.3 (pooled residuals of
one and two factors); P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968).
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
    return estimate_mean(numbers).estimate_difference(confidence)


_CONFIDENCE = 0.95

_ROUNDING = 1e-9
"""Share of the largest value below which a residual is arithmetic, so that counts that repeat have no spread at all."""

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
    noise = _estimate_noise(scaled, together=rule.together)
    steps: dict[str, Step] = {}
    for before, version in itertools.pairwise(scaled):
        own = _estimate_change(scaled[version], scaled[before], rule)
        if own is None:
            continue
        change = dataclasses.replace(
            own,
            standard_error=noise.deviation * _find_error_share(scaled[version], scaled[before], rule),
            degrees_of_freedom=noise.degrees_of_freedom,
        )
        steps[version] = Step(
            before=before,
            change=_make_interval(change, rule),
            is_sure=_is_beyond(change, rule.alpha)
            and _is_beyond(own, 1.0 - _CONFIDENCE)
            and abs(change.log_ratio) >= rule.least,
        )
    return Track(name=name, points=points, steps=steps)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Noise:
    """The standard deviation of one value about what its version, and its round, make it; infinite if unknown."""

    deviation: float
    degrees_of_freedom: float


def _estimate_noise(scaled: Mapping[str, Mapping[Round, float]], *, together: bool) -> _Noise:
    """Return the residual spread of all values of a track, by least squares on versions and, if together, rounds."""
    rounds = list(dict.fromkeys(place for found in scaled.values() for place in found)) if together else []
    values, design = [], []
    for index, found in enumerate(scaled.values()):
        for place, value in found.items():
            values.append(value)
            design.append([float(index == each) for each in range(len(scaled))] + [float(place == r) for r in rounds])
    if not values:
        return _Noise(deviation=math.inf, degrees_of_freedom=1.0)
    level = min(values)  # large values that hardly differ keep their digits
    observed, factors = np.asarray(values) - level, np.asarray(design)
    solution, _, rank, _ = np.linalg.lstsq(factors, observed, rcond=None)
    degrees = len(values) - int(rank)
    if degrees < 1:
        return _Noise(deviation=math.inf, degrees_of_freedom=1.0)
    residuals = observed - factors @ solution
    residuals[np.abs(residuals) < _ROUNDING * np.abs(observed).max()] = 0.0
    return _Noise(deviation=math.sqrt(float(residuals @ residuals) / degrees), degrees_of_freedom=float(degrees))


def _find_error_share(now: Mapping[Round, float], before: Mapping[Round, float], rule: ChangeRule) -> float:
    """Return the standard error of a difference of two versions' means in units of one value's deviation."""
    if rule.together:
        return math.sqrt(2.0 / len(now.keys() & before.keys()))
    return math.sqrt(1.0 / len(now) + 1.0 / len(before))


def _is_beyond(change: LogEstimate, alpha: float) -> bool:
    """Whether a change is not 0, at a two-sided error level."""
    return change.estimate_lower_bound(alpha / 2.0) > 0.0 or change.estimate_upper_bound(alpha / 2.0) < 0.0


def _estimate_change(now: Mapping[Round, float], before: Mapping[Round, float], rule: ChangeRule) -> LogEstimate | None:
    """Return the change between two versions by their own spread; None where they need a round in common, without."""
    if not rule.together:
        return estimate_change(list(now.values()), list(before.values()))
    changes = [now[number] - before[number] for number in now if number in before]
    return estimate_mean(changes) if changes else None


def _make_interval(estimate: LogEstimate, rule: ChangeRule) -> Interval:
    """Return the interval of an estimate on the scale that people read: ratios as such, differences as they are."""
    if rule.scale is Scale.RATIO:
        return estimate.estimate_interval(_CONFIDENCE)
    return estimate.estimate_difference(_CONFIDENCE)
