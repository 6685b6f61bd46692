from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from benchmarks.errors import StatisticsError
from benchmarks.gate.confirm import Pair, Standard
from benchmarks.gate.plan import (
    LEAST_ARM_TOLERANCE,
    WRONGLY_GOOD,
    Plan,
    count_judgements,
    count_steps,
    make_plan,
    plan_bisection,
)
from benchmarks.records import Aspect, BlockSummary, Question
from benchmarks.records.quantities import QUANTITIES, Rule
from tests.examples import make_block_summary
from tests.gate.blocks_at import judge_time_pairs, judge_times

PLAN = Plan(
    question=Question.STEP_TIME,
    judgements=1,
    tolerances={Aspect.OVERHEAD: 0.02, Aspect.CPU: 0.05, Aspect.CONTROL: 0.05, Aspect.WEIGHTED: 0.05},
    screen_blocks=4,
    fresh_blocks=8,
)

TIMED = [question for question in Question if question.is_timed]


@dataclasses.dataclass(frozen=True, kw_only=True)
class KindOfRun:
    """What a run compares with, and in how many ways each kind of case of it can turn it red by chance."""

    stored_runs: int
    two_targets: bool
    timed_null: int
    timed_weighted: int

    def count(self, question: Question, *, null: bool) -> int:
        return count_judgements(question, null=null, stored_runs=self.stored_runs, two_targets=self.two_targets)


KINDS_OF_RUN = {
    # Wall and processor time of a null case must read 1.00 in any run; of weighted cases nothing is judged.
    "plain": KindOfRun(stored_runs=0, two_targets=False, timed_null=2, timed_weighted=0),
    # Both overheads against the baseline,
    "baseline": KindOfRun(stored_runs=1, two_targets=False, timed_null=2, timed_weighted=2),
    # and both against the anchor.
    "baseline and anchor": KindOfRun(stored_runs=2, two_targets=False, timed_null=2, timed_weighted=4),
    # Both overheads and both arms; a null case in either target, and the same in both.
    "two targets": KindOfRun(stored_runs=0, two_targets=True, timed_null=6, timed_weighted=4),
}


def test_the_error_level_is_split_over_cases_and_then_over_looks() -> None:
    plan = dataclasses.replace(PLAN, judgements=20, family_alpha=0.05, looks=2)
    assert plan.judgement_alpha == pytest.approx(0.0025)
    assert plan.look_alpha == pytest.approx(0.00125)


def test_how_many_blocks_there_are_is_said_by_who_asks() -> None:
    """The rows of the questions are the one place for it."""
    required = {field.name for field in dataclasses.fields(Plan) if field.default is dataclasses.MISSING}
    assert {"screen_blocks", "fresh_blocks", "tolerances"} <= required


@pytest.mark.parametrize("kind", KINDS_OF_RUN.values(), ids=KINDS_OF_RUN)
@pytest.mark.parametrize("question", TIMED)
def test_a_timed_case_is_judged_in_as_many_ways_as_its_run_compares(question: Question, kind: KindOfRun) -> None:
    assert kind.count(question, null=True) == kind.timed_null
    assert kind.count(question, null=False) == kind.timed_weighted


@pytest.mark.parametrize("kind", KINDS_OF_RUN.values(), ids=KINDS_OF_RUN)
@pytest.mark.parametrize("null", [True, False], ids=["null", "weighted"])
def test_of_what_is_read_only_leaks_have_an_error_level(null: bool, kind: KindOfRun) -> None:  # noqa: FBT001
    """Each is judged once, in any run, against its floor; peaks are judged by ranges and graphs exactly."""
    assert kind.count(Question.RETAINED_MEMORY, null=null) == 1
    assert kind.count(Question.PEAK_MEMORY, null=null) == 0
    assert kind.count(Question.TRAINING_GRAPH, null=null) == 0
    for question in set(Question) - set(TIMED):
        leaks = [each for each in QUANTITIES.values() if each.question is question and each.rule is Rule.LEAK]
        assert kind.count(question, null=null) == len(leaks)


@pytest.mark.parametrize("kind", KINDS_OF_RUN.values(), ids=KINDS_OF_RUN)
def test_each_comparison_that_the_gate_makes_of_a_timed_case_is_counted_once(kind: KindOfRun) -> None:
    if kind.two_targets:
        made_of_null, made = (len(judge_time_pairs(measure_pairs, PLAN, null=null)) for null in (True, False))
    else:
        made_of_null = len(judge_times(measure, PLAN))
        stored = [Standard(name=name, blocks=measure(12)) for name in ("baseline", "anchor")]
        held_against = stored[: kind.stored_runs]
        made = len(judge_times(measure, PLAN, held_against)) if held_against else 0
    assert kind.count(Question.STEP_TIME, null=True) == made_of_null
    assert kind.count(Question.STEP_TIME, null=False) == made


def measure(count: int) -> list[BlockSummary]:
    return [make_block_summary(0.0001 * (index % 3 - 1), weighted_built_first=None) for index in range(count)]


def measure_pairs(count: int) -> list[Pair[BlockSummary]]:
    return [Pair(now=block, other=block) for block in measure(count)]


