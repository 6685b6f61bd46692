"""Which cases does a run measure? The axes, their values by profile, and what the command line may put in their place.

A sweep is a union of plain cross products, one list of them per profile and question. Leaves out: how values are read
from the command line (`benchmarks.cases`), which methods the gate sweep asks (`benchmarks.gate_methods`), and what a
case means to a block.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar

from benchmarks.cases import AxisValue, Rejected, explain_left_out, find_null_method, split_null
from benchmarks.errors import CaseError
from benchmarks.gate_methods import BY_EVIDENCE, list_gate_methods
from benchmarks.methods import METHODS, SWEPT_METHODS
from benchmarks.records import Case, Question
from benchmarks.records.cases import name_params
from benchmarks.workloads import WORKLOADS


class Profile(str, Enum):
    """How much is swept: `quick` answers in minutes, `gate` runs in CI, `full` takes a night."""

    QUICK = "quick"
    GATE = "gate"
    FULL = "full"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """The values of each axis in one cross product.

    `dataset_size` is (None,) where the question does not depend on it. `method` names weighted methods; the null
    case of each one's control is added when the axes are expanded.
    """

    workload: tuple[str, ...]
    depth: tuple[int, ...]
    batch_size: tuple[int, ...]
    dataset_size: tuple[int | None, ...] = (None,)
    method: tuple[str, ...] = SWEPT_METHODS


_FIT_METHODS = ("fit_array", "fit_dataset")
"""`fit` with data from an array and from a dataset: what most people choose between."""

_CLASS_WEIGHT_METHODS = ("fit_class_weight", "fit_class_weight_dataset")
"""What Keras makes of class weights before the first step differs between arrays and datasets."""

_MAIN_METHODS = (*_FIT_METHODS, *_CLASS_WEIGHT_METHODS, "fit_packed", "loop_eager", "loop_graph", "loop_jit")
"""What the quick sweep chooses from, and the full sweep crosses with all else."""

_STEP_METHODS = tuple(name for name in _MAIN_METHODS if METHODS[name].has_own_steps)
"""`fit` turns arrays into a dataset before its first step, so a step of `fit_array` is a step of `fit_dataset`."""

_MEMORY_METHODS = (*_FIT_METHODS, "loop_graph", "fit_class_weight")
"""One method for each way in which data and weights lie in memory."""

_STEADY_METHODS = ("fit_dataset", "loop_graph")
"""One method with Keras and one without: what other workloads, depths and batch sizes are asked of."""

_GRAPH_METHODS = ("fit_class_weight", "fit_dataset", "fit_class_weight_dataset", "fit_packed", "loop_graph", "loop_jit")
"""`fit_array` trains with the graph of `fit_dataset`, and an eager step has none."""

_MEMORY_BATCH_SIZE = 512
"""A pass is short with large batches, and the memory of a batch is small beside that of the data all the same."""

_USUAL = Axes(workload=("mlp",), depth=(2,), batch_size=(256,))

_MAIN_WORKLOADS = ("mlp", "cnn")
"""A step that is nearly all overhead, and one with more arithmetic."""

_TWO_OUTPUTS = ("mlp_two_outputs",)
"""Each way into training hands over the weights of each output, and so all are asked."""

_MAIN = Axes(workload=_MAIN_WORKLOADS, depth=(2, 8), batch_size=(256,), method=_MAIN_METHODS)
"""What the full sweep crosses."""


def _vary(axes: Axes = _USUAL, /, **values: Any) -> Axes:
    """Return these axes, the usual ones unless told, with the values of some of them replaced."""
    return dataclasses.replace(axes, **values)


_FEW_PASSES = _vary(dataset_size=(20_480,))
"""Eighty batches: with twenty, most of a pass was setting its pipeline up."""

_FEW_STARTS = _vary(dataset_size=(100_000,))
_FEW_PEAKS = _vary(batch_size=(_MEMORY_BATCH_SIZE,), dataset_size=(100_000,))
_FEW_EPOCHS = _vary(dataset_size=(2_560,))

GATE_AXES: Mapping[Question, Axes] = {
    Question.STEP_TIME: _USUAL,
    Question.EPOCH_TIME: _FEW_PASSES,
    Question.EVALUATION_TIME: _FEW_PASSES,
    Question.STARTUP_TIME: _FEW_STARTS,
    Question.PEAK_MEMORY: _FEW_PEAKS,
    Question.RETAINED_MEMORY: _FEW_EPOCHS,
    Question.TRAINING_GRAPH: _USUAL,
}
"""With what the gate sweep asks its methods each question; a history measures its cases with the same."""

GATE_VARIANTS: Mapping[Question, Mapping[str, Axes]] = {
    Question.STEP_TIME: {
        "a deeper model: what grows with its variables": _vary(depth=(8,), method=_STEADY_METHODS),
        "small batches: a step is nearly all overhead": _vary(batch_size=(32,), method=_STEADY_METHODS),
        "a step with more arithmetic": _vary(workload=("cnn",), method=_STEADY_METHODS),
    },
    Question.STARTUP_TIME: {
        "a million samples: what grows with them before the first step": _vary(
            _FEW_STARTS, dataset_size=(1_000_000,), method=("fit_array", "fit_class_weight")
        ),
    },
}
"""What else the gate sweep asks, by the reason."""


def find_gate_axes(question: Question, by_evidence: Iterable[str]) -> tuple[Axes, ...]:
    """Return the products of the gate sweep.

    Args:
        question: one of GATE_AXES.
        by_evidence: methods in which releases differed.
    """
    usual = _vary(GATE_AXES[question], method=list_gate_methods(question, by_evidence))
    return (usual, *GATE_VARIANTS.get(question, {}).values())


_SWEEPS: Mapping[Profile, Mapping[Question, tuple[Axes, ...]]] = {
    Profile.QUICK: {
        Question.STEP_TIME: (_vary(method=_STEP_METHODS),),
        Question.EPOCH_TIME: (_vary(_FEW_PASSES, method=_FIT_METHODS),),
        Question.EVALUATION_TIME: (),
        Question.STARTUP_TIME: (_vary(_FEW_STARTS, method=("fit_array", *_CLASS_WEIGHT_METHODS)),),
        Question.PEAK_MEMORY: (_vary(_FEW_PEAKS, method=_FIT_METHODS),),
        Question.RETAINED_MEMORY: (_vary(_FEW_EPOCHS, method=("fit_array",)),),
        Question.TRAINING_GRAPH: (_vary(method=_GRAPH_METHODS),),
    },
    Profile.GATE: {question: find_gate_axes(question, BY_EVIDENCE.get(question, ())) for question in GATE_AXES},
    # The main axes are crossed; the other workloads and methods are measured one at a time around the usual values.
    Profile.FULL: {
        Question.STEP_TIME: (
            _vary(workload=_MAIN_WORKLOADS, depth=(2, 4, 8), batch_size=(32, 256, 2048), method=_STEP_METHODS),
            _vary(workload=tuple(WORKLOADS), method=_STEADY_METHODS),
            _vary(workload=_TWO_OUTPUTS),
            _USUAL,
        ),
        # 100,000 samples in batches of 32 are 3,125 steps a pass, a minute with an eager loop; a block makes 14 passes.
        Question.EPOCH_TIME: (
            _vary(_MAIN, batch_size=(32,), dataset_size=(10_000,)),
            _vary(_MAIN, batch_size=(256, 2048), dataset_size=(10_000, 100_000)),
            _vary(_FEW_PASSES, workload=_TWO_OUTPUTS),
            _FEW_PASSES,
        ),
        Question.EVALUATION_TIME: (_vary(_FEW_PASSES, workload=(*_MAIN_WORKLOADS, *_TWO_OUTPUTS)),),
        Question.STARTUP_TIME: (
            _vary(_MAIN, batch_size=(32, 2048), dataset_size=(10_000, 100_000, 1_000_000)),
            _FEW_STARTS,
        ),
        Question.PEAK_MEMORY: (
            _vary(
                workload=_MAIN_WORKLOADS,
                batch_size=(_MEMORY_BATCH_SIZE,),
                dataset_size=(10_000, 100_000, 1_000_000),
                method=_MEMORY_METHODS,
            ),
            _FEW_PEAKS,
        ),
        Question.RETAINED_MEMORY: (_FEW_EPOCHS,),
        Question.TRAINING_GRAPH: (
            _vary(workload=_MAIN_WORKLOADS, depth=(2, 8), method=_GRAPH_METHODS),
            _vary(workload=tuple(WORKLOADS), method=_STEADY_METHODS),
            _vary(workload=_TWO_OUTPUTS),
            _USUAL,
        ),
    },
}

_Value = TypeVar("_Value", str, int, int | None)

Overrides = Mapping[str, tuple[AxisValue | Rejected, ...]]
"""Values by name of axis, as `parse_axis` returns them."""


def expand(question: Question, profile: Profile, overrides: Overrides) -> tuple[Case | Rejected, ...]:
    """Return the cases of one question in the order of running: rejected values, then null cases, then weighted ones.

    Each weighted case brings the null case of its control. Values that contradict each other are rejected too, in the
    place that their case would have.

    Args:
        question: what is asked; an axis that it does not depend on is left out, whatever the overrides say.
        profile: the sweep whose values are used where `overrides` has none.
        overrides: take the place of the sweep's values.
    """
    given = dict(overrides)
    if not question.needs_dataset_size:
        given.pop("dataset_size", None)
    rejected = [value for values in given.values() for value in values if isinstance(value, Rejected)]
    cases = expand_products(question, find_axes(question, profile), given)
    return (*rejected, *sorted(cases, key=lambda case: not case.null))


def expand_products(question: Question, products: Iterable[Axes], given: Overrides) -> tuple[Case | Rejected, ...]:
    """Return the cases of a union of products, each once; the null case of a control before its methods.

    Args:
        question: what is asked.
        products: of a sweep.
        given: take the place of their values.
    """
    cases: dict[str, Case | Rejected] = {}
    for axes in products:
        for case in _expand_axes(question, axes, given):
            # Overrides can make two products of a union overlap.
            cases.setdefault(case.id if isinstance(case, Rejected) else case.params_id, case)
    return tuple(cases.values())


def list_left_out(question: Question, profile: Profile, overrides: Overrides) -> dict[str, str]:
    """Return why what the command line names is not asked a question, by what that is: `step_time of fit_tensor`.

    Nothing where it names neither a method nor a workload: a sweep leaves out what does not go together.
    """
    reasons: dict[str, str] = {}
    for axes in find_axes(question, profile) if overrides.keys() & {"method", "workload"} else ():
        asked = (name for name, null in map(split_null, _choose(axes.method, overrides.get("method"))) if not null)
        for method, workload in itertools.product(asked, _choose(axes.workload, overrides.get("workload"))):
            with_workload = "" if question in METHODS[method].without else f" with {workload}"
            reasons[f"{question.value} of {method}{with_workload}"] = explain_left_out(question, method, workload)
    return {name: reason for name, reason in reasons.items() if reason}


def find_axes(question: Question, profile: Profile) -> tuple[Axes, ...]:
    """Return the products of a question's sweep; one that has none of its own is asked of all methods, in one size."""
    usual = (_FEW_PASSES if question.needs_dataset_size else _USUAL,)
    return _SWEEPS[profile].get(question, usual)


