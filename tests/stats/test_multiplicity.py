from __future__ import annotations

import math

import pytest

from benchmarks.errors import StatisticsError
from benchmarks.stats.multiplicity import split_over_cases, split_over_looks


def test_bonferroni_divides_the_level() -> None:
    assert split_over_cases(0.05, 20) == pytest.approx(0.0025)
    assert split_over_looks(0.0025, 2) == pytest.approx(0.00125)
    assert split_over_cases(0.05, 1) == 0.05


@pytest.mark.parametrize("cases", [1, 20, 1000])
def test_independent_cases_at_their_level_stay_within_that_of_the_family(cases: int) -> None:
    # The risk of any false alarm over independent cases is 1 - (1 - alpha)^cases.
    assert -math.expm1(cases * math.log1p(-split_over_cases(0.05, cases))) <= 0.05 + 1e-12


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.05, math.nan])
def test_a_level_that_is_no_probability_is_refused(alpha: float) -> None:
    with pytest.raises(StatisticsError, match="error level"):
        split_over_cases(alpha, 10)


def test_nothing_to_split_over_is_refused() -> None:
    with pytest.raises(StatisticsError, match="cases: expected at least 1"):
        split_over_cases(0.05, 0)
    with pytest.raises(StatisticsError, match="looks: expected at least 1"):
        split_over_looks(0.05, 0)
