"""A case is held against the baseline, and the anchor beside it; where something is missing, it is said what."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.baselines.store import Baseline
from benchmarks.errors import BaselineError
from benchmarks.gate.confirm import Standard
from benchmarks.gate.plan import ANCHOR_FACTOR
from benchmarks.measuring.standards import Standards, is_held
from benchmarks.records import BlockSummary, Case, Measurement, Question, ReadBlock
from tests.examples import (
    EXAMPLE_CASE,
    make_case,
    make_case_report,
    make_environment,
    make_measurement,
    make_read_block,
    make_read_measurement,
)

GRAPH = make_case(question=Question.TRAINING_GRAPH)
READ = make_read_measurement(GRAPH, [make_read_block("graph_nodes", 100.0, 107.0)])


def store(*measurements: Measurement) -> Baseline:
    return Baseline(measurements={each.case.case_id: each for each in measurements}, unreadable={})


def list_times(standards: Standards, case: Case) -> list[Standard[BlockSummary]]:
    return standards.list_standards(case, None, lambda stored: stored.blocks)


def list_readings(standards: Standards, case: Case) -> list[Standard[ReadBlock]]:
    return standards.list_standards(case, make_environment(), lambda stored: stored.readings)


def test_where_nothing_is_compared_a_case_is_held_against_nothing() -> None:
    assert list_times(Standards(), EXAMPLE_CASE) == []
    assert list_readings(Standards(), GRAPH) == []
    assert Standards().count_stored_runs(EXAMPLE_CASE.case_id) == 0


def test_a_null_case_is_held_against_no_stored_run() -> None:
    standards = Standards(comparing=True, baseline=store(), anchor=store())
    assert list_times(standards, dataclasses.replace(EXAMPLE_CASE, null=True)) == []
    assert list_readings(standards, dataclasses.replace(GRAPH, null=True)) == []


def test_baseline_and_anchor_come_in_this_order_with_their_limits() -> None:
    measured = make_measurement()
    standards = Standards(comparing=True, baseline=store(measured, READ), anchor=store(measured, READ))
    for listed in (list_times(standards, EXAMPLE_CASE), list_readings(standards, GRAPH)):
        assert [(each.name, each.factor) for each in listed] == [("baseline", 1.0), ("anchor", ANCHOR_FACTOR)]
    assert standards.count_stored_runs(EXAMPLE_CASE.case_id) == 2


def test_an_anchor_of_one_block_is_left_out() -> None:
    standards = Standards(
        comparing=True, baseline=store(make_measurement()), anchor=store(make_measurement(log_ratios=[0.0]))
    )
    assert [each.name for each in list_times(standards, EXAMPLE_CASE)] == ["baseline"]
    assert standards.count_stored_runs(EXAMPLE_CASE.case_id) == 1


def test_a_baseline_of_one_block_is_refused() -> None:
    standards = Standards(comparing=True, baseline=store(make_measurement(log_ratios=[0.0])))
    with pytest.raises(BaselineError, match="holds 1 blocks of this case, and at least 2 are needed; record it again"):
        list_times(standards, EXAMPLE_CASE)


def test_without_a_baseline_the_reason_is_given() -> None:
    with pytest.raises(BaselineError, match="no stored run was found"):
        list_times(Standards(comparing=True), EXAMPLE_CASE)


def test_readings_of_another_tensorflow_are_refused_from_the_baseline_and_left_out_of_the_anchor() -> None:
    older = dataclasses.replace(READ, environment=make_environment(tensorflow="2.20.0"))
    with pytest.raises(BaselineError, match="for the same TensorFlow and Keras only"):
        list_readings(Standards(comparing=True, baseline=store(older)), GRAPH)
    standards = Standards(comparing=True, baseline=store(READ), anchor=store(older))
    assert [each.name for each in list_readings(standards, GRAPH)] == ["baseline"]


def test_what_the_anchor_lacks_is_told_case_by_case_with_the_reason_or_the_readings() -> None:
    both = dataclasses.replace(READ, readings=(make_read_block("first_pass_traces", 2, 2),))
    standards = Standards(comparing=True, anchor=store(both))
    times, read = make_case_report(make_measurement()), make_case_report(READ)
    assert standards.list_lacking([times, read]) == {
        EXAMPLE_CASE.case_id: "not in it",
        GRAPH.case_id: ["graph_nodes"],
    }
    assert dataclasses.replace(standards, anchor=store(make_measurement(), READ)).list_lacking([times, read]) == {}
    assert dataclasses.replace(standards, anchor=None).list_lacking([times, read]) == {}


def test_held_against_what_was_stored_is_no_null_case_and_no_question_of_what_must_never_be() -> None:
    assert is_held(EXAMPLE_CASE)
    assert is_held(GRAPH)
    assert not is_held(dataclasses.replace(EXAMPLE_CASE, null=True))
    assert not is_held(make_case(question=Question.RETAINED_MEMORY, dataset_size=2560))
