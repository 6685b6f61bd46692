"""A case is held against the baseline, and the anchor beside it; where something is missing, it is said what."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.baselines.store import Baseline
from benchmarks.errors import BaselineError
from benchmarks.gate.plan import ANCHOR_FACTOR
from benchmarks.measuring.standards import Standards
from benchmarks.records import Measurement, Question
from tests.examples import (
    EXAMPLE_CASE,
    make_case,
    make_environment,
    make_measurement,
    make_read_block,
    make_read_measurement,
)

GRAPH = make_case(question=Question.TRAINING_GRAPH)
READ = make_read_measurement(GRAPH, [make_read_block("graph_nodes", 100.0, 107.0)])


def store(*measurements: Measurement) -> Baseline:
    return Baseline(measurements={each.case.case_id: each for each in measurements}, unreadable={})


def test_where_nothing_is_compared_a_case_is_held_against_nothing() -> None:
    assert Standards().list_times(EXAMPLE_CASE) == []
    assert Standards().list_readings(GRAPH, make_environment()) == []
    assert Standards().count_stored_runs(EXAMPLE_CASE.case_id) == 0


def test_a_null_case_is_held_against_no_stored_run() -> None:
    standards = Standards(comparing=True, baseline=store(), anchor=store())
    assert standards.list_times(dataclasses.replace(EXAMPLE_CASE, null=True)) == []
    assert standards.list_readings(dataclasses.replace(GRAPH, null=True), make_environment()) == []


def test_baseline_and_anchor_come_in_this_order_with_their_limits() -> None:
    measured = make_measurement()
    standards = Standards(comparing=True, baseline=store(measured, READ), anchor=store(measured, READ))
    for listed in (standards.list_times(EXAMPLE_CASE), standards.list_readings(GRAPH, make_environment())):
        assert [(each.name, each.factor) for each in listed] == [("baseline", 1.0), ("anchor", ANCHOR_FACTOR)]
    assert standards.count_stored_runs(EXAMPLE_CASE.case_id) == 2


def test_an_anchor_of_one_block_is_left_out() -> None:
    standards = Standards(
        comparing=True, baseline=store(make_measurement()), anchor=store(make_measurement(log_ratios=[0.0]))
    )
    assert [each.name for each in standards.list_times(EXAMPLE_CASE)] == ["baseline"]
    assert standards.count_stored_runs(EXAMPLE_CASE.case_id) == 1


def test_a_baseline_of_one_block_is_refused() -> None:
    standards = Standards(comparing=True, baseline=store(make_measurement(log_ratios=[0.0])))
    with pytest.raises(BaselineError, match="holds 1 blocks of this case, and at least 2 are needed; record it again"):
        standards.list_times(EXAMPLE_CASE)


def test_without_a_baseline_the_reason_is_given() -> None:
    with pytest.raises(BaselineError, match="no stored run was found"):
        Standards(comparing=True).list_times(EXAMPLE_CASE)


def test_readings_of_another_tensorflow_are_refused_from_the_baseline_and_left_out_of_the_anchor() -> None:
    older = dataclasses.replace(READ, environment=make_environment(tensorflow="2.20.0"))
    with pytest.raises(BaselineError, match="for the same TensorFlow and Keras only"):
        Standards(comparing=True, baseline=store(older)).list_readings(GRAPH, make_environment())
    standards = Standards(comparing=True, baseline=store(READ), anchor=store(older))
    assert [each.name for each in standards.list_readings(GRAPH, make_environment())] == ["baseline"]