@pytest.mark.parametrize(
    "values",
    [
        {"judgements": 0},
        {"tolerances": {Aspect.OVERHEAD: 0.0}},
        {"tolerances": {Aspect.OVERHEAD: 1.0}},
        {"tolerances": {Aspect.OVERHEAD: 0.02, Aspect.CPU: math.nan}},
        {"screen_blocks": 1},
        {"fresh_blocks": 1},
        {"looks": 0},
        {"family_alpha": 0.0},
        {"family_alpha": 1.0},
        {"screen_confidence": 0.5},
        {"held_confidence": 1.0},
        {"report_confidence": 95.0},
    ],
    ids=str,
)
def test_numbers_that_cannot_be_meant_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(StatisticsError, match="expected"):
        dataclasses.replace(PLAN, **values)


READ_PLAN = dataclasses.replace(PLAN, question=Question.PEAK_MEMORY, screen_blocks=3, fresh_blocks=5)


@pytest.mark.parametrize(
    "values",
    [
        {"tolerances": {Aspect.OVERHEAD: -0.1}},
        {"tolerances": {Aspect.OVERHEAD: 1.0}},
        {"floor_bytes": -1.0},
        {"screen_blocks": 0},
        {"fresh_blocks": -1},
    ],
    ids=str,
)
def test_a_plan_of_readings_that_cannot_be_meant_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(StatisticsError, match="expected"):
        dataclasses.replace(READ_PLAN, **values)


@pytest.mark.parametrize("question", Question)
def test_what_is_not_asked_for_is_said_by_the_row_of_the_question(question: Question) -> None:
    row, plan = question.row, make_plan(question, judgements=7)
    assert plan.tolerances[Aspect.OVERHEAD] == (row.tolerance or 0.0)
    assert plan.tolerances.get(Aspect.CPU) == (row.cpu_tolerance if question.is_timed else None)
    assert (plan.judgements, plan.floor_bytes) == (7, row.floor_bytes)
    assert (plan.screen_blocks, plan.fresh_blocks) == (row.screen_blocks, row.fresh_blocks)


@pytest.mark.parametrize("tolerance", [0.01, 0.2])
def test_neither_processor_time_nor_an_arm_is_held_to_less_than_wall_time(tolerance: float) -> None:
    plan = make_plan(Question.STEP_TIME, judgements=1, method="fit_class_weight_dataset", tolerance=tolerance)
    assert plan.tolerances == {
        Aspect.OVERHEAD: tolerance,
        Aspect.CPU: max(tolerance, Question.STEP_TIME.row.cpu_tolerance or 0.0),
        Aspect.CONTROL: max(tolerance, LEAST_ARM_TOLERANCE),
        Aspect.WEIGHTED: max(tolerance, LEAST_ARM_TOLERANCE),
    }


def test_a_plan_for_an_older_run_has_larger_limits() -> None:
    plan = dataclasses.replace(READ_PLAN, floor_bytes=1024.0).loosen(2.0)
    assert plan.tolerances[Aspect.OVERHEAD] == pytest.approx(0.04)
    assert plan.floor_bytes == 2048.0


@pytest.mark.parametrize(
    ("plan", "values", "words"),
    [
        (
            PLAN,
            {"tolerances": {Aspect.OVERHEAD: 0.0}},
            "^tolerance: expected more than 0 % and less",
        ),
        (READ_PLAN, {"tolerances": {Aspect.OVERHEAD: 1.0}}, "^tolerance: expected at least 0 % and less"),
        (PLAN, {"fresh_blocks": 1}, "^blocks: expected at least 2 to screen and 2 per look, since .*, got 4 and 1$"),
    ],
)
def test_what_was_expected_of_a_plan_is_said(plan: Plan, values: dict[str, Any], words: str) -> None:
    with pytest.raises(StatisticsError, match=words):
        dataclasses.replace(plan, **values)


def test_two_blocks_show_their_spread() -> None:
    plan = dataclasses.replace(PLAN, screen_blocks=2, fresh_blocks=2)
    assert (plan.screen_blocks, plan.fresh_blocks) == (2, 2)


def test_what_is_asked_for_takes_the_place_of_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(Question.PEAK_MEMORY, judgements=0, floor_bytes=7.0, blocks=9)
    assert (plan.judgements, plan.floor_bytes, plan.screen_blocks) == (1, 7.0, 9)
    row = dataclasses.replace(Question.STEP_TIME.row, occasion_sd=0.003, cpu_tolerance=None)
    monkeypatch.setattr(Question.STEP_TIME, "row", row)
    plan = make_plan(Question.STEP_TIME, judgements=1)
    assert plan.occasion_sd == 0.003
    assert plan.tolerances[Aspect.CPU] == plan.tolerances[Aspect.OVERHEAD] == row.tolerance


@pytest.mark.parametrize(("releases", "steps"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (6, 4), (9, 4), (10, 5)])
def test_the_last_release_is_judged_and_then_half_of_the_rest_each_time(releases: int, steps: int) -> None:
    assert count_steps(releases) == steps


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
