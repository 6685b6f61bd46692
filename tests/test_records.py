"""Records refuse what they cannot be, and survive the way through JSON."""

from __future__ import annotations

import json
import math

import pytest

from benchmarks.errors import CaseError, RecordError, SuiteError
from benchmarks.records import (
    Block,
    BlockRequest,
    BlockSummary,
    Case,
    Environment,
    Interval,
    Measurement,
    Plant,
    Question,
)
from tests.examples import EXAMPLE_CASE, make_case, make_environment, make_measurement


def test_a_case_names_itself_as_its_test_does() -> None:
    assert EXAMPLE_CASE.case_id == "step_time[mlp-depth4-batch256-loop_graph]"
    sized = make_case(question=Question.EPOCH_TIME, dataset_size=10_000, null=True)
    assert sized.case_id == "epoch_time[mlp-depth4-batch256-size10000-loop_graph-null]"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"batch_size": 0}, "batch size: expected a whole number of at least 1, got 0"),
        ({"depth": -1}, "depth: expected a whole number of at least 1, got -1"),
        ({"question": Question.EPOCH_TIME}, "epoch_time: expected a dataset size, got none"),
        ({"dataset_size": 100}, "batch size: expected at most the dataset size 100, got 256; choose a smaller"),
    ],
)
def test_a_case_that_contradicts_itself_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        make_case(**values)


def test_every_record_survives_json() -> None:
    block = Block(
        seed=3,
        control_slice_ns=(1, 2),
        weighted_slice_ns=(3, 4),
        weighted_first=(True, False),
        steps_per_slice=1,
        traces_while_timed=0,
        wall_ns=20,
    )
    request = BlockRequest(
        case=EXAMPLE_CASE, seed=1, timed_budget_ns=5, min_rounds=2, plant=Plant(step_fraction=0.1), inter_op_threads=2
    )
    assert Block.from_json(json.loads(json.dumps(block.to_json()))) == block
    assert BlockRequest.from_json(json.loads(json.dumps(request.to_json()))) == request
    assert Measurement.from_json(json.loads(json.dumps(make_measurement().to_json()))) == make_measurement()


@pytest.mark.parametrize("record", [Case, Block, BlockRequest, BlockSummary, Environment, Measurement])
def test_foreign_data_are_refused_as_such(record: type) -> None:
    with pytest.raises(RecordError, match="expected"):
        record.from_json({"surprise": 1})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "values",
    [
        {"control_slice_ns": (), "weighted_slice_ns": (), "weighted_first": ()},
        {"weighted_first": (True,)},
        {"control_slice_ns": (1, 0)},
    ],
)
def test_a_block_whose_samples_do_not_match_is_refused(values: dict[str, object]) -> None:
    whole: dict[str, object] = {
        "seed": 1,
        "control_slice_ns": (1, 2),
        "weighted_slice_ns": (1, 2),
        "weighted_first": (True, False),
        "steps_per_slice": 1,
        "traces_while_timed": 0,
        "wall_ns": 9,
    }
    with pytest.raises(RecordError, match="a block: expected"):
        Block(**(whole | values))  # type: ignore[arg-type]


def test_time_spent_in_slices_is_that_of_both_arms() -> None:
    assert make_measurement().blocks[0].timed_ns == 2_000_000_000


@pytest.mark.parametrize("values", [(1.0, 1.1, 1.2), (1.0, 0.9, 0.95), (math.nan, 0.9, 1.1)])
def test_an_interval_encloses_its_estimate(values: tuple[float, float, float]) -> None:
    estimate, lower, upper = values
    with pytest.raises(RecordError, match="lower <= estimate <= upper"):
        Interval(estimate=estimate, lower=lower, upper=upper, confidence=0.95)


@pytest.mark.parametrize("fraction", [0.0, -0.1, 11.0])
def test_a_plant_that_is_no_slowdown_is_refused(fraction: float) -> None:
    with pytest.raises(CaseError, match=r"planted step: expected more than 0 %|a plant: expected exactly one fault"):
        Plant(step_fraction=fraction)


def test_environments_are_equal_only_when_everything_is() -> None:
    assert make_environment() == make_environment()
    assert make_environment(tensorflow="2.20.0") != make_environment()


def test_an_error_is_one_line_whatever_it_is_made_of() -> None:
    assert str(SuiteError("expected\n  this,\n got that")) == "expected this, got that"
