"""Lines and growth are what they claim: exact where there is no noise, covered where there is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.errors import StatisticsError
from benchmarks.stats.slopes import estimate_growth, estimate_line, estimate_mean_interval


def test_a_line_without_noise_is_found() -> None:
    line = estimate_line([1e4, 1e5, 1e6], [1000 + 4 * size for size in (1e4, 1e5, 1e6)], 0.95)
    assert line.slope.estimate == pytest.approx(4.0)
    assert line.intercept == pytest.approx(1000, rel=1e-6)
    assert line.predict(1e9) == pytest.approx(4e9 + 1000)


def test_the_interval_of_a_slope_covers_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    sizes = np.repeat([1e4, 1e5, 1e6], 3)
    draws = 2000
    covered = 0
    for _ in range(draws):
        slope = estimate_line(sizes, 4.0 * sizes + rng.normal(0.0, 2e5, sizes.size), 0.95).slope
        covered += slope.lower <= 4.0 <= slope.upper
    # Three binomial standard errors: 3 * sqrt(0.95 * 0.05 / 2000) = 0.0146.
    assert covered / draws == pytest.approx(0.95, abs=0.0146)


@pytest.mark.parametrize("sizes", [[1.0, 2.0], [1.0, 1.0, 1.0], []])
def test_a_line_needs_points_at_two_positions(sizes: list[float]) -> None:
    with pytest.raises(StatisticsError, match="expected at least 3 points at 2 positions"):
        estimate_line(sizes, sizes, 0.95)


def test_growth_is_what_each_epoch_adds() -> None:
    assert estimate_growth([100 + 7 * epoch for epoch in range(20)]) == pytest.approx(7.0)


def test_one_jump_of_the_allocator_is_no_growth() -> None:
    assert estimate_growth([0] * 25 + [2**20] * 15) == 0.0


def test_growth_needs_two_levels() -> None:
    with pytest.raises(StatisticsError, match="expected levels after at least 2 epochs, got 1"):
        estimate_growth([5.0])


def test_the_interval_of_a_mean_is_students() -> None:
    # t(0.975, 3 degrees of freedom) = 3.182, from any table; standard error of 1, 2, 3, 4 is 0.6455.
    interval = estimate_mean_interval([1.0, 2.0, 3.0, 4.0], 0.95)
    assert interval.estimate == pytest.approx(2.5)
    assert interval.upper - 2.5 == pytest.approx(3.182 * 0.6455, rel=1e-3)


def test_one_block_tells_nothing_of_its_spread() -> None:
    assert estimate_mean_interval([3.0], 0.95).upper == math.inf


def test_no_block_is_refused() -> None:
    with pytest.raises(StatisticsError, match="expected at least one value"):
        estimate_mean_interval([], 0.95)
