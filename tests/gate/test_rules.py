from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.gate.plan import Plan
from benchmarks.gate.rules import (
    find_fall_limit,
    find_rise_limit,
    judge_arm_count,
    judge_bytes,
    judge_change_at_look,
    judge_change_at_screen,
    judge_growth,
    judge_null_at_look,
    judge_null_at_screen,
)
from benchmarks.records import Aspect, Outcome, Question
from benchmarks.stats.intervals import LogEstimate
from benchmarks.stats.lines import estimate_mean_interval

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


@pytest.mark.parametrize("final", [True, False])
def test_bytes_that_changed_by_no_more_than_the_limit_are_held(final: bool) -> None:  # noqa: FBT001
    assert judge_bytes([110.0] * 4, [100.0] * 4, 10.0, final=final) is Outcome.HELD
    assert judge_bytes([90.0] * 4, [100.0] * 4, 10.0, final=final) is Outcome.HELD


def test_bytes_that_fell_without_a_clear_gap_are_held_unless_falls_are_noted() -> None:
    now, then = [50.0, 60.0, 70.0, 100.0], [100.0, 110.0, 120.0, 130.0]
    assert judge_bytes(now, then, 10.0, final=True) is Outcome.HELD
    assert judge_bytes(now, then, 10.0, final=True, notes_falls=True) is Outcome.UNDECIDED
    assert judge_bytes(now[:3], then, 10.0, final=True) is Outcome.IMPROVED


def test_a_rise_of_a_single_byte_is_one_where_none_is_tolerated() -> None:
    assert judge_bytes([1.0] * 4, [0.0] * 4, 0.0, final=True) is Outcome.REGRESSED
    assert judge_bytes([0.0, 1.0, 1.0, 2.0], [0.0] * 4, 0.0, final=True) is Outcome.UNDECIDED


def test_an_arm_may_have_as_many_more_as_the_limit() -> None:
    assert judge_arm_count([105.0], [100.0], 5.0) is Outcome.HELD
    assert judge_arm_count([106.0], [100.0], 5.0) is Outcome.REGRESSED
    assert judge_arm_count([94.0], [100.0], 5.0) is Outcome.IMPROVED


@pytest.mark.parametrize(
    ("confidence", "final", "outcome"),
    [
        # Lower bound at the level of the judgement beyond the floor.
        (1 - 2 * 0.0025, True, Outcome.REGRESSED),
        # Upper bound at the confidence of a look or of a screen within it.
        (2 * 0.95 - 1, True, Outcome.HELD),
        (2 * 0.8 - 1, False, Outcome.HELD),
    ],
)
def test_a_leak_is_judged_by_students_interval_at_the_level_of_its_question(
    confidence: float,
    final: bool,  # noqa: FBT001
    outcome: Outcome,
) -> None:
    extras = [100.0, 110.0, 90.0, 105.0, 95.0]
    interval = estimate_mean_interval(extras, confidence)
    edge = interval.lower if outcome is Outcome.REGRESSED else interval.upper
    inwards = -0.01 if outcome is Outcome.REGRESSED else 0.01
    assert judge_growth(extras, dataclasses.replace(PLAN, floor_bytes=edge + inwards), final=final) is outcome
    assert judge_growth(extras, dataclasses.replace(PLAN, floor_bytes=edge - inwards), final=final) is not outcome
