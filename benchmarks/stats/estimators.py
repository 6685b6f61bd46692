"""How much longer did one arm take than the other, within one block? One robust log-ratio per block, and what is kept.

Leaves out: intervals, which need several blocks, and the raw slices, which a saved run of some hundred cases could not
hold. Logarithms are natural; 0.01 is about 1 %. Each formula compares two columns of paired slices. Which is best on
real slices is for measurement to tell, so they are candidates in a registry, and `DEFAULT_ESTIMATOR` names the one in
use. The position of an arm in its round changes its time by up to 3 % on identical code, so rounds are split by order,
each part is estimated alone, and the two are averaged: with overhead `t` and position effect `p` the parts estimate
`t - p` and `t + p`. The position effect is estimated in the same way, with the slices sorted by position instead of by
arm: rounds with the weighted arm first estimate `p - t` and the others `p + t`, whose average is free of the overhead.

Source of the trimmed forms and of Hodges and Lehmann's estimator: R. Wilcox, Introduction to Robust Estimation
and Hypothesis Testing (trimmed mean; one-sample location).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from benchmarks.errors import StatisticsError
from benchmarks.records import Block, BlockSummary

Floats = NDArray[np.float64]
Formula = Callable[[Floats, Floats], float]
"""Takes denominator and numerator slices, float64 [rounds], in ns; returns log(numerator / denominator)."""


class Estimator(str, Enum):
    """The candidate formulas for the log-ratio of two columns of slices."""

    RATIO_OF_TRIMMED_MEANS = "ratio_of_trimmed_means"
    RATIO_OF_MEDIANS = "ratio_of_medians"
    RATIO_OF_LOWER_QUARTILES = "ratio_of_lower_quartiles"
    RATIO_OF_MINIMA = "ratio_of_minima"
    MEDIAN_OF_PAIRS = "median_of_pairs"
    TRIMMED_MEAN_OF_PAIRS = "trimmed_mean_of_pairs"
    HODGES_LEHMANN_OF_PAIRS = "hodges_lehmann_of_pairs"


DEFAULT_ESTIMATOR: Estimator = Estimator.TRIMMED_MEAN_OF_PAIRS
"""The steadiest on real steps, by a little; docs/how-it-measures.md has the table of `studies.estimators`."""

TRIM_FROM_PERCENT: int = 10
"""Where the trimmed mean of slices starts: the very fastest are erratic, as ratios of minima show."""

TRIM_TO_PERCENT: int = 60
"""Where it ends: an interruption only ever lengthens a slice, so more is cut from the slow side."""

PAIRS_TRIM_FRACTION: float = 0.2
"""Cut from either end of the paired log-ratios; Wilcox' advice for general use."""

MAX_ROUNDS_AT_ONCE: int = 1000
"""Hodges and Lehmann's estimator looks at every two rounds, half a million here; more rounds are taken in pieces."""


