"""A pair of blocks of two targets of which one is of no use: the other is kept."""

from __future__ import annotations

import pytest

from benchmarks.errors import BlockError
from benchmarks.questions import BlockPlan
from benchmarks.sources.asking import Asking
from benchmarks.sources.pairs import measure_pair
from benchmarks.sources.timed import BlockSource
from tests.examples import EXAMPLE_CASE
from tests.plugin.fakes import FakeLauncher, fail_block

_PLAN = BlockPlan(timed_budget_ns=10**8, min_rounds=4)


def _make_source(launcher: FakeLauncher) -> BlockSource:
    return BlockSource(EXAMPLE_CASE, launcher, Asking(run_seed=1), _PLAN)


def test_both_blocks_are_remembered() -> None:
    now, other = _make_source(FakeLauncher()), _make_source(FakeLauncher(run_seed=2))
    pair = measure_pair(now, other, "seed")
    assert [pair.now] == now.summaries
    assert [pair.other] == other.summaries


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (FakeLauncher(traces_while_timed=2), "expected no tracing while slices are timed, got 2 traces"),
        (FakeLauncher(before_block=fail_block("loop_graph", at=0)), "SIGKILL"),
    ],
)
@pytest.mark.parametrize("broken_first", [True, False])
def test_a_block_beside_one_of_no_use_is_kept(broken: FakeLauncher, message: str, *, broken_first: bool) -> None:
    whole, faulty = _make_source(FakeLauncher()), _make_source(broken)
    broken.requests.clear()  # an instance serves both orders
    with pytest.raises(BlockError, match=message):
        measure_pair(*((faulty, whole) if broken_first else (whole, faulty)), "seed")
    assert len(whole.summaries) == 1
    assert not faulty.summaries
