"""How long is a block of each question? How many blocks a case gets is the gate's plan, `benchmarks.verdicts.plan`.

The numbers come from `python -m benchmarks.studies.estimators`; what it found is in docs/how-it-measures.md.
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
