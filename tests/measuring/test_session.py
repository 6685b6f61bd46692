"""What was asked for decides plan and requests: orders follow from one seed, data from another."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.measuring.session import MeasuringSettings
from benchmarks.records import Arm, Aspect, Case, Plant, Question, Stretch
from tests.examples import EXAMPLE_CASE, make_case

PEAK = make_case(question=Question.PEAK_MEMORY, dataset_size=100_000)


def test_orders_follow_from_the_seed_of_orders_and_data_from_the_other() -> None:
    one, other = (MeasuringSettings(seed=1, order_seed=seed).make_block_request(EXAMPLE_CASE, 0) for seed in (1, 2))
    assert one.seed == other.seed
    assert one.order_seed != other.order_seed


def test_which_arm_is_built_first_in_the_first_block_is_a_coin_of_the_run() -> None:
    first = [
        MeasuringSettings(seed=1, order_seed=seed).make_block_request(EXAMPLE_CASE, 0).weighted_built_first
        for seed in range(200)
    ]
    assert 70 < sum(first) < 130, "of 200"


def test_what_was_asked_for_takes_the_place_of_the_questions_own() -> None:
    settings = MeasuringSettings(seed=1, tolerances={Question.STEP_TIME: 0.2}, floor_bytes=7, blocks=9)
    plan = settings.make_plan(EXAMPLE_CASE, judgements=3)
    assert (plan.tolerances[Aspect.OVERHEAD], plan.floor_bytes, plan.screen_blocks, plan.judgements) == (0.2, 7, 9, 3)
    other = settings.make_plan(PEAK, judgements=3)
    assert other.tolerances[Aspect.OVERHEAD] == Question.PEAK_MEMORY.row.tolerance


@pytest.mark.parametrize(("blocks", "most_blocks", "most"), [(None, None, 18), (4, None, 4), (4, 10, 10)])
def test_a_case_takes_no_more_blocks_than_were_asked_for(
    blocks: int | None, most_blocks: int | None, most: int
) -> None:
    settings = MeasuringSettings(seed=1, blocks=blocks, most_blocks=most_blocks)
    assert settings.find_most_blocks(Question.STEP_TIME) == most


def test_a_case_that_is_compared_with_nothing_has_more_blocks_at_first() -> None:
    settings = MeasuringSettings(seed=1)
    assert settings.make_plan(EXAMPLE_CASE, 1).screen_blocks == 4
    assert settings.make_plan(EXAMPLE_CASE, 1, compared=False).screen_blocks == 6


def test_a_block_is_as_long_as_was_asked_for() -> None:
    request = MeasuringSettings(seed=1, block_seconds=0.5).make_block_request(EXAMPLE_CASE, 0)
    assert (request.timed_budget_ns, request.enough_rounds) == (500_000_000, None)
    assert MeasuringSettings(seed=1).make_block_request(EXAMPLE_CASE, 0).enough_rounds == 400
    assert MeasuringSettings(seed=1).make_profile_request(EXAMPLE_CASE).timed_budget_ns == 1


@pytest.mark.parametrize("case", [EXAMPLE_CASE, dataclasses.replace(EXAMPLE_CASE, null=True)])
def test_a_slower_step_is_planted_in_weighted_arms_and_in_no_null_case(case: Case) -> None:
    settings = MeasuringSettings(seed=1, plant=Plant(step_fraction=0.1))
    assert (settings.make_block_request(case, 0).plant is None) == case.null
    assert settings.make_read_request(PEAK, Arm.WEIGHTED, 0, Stretch.PASS).plant is None, "which reads no time"


@pytest.mark.parametrize("arm", Arm)
@pytest.mark.parametrize("stretch", Stretch)
def test_a_tensor_is_planted_in_the_pass_of_the_weighted_arm_alone(arm: Arm, stretch: Stretch) -> None:
    settings = MeasuringSettings(seed=1, plant=Plant(tensor_fraction=0.05))
    planted = settings.make_read_request(PEAK, arm, 0, stretch).plant is not None
    assert planted == (arm is Arm.WEIGHTED and stretch is Stretch.PASS)
