from __future__ import annotations

import dataclasses
import math

import pytest

from benchmarks.stats.estimators import Estimator
from benchmarks.stats.summaries import summarise_block
from tests.examples import make_block

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
