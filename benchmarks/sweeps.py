"""Which cases does a run measure? The axes, their values by profile, and what the command line may put in their place.

A sweep is a union of plain cross products, one list of them per profile and question. Leaves out: what a case means
to a block, and whether its values go together (a batch larger than the dataset is told when its case runs).
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar

from benchmarks.axes import METHOD_NAMES, NULL_SUFFIX, WORKLOAD_NAMES, AxisValue, Rejected, name_null_case, split_null
from benchmarks.methods import METHODS
from benchmarks.records import Question

_UNSAFE_IN_AN_ID = re.compile(r"[^\w.+-]", re.ASCII)


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
    method: tuple[str, ...] = METHOD_NAMES


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CaseParams:
    """The parameters of one test: the values of a `Case`, with `-null` in the method of a null case.

    With `rejected` the test fails for that reason, and the axis it names holds a stand-in.
    """

    workload: str
    depth: int
    batch_size: int
    dataset_size: int | None
    method: str
    rejected: Rejected | None = None

    @property
    def id(self) -> str:
        """The part between the brackets of the test's id: `mlp-depth4-batch256-loop_graph`."""
        if self.rejected is not None:
            text = _UNSAFE_IN_AN_ID.sub(lambda match: f"%{ord(match[0]):02x}", self.rejected.text)
            return f"rejected-{self.rejected.axis}={text}"
        size = "" if self.dataset_size is None else f"-size{self.dataset_size}"
        return f"{self.workload}-depth{self.depth}-batch{self.batch_size}{size}-{self.method}"

    @property
    def null(self) -> bool:
        """Whether this is a null case."""
        return self.method.endswith(NULL_SUFFIX)


_FIT_METHODS = ("fit_array", "fit_dataset")
"""`fit` with data from an array and from a dataset: what most people choose between."""

_FEW_METHODS = (*_FIT_METHODS, "loop_graph")
"""One method for each way in which data reaches the training step: from an array, a dataset, a loop of one's own."""

_STEP_METHODS = tuple(name for name, entry in METHODS.items() if name != "fit_array" and not entry.no_step)
"""`fit` turns arrays into a dataset before its first step, so a step of `fit_array` is a step of `fit_dataset`."""

_CLASS_WEIGHT_METHODS = ("fit_class_weight", "fit_class_weight_dataset")
"""What Keras makes of class weights before the first step differs between arrays and datasets."""

_MEMORY_METHODS = (*_FEW_METHODS, "fit_class_weight")
"""One method for each way in which data and weights lie in memory."""

_GRAPH_METHODS = tuple(name for name in METHOD_NAMES if name not in {"fit_array", "loop_eager"})
"""`fit_array` trains with the graph of `fit_dataset`, and an eager step has none."""

_MEMORY_BATCH_SIZE = 512
"""A pass is short with large batches, and the memory of a batch is small beside that of the data all the same."""

_USUAL = Axes(workload=("mlp",), depth=(2,), batch_size=(256,))


def _vary(axes: Axes = _USUAL, /, **values: Any) -> Axes:
    """Return these axes, the usual ones unless told, with the values of some of them replaced."""
    return dataclasses.replace(axes, **values)


_FEW_PASSES = _vary(dataset_size=(20_480,))
"""Eighty batches: with twenty, most of a pass was setting its pipeline up."""

_FEW_STARTS = _vary(dataset_size=(100_000,))
_LARGE_STARTS = _vary(dataset_size=(1_000_000,))
_FEW_PEAKS = _vary(batch_size=(_MEMORY_BATCH_SIZE,), dataset_size=(100_000,))
_FEW_EPOCHS = _vary(dataset_size=(2_560,))

_SWEEPS: Mapping[Profile, Mapping[Question, tuple[Axes, ...]]] = {
    Profile.QUICK: {
        Question.STEP_TIME: (_vary(method=_STEP_METHODS),),
        Question.EPOCH_TIME: (_vary(_FEW_PASSES, method=_FIT_METHODS),),
        Question.STARTUP_TIME: (_vary(_FEW_STARTS, method=("fit_array", *_CLASS_WEIGHT_METHODS)),),
        Question.PEAK_MEMORY: (_vary(_FEW_PEAKS, method=_FIT_METHODS),),
        Question.RETAINED_MEMORY: (_vary(_FEW_EPOCHS, method=("fit_array",)),),
        Question.TRAINING_GRAPH: (_vary(method=_GRAPH_METHODS),),
    },
    Profile.GATE: {
        Question.STEP_TIME: (
            _vary(method=_STEP_METHODS),
            _vary(depth=(8,), method=("fit_dataset", "loop_graph")),
            _vary(batch_size=(32,), method=("fit_dataset", "loop_graph")),
            _vary(workload=("cnn",), method=("fit_dataset", "loop_graph")),
        ),
        Question.EPOCH_TIME: (_vary(_FEW_PASSES, method=_FEW_METHODS),),
        Question.STARTUP_TIME: (
            _vary(_FEW_STARTS, method=("fit_array", *_CLASS_WEIGHT_METHODS, "loop_graph")),
            _vary(_LARGE_STARTS, method=("fit_array", "fit_class_weight")),
        ),
        Question.PEAK_MEMORY: (_vary(_FEW_PEAKS, method=_MEMORY_METHODS),),
        Question.RETAINED_MEMORY: (_vary(_FEW_EPOCHS, method=_FEW_METHODS),),
        Question.TRAINING_GRAPH: (_vary(method=_GRAPH_METHODS),),
    },
    Profile.FULL: {
        Question.STEP_TIME: (
            _vary(workload=WORKLOAD_NAMES, depth=(2, 4, 8), batch_size=(32, 256, 2048), method=_STEP_METHODS),
        ),
        # 100,000 samples in batches of 32 are 3,125 steps a pass, a minute with an eager loop; a block makes 14 passes.
        Question.EPOCH_TIME: (
            _vary(workload=("mlp", "cnn"), depth=(2, 8), batch_size=(32,), dataset_size=(10_000,)),
            _vary(workload=("mlp", "cnn"), depth=(2, 8), batch_size=(256, 2048), dataset_size=(10_000, 100_000)),
        ),
        Question.STARTUP_TIME: (
            _vary(
                workload=("mlp", "cnn"),
                depth=(2, 8),
                batch_size=(32, 2048),
                dataset_size=(10_000, 100_000, 1_000_000),
            ),
        ),
        Question.PEAK_MEMORY: (
            _vary(
                workload=("mlp", "cnn"),
                batch_size=(_MEMORY_BATCH_SIZE,),
                dataset_size=(10_000, 100_000, 1_000_000),
                method=_MEMORY_METHODS,
            ),
        ),
        Question.RETAINED_MEMORY: (_FEW_EPOCHS,),
        Question.TRAINING_GRAPH: (_vary(workload=WORKLOAD_NAMES, depth=(2, 8), method=_GRAPH_METHODS),),
    },
}

