"""A case is measured until its interval is as narrow as was asked for, or until that is not worth it."""

from __future__ import annotations

import pytest

from benchmarks.measuring.session import MeasuringSettings
from benchmarks.measuring.timed import TimedSource
from tests.examples import EXAMPLE_CASE
from tests.plugin.fakes import FakeLauncher


def make_source() -> TimedSource:
    """The fake target's blocks spread by 1 %."""
    return TimedSource(EXAMPLE_CASE, FakeLauncher(), MeasuringSettings(seed=1, order_seed=1))


def test_a_case_that_is_precise_at_once_takes_the_fewest_blocks() -> None:
    source = make_source()
    source.measure_more(6)
    source.measure_until(0.5, at_most=18)
    assert len(source.blocks) == 6


def test_a_case_that_never_gets_precise_ends_at_the_most_blocks() -> None:
    source = make_source()
    source.measure_more(4)
    source.measure_until(1e-9, at_most=7)
    assert len(source.blocks) == 7


def test_more_blocks_are_measured_until_the_interval_is_narrow_enough() -> None:
    source = make_source()
    source.measure_more(4)
    source.measure_until(0.006, at_most=100)
    interval = source.make_report(None).overhead_ratio
    assert interval is not None
    assert (interval.upper - interval.lower) / 2.0 <= 0.006
    assert 4 < len(source.blocks) < 100


@pytest.mark.parametrize("index", [0, 1, 2, 5])
def test_the_arm_that_is_built_first_alternates_from_block_to_block(index: int) -> None:
    source = make_source()
    ahead = [source.make_request(index), source.make_request(index + 1)]
    assert ahead[0].weighted_built_first is not ahead[1].weighted_built_first
