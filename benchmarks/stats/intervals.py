"""How surely do several blocks know a ratio, or the change of a ratio between two runs?

Leaves out: pooled rounds, which would feign certainty: the block is the replicate. All arithmetic is on natural
log-ratios; only the final interval is on the ratio scale.

Formulas: for one run, mean ± t(n - 1) · s / √n (Student). For two runs, the difference of means ± t(v) · √(a + b)
with a = s₁²/n₁, b = s₂²/n₂ and Welch and Satterthwaite's v = (a + b)² / (a²/(n₁ - 1) + b²/(n₂ - 1)): the baseline may
come from a quieter machine, so equal spreads are not assumed. At error levels near 0.001 Welch's approximation holds
from about 8 blocks on; with 4 blocks twice as noisy as the baseline's it raises three times the false alarms.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, sections 1.3.5.2 and 1.3.5.3.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from benchmarks.errors import StatisticsError
from benchmarks.records import Interval


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LogEstimate:
    """A log-ratio, or the change of one, with its standard error and the degrees of freedom of its t distribution.

    `standard_error` is infinite where the spread is unknown (a single block) and 0 where there was none.
    """

    log_ratio: float
    standard_error: float
    degrees_of_freedom: float

    def estimate_upper_bound(self, alpha: float) -> float:
        """Return the log-ratio that the true one exceeds with probability `alpha` at most; infinite if unknown.

        Raises:
            StatisticsError: when alpha is not above 0 and below 1.
        """
        return self.log_ratio + self._estimate_reach(alpha)

    def estimate_lower_bound(self, alpha: float) -> float:
        """Return the log-ratio that the true one falls below with probability `alpha` at most; -infinite if unknown.

        Raises:
            StatisticsError: when alpha is not above 0 and below 1.
        """
        return self.log_ratio - self._estimate_reach(alpha)

    def estimate_interval(self, confidence: float) -> Interval:
        """Return the two-sided interval on the ratio scale, where 1.00 is free or unchanged.

        Raises:
            StatisticsError: when the confidence is not above 0 and below 1.
        """
        if not 0.0 < confidence < 1.0:
            raise StatisticsError(f"an interval: expected a confidence above 0 and below 1, got {confidence}; use 0.95")
        alpha = (1.0 - confidence) / 2.0
        return Interval(
            estimate=_to_ratio(self.log_ratio),
            lower=_to_ratio(self.estimate_lower_bound(alpha)),
            upper=_to_ratio(self.estimate_upper_bound(alpha)),
            confidence=confidence,
        )

    def _estimate_reach(self, alpha: float) -> float:
        """Return how far a one-sided bound lies from the estimate: t(1 - alpha) · standard error."""
        if not 0.0 < alpha < 1.0:
            raise StatisticsError(f"a bound: expected an error level above 0 and below 1, got {alpha}; choose another")
        if math.isinf(self.standard_error):
            return math.inf
        return -float(special.stdtrit(self.degrees_of_freedom, alpha)) * self.standard_error


def estimate_mean(log_ratios: ArrayLike) -> LogEstimate:
    """Return the mean of the blocks' log-ratios with its standard error.

    Args:
        log_ratios: float [blocks], one per block.

    Raises:
        StatisticsError: when there are none, or one of them is not a finite number.
    """
    values = _check_log_ratios(log_ratios, "blocks")
    if values.size == 1:
        return LogEstimate(log_ratio=float(values[0]), standard_error=math.inf, degrees_of_freedom=1.0)
    return LogEstimate(
        log_ratio=float(values.mean()),
        standard_error=math.sqrt(_estimate_squared_error(values)),
        degrees_of_freedom=values.size - 1.0,
    )


def estimate_change(current_log_ratios: ArrayLike, baseline_log_ratios: ArrayLike) -> LogEstimate:
    """Return the mean of the current log-ratios less that of the baseline's, by Welch.

    With one block on either side the spread is unknown and every bound infinite. Where neither side has any spread, the
    bounds are the estimate itself.

    Args:
        current_log_ratios: float [current blocks].
        baseline_log_ratios: float [baseline blocks].

    Raises:
        StatisticsError: when either side is empty, or holds a value that is not a finite number.
    """
    current = _check_log_ratios(current_log_ratios, "current blocks")
    baseline = _check_log_ratios(baseline_log_ratios, "baseline blocks")
    change = float(current.mean() - baseline.mean())
    if current.size == 1 or baseline.size == 1:
        return LogEstimate(log_ratio=change, standard_error=math.inf, degrees_of_freedom=1.0)
    current_part, baseline_part = _estimate_squared_error(current), _estimate_squared_error(baseline)
    total = current_part + baseline_part
    if total > 0.0:
        # Shares of the total, not squares of the parts: those would underflow for very small spreads.
        degrees = 1.0 / (
            (current_part / total) ** 2 / (current.size - 1) + (baseline_part / total) ** 2 / (baseline.size - 1)
        )
    else:
        degrees = current.size + baseline.size - 2.0
    return LogEstimate(log_ratio=change, standard_error=math.sqrt(total), degrees_of_freedom=degrees)


def estimate_ratio_interval(log_ratios: ArrayLike, confidence: float) -> Interval:
    """Return the t-interval over blocks on the ratio scale; one block gives infinite bounds.

    Args:
        log_ratios: float [blocks], one per block.
        confidence: two-sided, such as 0.95.

    Raises:
        StatisticsError: when there are no blocks, a value is not finite, or the confidence is not above 0 and below 1.
    """
    return estimate_mean(log_ratios).estimate_interval(confidence)


def _check_log_ratios(log_ratios: ArrayLike, what: str) -> NDArray[np.float64]:
    values = np.asarray(log_ratios, dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise StatisticsError(f"{what}: expected at least one log-ratio, got shape {values.shape}; measure some blocks")
    if not np.isfinite(values).all():
        raise StatisticsError(f"{what}: expected finite log-ratios, got {values.tolist()}; leave the failed blocks out")
    return values


def _estimate_squared_error(values: NDArray[np.float64]) -> float:
    """Return the squared standard error of the mean of at least two values."""
    return float(values.var(ddof=1)) / values.size


def _to_ratio(log_ratio: float) -> float:
    """Return the ratio; an unlimited bound stays infinite on either side, as the record of an interval wants it."""
    if math.isinf(log_ratio):
        return log_ratio
    try:
        return math.exp(log_ratio)
    except OverflowError:
        return math.inf