_Value = TypeVar("_Value", str, int, int | None)


def expand(
    question: Question, profile: Profile, overrides: Mapping[str, tuple[AxisValue | Rejected, ...]]
) -> tuple[CaseParams, ...]:
    """Return the parameters of one question's cases in the order of running: rejected, then null, then weighted.

    Args:
        question: what is asked; an axis that it does not depend on is left out, whatever the overrides say.
        profile: the sweep whose values are used where `overrides` has none.
        overrides: values by name of axis, as `parse_axis` returns them.
    """
    cases: dict[str, CaseParams] = {}
    for axes in _SWEEPS[profile][question]:
        for case in _expand_axes(question, axes, overrides):
            cases.setdefault(case.id, case)  # overrides can make two products of a union overlap
    return tuple(sorted(cases.values(), key=_rank))


def _expand_axes(
    question: Question, axes: Axes, overrides: Mapping[str, tuple[AxisValue | Rejected, ...]]
) -> Iterator[CaseParams]:
    """Yield the cases of one cross product and one case for each rejected value.

    A method that has no steps of its own is not asked how long one takes.
    """
    sized = axes.dataset_size != (None,)
    given = {axis: values for axis, values in overrides.items() if sized or axis != "dataset_size"}
    workloads = _choose(axes.workload, given.get("workload"))
    depths = _choose(axes.depth, given.get("depth"))
    batch_sizes = _choose(axes.batch_size, given.get("batch_size"))
    dataset_sizes = _choose(axes.dataset_size, given.get("dataset_size"))
    methods = _choose(_add_nulls(axes.method), given.get("method"))
    if question is Question.STEP_TIME:
        methods = _leave_out_stepless(methods)
    for workload, depth, batch_size, dataset_size, method in itertools.product(
        workloads, depths, batch_sizes, dataset_sizes, methods
    ):
        yield CaseParams(
            workload=workload, depth=depth, batch_size=batch_size, dataset_size=dataset_size, method=method
        )
    for rejected in itertools.chain.from_iterable(given.values()):
        if isinstance(rejected, Rejected):
            yield CaseParams(
                workload=(workloads or axes.workload)[0],
                depth=(depths or axes.depth)[0],
                batch_size=(batch_sizes or axes.batch_size)[0],
                dataset_size=(dataset_sizes or axes.dataset_size)[0],
                method=(methods or axes.method)[0],
                rejected=rejected,
            )


def _leave_out_stepless(methods: tuple[str, ...]) -> tuple[str, ...]:
    """Return the methods that have steps of their own, without the null cases that only the others came with."""
    left_out = {method for method in methods if METHODS[split_null(method)[0]].no_step}
    kept_nulls = {name_null_case(method) for method in methods if method not in left_out and not split_null(method)[1]}
    idle_nulls = {name_null_case(method) for method in left_out} - kept_nulls
    return tuple(method for method in methods if method not in left_out | idle_nulls)


def _choose(values: tuple[_Value, ...], override: tuple[AxisValue | Rejected, ...] | None) -> tuple[_Value, ...]:
    """Return the profile's values of an axis, or the valid ones of the command line where it has any say."""
    if override is None:
        return values
    return tuple(value for value in override if not isinstance(value, Rejected))  # type: ignore[misc]


def _rank(case: CaseParams) -> int:
    """Return where a case belongs: what cannot be measured is told first, and nulls show whether to trust the rest."""
    if case.rejected is not None:
        return 0
    return 1 if case.null else 2


def _add_nulls(methods: tuple[str, ...]) -> tuple[str, ...]:
    """Return the null case of each control once, then the methods."""
    return tuple(dict.fromkeys([*map(name_null_case, methods), *methods]))
