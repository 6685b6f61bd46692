"""Medians, ratios and tests hold what they promise where some never arrive, by simulation and against known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.errors import StatisticsError
from benchmarks.stats.survival import (
    EXACT_PAIRS,
    Durations,
    estimate_curve,
    estimate_median,
    estimate_p_value,
    estimate_ratio,
    estimate_unpaired_p_value,
    score_pairs,
    share_level,
)

TREATED = Durations.make(
    [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
    [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
)
PLACEBO = Durations.make([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [1] * 21)
"""Weeks of remission of leukaemia, E. Freireich et al. (1963): medians 23 and 8 weeks, chi-squared of 16.79."""

EPOCHS = 30

REPETITIONS = 400


def give_margin(level: float) -> float:
    """Return what a frequency over the repetitions may lie above its probability by chance: three standard errors."""
    return 3.0 * math.sqrt(level * (1.0 - level) / REPETITIONS)


def watch(durations: np.ndarray) -> Durations:
    """Return durations as epochs show them: whole, at least 1, and not beyond the last."""
    epochs = np.maximum(1.0, np.ceil(durations))
    return Durations.make(np.minimum(epochs, EPOCHS), epochs <= EPOCHS)


def draw_alike(generator: np.random.Generator, pairs: int) -> tuple[Durations, Durations]:
    """Return pairs whose arms differ by chance alone and have much in common; about a third is censored."""
    common = generator.lognormal(3.0, 0.5, pairs)
    control, weighted = (watch(common * generator.lognormal(0.0, 0.3, pairs)) for _ in range(2))
    return control, weighted


def test_the_estimate_of_kaplan_and_meier_is_that_of_the_book() -> None:
    """Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data (2002), section 1.4."""
    curve = estimate_curve(TREATED)
    shares = dict(zip(curve.times, curve.share, strict=True))
    for time, share in {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}.items():
        assert shares[time] == pytest.approx(share, abs=5e-4)
    assert (estimate_median(TREATED, 0.95).estimate, estimate_median(PLACEBO, 0.95).estimate) == (23.0, 8.0)


def test_the_test_that_knows_nothing_of_pairs_is_that_of_the_book() -> None:
    """Chi-squared with one degree of freedom exceeds 16.79 with a probability of 4.17e-5."""
    assert estimate_unpaired_p_value(PLACEBO, TREATED) == pytest.approx(4.17e-5, rel=0.01)


def test_an_interval_goes_from_one_value_to_another() -> None:
    """Of 20 the 6th and the 15th: 1 - 2 P(Binomial(20, 1/2) < 6) is 0.9586, and 0.8847 with the 7th."""
    interval = estimate_median(Durations.make(range(1, 21), [True] * 20), 0.95)
    assert (interval.estimate, interval.lower, interval.upper) == (10.0, 6.0, 15.0)


def test_who_never_arrives_is_late_and_not_left_out() -> None:
    interval = estimate_median(Durations.make([*range(1, 9), *[12] * 12], [True] * 8 + [False] * 12), 0.95)
    assert (interval.estimate, interval.lower, interval.upper) == (math.inf, 6.0, math.inf)


def test_all_in_one_epoch_have_an_interval_of_that_epoch() -> None:
    interval = estimate_median(Durations.make([3] * 20, [True] * 20), 0.95)
    assert (interval.lower, interval.upper) == (3.0, 3.0)


def test_five_values_have_no_interval() -> None:
    interval = estimate_median(Durations.make([1, 2, 3, 4, 5], [True] * 5), 0.95)
    assert (interval.estimate, interval.lower, interval.upper) == (3.0, 0.0, math.inf)


@pytest.mark.parametrize(
    ("control", "weighted", "bounds"),
    [
        ((8, True), (4, True), (0.5, 0.5)),
        ((10, False), (4, True), (0.0, 0.4)),
        ((8, True), (10, False), (1.25, math.inf)),
        ((10, False), (10, False), (0.0, math.inf)),
    ],
    ids=["both arrive", "the control never does", "the weighted arm never does", "neither does"],
)
def test_a_ratio_is_known_as_far_as_both_arrive(
    control: tuple[float, bool], weighted: tuple[float, bool], bounds: tuple[float, float]
) -> None:
    arms = [Durations.make([seen], [arrived]) for seen, arrived in (control, weighted)]
    ratio = estimate_ratio(arms[0], arms[1], 0.95)
    assert (ratio.lowest, ratio.highest) == bounds
    assert (ratio.lower, ratio.upper) == (0.0, math.inf)


def test_a_few_that_never_arrive_leave_the_median_ratio_known() -> None:
    control = Durations.make([10] * 9 + [50] * 2, [True] * 9 + [False] * 2)
    weighted = Durations.make([5] * 11, [True] * 11)
    ratio = estimate_ratio(control, weighted, 0.95)
    assert ratio.lowest == ratio.highest == 0.5


def test_scores_are_those_of_the_log_rank_test() -> None:
    """Of 1 and 2 the hazards are 1/2 and 1/2 + 1, so the scores are 1/2 and -1/2; censored at 2 it has -1/2 too."""
    one = Durations.make([1], [True])
    assert score_pairs(one, Durations.make([2], [True])).tolist() == [-1.0]
    assert score_pairs(Durations.make([2], [False]), one).tolist() == [1.0]


def test_the_scores_of_both_arms_add_up_to_the_log_rank_statistic() -> None:
    """Observed less expected arrivals of a sample are the sum of its scores: 9 - 19.25 with the treatment."""
    differences = score_pairs(PLACEBO, TREATED)
    assert differences.sum() == pytest.approx(2 * (9 - 19.25), abs=0.02)


def test_the_p_value_counts_the_exchanges() -> None:
    assert estimate_p_value([1.0] * 5) == 2 / 2**5
    assert estimate_p_value([-3.0, -1.0, 1.0]) == 6 / 2**3
    assert estimate_p_value([1.0, 0.0, 0.0]) == 1.0
    assert estimate_p_value([0.0, 0.0]) == 1.0


def test_of_many_pairs_exchanges_are_drawn_the_same_each_time() -> None:
    """With 25 pairs of 1 a sum of 11 or more is one of at most 7 tails, or of at most 7 heads."""
    values = [1.0] * 18 + [-1.0] * 7
    assert len(values) > EXACT_PAIRS
    expected = 2 * sum(math.comb(25, tails) for tails in range(8)) / 2**25
    assert estimate_p_value(values) == pytest.approx(expected, abs=2e-3)
    assert estimate_p_value(values) == estimate_p_value(values)


def test_arms_that_are_the_same_are_no_different() -> None:
    for durations in (TREATED, Durations.make([9] * 8, [False] * 8), Durations.make([9] * 8, [True] * 8)):
        assert estimate_p_value(score_pairs(durations, durations)) == 1.0
        assert estimate_unpaired_p_value(durations, durations) == pytest.approx(1.0)


def test_a_difference_that_is_not_there_is_seen_as_often_as_promised() -> None:
    """Were the pairs not known, hardly ever: their arms have much in common."""
    generator = np.random.default_rng(1)
    paired = unpaired = 0
    for _ in range(REPETITIONS):
        control, weighted = draw_alike(generator, 12)
        paired += estimate_p_value(score_pairs(control, weighted)) <= 0.05
        unpaired += estimate_unpaired_p_value(control, weighted) <= 0.05
    assert 0.05 - give_margin(0.05) <= paired / REPETITIONS <= 0.05 + give_margin(0.05)
    assert unpaired < paired / 2


def test_a_difference_that_is_there_is_seen_through_the_censoring() -> None:
    """Two thirds of the time, with a third censored: the test of pairs sees it in four of five, the other seldom."""
    generator = np.random.default_rng(2)
    paired = unpaired = 0
    for _ in range(REPETITIONS):
        common = generator.lognormal(3.0, 0.5, 12)
        control, weighted = (watch(ratio * common * generator.lognormal(0.0, 0.3, 12)) for ratio in (1.0, 2 / 3))
        paired += estimate_p_value(score_pairs(control, weighted)) <= 0.05
        unpaired += estimate_unpaired_p_value(control, weighted) <= 0.05
    assert paired / REPETITIONS > 0.7
    assert unpaired < paired


def test_a_whole_page_of_what_is_not_there_stays_within_its_level() -> None:
    """Ten comparisons that go together, as settings do that share their seeds."""
    generator = np.random.default_rng(3)
    alarms = 0
    for _ in range(REPETITIONS):
        common = generator.lognormal(3.0, 0.5, 10)
        p_values = []
        for _ in range(10):
            arms = [watch(common * generator.lognormal(0.0, 0.3, 10)) for _ in range(2)]
            p_values.append(estimate_p_value(score_pairs(arms[0], arms[1])))
        alarms += min(share_level(p_values)) <= 0.05
    assert alarms / REPETITIONS <= 0.05 + give_margin(0.05)


def test_intervals_of_ratios_hold_the_true_one_as_often_as_promised() -> None:
    generator = np.random.default_rng(4)
    held = 0
    for _ in range(REPETITIONS):
        control = generator.lognormal(3.0, 0.5, 12)
        weighted = 0.7 * control * generator.lognormal(0.0, 0.4, 12)
        arms = [Durations.make(np.minimum(each, EPOCHS), each <= EPOCHS) for each in (control, weighted)]
        ratio = estimate_ratio(arms[0], arms[1], 0.95)
        held += ratio.lower <= 0.7 <= ratio.upper
    assert held / REPETITIONS >= 0.95 - give_margin(0.05)


@pytest.mark.parametrize("informative", [False, True], ids=["censored by chance", "the slow are censored"])
def test_intervals_of_medians_hold_the_true_one_whatever_decides_who_is_censored(informative: bool) -> None:  # noqa: FBT001
    generator = np.random.default_rng(5)
    held = 0
    for _ in range(REPETITIONS):
        durations = generator.lognormal(3.0, 0.5, 15)
        end = 0.9 * durations + (durations < 25.0) * 100.0 if informative else generator.lognormal(3.5, 0.5, 15)
        interval = estimate_median(Durations.make(np.minimum(durations, end), durations <= end), 0.95)
        held += interval.lower <= math.exp(3.0) <= interval.upper
    assert held / REPETITIONS >= 0.95 - give_margin(0.05)


def test_p_values_share_a_level_as_holm_has_it() -> None:
    """`p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")` in R."""
    assert share_level([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert share_level([]) == []
    assert share_level([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("seen", "arrived", "message"),
    [
        ([], [], "expected two columns of equal length with at least one row"),
        ([1.0], [True, False], "expected two columns of equal length"),
        ([0.0], [True], "expected finite ones above 0"),
        ([math.inf], [False], "expected finite ones above 0"),
    ],
)
def test_what_cannot_be_durations_is_refused(seen: list[float], arrived: list[bool], message: str) -> None:
    with pytest.raises(StatisticsError, match=message):
        Durations.make(seen, arrived)


def test_what_are_no_pairs_and_no_confidence_is_refused() -> None:
    with pytest.raises(StatisticsError, match="expected as many of both arms, got 1 and 21"):
        estimate_ratio(Durations.make([1], [True]), TREATED, 0.95)
    with pytest.raises(StatisticsError, match="expected a confidence above 0 and below 1, got 1"):
        estimate_median(TREATED, 1.0)
