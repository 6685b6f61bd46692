"""The first bad release is found in as few comparisons as a binary search takes, against the last good one."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import StatisticsError
from benchmarks.gate.bisection import WRONGLY_GOOD, Step, count_steps, find_first_bad, plan_bisection
from benchmarks.records import Aspect, Question


@given(st.integers(2, 60), st.data())
def test_the_first_bad_release_is_found(count: int, data: st.DataObject) -> None:
    first_bad = data.draw(st.integers(1, count - 1))
    judged: list[tuple[int, int]] = []

    def judge(good: str, version: str) -> Step:
        judged.append((int(good), int(version)))
        return Step(version=version, bad=int(version) >= first_bad, reason="as told")

    found = find_first_bad([str(number) for number in range(count)], judge)
    assert (found.last_good, found.first_bad) == (str(first_bad - 1), str(first_bad))
    assert len(judged) <= count_steps(count)
    assert all(good < first_bad for good, _ in judged)


def test_a_last_release_that_is_not_bad_ends_the_search() -> None:
    with pytest.raises(StatisticsError, match="expected 2 to be worse than 1, but HELD"):
        find_first_bad(["1", "2"], lambda good, version: Step(version=version, bad=False, reason="HELD"))


def test_one_release_is_refused() -> None:
    with pytest.raises(StatisticsError, match="expected a good and a bad release, got 1"):
        find_first_bad(["1"], lambda good, version: Step(version=version, bad=True, reason=""))


def test_all_releases_that_were_judged_are_kept_in_order() -> None:
    found = find_first_bad(
        ["1", "2", "3", "4", "5"],
        lambda good, version: Step(version=version, bad=version > "2", reason=f"after {good}"),
    )
    assert [(step.version, step.bad, step.reason) for step in found.steps] == [
        ("5", True, "after 1"),
        ("3", True, "after 1"),
        ("2", False, "after 1"),
    ]


@pytest.mark.parametrize(("releases", "steps"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (6, 4), (9, 4), (10, 5)])
def test_the_last_release_is_judged_and_then_half_of_the_rest_each_time(releases: int, steps: int) -> None:
    assert count_steps(releases) == steps


def test_a_last_release_that_is_not_bad_is_named_with_what_to_do() -> None:
    with pytest.raises(
        StatisticsError, match=r"expected 3 to be worse than 1.*; choose another case, or two other rel"
    ):
        find_first_bad(["1", "2", "3"], lambda good, version: Step(version=version, bad=False, reason="HELD"))


def test_each_comparison_of_times_asks_for_one_aspect_at_the_level_of_the_search() -> None:
    plan = plan_bisection(Question.STEP_TIME, Aspect.CONTROL, comparisons=4, tolerance=0.1)
    assert plan.tolerances == {Aspect.CONTROL: 0.1}
    assert plan.judgements == 4
    assert plan.question is Question.STEP_TIME
    row = Question.STEP_TIME.row
    assert (plan.screen_blocks, plan.fresh_blocks) == (row.screen_blocks, row.fresh_blocks)
    # A screen and two looks share the chance of calling a bad release good.
    assert plan.screen_confidence == plan.held_confidence == pytest.approx(1 - WRONGLY_GOOD / 3)


def test_of_what_is_read_the_tolerance_of_the_question_holds() -> None:
    plan = plan_bisection(Question.PEAK_MEMORY, Aspect.OVERHEAD, comparisons=3, tolerance=0.2)
    assert plan.tolerances == {Aspect.OVERHEAD: 0.2}
    graphs = plan_bisection(Question.TRAINING_GRAPH, Aspect.OVERHEAD, comparisons=3, tolerance=0.2)
    assert (graphs.screen_blocks, graphs.fresh_blocks) == (1, 0)


def test_times_are_screened_with_four_blocks_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    row = dataclasses.replace(Question.STEP_TIME.row, screen_blocks=2, fresh_blocks=3)
    monkeypatch.setattr(Question.STEP_TIME, "row", row)
    plan = plan_bisection(Question.STEP_TIME, Aspect.OVERHEAD, comparisons=1, tolerance=0.1)
    assert (plan.screen_blocks, plan.fresh_blocks) == (4, 4)


def test_an_aspect_that_the_question_has_not_is_refused_with_those_it_has() -> None:
    with pytest.raises(StatisticsError, match=r"^aspect of peak_memory: expected one of overhead, .*, got .*; choose"):
        plan_bisection(Question.PEAK_MEMORY, Aspect.CPU, comparisons=1, tolerance=0.1)
