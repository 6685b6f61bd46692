from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.errors import StatisticsError
from benchmarks.stats.intervals import LogEstimate, estimate_mean
from benchmarks.stats.power import estimate_smallest_visible_change


def test_with_many_blocks_it_is_the_sum_of_two_normal_quantiles() -> None:
    # z(95 %) + z(80 %) = 1.645 + 0.842 = 2.487, from any table.
    change = LogEstimate(log_ratio=0.0, standard_error=0.01, degrees_of_freedom=1e6)
    found = estimate_smallest_visible_change(change, tolerance=0.02, alpha=0.05)
    assert found == pytest.approx(math.expm1(math.log1p(0.02) + 2.487 * 0.01), abs=1e-5)


def test_a_rise_of_that_size_is_seen_with_the_promised_power() -> None:
    """Simulates the test it speaks of, with few blocks, where the normal approximation would be off."""
    blocks, sd, alpha, draws = 6, 0.013, 0.01, 4000
    known = LogEstimate(log_ratio=0.0, standard_error=sd / math.sqrt(blocks), degrees_of_freedom=blocks - 1.0)
    rise = math.log1p(estimate_smallest_visible_change(known, tolerance=0.02, alpha=alpha))
    rng = np.random.default_rng(8)
    runs = rng.normal(rise, sd, (draws, blocks))
    seen = np.mean([estimate_mean(run).estimate_lower_bound(alpha) > math.log1p(0.02) for run in runs])
    # Three binomial standard errors: 3 * sqrt(0.8 * 0.2 / 4000) = 0.019.
    assert seen == pytest.approx(0.8, abs=0.019)


@pytest.mark.parametrize("tolerance", [0.0, 0.02, 0.1])
def test_it_lies_beyond_the_tolerance_and_shrinks_with_the_standard_error(tolerance: float) -> None:
    found = [
        estimate_smallest_visible_change(
            LogEstimate(log_ratio=0.5, standard_error=error, degrees_of_freedom=7.3), tolerance=tolerance, alpha=0.001
        )
        for error in (0.02, 0.01, 0.005)
    ]
    assert found[0] > found[1] > found[2] > tolerance


def test_without_spread_the_tolerance_itself_can_be_seen() -> None:
    change = LogEstimate(log_ratio=0.0, standard_error=0.0, degrees_of_freedom=4.0)
    assert estimate_smallest_visible_change(change, tolerance=0.02, alpha=0.01) == pytest.approx(0.02)


@pytest.mark.parametrize("standard_error", [math.inf, 1e6])
def test_with_an_unknown_or_boundless_spread_nothing_can_be_seen(standard_error: float) -> None:
    change = LogEstimate(log_ratio=0.0, standard_error=standard_error, degrees_of_freedom=1.0)
    assert estimate_smallest_visible_change(change, tolerance=0.02, alpha=0.01) == math.inf


@pytest.mark.parametrize(("alpha", "power"), [(0.0, 0.8), (0.05, 1.0), (0.8, 0.05), (math.nan, 0.8)])
def test_levels_that_cannot_be_are_refused(alpha: float, power: float) -> None:
    change = LogEstimate(log_ratio=0.0, standard_error=0.01, degrees_of_freedom=4.0)
    with pytest.raises(StatisticsError, match="power: expected"):
        estimate_smallest_visible_change(change, tolerance=0.02, alpha=alpha, power=power)