def _expand_axes(question: Question, axes: Axes, given: Overrides) -> Iterator[Case | Rejected]:
    """Yield the cases of one cross product, of rejected values none."""
    asked = _choose(axes.method, given.get("method"))
    workloads = _choose(axes.workload, given.get("workload"))
    methods = {workload: tuple(dict.fromkeys(_list_methods(question, asked, workload))) for workload in workloads}
    for workload, depth, batch_size, dataset_size in itertools.product(
        workloads,
        _choose(axes.depth, given.get("depth")),
        _choose(axes.batch_size, given.get("batch_size")),
        _choose(axes.dataset_size, given.get("dataset_size")),
    ):
        for method, null in methods[workload]:
            yield _make_case(
                question,
                workload=workload,
                depth=depth,
                batch_size=batch_size,
                dataset_size=dataset_size,
                method=method,
                null=null,
            )


def _make_case(question: Question, **values: Any) -> Case | Rejected:
    """Return the case of these values, or why they are none together."""
    try:
        return Case(question=question, **values)
    except CaseError as error:
        return Rejected(id=name_params(**values), reason=str(error), null=values["null"])


def _list_methods(question: Question, asked: Iterable[str], workload: str) -> Iterator[tuple[str, bool]]:
    """Yield methods and whether the null case is meant, the null case of a control before its methods.

    Left out are those that are not asked the question with this workload (`explain_left_out`), and a null case that
    would vouch for none.
    """
    for method, null in map(split_null, asked):
        vouched = [name for name in METHODS if find_null_method(name) == method] if null else [method]
        if all(explain_left_out(question, name, workload) for name in vouched):
            continue
        yield find_null_method(method), True
        if not null:
            yield method, False


def _choose(values: tuple[_Value, ...], override: tuple[AxisValue | Rejected, ...] | None) -> tuple[_Value, ...]:
    """Return the profile's values of an axis, or the valid ones of the command line where it has any say."""
    if override is None:
        return values
    return tuple(value for value in override if not isinstance(value, Rejected))  # type: ignore[misc]
