"""How long is a timed block of each question, and how many blocks are read where there is no clock?

How many blocks a timed case gets is the gate's plan, `benchmarks.verdicts.plan`. The numbers of seconds come
from `python -m benchmarks.studies.estimators`; what it found is in docs/how-it-measures.md.
"""

from __future__ import annotations

import dataclasses

from benchmarks.records import Question


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlan:
    """How one block is measured: the time to spend in timed slices, and the rounds that are made at least."""

    timed_budget_ns: int
    min_rounds: int


_SECOND_NS = 1_000_000_000

_BLOCK_PLANS = {
    Question.STEP_TIME: BlockPlan(timed_budget_ns=1 * _SECOND_NS, min_rounds=20),
    Question.EPOCH_TIME: BlockPlan(timed_budget_ns=2 * _SECOND_NS, min_rounds=6),
    Question.STARTUP_TIME: BlockPlan(timed_budget_ns=3 * _SECOND_NS, min_rounds=2),
}
"""Set-up and tracing take about 2.5 s of a block, so a much shorter one is mostly set-up, and a longer one leaves fewer
blocks to the same time. Passes and starts are the noisier, the fewer of them fit into a block."""


def find_block_plan(question: Question, block_seconds: float | None) -> BlockPlan:
    """Return how a block of this question is measured.

    Args:
        question: what is asked.
        block_seconds: seconds to spend in timed slices instead of the planned ones; None keeps the plan.
    """
    plan = _BLOCK_PLANS[question]
    if block_seconds is None:
        return plan
    return dataclasses.replace(plan, timed_budget_ns=round(block_seconds * _SECOND_NS))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """How many blocks are read of a case first, and how many fresh ones where these do not settle it."""

    screen_blocks: int
    fresh_blocks: int


_READ_PLANS = {
    Question.PEAK_MEMORY: ReadPlan(screen_blocks=3, fresh_blocks=5),
    Question.RETAINED_MEMORY: ReadPlan(screen_blocks=4, fresh_blocks=8),
    Question.TRAINING_GRAPH: ReadPlan(screen_blocks=1, fresh_blocks=0),
}
"""A peak differs a little from block to block (a prefetched batch), so a median is taken. Counts never differ."""


def find_read_plan(question: Question, blocks: int | None) -> ReadPlan:
    """Return how many blocks are read of a case of this question.

    Args:
        question: one that is not timed.
        blocks: blocks to read first instead of the planned number; None keeps the plan.
    """
    plan = _READ_PLANS[question]
    return plan if blocks is None else dataclasses.replace(plan, screen_blocks=blocks)


_CASE_SECONDS = {
    Question.STEP_TIME: 14.0,
    Question.EPOCH_TIME: 27.0,
    Question.STARTUP_TIME: 34.0,
    Question.PEAK_MEMORY: 16.0,
    Question.RETAINED_MEMORY: 30.0,
    Question.TRAINING_GRAPH: 3.0,
}
"""Wall time of a case on two cores, in the quick sweep; only their proportions matter."""


def expect_case_seconds(question: Question) -> float:
    """Return about how long a case of this question takes, to divide a sweep evenly."""
    return _CASE_SECONDS[question]
