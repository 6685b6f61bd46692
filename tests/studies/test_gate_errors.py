"""The simulated runs come out as their own arithmetic says; the rates themselves are what the study prints."""

from __future__ import annotations

import math

import pytest

from benchmarks.gate.plan import WRONGLY_GOOD, plan_bisection
from benchmarks.records import Aspect, Outcome, Question
from benchmarks.studies.gate_errors import main, simulate_answers, simulate_comparisons, simulate_creep


def test_one_interval_for_each_case_says_yes_as_often_as_its_level_says() -> None:
    """1 - 0.975 ** 9 = 20 %; the answer of all cases together stays within 5 %. Three standard errors either side."""
    runs = 300
    shares = simulate_answers(9, runs=runs, seed=1)
    expected = 1.0 - 0.975**9
    assert shares.one_by_one == pytest.approx(expected, abs=3 * math.sqrt(expected * (1.0 - expected) / runs))
    assert shares.together <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_small_rises_are_seen_by_the_anchor_alone() -> None:
    without, with_anchor = (
        simulate_creep(0.019, anchored=anchored, block_sd=0.006, series=30, seed=1) for anchored in (False, True)
    )
    assert without <= 0.05
    assert with_anchor == 1.0


@pytest.mark.parametrize("anchored", [False, True])
def test_a_series_in_which_nothing_changes_stays_quiet(anchored: bool) -> None:  # noqa: FBT001
    assert simulate_creep(0.0, anchored=anchored, block_sd=0.006, series=30, seed=1) == 0.0


def test_a_bisection_calls_a_rise_as_large_as_its_tolerance_good_as_seldom_as_it_says() -> None:
    comparisons = 500
    plan = plan_bisection(Question.STEP_TIME, Aspect.WEIGHTED, comparisons=4, tolerance=0.05)
    found = simulate_comparisons(plan, 0.05, pair_sd=0.015, comparisons=comparisons, seed=1)
    three_errors = 3 * math.sqrt(WRONGLY_GOOD * (1.0 - WRONGLY_GOOD) / comparisons)
    assert found.get(Outcome.HELD, 0.0) + found.get(Outcome.IMPROVED, 0.0) <= WRONGLY_GOOD + three_errors


def test_all_tables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--cases", "3"])
    told = capsys.readouterr().out
    for title in ("Where nothing costs anything", "How often a rise is REGRESSED", "Series of 10", "as large as"):
        assert title in told
    assert told.count("\n| ---") >= 4
