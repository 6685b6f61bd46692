"""Intervals cover the truth as often as they claim, and the smallest visible change is seen as often as it claims."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from benchmarks.errors import StatisticsError
from benchmarks.stats.intervals import (
    LogEstimate,
    estimate_change,
    estimate_mean,
    estimate_ratio_interval,
    estimate_smallest_visible_change,
    split_level,
)

BLOCK_SD = 0.013
"""Of a training step's log-ratio over blocks (FACTS)."""

DRAWS = 3000
log_ratios = st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=10)


def draw_blocks(tails: str, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw runs by blocks, float64 [runs, blocks], mean 0 and standard deviation BLOCK_SD."""
    if tails == "normal":
        return rng.normal(0.0, BLOCK_SD, shape)
    # A t distribution with 5 degrees of freedom has the variance 5 / 3.
    return BLOCK_SD * rng.standard_t(5, shape) / math.sqrt(5 / 3)


def test_t_interval_of_a_known_sample() -> None:
    # Mean 0.005, sd sqrt(0.0005 / 3); t(3) at 97.5 % is 3.182 in any table.
    interval = estimate_ratio_interval([-0.01, 0.0, 0.01, 0.02], 0.95)
    reach = 3.182 * math.sqrt(0.0005 / 3) / 2
    assert interval.estimate == pytest.approx(math.exp(0.005))
    assert interval.lower == pytest.approx(math.exp(0.005 - reach), abs=1e-5)
    assert interval.upper == pytest.approx(math.exp(0.005 + reach), abs=1e-5)
    assert interval.confidence == 0.95


@settings(deadline=None, max_examples=50)
@given(current=log_ratios, baseline=log_ratios)
def test_welch_agrees_with_scipy(current: list[float], baseline: list[float]) -> None:
    if np.std(current) < 1e-6 or np.std(baseline) < 1e-6:
        return  # SciPy warns of lost precision there; tests of their own below
    change = estimate_change(current, baseline)
    expected = stats.ttest_ind(current, baseline, equal_var=False).confidence_interval(0.9)
    assert change.estimate_lower_bound(0.05) == pytest.approx(expected.low, abs=1e-9)
    assert change.estimate_upper_bound(0.05) == pytest.approx(expected.high, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(values=log_ratios)
def test_mean_agrees_with_scipy(values: list[float]) -> None:
    if np.std(values) < 1e-6:
        return  # as above
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.99)
    found = estimate_mean(values)
    assert found.estimate_lower_bound(0.005) == pytest.approx(expected.low, abs=1e-9)
    assert found.estimate_upper_bound(0.005) == pytest.approx(expected.high, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(current=log_ratios, baseline=log_ratios)
def test_swapping_the_runs_negates_the_change(current: list[float], baseline: list[float]) -> None:
    one, other = estimate_change(current, baseline), estimate_change(baseline, current)
    assert one.log_ratio == -other.log_ratio
    assert one.estimate_lower_bound(0.05) == pytest.approx(-other.estimate_upper_bound(0.05), abs=1e-12)


@pytest.mark.parametrize("blocks", [3, 4, 6])
def test_normal_blocks_are_covered_as_often_as_promised(blocks: int) -> None:
    rng = np.random.default_rng(blocks)
    intervals = [estimate_ratio_interval(run, 0.95) for run in draw_blocks("normal", (DRAWS, blocks), rng)]
    covered = np.mean([interval.lower <= 1.0 <= interval.upper for interval in intervals])
    # Three binomial standard errors: 3 * sqrt(0.95 * 0.05 / 3000) = 0.0119.
    assert covered == pytest.approx(0.95, abs=0.0119)


@pytest.mark.parametrize("blocks", [3, 4, 6])
def test_heavy_tails_cost_no_coverage(blocks: int) -> None:
    rng = np.random.default_rng(blocks)
    intervals = [estimate_ratio_interval(run, 0.95) for run in draw_blocks("heavy", (DRAWS, blocks), rng)]
    covered = np.mean([interval.lower <= 1.0 <= interval.upper for interval in intervals])
    # Symmetric heavy tails make Student's interval cover a little more, not less (Wilcox, Introduction to Robust
    # Estimation, on Student's t under heavy tails); 0.0119 as above, and 0.98 says that it stays useful.
    assert 0.95 - 0.0119 <= covered <= 0.98


@pytest.mark.parametrize("tails", ["normal", "heavy"])
@pytest.mark.parametrize(("current_blocks", "baseline_blocks"), [(3, 8), (4, 8), (6, 10), (8, 10)])
@pytest.mark.parametrize("sd_factor", [1.0, 2.0])
def test_welch_covers_as_often_as_promised(
    tails: str, current_blocks: int, baseline_blocks: int, sd_factor: float
) -> None:
    rng = np.random.default_rng(int(current_blocks * sd_factor))
    current = sd_factor * draw_blocks(tails, (DRAWS, current_blocks), rng)
    baseline = draw_blocks(tails, (DRAWS, baseline_blocks), rng)
    covered = 0
    for runs in zip(current, baseline, strict=True):
        change = estimate_change(*runs)
        covered += change.estimate_lower_bound(0.025) <= 0.0 <= change.estimate_upper_bound(0.025)
    # 0.0119 as above. Welch's approximation falls short where the smaller sample is the noisier one: 60,000 draws with
    # 3 blocks of twice the spread gave 93.1 %, with 4 blocks 94.3 %.
    shortfall = 0.02 if current_blocks < 4 else 0.01
    assert 0.95 - shortfall - 0.0119 <= covered / DRAWS <= 0.98


@pytest.mark.parametrize("tails", ["normal", "heavy"])
@pytest.mark.parametrize("sd_factor", [0.5, 1.0, 2.0])
def test_a_lower_bound_at_the_level_of_one_look_keeps_its_level(tails: str, sd_factor: float) -> None:
    """At 0.05 / 30 cases / 2 looks = 0.0008, where the tails are what matters."""
    rng = np.random.default_rng(5)
    draws, alpha = 8000, 0.05 / 30 / 2
    current = sd_factor * draw_blocks(tails, (draws, 8), rng)
    baseline = draw_blocks(tails, (draws, 10), rng)
    alarms = sum(
        estimate_change(*runs).estimate_lower_bound(alpha) > 0.0 for runs in zip(current, baseline, strict=True)
    )
    # 6.7 expected, and by three standard errors of a Poisson count at most 6.7 + 3 * sqrt(6.7) = 14. With 4 blocks of
    # twice the spread there would be about 20.
    assert alarms <= 14


def test_pooling_rounds_would_feign_certainty() -> None:
    """Why the block is the replicate: rounds share their block's shift, so an interval over rounds misses the truth."""
    rng = np.random.default_rng(6)
    blocks = rng.normal(0.0, BLOCK_SD, (1000, 4, 1))
    rounds = blocks + rng.normal(0.0, 0.05, (1000, 4, 50))
    by_block = [estimate_ratio_interval(run.mean(axis=1), 0.95) for run in rounds]
    pooled = [estimate_ratio_interval(run.ravel(), 0.95) for run in rounds]
    # Three binomial standard errors of 0.7 % around 95 %.
    assert np.mean([interval.lower <= 1.0 <= interval.upper for interval in by_block]) == pytest.approx(0.95, abs=0.021)
    # Pooled standard error 0.05 / sqrt(200) = 0.0035 + little; the true one is 0.013 / 2 = 0.0065 and more: covered in
    # about 2 * Phi(1.96 * 0.0036 / 0.0074) - 1 = 67 %.
    assert np.mean([interval.lower <= 1.0 <= interval.upper for interval in pooled]) < 0.75


def test_one_block_gives_infinite_bounds() -> None:
    interval = estimate_ratio_interval([0.01], 0.95)
    assert (interval.lower, interval.upper) == (-math.inf, math.inf)
    assert interval.estimate == pytest.approx(math.exp(0.01))


@pytest.mark.parametrize(("current", "baseline"), [([0.01], [0.0, 0.01]), ([0.01, 0.02], [0.0]), ([0.0], [0.0])])
def test_a_change_with_one_block_on_a_side_is_unlimited(current: list[float], baseline: list[float]) -> None:
    change = estimate_change(current, baseline)
    assert change.estimate_upper_bound(0.05) == math.inf
    assert change.estimate_lower_bound(0.05) == -math.inf


def test_no_spread_at_all_leaves_the_estimate_as_its_own_bounds() -> None:
    change = estimate_change([0.03, 0.03], [0.01, 0.01, 0.01])
    assert change.estimate_lower_bound(0.001) == change.estimate_upper_bound(0.001) == pytest.approx(0.02)
    interval = estimate_ratio_interval([0.25, 0.25], 0.95)
    assert interval.lower == interval.estimate == interval.upper


def test_no_spread_on_one_side_leaves_the_other_sides_degrees_of_freedom() -> None:
    change = estimate_change([0.01, 0.02, 0.03, 0.04], [0.0, 0.0, 0.0])
    assert change.degrees_of_freedom == pytest.approx(3.0)


def test_a_bound_too_large_for_a_float_is_infinite() -> None:
    interval = LogEstimate(log_ratio=0.0, standard_error=1000.0, degrees_of_freedom=1.0).estimate_interval(0.95)
    assert (interval.lower, interval.upper) == (0.0, math.inf)


@pytest.mark.parametrize("values", [[], [math.nan], [0.0, math.inf], [[0.0, 0.1]]])
def test_what_is_no_list_of_log_ratios_is_refused(values: list[float]) -> None:
    with pytest.raises(StatisticsError, match="expected"):
        estimate_ratio_interval(values, 0.95)
    with pytest.raises(StatisticsError, match="current blocks: expected"):
        estimate_change(values, [0.0, 0.1])
    with pytest.raises(StatisticsError, match="baseline blocks: expected"):
        estimate_change([0.0, 0.1], values)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 1.5, -0.1, math.nan])
