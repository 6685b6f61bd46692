"""How surely do several blocks know a ratio, or its change between two runs, and how large a change would they show?

And how much error may one case, and one look at it, use up, so that a whole run keeps its promise? Leaves out: pooled
rounds, which would feign certainty: the block is the replicate. All arithmetic is on natural log-ratios; only the final
interval is on the ratio scale. Left out too are the power for the change that was observed, which tells nothing beyond
its p-value, and false alarms across runs, which nothing within one run can limit.

Formulas: for one run, mean ± t(n - 1) · s / √n (Student). For two runs, the difference of means ± t(v) · √(a + b)
with a = s₁²/n₁, b = s₂²/n₂ and Welch and Satterthwaite's v = (a + b)² / (a²/(n₁ - 1) + b²/(n₂ - 1)): the baseline may
come from a quieter machine, so equal spreads are not assumed.

Blocks may come in groups that differ by something known which is balanced between them, such as the arm that was built
first. Then the mean is that of the groups' means, the spread s² is the one within groups, with n - k degrees of freedom
for k groups, and the squared error is s² Σ 1/(k² n_g): a randomised block design, in which the difference between
groups is no noise. At error levels near 0.001 Welch's approximation holds from about 8 blocks on; with 4 blocks twice
as noisy as the baseline's it raises three times the false alarms.

The gate calls a rise when (estimate - limit) / standard error exceeds t(1 - alpha); with a true rise of d beyond the
limit that statistic follows the noncentral t distribution with noncentrality d / standard error. The noncentrality that
exceeds the threshold with the wanted power, times the standard error, is d: the smallest change that would be seen. For
Welch's degrees of freedom it is an approximation.

Error levels are split by Bonferroni: alpha / cases, and that / looks. Holm's procedure would find a little more with
the same promise, but it needs the p-values of all cases before it decides on the first: a test here fails by itself, at
its own time, and may be run alone. Bonferroni needs no assumption on how strongly successive looks go together either.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, sections 1.3.5.2, 1.3.5.3 and 7.4.7.3; J. Cohen, Statistical
Power Analysis for the Behavioral Sciences, chapter 2.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from benchmarks.errors import StatisticsError
from benchmarks.records import Interval

Groups = Sequence[object]
"""What tells the kinds of blocks apart, one entry for each block; empty where all are of one kind."""


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
            StatisticsError: when alpha is not above 0 and below 1, here as in every bound and interval.
        """
        return self.log_ratio + self._estimate_reach(alpha)

    def estimate_lower_bound(self, alpha: float) -> float:
        """Return the log-ratio that the true one falls below with probability `alpha` at most; -infinite if unknown."""
        return self.log_ratio - self._estimate_reach(alpha)

    def estimate_interval(self, confidence: float) -> Interval:
        """Return the two-sided interval on the ratio scale, where 1.00 is free or unchanged."""
        shown = self.estimate_difference(confidence)
        estimate, lower, upper = map(_to_ratio, (shown.estimate, shown.lower, shown.upper))
        return Interval(estimate=estimate, lower=lower, upper=upper, confidence=confidence)

    def estimate_difference(self, confidence: float) -> Interval:
        """Return the two-sided interval on the scale of the estimate itself, where 0 is free or unchanged."""
        if not 0.0 < confidence < 1.0:
            raise StatisticsError(f"an interval: expected a confidence above 0 and below 1, got {confidence}; use 0.95")
        alpha = (1.0 - confidence) / 2.0
        return Interval(
            estimate=self.log_ratio,
            lower=self.estimate_lower_bound(alpha),
            upper=self.estimate_upper_bound(alpha),
            confidence=confidence,
        )

    def _estimate_reach(self, alpha: float) -> float:
        """Return how far a one-sided bound lies from the estimate: t(1 - alpha) · standard error."""
        if not 0.0 < alpha < 1.0:
            raise StatisticsError(f"a bound: expected an error level above 0 and below 1, got {alpha}; choose another")
        if math.isinf(self.standard_error):
            return math.inf
        return -float(special.stdtrit(self.degrees_of_freedom, alpha)) * self.standard_error


def estimate_mean(log_ratios: ArrayLike, groups: Groups = ()) -> LogEstimate:
    """Return the mean of the blocks' log-ratios, float [blocks], with its standard error; each may be of a group.

    Raises:
        StatisticsError: when there are none, one of them is not a finite number, or there are not as many groups.
    """
    return _estimate_location(_check_log_ratios(log_ratios, "blocks"), groups)


def estimate_change(
    current_log_ratios: ArrayLike,
    baseline_log_ratios: ArrayLike,
    *,
    current_groups: Groups = (),
    baseline_groups: Groups = (),
    occasion_sd: float = 0.0,
) -> LogEstimate:
    """Return the mean of the current log-ratios, float [blocks], less that of the baseline's, by Welch.

    With one block on either side the spread is unknown and every bound infinite. Where neither side has any spread, the
    bounds are the estimate itself.

    `occasion_sd` is the standard deviation of a shift that all blocks of one occasion share, known from elsewhere; it
    is in either side once, whatever the number of blocks.

    Raises:
        StatisticsError: when either side is empty, or holds a value that is not a finite number.
    """
    current = _check_log_ratios(current_log_ratios, "current blocks")
    baseline = _check_log_ratios(baseline_log_ratios, "baseline blocks")
    now, then = _estimate_location(current, current_groups), _estimate_location(baseline, baseline_groups)
    change = now.log_ratio - then.log_ratio
    if math.isinf(now.standard_error) or math.isinf(then.standard_error):
        return LogEstimate(log_ratio=change, standard_error=math.inf, degrees_of_freedom=1.0)
    scatter = math.hypot(now.standard_error, then.standard_error)
    total = math.hypot(scatter, math.sqrt(2.0) * occasion_sd)
    if scatter > 0.0:
        # Shares of the total, not fourth powers of the parts: those would underflow for very small spreads.
        degrees = 1.0 / sum(
            (part.standard_error / total) ** 4 / part.degrees_of_freedom for part in (now, then) if part.standard_error
        )
    else:
        degrees = now.degrees_of_freedom + then.degrees_of_freedom
    return LogEstimate(log_ratio=change, standard_error=total, degrees_of_freedom=degrees)


