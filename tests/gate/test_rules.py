from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.gate.plan import GatePlan
from benchmarks.gate.rules import (
    doubt,
    judge_change_at_look,
    judge_change_at_screen,
    judge_null_at_look,
    judge_null_at_screen,
)
from benchmarks.records import Outcome, Verdict
from benchmarks.stats.intervals import LogEstimate

PLAN = GatePlan(judgements=20, tolerance=0.02, screen_blocks=4, blocks_per_look=8, looks=2)
"""Levels: 0.0025 per case, 0.00125 per look, 0.000625 per side of a null case."""

RISE, FALL = math.log(1.02), math.log(0.98)

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
    rule: Callable[[LogEstimate, GatePlan], Outcome | None],
    limit: float,
    below: Outcome | None,
    above: Outcome | None,
) -> None:
    margin = 1e-5
    assert rule(estimate_at(limit - margin), PLAN) is below
    assert rule(estimate_at(limit + margin), PLAN) is above


@settings(deadline=None)
@given(estimate=estimates)
def test_the_screen_never_condemns(estimate: LogEstimate) -> None:
    assert judge_change_at_screen(estimate, PLAN) in {None, Outcome.HELD, Outcome.IMPROVED}
    assert judge_null_at_screen(estimate, PLAN) in {None, Outcome.HELD}


@settings(deadline=None)
@given(estimate=estimates)
def test_no_estimate_within_the_tolerance_is_condemned(estimate: LogEstimate) -> None:
    within = LogEstimate(
        log_ratio=max(PLAN.fall_limit, min(PLAN.rise_limit, estimate.log_ratio)),
        standard_error=estimate.standard_error,
        degrees_of_freedom=estimate.degrees_of_freedom,
    )
    assert judge_change_at_look(within, PLAN) in {None, Outcome.HELD}
    assert judge_null_at_look(within, PLAN) in {None, Outcome.HELD}


@pytest.mark.parametrize(
    "rule", [judge_change_at_screen, judge_change_at_look, judge_null_at_screen, judge_null_at_look]
)
@pytest.mark.parametrize("log_ratio", [-1.0, 0.0, 1.0])
def test_an_unknown_spread_decides_nothing(
    rule: Callable[[LogEstimate, GatePlan], Outcome | None], log_ratio: float
) -> None:
    assert rule(estimate_at(log_ratio, math.inf), PLAN) is None


NULL_FAILED = Verdict(outcome=Outcome.FAILED, reason="the null case shows +6.0 %")


@pytest.mark.parametrize("outcome", [Outcome.REGRESSED, Outcome.IMPROVED])
def test_a_claim_of_change_falls_with_its_null_case(outcome: Outcome) -> None:
    doubted = doubt(Verdict(outcome=outcome, reason="overhead changed by +5.0 %"), NULL_FAILED)
    assert doubted.outcome is Outcome.NOT_COMPARABLE
    assert "its null case was off: the null case shows +6.0 %" in doubted.reason
    assert f"would be {outcome.value} (overhead changed by +5.0 %)" in doubted.reason


@pytest.mark.parametrize(
    "outcome", [Outcome.HELD, Outcome.UNDECIDED, Outcome.NOT_COMPARABLE, Outcome.FAILED], ids=lambda each: each.name
)
def test_other_verdicts_stand_whatever_the_null_case_shows(outcome: Outcome) -> None:
    verdict = Verdict(outcome=outcome, reason="as it is")
    assert doubt(verdict, NULL_FAILED) is verdict


@pytest.mark.parametrize("null_outcome", [Outcome.HELD, Outcome.UNDECIDED], ids=lambda each: each.name)
def test_a_regression_stands_unless_its_null_case_failed(null_outcome: Outcome) -> None:
    verdict = Verdict(outcome=Outcome.REGRESSED, reason="overhead changed by +5.0 %")
    assert doubt(verdict, Verdict(outcome=null_outcome, reason="")) is verdict