def test_a_confidence_that_is_no_probability_is_refused(confidence: float) -> None:
    with pytest.raises(StatisticsError, match="a confidence above 0"):
        estimate_ratio_interval([0.0, 0.1], confidence)


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


def test_bonferroni_divides_the_level() -> None:
    assert split_level(0.05, 20, "cases") == pytest.approx(0.0025)
    assert split_level(0.0025, 2, "looks") == pytest.approx(0.00125)
    assert split_level(0.05, 1, "cases") == 0.05


@pytest.mark.parametrize("cases", [1, 20, 1000])
def test_independent_cases_at_their_level_stay_within_that_of_the_family(cases: int) -> None:
    # The risk of any false alarm over independent cases is 1 - (1 - alpha)^cases.
    assert -math.expm1(cases * math.log1p(-split_level(0.05, cases, "cases"))) <= 0.05 + 1e-12


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.05, math.nan])
def test_a_level_that_is_no_probability_is_refused(alpha: float) -> None:
    with pytest.raises(StatisticsError, match="error level"):
        split_level(alpha, 10, "cases")


def test_nothing_to_split_over_is_refused() -> None:
    with pytest.raises(StatisticsError, match="cases: expected at least 1"):
        split_level(0.05, 0, "cases")
    with pytest.raises(StatisticsError, match="looks: expected at least 1"):
        split_level(0.05, 0, "looks")


