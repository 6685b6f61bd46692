"""How large would a change have had to be for the gate to see it?

Leaves out: the power for the change that was observed, which tells nothing beyond its p-value. Formula: the test
calls a rise when (estimate - limit) / standard error exceeds t(1 - alpha); with a true rise of d beyond the limit that
statistic follows the noncentral t distribution with noncentrality d / standard error. The noncentrality that
exceeds the threshold with the wanted power, times the standard error, is d. Source: J. Cohen, Statistical Power
Analysis for the Behavioral Sciences, chapter 2; for Welch's degrees of freedom it is an approximation.
"""

from __future__ import annotations

import math

from scipy import special

from benchmarks.errors import StatisticsError
from benchmarks.stats.intervals import LogEstimate

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
