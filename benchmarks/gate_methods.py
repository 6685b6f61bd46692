"""Which methods does the gate sweep ask each question, and why?

One for each entry point that can be asked the question at all, each in which neighbouring releases differed beyond
noise, and a few that are kept for a reason of their own. All are of static weights: the others are no entry points of
their own, and what they are made of is held with those. Leaves out: with which workload, depth and sizes they are
asked, and what else is asked with others (`benchmarks.sweeps`). All cases with their reasons are printed by
`python -m benchmarks.studies.gate_sweep`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.methods import METHODS, STATIC_METHODS, EntryPoint
from benchmarks.questions import Question

MOST_GATE_SECONDS: float = 20 * 60.0
"""What the gate sweep may take on two cores where each case is clear at once: longer, and people would not wait."""

BY_EVIDENCE: Mapping[Question, tuple[str, ...]] = {
    # Enter what `python -m benchmarks.studies.gate_sweep <histories>` says; empty until a history is recorded.
    Question.STEP_TIME: (),
    Question.EPOCH_TIME: (),
    Question.EVALUATION_TIME: (),
    Question.STARTUP_TIME: (),
    Question.PEAK_MEMORY: (),
    Question.RETAINED_MEMORY: (),
    Question.TRAINING_GRAPH: (),
}
"""Methods in which two neighbouring releases of a recorded history differed beyond noise."""

_PLAIN = "sample weights, as most people hand them over"

_GRAPH_LOOP = "the cheapest of the loops: an eager step takes over twenty times as long"

KEPT_METHODS: Mapping[Question, Mapping[str, str]] = {
    Question.STEP_TIME: {
        "fit_dataset": _PLAIN,
        "fit_class_weight_dataset": "costs most: class weights are looked up batch by batch",
        "fit_packed": "the model applies the weights itself",
        "loop_eager": "no graph: each operation is paid for by itself",
        "loop_graph": _GRAPH_LOOP,
        "loop_jit": "XLA fuses what weighting adds",
    },
    Question.EPOCH_TIME: {"loop_graph": _GRAPH_LOOP},
    Question.STARTUP_TIME: {
        "fit_array": _PLAIN,
        "fit_class_weight": "class weights of arrays are looked up before the first step",
        "fit_class_weight_dataset": "what becomes of class weights differs between arrays and datasets",
        "loop_graph": _GRAPH_LOOP,
    },
    Question.PEAK_MEMORY: {
        "fit_array": _PLAIN,
        "fit_class_weight": "Keras makes an array of the weights itself",
        "loop_graph": _GRAPH_LOOP,
    },
    Question.RETAINED_MEMORY: {"loop_graph": _GRAPH_LOOP},
    Question.TRAINING_GRAPH: dict.fromkeys(STATIC_METHODS, "counts are exact, and cheap to read"),
}
"""Methods that are asked a question whether or not releases differed in them, each with the reason."""


def choose_representatives(question: Question, by_evidence: Iterable[str] = ()) -> dict[EntryPoint, str]:
    """Return the method that stands for each entry point, of those entry points that can be asked the question.

    It is the first that is there by evidence, else the first that is kept, else the first that is asked. All cases of a
    question are taken to last as long, so that the cheapest is one that is there anyway.

    Args:
        question: what is asked.
        by_evidence: methods in which releases differed.
    """
    representatives: dict[EntryPoint, str] = {}
    for preferred in (set(by_evidence), KEPT_METHODS.get(question, {}), STATIC_METHODS):
        for name in STATIC_METHODS:
            entry = METHODS[name]
            if name in preferred and question.value not in entry.without:
                representatives.setdefault(entry.entry_point, name)
    return representatives


def list_gate_methods(question: Question, by_evidence: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the methods that the gate sweep asks a question, in the order of the registry.

    Args:
        question: what is asked.
        by_evidence: methods in which releases differed.
    """
    evident = tuple(by_evidence)
    held = {*evident, *KEPT_METHODS.get(question, {}), *choose_representatives(question, evident).values()}
    return tuple(name for name in METHODS if name in held)