def test_what_groups_have_in_common_is_no_spread() -> None:
    """By hand: groups a and b lie 0.02 apart, each spreads by 0.001 about its mean; two blocks each, 2 degrees."""
    blocks, groups = [0.001, 0.021, -0.001, 0.019], ["a", "b", "a", "b"]
    by_group = estimate_mean(blocks, groups)
    # s² = (4 · 0.001²) / 2, squared error of the mean of two group means s² (1/2 + 1/2) / 4.
    assert by_group.standard_error == pytest.approx(math.sqrt(2e-6 / 4))
    assert by_group.degrees_of_freedom == 2.0
    assert estimate_mean(blocks).standard_error > 5 * by_group.standard_error
    grouped = estimate_ratio_interval(blocks, 0.95, groups)
    assert grouped.upper - grouped.lower < estimate_ratio_interval(blocks, 0.95).upper - 1.0


def test_as_many_groups_as_blocks_are_none() -> None:
    blocks = [0.1, 0.2, 0.4]
    assert estimate_mean(blocks, ["a", "b", "c"]) == estimate_mean(blocks)


@pytest.mark.parametrize("now", [True, False])
def test_a_change_knows_the_groups_of_either_side(now: bool) -> None:  # noqa: FBT001
    split, level, groups = [0.001, 0.021, -0.001, 0.019], [0.0, 0.0, 0.0, 0.0], ["a", "b", "a", "b"]
    if now:
        known, unknown = estimate_change(split, level, current_groups=groups), estimate_change(split, level)
    else:
        known, unknown = estimate_change(level, split, baseline_groups=groups), estimate_change(level, split)
    assert known.standard_error == pytest.approx(math.sqrt(2e-6 / 4))
    assert unknown.standard_error > 5 * known.standard_error


def test_the_shift_of_an_occasion_is_in_either_side_once() -> None:
    change = estimate_change([0.0, 0.0, 0.0], [0.0, 0.0], occasion_sd=0.01)
    assert change.standard_error == pytest.approx(0.01 * math.sqrt(2))


def test_an_unknown_spread_has_one_degree_of_freedom() -> None:
    assert estimate_mean([0.1]).degrees_of_freedom == 1.0
    assert estimate_change([0.1], [0.1, 0.2]).degrees_of_freedom == 1.0
    assert estimate_change([0.1, 0.2], [0.1]).degrees_of_freedom == 1.0


def test_as_many_groups_as_blocks_are_expected() -> None:
    with pytest.raises(StatisticsError, match=r"^groups: expected one for each of 3 blocks, got 2$"):
        estimate_mean([0.1, 0.2, 0.3], ["a", "b"])


def test_what_is_wrong_with_the_blocks_of_one_run_is_said_of_blocks() -> None:
    with pytest.raises(StatisticsError, match=r"^blocks: expected at least one log-ratio"):
        estimate_mean([])


def test_a_power_no_larger_than_the_level_is_refused() -> None:
    change = LogEstimate(log_ratio=0.0, standard_error=0.01, degrees_of_freedom=10.0)
    with pytest.raises(StatisticsError, match="expected 0 < error level < power < 1"):
        estimate_smallest_visible_change(change, tolerance=0.02, alpha=0.5, power=0.5)


@pytest.mark.parametrize("alpha", [0.0, 1.0, 1.5])
def test_a_bound_at_no_error_level_is_refused(alpha: float) -> None:
    estimate = LogEstimate(log_ratio=0.0, standard_error=math.inf, degrees_of_freedom=1.0)
    with pytest.raises(StatisticsError, match=r"^a bound: expected an error level above 0 and below 1, got"):
        estimate.estimate_upper_bound(alpha)
