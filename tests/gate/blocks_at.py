"""Blocks with chosen log-ratios, a `measure_more` that deals them out and counts, and the judging of them."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.gate.confirm import Judgement, MeasureMore, Pair, Standard, screen_then_confirm
from benchmarks.gate.plan import Plan
from benchmarks.gate.times import list_time_criteria, list_time_criteria_of_pairs
from benchmarks.records import BlockSummary
from tests.examples import make_block_summary, make_case


def make_blocks(*log_ratios: float) -> list[BlockSummary]:
    """Return one block per log-ratio."""
    return [make_block_summary(log_ratio) for log_ratio in log_ratios]


class Dealer:
    """Deals out log-ratios in order, as many as are asked for, and remembers how many that was each time."""

    def __init__(self, log_ratios: Sequence[float]) -> None:
        self._log_ratios = list(log_ratios)
        self.asked: list[int] = []

    def measure_more(self, blocks: int) -> list[BlockSummary]:
        """Return the next blocks."""
        start = sum(self.asked)
        self.asked.append(blocks)
        return make_blocks(*self._log_ratios[start : start + blocks])


def spread(centre: float, blocks: int, reach: float = 0.001) -> list[float]:
    """Return an even number of log-ratios, alternately `reach` above and below `centre`."""
    return [centre + (reach if place % 2 else -reach) for place in range(blocks)]


def judge_times(
    measure_more: MeasureMore[BlockSummary], plan: Plan, standards: Sequence[Standard[BlockSummary]] = ()
) -> tuple[Judgement, ...]:
    """Return what is judged of a case against stored runs; without any, of a null case."""
    criteria = list_time_criteria(make_case(null=not standards), standards, plan)
    return screen_then_confirm(measure_more, lambda _: criteria, plan)


def judge_time_pairs(
    measure_more: MeasureMore[Pair[BlockSummary]], plan: Plan, *, null: bool = False
) -> tuple[Judgement, ...]:
    """Return what is judged of a case of two targets."""
    criteria = list_time_criteria_of_pairs(make_case(null=null), plan)
    return screen_then_confirm(measure_more, lambda _: criteria, plan)
