from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.gate.plan import Plan
from benchmarks.gate.rules import (
    find_fall_limit,
    find_rise_limit,
    judge_change_at_look,
    judge_change_at_screen,
    judge_null_at_look,
    judge_null_at_screen,
)
from benchmarks.records import Aspect, Outcome, Question
from benchmarks.stats.intervals import LogEstimate

PLAN = Plan(
    question=Question.STEP_TIME,
    judgements=20,
    tolerances={Aspect.OVERHEAD: 0.02},
    screen_blocks=4,
    fresh_blocks=8,
    looks=2,
)
"""Levels: 0.0025 per case, 0.00125 per look, 0.000625 per side of a null case."""

TOLERANCE = 0.02
RISE, FALL = math.log(1.02), math.log(0.98)

Rule = Callable[[LogEstimate, float, Plan], Outcome | None]

estimates = st.builds(
    LogEstimate,
    log_ratio=st.floats(-0.2, 0.2),
    standard_error=st.floats(0.0, 0.1),
    degrees_of_freedom=st.floats(1.0, 50.0),
)


def estimate_at(log_ratio: float, standard_error: float = 0.01) -> LogEstimate:
    """An estimate with so many degrees of freedom that its bounds are those of a normal."""
    return LogEstimate(log_ratio=log_ratio, standard_error=standard_error, degrees_of_freedom=1e9)


def test_the_limits_are_log_ratios_of_the_tolerance() -> None:
    assert find_rise_limit(TOLERANCE) == pytest.approx(RISE)
    assert find_fall_limit(TOLERANCE) == pytest.approx(FALL)


# Quantiles of the standard normal from any table: 80 %: 0.8416, 95 %: 1.6449, 99.75 %: 2.8070, 99.875 %: 3.0233,
# 99.9375 %: 3.2272. The standard error is 0.01, so each limit lies that many hundredths from the tolerance.
@pytest.mark.parametrize(
    ("rule", "limit", "below", "above"),
    [
        (judge_change_at_screen, RISE - 0.008416, Outcome.HELD, None),
        (judge_change_at_screen, FALL - 0.028070, Outcome.IMPROVED, Outcome.HELD),
        (judge_change_at_look, RISE - 0.016449, Outcome.HELD, None),
        (judge_change_at_look, RISE + 0.030233, None, Outcome.REGRESSED),
        (judge_change_at_look, FALL - 0.030233, Outcome.IMPROVED, Outcome.HELD),
        (judge_null_at_screen, RISE - 0.008416, Outcome.HELD, None),
        (judge_null_at_screen, FALL + 0.008416, None, Outcome.HELD),
        (judge_null_at_look, RISE - 0.016449, Outcome.HELD, None),
        (judge_null_at_look, FALL + 0.016449, None, Outcome.HELD),
        (judge_null_at_look, RISE + 0.032272, None, Outcome.FAILED),
        (judge_null_at_look, FALL - 0.032272, Outcome.FAILED, None),
    ],
)
def test_an_outcome_begins_where_its_bound_meets_its_limit(
    rule: Rule,
    limit: float,
    below: Outcome | None,
    above: Outcome | None,
) -> None:
    margin = 1e-5
    assert rule(estimate_at(limit - margin), TOLERANCE, PLAN) is below
    assert rule(estimate_at(limit + margin), TOLERANCE, PLAN) is above


@settings(deadline=None)
@given(estimate=estimates)
def test_the_screen_never_condemns(estimate: LogEstimate) -> None:
    assert judge_change_at_screen(estimate, TOLERANCE, PLAN) in {None, Outcome.HELD, Outcome.IMPROVED}
    assert judge_null_at_screen(estimate, TOLERANCE, PLAN) in {None, Outcome.HELD}


@settings(deadline=None)
@given(estimate=estimates)
def test_no_estimate_within_the_tolerance_is_condemned(estimate: LogEstimate) -> None:
    within = LogEstimate(
        log_ratio=max(find_fall_limit(TOLERANCE), min(find_rise_limit(TOLERANCE), estimate.log_ratio)),
        standard_error=estimate.standard_error,
        degrees_of_freedom=estimate.degrees_of_freedom,
    )
    assert judge_change_at_look(within, TOLERANCE, PLAN) in {None, Outcome.HELD}
    assert judge_null_at_look(within, TOLERANCE, PLAN) in {None, Outcome.HELD}


@pytest.mark.parametrize(
    "rule", [judge_change_at_screen, judge_change_at_look, judge_null_at_screen, judge_null_at_look]
)
@pytest.mark.parametrize("log_ratio", [-1.0, 0.0, 1.0])
def test_an_unknown_spread_decides_nothing(rule: Rule, log_ratio: float) -> None:
    assert rule(estimate_at(log_ratio, math.inf), TOLERANCE, PLAN) is None
