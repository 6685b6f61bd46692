from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.errors import StatisticsError
from benchmarks.stats.estimators import Estimator
from benchmarks.stats.positions import estimate_position_log_ratio
from tests.stats.simulated_slices import SliceModel, draw_block


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
def test_columns_that_are_no_block_are_refused(control: list[int], weighted: list[int], first: list[bool]) -> None:
    with pytest.raises(StatisticsError):
        estimate_position_log_ratio(control, weighted, first)