def _estimate_trimmed_mean(slices_ns: Floats) -> float:
    """Return the mean of the slices between the two trim percentiles; at least one slice lies between them."""
    count = slices_ns.size
    start = count * TRIM_FROM_PERCENT // 100
    stop = -(-count * TRIM_TO_PERCENT // 100)
    return float(np.sort(slices_ns)[start:stop].mean())


def _estimate_hodges_lehmann(log_ratios: Floats) -> float:
    """Return the median of the means of every two log-ratios, each with itself included."""
    pieces = np.array_split(log_ratios, math.ceil(log_ratios.size / MAX_ROUNDS_AT_ONCE))
    shifts = []
    for piece in pieces:
        one, other = np.triu_indices(piece.size)
        shifts.append(float(np.median(piece[one] + piece[other])) / 2.0)
    return float(np.average(shifts, weights=[piece.size for piece in pieces]))


LOCATIONS: Mapping[str, Callable[[Floats], float]] = MappingProxyType(
    {
        "trimmed mean": _estimate_trimmed_mean,
        "median": lambda values: float(np.median(values)),
        "lower quartile": lambda slices_ns: float(np.percentile(slices_ns, 25.0)),
        "minimum": lambda slices_ns: float(slices_ns.min()),
    }
)
"""Ways of putting a column of slices, float64 [rounds] in ns, into one number."""


def _compare_locations(location: Callable[[Floats], float]) -> Formula:
    """Return the formula log(location(numerator) / location(denominator))."""
    return lambda denominator_ns, numerator_ns: math.log(location(numerator_ns) / location(denominator_ns))


def _locate_pairs(location: Callable[[Floats], float]) -> Formula:
    """Return the formula location(log(numerator / denominator)), taken round by round."""
    return lambda denominator_ns, numerator_ns: location(np.log(numerator_ns / denominator_ns))


FORMULAS: Mapping[Estimator, Formula] = MappingProxyType(
    {
        Estimator.RATIO_OF_TRIMMED_MEANS: _compare_locations(LOCATIONS["trimmed mean"]),
        Estimator.RATIO_OF_MEDIANS: _compare_locations(LOCATIONS["median"]),
        Estimator.RATIO_OF_LOWER_QUARTILES: _compare_locations(LOCATIONS["lower quartile"]),
        Estimator.RATIO_OF_MINIMA: _compare_locations(LOCATIONS["minimum"]),
        Estimator.MEDIAN_OF_PAIRS: _locate_pairs(LOCATIONS["median"]),
        Estimator.TRIMMED_MEAN_OF_PAIRS: _locate_pairs(
            lambda log_ratios: float(stats.trim_mean(log_ratios, PAIRS_TRIM_FRACTION))
        ),
        Estimator.HODGES_LEHMANN_OF_PAIRS: _locate_pairs(_estimate_hodges_lehmann),
    }
)
"""Every estimator and its formula."""


def estimate_log_ratio(
    denominator_ns: ArrayLike,
    numerator_ns: ArrayLike,
    numerator_first: ArrayLike,
    estimator: Estimator = DEFAULT_ESTIMATOR,
    *,
    split_by_order: bool = True,
) -> float:
    """Return a robust estimate of log(numerator / denominator) from the paired slices of one block.

    The overhead is that of (control, weighted, weighted first). Where one of the two orders never occurred, as may
    happen with very few rounds, all rounds are estimated together and the position effect stays in this block's
    estimate; as orders are random it averages out over blocks.

    Args:
        denominator_ns: int or float [rounds], above 0.
        numerator_ns: int or float [rounds], above 0; entry i is from the same round as entry i of the denominator.
        numerator_first: bool [rounds], whether the numerator had the first position in that round.
        estimator: the formula.
        split_by_order: estimate the rounds of either order alone and average; False only to study what that gains.

    Raises:
        StatisticsError: when there are no rounds, the columns differ in length, or a slice is not above 0.
    """
    denominator = np.asarray(denominator_ns, dtype=np.float64)
    numerator = np.asarray(numerator_ns, dtype=np.float64)
    first = np.asarray(numerator_first, dtype=np.bool_)
    if denominator.ndim != 1 or not denominator.size or not denominator.shape == numerator.shape == first.shape:
        raise StatisticsError(
            "a log-ratio: expected three columns of equal length with at least one round, got shapes "
            f"{denominator.shape}, {numerator.shape} and {first.shape}; measure the block again"
        )
    if not (np.all(denominator > 0.0) and np.all(numerator > 0.0)):
        raise StatisticsError("a log-ratio: expected slices longer than 0 ns, got one that is not; check the clock")
    formula = FORMULAS[estimator]
    if not split_by_order or first.all() or not first.any():
        return formula(denominator, numerator)
    with_first = formula(denominator[first], numerator[first])
    with_second = formula(denominator[~first], numerator[~first])
    return (with_first + with_second) / 2.0


def estimate_position_log_ratio(
    control_slice_ns: ArrayLike,
    weighted_slice_ns: ArrayLike,
    weighted_first: ArrayLike,
    estimator: Estimator = DEFAULT_ESTIMATOR,
) -> float:
    """Return a robust estimate of log(second position / first position) within one block.

    Columns are those of `estimate_log_ratio`, which raises the same errors. Where one of the two orders never occurred,
    position and arm cannot be told apart within the block, and the overhead is part of the estimate; over blocks with
    random orders it averages out.
    """
    control = np.asarray(control_slice_ns, dtype=np.float64)
    weighted = np.asarray(weighted_slice_ns, dtype=np.float64)
    first = np.asarray(weighted_first, dtype=np.bool_)
    if not control.shape == weighted.shape == first.shape:
        # Left to the estimator, which refuses them: np.where would stretch a column of one round over all the others.
        return estimate_log_ratio(control, weighted, first, estimator)
    # The second position is the numerator. Its "first" column only has to tell the two orders apart.
    return estimate_log_ratio(np.where(first, weighted, control), np.where(first, control, weighted), first, estimator)


def summarise_block(block: Block, estimator: Estimator = DEFAULT_ESTIMATOR) -> BlockSummary:
    """Return one block's estimates, its medians per step in ns, and its counters; a Block has refused bad columns."""
    control, weighted, weighted_first = block.control_slice_ns, block.weighted_slice_ns, block.weighted_first
    # A clock that ticks slowly may say 0 ns, which has no logarithm.
    control_cpu, weighted_cpu = (np.maximum(cpu_ns, 1) for cpu_ns in (block.control_cpu_ns, block.weighted_cpu_ns))
    steps = block.steps_per_slice
    return BlockSummary(
        seed=block.seed,
        log_ratio=estimate_log_ratio(control, weighted, weighted_first, estimator),
        position_log_ratio=estimate_position_log_ratio(control, weighted, weighted_first, estimator),
        control_median_ns=float(np.median(control)) / steps,
        weighted_median_ns=float(np.median(weighted)) / steps,
        cpu_log_ratio=estimate_log_ratio(control_cpu, weighted_cpu, weighted_first, estimator),
        control_cpu_median_ns=float(np.median(block.control_cpu_ns)) / steps,
        weighted_cpu_median_ns=float(np.median(block.weighted_cpu_ns)) / steps,
        control_takedown_ns=float(np.median(block.control_takedown_ns)),
        weighted_takedown_ns=float(np.median(block.weighted_takedown_ns)),
        weighted_built_first=block.weighted_built_first,
        rounds=len(control),
        traces_while_timed=block.traces_while_timed,
        timed_ns=block.timed_ns,
        wall_ns=block.wall_ns,
    )
