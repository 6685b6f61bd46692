"""Example judgements: a rise that was found, a null case that is off, and the plan behind them."""

from __future__ import annotations

import dataclasses

from benchmarks.gate.confirm import Judgement
from benchmarks.gate.plan import Plan
from benchmarks.records import Aspect, Comparison, Interval, Outcome, Question

PLAN = Plan(
    question=Question.STEP_TIME,
    judgements=20,
    tolerances={Aspect.OVERHEAD: 0.02},
    screen_blocks=4,
    fresh_blocks=8,
    family_alpha=0.05,
)
REGRESSION = Comparison(
    aspect=Aspect.OVERHEAD,
    source="baseline",
    outcome=Outcome.REGRESSED,
    overhead_ratio=Interval(estimate=1.073, lower=1.064, upper=1.082, confidence=0.95),
    expected_ratio=Interval(estimate=1.021, lower=1.012, upper=1.03, confidence=0.95),
    change_ratio=Interval(estimate=1.051, lower=1.04, upper=1.062, confidence=0.95),
    tolerance=0.02,
    blocks=8,
    fresh=True,
    smallest_visible_change=0.041,
    baseline_blocks=12,
)
NULL = dataclasses.replace(REGRESSION, outcome=Outcome.FAILED, expected_ratio=None, baseline_blocks=0)


def judge(comparison: Comparison) -> Judgement:
    """Return the judgement that a comparison came to."""
    return Judgement(aspect=comparison.aspect, outcome=comparison.outcome, figures=comparison)
