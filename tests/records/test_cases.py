"""A case refuses what it cannot be, and what is sent to a server has a version that is raised when it changes."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from benchmarks.errors import CaseError, RecordError
from benchmarks.records import (
    ArmReadings,
    Block,
    BlockRequest,
    Case,
    Environment,
    Meeting,
    Plant,
    Profile,
    Question,
    ReadRequest,
)
from benchmarks.records.cases import WIRE_VERSION, Introduction
from benchmarks.target.supervise import Limits
from tests.examples import EXAMPLE_CASE, make_case, make_environment
from tests.plugin.fakes import make_introduction

SENT = (
    Case,
    Plant,
    BlockRequest,
    ReadRequest,
    Meeting,
    Limits,
    Block,
    ArmReadings,
    Profile,
    Environment,
    Introduction,
)
"""Records that the measuring side and a server send each other."""

FIELDS_BY_VERSION = {
    1: """
Case: question workload depth batch_size dataset_size method null
Plant: step_fraction leak_bytes tensor_fraction tensor_bytes retrace
BlockRequest: case seed timed_budget_ns min_rounds order_seed weighted_built_first plant intra_op_threads \
inter_op_threads
ReadRequest: case arm seed stretch plant intra_op_threads inter_op_threads layout
Meeting: number given_path told_path turn_ns blocks
Limits: timeout_s memory_bytes
Block: seed control_slice_ns weighted_slice_ns control_cpu_ns weighted_cpu_ns control_takedown_ns weighted_takedown_ns \
weighted_first weighted_built_first steps_per_slice traces_while_timed wall_ns
ArmReadings: seed values read_ns missing op_types trace_causes resident_by_epoch_bytes
Profile: control_own_ns_per_step weighted_own_ns_per_step
Environment: tensorflow keras numpy python cpu_model cores intra_op_threads inter_op_threads onednn device
Introduction: wire_version questions methods workloads tensorflow keras numpy python
""",
}
FIELDS_BY_VERSION[2] = FIELDS_BY_VERSION[1].replace(" onednn device\n", " onednn device jit_compile\n")
FIELDS_BY_VERSION[3] = FIELDS_BY_VERSION[2].replace("inter_op_threads\nRead", "inter_op_threads enough_rounds\nRead")
"""What they are made of; an entry is never changed once a version of the suite had it, a new one is added."""


def describe(record: type) -> str:
    return f"{record.__name__}: {' '.join(field.name for field in dataclasses.fields(record))}"


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


@pytest.mark.parametrize("fraction", [0.0, -0.1, 11.0])
def test_a_plant_that_is_no_slowdown_is_refused(fraction: float) -> None:
    with pytest.raises(CaseError, match=r"planted step: expected more than 0 %|a plant: expected exactly one fault"):
        Plant(step_fraction=fraction)


def test_who_changes_what_is_sent_raises_the_wire_version() -> None:
    now = [describe(record) for record in SENT]
    assert now == FIELDS_BY_VERSION[WIRE_VERSION].strip().splitlines(), (
        "raise WIRE_VERSION in benchmarks/records/cases.py, and enter here what is sent from then on"
    )


def test_an_introduction_survives_json() -> None:
    introduction = make_introduction()
    assert Introduction.from_json(json.loads(json.dumps(introduction.to_json()))) == introduction


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "expected a server that speaks wire version 3, got one that does not introduce itself; update the older"),
        ([], "expected a server that speaks wire version 3, got one that does not introduce itself; update the older"),
        ({"wire_version": 4}, "got one that speaks 4; update the older of the two checkouts, or name an interpreter"),
        ({"wire_version": 3}, "expected the introduction of a server, got something else"),
        (make_introduction().to_json() | {"methods": 3}, "expected the introduction of a server, got something else"),
    ],
)
def test_anything_else_is_no_introduction(data: Any, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        Introduction.from_json(data)


def test_a_server_of_an_older_version_is_not_sent_what_it_does_not_know() -> None:
    request = BlockRequest(case=make_case(), seed=1, timed_budget_ns=1, min_rounds=1, enough_rounds=2).to_json()
    assert make_introduction().leave_out_unknown(request) == request
    old = dataclasses.replace(make_introduction(), wire_version=2).leave_out_unknown(request)
    assert request == old | {"enough_rounds": 2}
    assert "enough_rounds" not in old


def test_a_server_of_the_first_version_is_understood() -> None:
    """What it says of its environment lacks what Keras chose for jit_compile."""
    assert Introduction.from_json(make_introduction().to_json() | {"wire_version": 1}).wire_version == 1
    said = make_environment().to_json()
    del said["jit_compile"]
    assert Environment.from_json(said) == make_environment()


def test_what_a_case_needs_is_looked_up_in_the_lists() -> None:
    case = make_case(question=Question.TRAINING_GRAPH, workload="mlp", method="loop_graph")
    assert make_introduction().list_missing(case) == ()
    bare = make_introduction(questions=(), workloads=("cnn",), methods=("fit_array",))
    assert bare.list_missing(case) == ("question training_graph", "workload mlp", "method loop_graph")
