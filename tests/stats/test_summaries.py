from __future__ import annotations

import math

import pytest

from benchmarks.records import Block
from benchmarks.stats.estimators import Estimator
from benchmarks.stats.summaries import summarise_block

BLOCK = Block(
    seed=7,
    control_slice_ns=(1000, 1000, 1000, 1000),
    weighted_slice_ns=(1100, 1300, 1100, 1100),
    weighted_first=(True, False, True, False),
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
