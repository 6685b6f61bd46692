"""How long is each question measured? The time of a block and the number of blocks, by profile.

The numbers come from `python -m benchmarks.studies.estimators` and `python -m benchmarks.studies.gate_plan`; what
they found is in docs/how-it-measures.md.
"""

from __future__ import annotations

import dataclasses

from benchmarks.records import Question
from benchmarks.sweeps import Profile


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlan:
    """How one block is measured: the time to spend in timed slices, and the rounds that are made at least."""

    timed_budget_ns: int
    min_rounds: int


_SECOND_NS = 1_000_000_000

_BLOCK_PLANS = {
    Question.STEP_TIME: BlockPlan(timed_budget_ns=1_600_000_000, min_rounds=20),
    Question.EPOCH_TIME: BlockPlan(timed_budget_ns=2 * _SECOND_NS, min_rounds=6),
    Question.STARTUP_TIME: BlockPlan(timed_budget_ns=3 * _SECOND_NS, min_rounds=2),
}

_SCREEN_BLOCKS = {Profile.QUICK: 4, Profile.GATE: 4, Profile.FULL: 4}


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


def find_screen_blocks(profile: Profile, blocks: int | None) -> int:
    """Return how many blocks each case gets at first; `blocks` is used instead of the plan where it is given."""
    return _SCREEN_BLOCKS[profile] if blocks is None else blocks