def estimate_ratio_interval(log_ratios: ArrayLike, confidence: float, groups: Groups = ()) -> Interval:
    """Return the two-sided t-interval over blocks, float [blocks], on the ratio scale; one gives infinite bounds.

    Raises:
        StatisticsError: when there are no blocks, a value is not finite, or the confidence is not above 0 and below 1.
    """
    return estimate_mean(log_ratios, groups).estimate_interval(confidence)


def _check_log_ratios(log_ratios: ArrayLike, what: str) -> NDArray[np.float64]:
    values = np.asarray(log_ratios, dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise StatisticsError(f"{what}: expected at least one log-ratio, got shape {values.shape}; measure some blocks")
    if not np.isfinite(values).all():
        raise StatisticsError(f"{what}: expected finite log-ratios, got {values.tolist()}; leave the failed blocks out")
    return values


def _estimate_location(values: NDArray[np.float64], groups: Groups) -> LogEstimate:
    """Return the mean with its standard error; over groups where they leave a degree of freedom."""
    if groups and len(groups) != values.size:
        raise StatisticsError(f"groups: expected one for each of {values.size} blocks, got {len(groups)}")
    if values.size == 1:
        return LogEstimate(log_ratio=float(values[0]), standard_error=math.inf, degrees_of_freedom=1.0)
    parts = _split(values, groups)
    if len(parts) == values.size:
        parts = [values]
    degrees = float(values.size - len(parts))
    spread = sum(float(((part - part.mean()) ** 2).sum()) for part in parts) / degrees
    squared_error = spread * sum(1.0 / part.size for part in parts) / len(parts) ** 2
    return LogEstimate(
        log_ratio=float(np.mean([part.mean() for part in parts])),
        standard_error=math.sqrt(squared_error),
        degrees_of_freedom=degrees,
    )


def _split(values: NDArray[np.float64], groups: Groups) -> list[NDArray[np.float64]]:
    """Return the values of each group; all of them where there are no groups."""
    if not groups:
        return [values]
    return [values[[each == group for each in groups]] for group in dict.fromkeys(groups)]


def _to_ratio(log_ratio: float) -> float:
    """Return the ratio; an unlimited bound stays infinite on either side, as the record of an interval wants it."""
    if math.isinf(log_ratio):
        return log_ratio
    try:
        return math.exp(log_ratio)
    except OverflowError:
        return math.inf


USUAL_POWER: float = 0.8
"""Cohen's convention: to miss one in five is four times as likely as his false alarm of one in twenty."""


def estimate_smallest_visible_change(
    change: LogEstimate, *, tolerance: float, alpha: float, power: float = USUAL_POWER
) -> float:
    """Return the smallest true rise that one look calls beyond the tolerance with probability `power`.

    It is a fraction and includes the tolerance: 0.05 at a tolerance of 0.02 says that a true rise of 5 % would have
    been called a rise of more than 2 %. It depends on the spread and number of blocks, not on what they showed. It is
    infinite where the spread is unknown.

    Args:
        change: carries the standard error and degrees of freedom, from a run's own blocks or from planning figures.
        tolerance: the rise that is let pass, as a fraction.
        alpha: one-sided error level of the look.
        power: the wanted probability to see it.

    Raises:
        StatisticsError: when alpha or power is not above 0 and below 1, or the power not above alpha.
    """
    if not 0.0 < alpha < power < 1.0:
        raise StatisticsError(
            f"power: expected 0 < error level < power < 1, got level {alpha} and power {power}; choose others"
        )
    if math.isinf(change.standard_error):
        return math.inf
    degrees = change.degrees_of_freedom
    threshold = -float(special.stdtrit(degrees, alpha))
    noncentrality = float(special.nctdtrinc(degrees, 1.0 - power, threshold))
    try:
        return math.expm1(math.log1p(tolerance) + noncentrality * change.standard_error)
    except OverflowError:
        return math.inf


def split_level(alpha: float, parts: int, what: str) -> float:
    """Return the error level of each of so many parts that keeps the risk of any false alarm among them at `alpha`.

    Args:
        alpha: the level that they share.
        parts: how many there are.
        what: what they are called in an error: cases, judgements, looks.

    Raises:
        StatisticsError: when the level is not above 0 and below 1, or there is not at least one part.
    """
    if not 0.0 < alpha < 1.0:
        raise StatisticsError(f"an error level: expected more than 0 and less than 1, got {alpha}; choose 0.05 or so")
    if parts < 1:
        raise StatisticsError(
            f"{what}: expected at least 1 to split an error level over, got {parts}; count them again"
        )
    return alpha / parts
