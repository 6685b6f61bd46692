"""How long does it take, where some never get there? Medians, a ratio by pairs, and tests, of durations with censoring.

A duration that was never reached is only known to be longer than what was seen of it: it is censored, and leaving it
out would call the slowest fast. Medians are those of Kaplan and Meier's estimate of who has yet to arrive.

Intervals are those of order statistics. Of n values of any distribution the median lies between the k-th smallest and
the k-th largest with a probability of 1 - 2 P(Binomial(n, 1/2) < k) at least. A censored value lies somewhere between
what was seen of it and infinity, so the k-th smallest is taken with the former and the k-th largest with the latter:
that holds whatever decides who is censored, with ties, and in small samples. Greenwood's formula with Brookmeyer and
Crowley's inversion needs many values, and gives no upper bound where all arrive in the same epoch. Fewer than six
values have no interval of 95 %.

A ratio is that of pairs: the median over seeds of the weighted arm's duration ÷ the control's. Where one of a pair is
censored its ratio lies above or below something, where both are it may be anything, and both the median and its
interval follow from these bounds in the same way. The median itself may then be known by bounds alone.

The test of pairs takes each duration's score in the log-rank test of both arms together, arrived (1 or 0) less Nelson
and Aalen's cumulative hazard at that time, subtracts within pairs, and asks how often the sum would be as far from 0 if
the arms of each pair were exchanged by the toss of a coin. If weighting changes nothing, every exchange is as likely as
any other, however alike the two of a pair are and whoever is censored, so its error level is exact. A log-rank test
that knows nothing of pairs is beside it; where the two of a pair go together it sees less. A stratified one with a pair
as a stratum would be a sign test, which asks for more pairs.

Many p-values share an error level by Holm's procedure: all are known before the first is judged.

Source: E. Kaplan and P. Meier, Nonparametric estimation from incomplete observations (1958); P. O'Brien and
T. Fleming, A paired Prentice-Wilcoxon test for censored paired data (1987), for scores of both samples together that
are subtracted within pairs; H. David and H. Nagaraja, Order Statistics (2003), section 7.1; S. Holm, A simple
sequentially rejective multiple test procedure (1979).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from benchmarks.errors import StatisticsError
from benchmarks.records import Interval

Floats = NDArray[np.float64]

EXACT_PAIRS: int = 20
"""Of so many pairs that differ all exchanges are gone through, a million; of more, some are drawn."""

_DRAWS = 2**18
_DRAWS_AT_ONCE = 4096

_ROUNDING = 1e-9
"""Sums that are equal but for the order of their terms differ by less."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long each took: `seen`, float64 [n] above 0, and `arrived`, bool [n].

    Who has not arrived takes longer than what was seen.
    """

    seen: Floats
    arrived: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Raise StatisticsError where there are none, columns do not match, or a duration is not above 0."""
        if self.seen.ndim != 1 or not self.seen.size or self.seen.shape != self.arrived.shape:
            raise StatisticsError(
                f"durations: expected two columns of equal length with at least one row, got shapes {self.seen.shape} "
                f"and {self.arrived.shape}; measure some"
            )
        if not (np.isfinite(self.seen).all() and np.all(self.seen > 0.0)):
            raise StatisticsError(f"durations: expected finite ones above 0, got {self.seen.tolist()}; measure again")

    @classmethod
    def make(cls, seen: ArrayLike, arrived: ArrayLike) -> Durations:
        """Return the durations in these columns."""
        return cls(seen=np.asarray(seen, dtype=np.float64), arrived=np.asarray(arrived, dtype=np.bool_))

    @property
    def never(self) -> int:
        """How many never arrived."""
        return int((~self.arrived).sum())

    @property
    def at_most(self) -> Floats:
        """What each may have taken at most: float64 [n], infinite where it did not arrive."""
        return np.where(self.arrived, self.seen, np.inf)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Kaplan and Meier's estimate: after `times[i]` the share `share[i]` has yet to arrive; before the first, all."""

    times: tuple[float, ...]
    share: tuple[float, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RatioOfPairs:
    """The median over pairs of weighted ÷ control lies from `lowest` to `highest`, which are equal where it is known.

    `lower` and `upper` bound its interval; 0 and infinity where the data do not limit it.
    """

    lowest: float
    highest: float
    lower: float
    upper: float


def estimate_curve(durations: Durations) -> Curve:
    """Return Kaplan and Meier's estimate of who has yet to arrive."""
    survival = stats.ecdf(_censor(durations)).sf
    return Curve(times=tuple(map(float, survival.quantiles)), share=tuple(map(float, survival.probabilities)))


def estimate_median(durations: Durations, confidence: float) -> Interval:
    """Return the time after which half have arrived, with its interval; infinite where fewer than half ever do.

    Raises:
        StatisticsError: when the confidence is not above 0 and below 1, here as in every interval.
    """
    curve = estimate_curve(durations)
    reached = (time for time, share in zip(curve.times, curve.share, strict=True) if share <= 0.5 + _ROUNDING)
    median = next(reached, math.inf)
    lower, upper = _bound_median(durations.seen, durations.at_most, confidence)
    return Interval(estimate=median, lower=lower, upper=upper, confidence=confidence)


def estimate_ratio(control: Durations, weighted: Durations, confidence: float) -> RatioOfPairs:
    """Return the median over pairs of weighted ÷ control, with its interval.

    Args:
        control: one of each pair.
        weighted: the other of each, in the same order.
        confidence: of the interval.
    """
    _check_pairs(control, weighted)
    at_least = weighted.seen / control.at_most  # 0 where the control never arrived
    at_most = weighted.at_most / control.seen
    lower, upper = _bound_median(at_least, at_most, confidence)
    return RatioOfPairs(lowest=float(np.median(at_least)), highest=float(np.median(at_most)), lower=lower, upper=upper)


def score_pairs(control: Durations, weighted: Durations) -> Floats:
    """Return by how much the log-rank score of each pair's weighted arm is above its control's: above 0 is sooner."""
    _check_pairs(control, weighted)
    seen = np.concatenate([control.seen, weighted.seen])
    arrived = np.concatenate([control.arrived, weighted.arrived])
    times = np.unique(seen[arrived])
    at_risk = (seen[:, np.newaxis] >= times).sum(axis=0)
    arrivals = ((seen[:, np.newaxis] == times) & arrived[:, np.newaxis]).sum(axis=0)
    hazard = np.concatenate([[0.0], np.cumsum(arrivals / at_risk)])
    scores = arrived - hazard[np.searchsorted(times, seen, side="right")]
    return np.asarray(scores[control.seen.size :] - scores[: control.seen.size], dtype=np.float64)


def estimate_p_value(differences: ArrayLike, seed: int = 0) -> float:
    """Return how probable a sum as far from 0 is, where each difference has either sign by the toss of a coin.

    Args:
        differences: float [pairs]; of up to `EXACT_PAIRS` that are not 0 exactly, of more by draws.
        seed: of the draws.
    """
    values = np.asarray(differences, dtype=np.float64)
    values = values[np.abs(values) > _ROUNDING]
    observed = abs(float(values.sum())) - _ROUNDING
    if values.size <= EXACT_PAIRS:
        sums = np.zeros(1)
        for value in values:
            sums = np.concatenate([sums - value, sums + value])
        return float(np.mean(np.abs(sums) >= observed))
    generator = np.random.default_rng(seed)
    as_far = 0
    for _ in range(_DRAWS // _DRAWS_AT_ONCE):
        signs = generator.integers(0, 2, size=(_DRAWS_AT_ONCE, values.size)) * 2 - 1
        as_far += int(np.count_nonzero(np.abs(signs @ values) >= observed))
    return (1 + as_far) / (1 + _DRAWS)


def estimate_unpaired_p_value(control: Durations, weighted: Durations) -> float:
    """Return the p-value of SciPy's log-rank test, which takes the arms for independent.

    It is 1 where none arrived, or all at once: there is nothing to tell the arms apart by, and the test divides 0 by 0.
    """
    with np.errstate(invalid="ignore"):
        p_value = float(stats.logrank(_censor(control), _censor(weighted)).pvalue)
    return 1.0 if math.isnan(p_value) else p_value


def share_level(p_values: Sequence[float]) -> list[float]:
    """Return each p-value as Holm's procedure makes it: those below a level are right together at that level.

    Args:
        p_values: of all that is judged together, in any order.
    """
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def _censor(durations: Durations) -> stats.CensoredData:
    return stats.CensoredData(uncensored=durations.seen[durations.arrived], right=durations.seen[~durations.arrived])


def _bound_median(at_least: Floats, at_most: Floats, confidence: float) -> tuple[float, float]:
    """Return the bounds of the median of values that lie between these, float64 [n] each; 0 and infinity for none."""
    if not 0.0 < confidence < 1.0:
        raise StatisticsError(f"an interval: expected a confidence above 0 and below 1, got {confidence}; use 0.95")
    rank = int(stats.binom.ppf((1.0 - confidence) / 2.0, at_least.size, 0.5))
    # The largest k with P(Binomial < k) at the level at most: `ppf` is the smallest with P(Binomial <= k) not below it.
    if not rank:
        return 0.0, math.inf
    return float(np.sort(at_least)[rank - 1]), float(np.sort(at_most)[-rank])


def _check_pairs(control: Durations, weighted: Durations) -> None:
    if control.seen.size != weighted.seen.size:
        raise StatisticsError(
            f"pairs: expected as many of both arms, got {control.seen.size} and {weighted.seen.size}; measure both"
        )
