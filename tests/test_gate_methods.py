"""Each entry point has a method that stands for it, and what the gate asks beyond that has a reason."""

from __future__ import annotations

import pytest

from benchmarks.gate_methods import BY_EVIDENCE, KEPT_METHODS, choose_representatives, list_gate_methods
from benchmarks.methods import METHODS, STATIC_METHODS, EntryPoint
from benchmarks.questions import Question

STEP, EPOCH = Question.STEP_TIME, Question.EPOCH_TIME


def list_asked(question: Question) -> set[EntryPoint]:
    """Return the entry points of which some method can be asked the question."""
    return {entry.entry_point for entry in METHODS.values() if question.value not in entry.without}


@pytest.mark.parametrize("question", Question)
def test_a_method_stands_for_each_entry_point_that_can_be_asked(question: Question) -> None:
    representatives = choose_representatives(question)
    assert representatives.keys() == list_asked(question)
    for entry_point, name in representatives.items():
        assert METHODS[name].entry_point is entry_point
        assert question.value not in METHODS[name].without
    assert {*representatives.values()} <= {*list_gate_methods(question)}


def test_evidence_stands_before_what_is_kept_and_that_before_the_first() -> None:
    assert choose_representatives(EPOCH)[EntryPoint.FIT_ARRAYS] == "fit_array"
    assert choose_representatives(EPOCH)[EntryPoint.OWN_LOOP] == "loop_graph"
    with_evidence = choose_representatives(EPOCH, ("loop_jit", "fit_tensor", "fit_class_weight"))
    assert with_evidence[EntryPoint.OWN_LOOP] == "loop_jit"
    assert with_evidence[EntryPoint.FIT_ARRAYS] == "fit_class_weight"  # it stands before fit_tensor in the registry


def test_a_method_by_evidence_spares_the_first_of_its_entry_point_and_adds_to_what_is_kept() -> None:
    without, with_evidence = list_gate_methods(EPOCH), list_gate_methods(EPOCH, ("fit_generator", "loop_jit"))
    assert {*without} - {*with_evidence} == {"fit_sequence"}
    assert {*with_evidence} - {*without} == {"fit_generator", "loop_jit"}
    assert [name for name in METHODS if name in with_evidence] == [*with_evidence]


def test_evidence_for_what_is_not_asked_stands_for_nothing() -> None:
    assert choose_representatives(STEP, ("fit_tensor",)) == choose_representatives(STEP)


def test_the_graph_of_every_method_of_static_weights_is_read() -> None:
    assert list_gate_methods(Question.TRAINING_GRAPH) == STATIC_METHODS


@pytest.mark.parametrize("question", Question)
def test_the_gate_asks_methods_of_static_weights_alone(question: Question) -> None:
    assert {*list_gate_methods(question)} <= {*STATIC_METHODS}


def test_what_is_named_is_registered_can_be_asked_and_has_a_reason() -> None:
    for question, methods in (*KEPT_METHODS.items(), *BY_EVIDENCE.items()):
        assert [name for name in methods if question.value in METHODS[name].without] == []
    assert all(reason for reasons in KEPT_METHODS.values() for reason in reasons.values())
    assert [name for methods in BY_EVIDENCE.values() for name in methods if name not in METHODS] == []
