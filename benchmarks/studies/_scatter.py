"""How do the blocks of a case scatter, once it is taken out which arm was built first, and do neighbours go together?

Leaves out: where blocks come from. Formulas: with k groups of n_g blocks the residual spread is
s² = Σ (x - group mean)² / (n - k), the effect of two groups the difference of their means with s √(1/n₁ + 1/n₂), and
the squared error of the mean of groups s² Σ 1/(k² n_g). The serial correlation of lag 1 is the mean product of
neighbouring residuals, each divided by the spread of its series, over their mean square; without any it scatters with
1/√pairs (Bartlett). Taking out group means shifts it by about -1/n where neighbours are of one group, and not at all
where groups alternate.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.5.12.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.errors import StatisticsError
from benchmarks.stats.intervals import Groups, LogEstimate

FEWEST_BLOCKS: int = 4
"""Two of either build order, which tell of a spread within it."""

_TWO = 2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A difference of log-ratios with its standard error."""

    estimate: float
    standard_error: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """A correlation with its standard error, and of how many pairs it is."""

    estimate: float
    standard_error: float
    pairs: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """How the log-ratios of a case's blocks scatter, in log units.

    `residuals` are those within groups of one build order, float64 [blocks] in the order of measuring. `order_effect`
    is weighted arm built first less control built first; None where it is not known of each block.
    """

    as_is_sd: float
    residual_sd: float
    order_effect: Effect | None
    residuals: NDArray[np.float64]


def estimate_scatter(log_ratios: ArrayLike, weighted_built_first: Groups) -> Scatter:
    """Return how blocks scatter.

    Args:
        log_ratios: float [blocks], in the order of measuring.
        weighted_built_first: for each block whether the weighted arm was built first; None where neither was.

    Raises:
        StatisticsError: when there are too few blocks to tell.
    """
    values = np.asarray(log_ratios, dtype=np.float64)
    kinds = list(dict.fromkeys(weighted_built_first))
    if values.size < FEWEST_BLOCKS or len(weighted_built_first) != values.size or len(kinds) >= values.size:
        raise StatisticsError(f"a spread: expected at least {FEWEST_BLOCKS} blocks, got {values.size}; measure more")
    members = {kind: np.array([each == kind for each in weighted_built_first]) for kind in kinds}
    residuals = np.empty_like(values)
    for chosen in members.values():
        residuals[chosen] = values[chosen] - values[chosen].mean()
    residual_sd = math.sqrt(float((residuals**2).sum()) / (values.size - len(kinds)))
    order_effect = None
    if set(kinds) == {True, False}:
        weighted, control = values[members[True]], values[members[False]]
        order_effect = Effect(
            estimate=float(weighted.mean() - control.mean()),
            standard_error=residual_sd * math.sqrt(1.0 / weighted.size + 1.0 / control.size),
        )
    return Scatter(
        as_is_sd=float(values.std(ddof=1)), residual_sd=residual_sd, order_effect=order_effect, residuals=residuals
    )


def estimate_half_width(residual_sd: float, *, blocks: int, kinds: int, confidence: float) -> float:
    """Return the half width of the interval over `blocks` blocks that take turns in `kinds` build orders, in log units.

    Args:
        residual_sd: spread within a build order.
        blocks: how many; more than `kinds`.
        kinds: 2 where build orders alternate, 1 where there are none.
        confidence: two-sided, such as 0.95.

    Raises:
        StatisticsError: when so few blocks leave no degree of freedom.
    """
    if blocks <= kinds:
        raise StatisticsError(f"an interval: expected more than {kinds} blocks, got {blocks}; plan more")
    sizes = [len(range(kind, blocks, kinds)) for kind in range(kinds)]
    squared_error = residual_sd**2 * sum(1.0 / size for size in sizes) / kinds**2
    estimate = LogEstimate(log_ratio=0.0, standard_error=math.sqrt(squared_error), degrees_of_freedom=blocks - kinds)
    return estimate.estimate_upper_bound((1.0 - confidence) / 2.0)


def estimate_serial_correlation(series: Sequence[NDArray[np.float64]]) -> Correlation | None:
    """Return the correlation of neighbouring residuals, pooled over series; None where there is nothing to correlate.

    Args:
        series: the residuals of each case, float64 [blocks] in the order of measuring; one that does not vary, or has
            fewer than two, is left out.
    """
    scaled = [each / spread for each in series if each.size >= _TWO and (spread := math.sqrt(float((each**2).mean())))]
    products = [float(product) for each in scaled for product in each[:-1] * each[1:]]
    if not products:
        return None
    return Correlation(
        estimate=sum(products) / len(products), standard_error=1.0 / math.sqrt(len(products)), pairs=len(products)
    )
