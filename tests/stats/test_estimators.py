"""One block gives one log-ratio, free of position effects, and a summary that keeps what later runs need."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.errors import StatisticsError
from benchmarks.records import Block
from benchmarks.stats.estimators import (
    DEFAULT_ESTIMATOR,
    FORMULAS,
    LOCATIONS,
    MAX_ROUNDS_AT_ONCE,
    Estimator,
    _compare_locations,
    _locate_pairs,
    estimate_log_ratio,
    estimate_position_log_ratio,
    summarise_block,
)
from tests.examples import make_block
from tests.stats.simulated_slices import SliceModel, draw_block

BLOCKS = 200
every_estimator = pytest.mark.parametrize("estimator", list(Estimator), ids=lambda estimator: estimator.value)


def estimate(block: Block, estimator: Estimator = DEFAULT_ESTIMATOR, *, split_by_order: bool = True) -> float:
    return estimate_log_ratio(
        block.control_slice_ns,
        block.weighted_slice_ns,
        block.weighted_first,
        estimator,
        split_by_order=split_by_order,
    )


@st.composite
def blocks(draw: st.DrawFn, *, both_orders: bool = False) -> Block:
    """Blocks of a few rounds of anything from 50 us to 10 ms."""
    slices = st.integers(50_000, 10_000_000)
    rounds = draw(st.lists(st.tuples(slices, slices, st.booleans()), min_size=2 if both_orders else 1, max_size=12))
    first = [order for _, _, order in rounds]
    if both_orders:
        first[0], first[1] = True, False
    control, weighted = [slices_ns for slices_ns, _, _ in rounds], [slices_ns for _, slices_ns, _ in rounds]
    return make_block(control, weighted, weighted_first=tuple(first))


def test_every_estimator_has_a_formula() -> None:
    assert set(FORMULAS) == set(Estimator)


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        # By hand, for slices of 100 to 1000 and twice as long: ten rounds, one order.
        # Sorted places 1 to 5 are the 10th to 60th percentile: means 400 and 800.
        (Estimator.RATIO_OF_TRIMMED_MEANS, math.log(2.0)),
        (Estimator.RATIO_OF_MEDIANS, math.log(2.0)),
        (Estimator.RATIO_OF_LOWER_QUARTILES, math.log(2.0)),
        (Estimator.RATIO_OF_MINIMA, math.log(2.0)),
        # The pairs were shuffled by reversing one column: the ratios 2 * 1000/100, 2 * 900/200, ... are symmetric
        # around 2 on the logarithmic scale, so every location of them is log 2.
        (Estimator.MEDIAN_OF_PAIRS, math.log(2.0)),
        (Estimator.TRIMMED_MEAN_OF_PAIRS, math.log(2.0)),
        (Estimator.HODGES_LEHMANN_OF_PAIRS, math.log(2.0)),
    ],
)
def test_known_answer_of_symmetric_columns(estimator: Estimator, expected: float) -> None:
    control = [100.0 * place for place in range(1, 11)]
    weighted = [200.0 * place for place in range(10, 0, -1)]
    assert estimate_log_ratio(control, weighted, [True] * 10, estimator) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        # By hand, for control slices of 100 and weighted ones of 100, 110, 120, 130, 240.
        # The 10th to 60th percentile of five are the three shortest: mean 110.
        (Estimator.RATIO_OF_TRIMMED_MEANS, math.log(1.10)),
        (Estimator.RATIO_OF_MEDIANS, math.log(1.20)),
        (Estimator.RATIO_OF_LOWER_QUARTILES, math.log(1.10)),
        (Estimator.RATIO_OF_MINIMA, 0.0),
        (Estimator.MEDIAN_OF_PAIRS, math.log(1.20)),
        # A fifth cut from either end leaves the middle three.
        (Estimator.TRIMMED_MEAN_OF_PAIRS, math.log(1.10 * 1.20 * 1.30) / 3.0),
        # The fifteen means of two in order, as products of ratios: 1.00 1.10 1.20 1.21 1.30 1.32 1.43 1.44 1.56 ...;
        # the eighth is that of 1.20 with itself.
        (Estimator.HODGES_LEHMANN_OF_PAIRS, math.log(1.44) / 2.0),
    ],
)
def test_known_answer_of_a_skewed_column(estimator: Estimator, expected: float) -> None:
    weighted = [130, 100, 240, 120, 110]
    assert estimate_log_ratio([100] * 5, weighted, [False] * 5, estimator) == pytest.approx(expected, abs=1e-12)


def test_hodges_lehmann_takes_many_rounds_in_pieces() -> None:
    rng = np.random.default_rng(1)
    rounds = 2 * MAX_ROUNDS_AT_ONCE + 1
    weighted = 1e6 * np.exp(rng.normal(0.05, 0.1, rounds))
    found = estimate_log_ratio(np.full(rounds, 1e6), weighted, np.ones(rounds), Estimator.HODGES_LEHMANN_OF_PAIRS)
    # The estimator's standard deviation for normal data: sqrt(pi / 3) * sd / sqrt(n) = 0.0023 (Wilcox); three of them.
    assert found == pytest.approx(0.05, abs=3 * math.sqrt(math.pi / 3) * 0.1 / math.sqrt(rounds))


@every_estimator
@settings(deadline=None, max_examples=25)
@given(block=blocks())
def test_swapping_the_arms_negates_the_log_ratio(estimator: Estimator, block: Block) -> None:
    swapped = estimate_log_ratio(
        block.weighted_slice_ns, block.control_slice_ns, [not first for first in block.weighted_first], estimator
    )
    assert swapped == pytest.approx(-estimate(block, estimator), abs=1e-9)


@every_estimator
@settings(deadline=None, max_examples=25)
@given(block=blocks(), factor=st.floats(0.01, 100.0))
def test_scaling_all_times_leaves_the_log_ratio(estimator: Estimator, block: Block, factor: float) -> None:
    scaled = estimate_log_ratio(
        factor * np.array(block.control_slice_ns),
        factor * np.array(block.weighted_slice_ns),
        block.weighted_first,
        estimator,
    )
    assert scaled == pytest.approx(estimate(block, estimator), abs=1e-9)


@every_estimator
@settings(deadline=None, max_examples=25)
@given(block=blocks(), factor=st.floats(0.5, 2.0))
def test_lengthening_the_weighted_arm_adds_the_logarithm_of_the_factor(
    estimator: Estimator, block: Block, factor: float
) -> None:
    longer = estimate_log_ratio(
        block.control_slice_ns, factor * np.array(block.weighted_slice_ns), block.weighted_first, estimator
    )
    assert longer == pytest.approx(estimate(block, estimator) + math.log(factor), abs=1e-9)


@every_estimator
@settings(deadline=None, max_examples=25)
@given(block=blocks(both_orders=True), effect=st.floats(0.8, 1.25))
def test_an_equal_position_effect_on_both_arms_cancels(estimator: Estimator, block: Block, effect: float) -> None:
    first = np.array(block.weighted_first)
    shifted = estimate_log_ratio(
        np.where(first, effect, 1.0) * np.array(block.control_slice_ns),
        np.where(first, 1.0, effect) * np.array(block.weighted_slice_ns),
        first,
        estimator,
    )
    assert shifted == pytest.approx(estimate(block, estimator), abs=1e-9)


@every_estimator
@settings(deadline=None, max_examples=25)
@given(block=blocks(both_orders=True), seed=st.integers(0, 2**32 - 1))
def test_the_sequence_of_the_rounds_does_not_matter(estimator: Estimator, block: Block, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(block.weighted_first))
    shuffled = estimate_log_ratio(
        np.array(block.control_slice_ns)[order],
        np.array(block.weighted_slice_ns)[order],
        np.array(block.weighted_first)[order],
        estimator,
    )
    assert shuffled == pytest.approx(estimate(block, estimator), abs=1e-9)


@every_estimator
def test_unbiased_under_skewed_noise_drift_interruptions_and_position(estimator: Estimator) -> None:
    rng = np.random.default_rng(20)
    model = SliceModel(overhead=0.02, position_effect=0.03)
    errors = [estimate(draw_block(model, rng), estimator) - math.log1p(0.02) for _ in range(BLOCKS)]
    # Four standard errors: a chance of 0.006 % per estimator, were the seed not fixed.
    assert np.mean(errors) == pytest.approx(0.0, abs=4 * float(np.std(errors)) / math.sqrt(BLOCKS))


def test_the_default_spreads_as_little_as_any_and_minima_spread_most() -> None:
    rng = np.random.default_rng(21)
    drawn = [draw_block(SliceModel(), rng) for _ in range(150)]
    spread = {estimator: float(np.std([estimate(block, estimator) for block in drawn])) for estimator in Estimator}
    # The relative error of a standard deviation from 150 blocks is 1 / sqrt(300) = 6 %, shared in part by all
    # estimators since they see the same blocks: 15 % is more than two of them.
    assert spread[DEFAULT_ESTIMATOR] <= 1.15 * min(spread.values())
    # On real steps minima spread by 5 to 8 % where the others do by 1 to 2 % (FACTS).
    assert spread[Estimator.RATIO_OF_MINIMA] > 2.0 * spread[DEFAULT_ESTIMATOR]


def test_interruptions_of_one_arm_alone_hardly_move_the_default() -> None:
    rng = np.random.default_rng(22)
    estimates, means = [], []
    for _ in range(100):
        clean = draw_block(SliceModel(overhead=0.0, interrupted_share=0.0), rng)
        weighted = np.where(rng.random(400) < 0.05, 10.0, 1.0) * np.array(clean.weighted_slice_ns)
        estimates.append(estimate_log_ratio(clean.control_slice_ns, weighted, clean.weighted_first))
        means.append(math.log(weighted.mean() / np.mean(clean.control_slice_ns)))
    # Plain means go up by log(1 + 0.05 * 9) = 0.37. Of the pairs, whose SD is 0.2 * sqrt(2) = 0.28, the top fifth
    # that is cut off now holds the interrupted 5 %, so the window holds the others from their 21st to their 84th
    # percentile: 0.28 * (pdf(z(.21)) - pdf(z(.84))) / 0.63 = 0.021.
    assert np.mean(means) > 0.3
    assert float(np.mean(estimates)) == pytest.approx(0.021, abs=0.008)


def test_splitting_by_order_pays_where_rounds_are_few_and_the_position_effect_large() -> None:
    """As at start-up: whichever arm comes first also warms the process up for the other."""
    rng = np.random.default_rng(23)
    model = SliceModel(rounds=6, position_effect=0.2, log_noise_sd=0.03, drift=0.0, interrupted_share=0.0)
    drawn = [draw_block(model, rng) for _ in range(BLOCKS)]
    split = np.std([estimate(block) for block in drawn])
    unsplit = np.std([estimate(block, split_by_order=False) for block in drawn])
    # Unsplit, an unequal count of orders leaves log(1.2) / sqrt(6) = 0.074; the noise is 0.03 * sqrt(2 / 6) = 0.017.
    assert split < 0.6 * unsplit


@every_estimator
@pytest.mark.parametrize("first", [True, False])
def test_a_missing_order_falls_back_to_all_rounds_together(estimator: Estimator, first: bool) -> None:  # noqa: FBT001
    found = estimate_log_ratio([100, 100, 100], [110, 110, 110], [first] * 3, estimator)
    assert found == pytest.approx(math.log(1.1))


@every_estimator
def test_a_single_round_is_its_own_estimate(estimator: Estimator) -> None:
    assert estimate_log_ratio([100], [105], [True], estimator) == pytest.approx(math.log(1.05))


@pytest.mark.parametrize(
    ("control", "weighted", "first"),
    [
        ([], [], []),
        ([1, 2], [1], [True, False]),
        ([1, 2], [1, 2], [True]),
        ([[1, 2]], [[1, 2]], [[True, False]]),
        ([0], [1], [True]),
        ([1], [-1], [True]),
        ([1.0], [math.nan], [True]),
    ],
    ids=["no rounds", "short arm", "short order", "two dimensions", "zero", "negative", "not a number"],
)
def test_columns_that_are_no_block_are_refused(control: object, weighted: object, first: object) -> None:
    with pytest.raises(StatisticsError, match="log-ratio: expected"):
        estimate_log_ratio(control, weighted, first)  # type: ignore[arg-type]


@pytest.mark.parametrize("estimator", list(Estimator), ids=lambda estimator: estimator.value)
def test_the_position_effect_is_found_apart_from_the_overhead(estimator: Estimator) -> None:
    # By construction: 10 % overhead; the second position takes 4 % longer.
    first = np.array([True, False, False, True, False])
    control = np.where(first, 1.04, 1.0) * 1e6
    weighted = np.where(first, 1.0, 1.04) * 1.1e6
    assert estimate_position_log_ratio(control, weighted, first, estimator) == pytest.approx(math.log(1.04))


def test_unbiased_on_simulated_slices() -> None:
    rng = np.random.default_rng(30)
    model = SliceModel(overhead=0.05, position_effect=0.03)
    found = []
    for _ in range(200):
        block = draw_block(model, rng)
        found.append(estimate_position_log_ratio(block.control_slice_ns, block.weighted_slice_ns, block.weighted_first))
    assert np.mean(found) == pytest.approx(math.log(1.03), abs=4 * float(np.std(found)) / math.sqrt(200))


@pytest.mark.parametrize(("first", "expected"), [(True, -math.log(1.1)), (False, math.log(1.1))])
def test_with_one_order_only_the_overhead_is_part_of_it(first: bool, expected: float) -> None:  # noqa: FBT001
    found = estimate_position_log_ratio([100, 100], [110, 110], [first, first])
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("control", "weighted", "first"), [([], [], []), ([1, 2], [1], [True, False]), ([0], [1], [True])]
)
def test_columns_that_are_no_block_have_no_position_effect_either(
    control: list[int], weighted: list[int], first: list[bool]
) -> None:
    with pytest.raises(StatisticsError):
        estimate_position_log_ratio(control, weighted, first)


BLOCK = make_block(
    (1000, 1000, 1000, 1000),
    (1100, 1300, 1100, 1100),
    seed=7,
    control_cpu_ns=(1000, 1000, 1000, 1000),
    weighted_cpu_ns=(1500, 1500, 1500, 1500),
    control_takedown_ns=(10, 20, 30, 40),
    steps_per_slice=5,
    traces_while_timed=2,
    wall_ns=9999,
)


def test_a_summary_holds_the_estimates_and_the_counters_of_its_block() -> None:
    summary = summarise_block(BLOCK, Estimator.RATIO_OF_MEDIANS)
    # By hand: rounds with the weighted arm first give log 1.1, the others log 1.2; half sum, half difference.
    assert summary.log_ratio == pytest.approx((math.log(1.1) + math.log(1.2)) / 2)
    assert summary.position_log_ratio == pytest.approx((math.log(1.2) - math.log(1.1)) / 2)
    assert (summary.seed, summary.rounds, summary.traces_while_timed) == (7, 4, 2)
    assert (summary.timed_ns, summary.wall_ns) == (8600, 9999)


def test_the_medians_are_per_step() -> None:
    summary = summarise_block(BLOCK)
    assert (summary.control_median_ns, summary.weighted_median_ns) == (1000 / 5, 1100 / 5)


def test_processor_time_has_an_estimate_of_its_own() -> None:
    summary = summarise_block(BLOCK)
    assert summary.cpu_log_ratio == pytest.approx(math.log(1.5))
    assert (summary.control_cpu_median_ns, summary.weighted_cpu_median_ns) == (1000 / 5, 1500 / 5)


def test_the_take_down_is_that_of_a_whole_slice() -> None:
    assert summarise_block(BLOCK).control_takedown_ns == 25


def test_a_processor_clock_that_stood_still_is_no_error() -> None:
    still = dataclasses.replace(BLOCK, control_cpu_ns=(0,) * 4, weighted_cpu_ns=(0,) * 4)
    assert summarise_block(still).cpu_log_ratio == 0.0


def test_a_summary_has_what_the_weighted_arm_left_behind_and_which_arm_was_built_first() -> None:
    block = dataclasses.replace(BLOCK, weighted_takedown_ns=(1, 2, 3, 4), weighted_built_first=True)
    summary = summarise_block(block)
    assert summary.weighted_takedown_ns == 2.5
    assert summary.weighted_built_first is True


def test_processor_time_is_estimated_as_wall_time_is() -> None:
    block = dataclasses.replace(BLOCK, weighted_cpu_ns=(1000, 1000, 1500, 9000))
    # Either order has two rounds: 1000 and 1500, 1000 and 9000.
    by_medians = (math.log(1.25) + math.log(5.0)) / 2
    assert summarise_block(block, Estimator.RATIO_OF_MEDIANS).cpu_log_ratio == pytest.approx(by_medians)
    assert summarise_block(block, Estimator.RATIO_OF_MINIMA).cpu_log_ratio == 0.0


def test_a_nanosecond_of_processor_time_is_one() -> None:
    block = dataclasses.replace(BLOCK, control_cpu_ns=(1,) * 4, weighted_cpu_ns=(3,) * 4)
    assert summarise_block(block).cpu_log_ratio == pytest.approx(math.log(3))


def test_the_trimmed_mean_is_that_of_the_tenth_to_the_sixtieth_percentile() -> None:
    # Of 1 to 1000 these are 101 to 600.
    assert LOCATIONS["trimmed mean"](np.arange(1000.0, 0.0, -1.0)) == 350.5


def test_pieces_of_many_rounds_count_by_their_size() -> None:
    rounds = MAX_ROUNDS_AT_ONCE + 1
    first, second = np.array_split(np.arange(rounds), 2)
    assert first.size != second.size
    weighted = np.where(np.arange(rounds) < first.size, 1.0, math.e)
    found = estimate_log_ratio(
        np.ones(rounds), weighted, np.ones(rounds, dtype=bool), Estimator.HODGES_LEHMANN_OF_PAIRS
    )
    assert found == pytest.approx(second.size / rounds, rel=1e-12)


def test_the_order_may_be_given_as_numbers() -> None:
    control, weighted, first = [100, 200, 300, 400], [110, 250, 310, 480], [1, 1, 0, 0]
    truths = [bool(each) for each in first]
    assert estimate_log_ratio(control, weighted, first) == estimate_log_ratio(control, weighted, truths)
    found = estimate_position_log_ratio(control, weighted, first)
    assert found == estimate_position_log_ratio(control, weighted, truths)


def test_columns_of_unlike_length_are_named_with_their_shapes() -> None:
    shapes = r"got shapes \(2,\), \(1,\) and \(3,\); measure the block again$"
    for estimate in (estimate_log_ratio, estimate_position_log_ratio):
        with pytest.raises(StatisticsError, match=rf"^a log-ratio: expected three columns of equal length.*{shapes}"):
            estimate([1, 2], [1], [True, False, True])


def test_a_slice_of_no_time_is_named() -> None:
    with pytest.raises(StatisticsError, match=r"^a log-ratio: expected slices longer than 0 ns.*; check the clock$"):
        estimate_log_ratio([0], [1], [True])


def test_formulas_put_columns_into_numbers_or_take_them_pair_by_pair() -> None:
    control, weighted = np.array([1.0, 2.0, 3.0]), np.array([2.0, 8.0, 3.0])
    assert _compare_locations(np.max)(control, weighted) == pytest.approx(math.log(8 / 3))
    assert _locate_pairs(np.max)(control, weighted) == pytest.approx(math.log(4))
