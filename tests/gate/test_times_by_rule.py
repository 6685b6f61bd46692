from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.gate.confirm import Stage
from benchmarks.gate.plan import Plan
from benchmarks.gate.times import judge_time
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

judge_change_at_screen, judge_change_at_look, judge_null_at_screen, judge_null_at_look = (
    partial(judge_time, stage=stage, two_sided=two_sided)
    for two_sided in (False, True)
    for stage in (Stage.SCREEN, Stage.LOOK)
)

estimates = st.builds(
    LogEstimate,
    log_ratio=st.floats(-0.2, 0.2),
    standard_error=st.floats(0.0, 0.1),
    degrees_of_freedom=st.floats(1.0, 50.0),
)


def estimate_at(log_ratio: float, standard_error: float = 0.01) -> LogEstimate:
    """An estimate with so many degrees of freedom that its bounds are those of a normal."""
    return LogEstimate(log_ratio=log_ratio, standard_error=standard_error, degrees_of_freedom=1e9)


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
        log_ratio=max(math.log1p(-TOLERANCE), min(math.log1p(TOLERANCE), estimate.log_ratio)),
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


@pytest.mark.parametrize("two_sided", [True, False])
def test_what_is_open_at_the_final_look_is_undecided(two_sided: bool) -> None:  # noqa: FBT001
    unknown = estimate_at(0.0, math.inf)
    assert judge_time(unknown, TOLERANCE, PLAN, Stage.FINAL, two_sided=two_sided) is Outcome.UNDECIDED


def test_a_fall_that_is_worth_knowing_is_looked_at_again() -> None:
    """Beyond the tolerance, and neither shown to be: held by the screen otherwise."""
    fallen = estimate_at(FALL - 0.01)
    assert judge_change_at_screen(fallen, TOLERANCE, PLAN) is Outcome.HELD
    assert judge_change_at_screen(fallen, TOLERANCE, PLAN, notes_falls=True) is None
    assert judge_null_at_screen(estimate_at(0.0), TOLERANCE, PLAN, notes_falls=True) is Outcome.HELD
