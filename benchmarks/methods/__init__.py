"""Which ways of weighting samples are there? One file per family, listed here as data so that naming one costs nothing.

Every weighted arm minimises L = (1/B) sum_i w_i l_i over the B samples of a batch, Keras' `sum_over_batch_size`; its
control minimises (1/B) sum_i l_i on the same path, model, data and API. Modules whose name starts with an underscore
are what the families share.
"""

from __future__ import annotations

import dataclasses
import pkgutil
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmarks.errors import CaseError

if TYPE_CHECKING:
    from benchmarks.protocols import Method


class EntryPoint(str, Enum):
    """What people call to train, and what kind of data they hand to it.

    Methods of one entry point differ in the weights that they hand over, such as one a sample or one a class, or in how
    the model is compiled.
    """

    FIT_ARRAYS = "fit on arrays"
    FIT_VALIDATION = "fit with validation data"
    FIT_OBJECTS = "fit on an object that makes batches"
    FIT_DATASET = "fit on a dataset"
    FIT_CUSTOM = "fit with a step or loss of one's own"
    TRAIN_ON_BATCH = "train_on_batch"
    OWN_LOOP = "a loop of one's own"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MethodEntry:
    """What is known of a method before TensorFlow is imported.

    `entry_point` says what people call. `control_path` says what the control runs: methods with the same path have the
    same null case. `location` is `module:attribute`. `weight_bytes_per_sample` is what the weights that the method is
    given take, by their dtype: float32, or nothing where there is one weight per class. `without` says, by question,
    why it is not asked, where it is not. `steps_of` names the method whose steps its own are, graph and all, where what
    is its own lies between them. `by_class` says that a class has one weight, so that each sample has to have one
    label.
    """

    name: str
    entry_point: EntryPoint
    control_path: str
    location: str
    weight_bytes_per_sample: int = 4
    without: Mapping[str, str] = dataclasses.field(default_factory=dict)
    steps_of: str | None = None
    by_class: bool = False

    @property
    def has_own_steps(self) -> bool:
        """Whether its steps are those of no other method."""
        return self.steps_of is None and _STEP not in self.without


_STEP, _EVALUATION = "step_time", "evaluation_time"

_BETWEEN_STEPS = {_STEP: "its steps are those of fit_dataset, and what is its own lies between them"}
_NO_CLASS_WEIGHTS = {_EVALUATION: "evaluate takes no class weights"}
_OWN_LOOP = {_EVALUATION: "a loop evaluates as its author writes it"}

METHODS: Mapping[str, MethodEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            MethodEntry(
                name="fit_array",
                entry_point=EntryPoint.FIT_ARRAYS,
                control_path="model.fit(x, y)",
                location="benchmarks.methods.fit_arrays:FIT_ARRAY",
                steps_of="fit_dataset",
            ),
            MethodEntry(
                name="fit_array_float64",
                entry_point=EntryPoint.FIT_ARRAYS,
                control_path="model.fit(x, y)",
                location="benchmarks.methods.fit_arrays:FIT_ARRAY_FLOAT64",
                weight_bytes_per_sample=8,
                without=_BETWEEN_STEPS,
                steps_of="fit_dataset",
            ),
            MethodEntry(
                name="fit_class_weight",
                entry_point=EntryPoint.FIT_ARRAYS,
                control_path="model.fit(x, y)",
                location="benchmarks.methods.fit_arrays:FIT_CLASS_WEIGHT",
                weight_bytes_per_sample=0,
                without={
                    _STEP: "its steps are those of fit_array in Keras 3 and of fit_class_weight_dataset in Keras 2",
                    **_NO_CLASS_WEIGHTS,
                },
                by_class=True,
            ),
            MethodEntry(
                name="fit_tensor",
                entry_point=EntryPoint.FIT_ARRAYS,
                control_path="model.fit(tf.Tensor x, y)",
                location="benchmarks.methods.fit_arrays:FIT_TENSOR",
                without=_BETWEEN_STEPS,
                steps_of="fit_dataset",
            ),
            MethodEntry(
                name="fit_validation",
                entry_point=EntryPoint.FIT_VALIDATION,
                control_path="model.fit(x, y, validation_data=(x, y))",
                location="benchmarks.methods.fit_arrays:FIT_VALIDATION",
                without={**_BETWEEN_STEPS, _EVALUATION: "it is that of fit_array"},
                steps_of="fit_dataset",
            ),
            MethodEntry(
                name="fit_sequence",
                entry_point=EntryPoint.FIT_OBJECTS,
                control_path="model.fit(PyDataset of (x, y))",
                location="benchmarks.methods.fit_arrays:FIT_SEQUENCE",
                without=_BETWEEN_STEPS,
                steps_of="fit_dataset",
            ),
            MethodEntry(
                name="fit_generator",
                entry_point=EntryPoint.FIT_OBJECTS,
                control_path="model.fit(generator of (x, y))",
                location="benchmarks.methods.fit_arrays:FIT_GENERATOR",
                without=_BETWEEN_STEPS,
                steps_of="fit_dataset",
            ),
            MethodEntry(
                name="fit_dataset",
                entry_point=EntryPoint.FIT_DATASET,
                control_path="model.fit(tf.data.Dataset of (x, y))",
                location="benchmarks.methods.fit_datasets:FIT_DATASET",
            ),
            MethodEntry(
                name="fit_dataset_float64",
                entry_point=EntryPoint.FIT_DATASET,
                control_path="model.fit(tf.data.Dataset of (x, y))",
                location="benchmarks.methods.fit_datasets:FIT_DATASET_FLOAT64",
                weight_bytes_per_sample=8,
            ),
            MethodEntry(
                name="fit_dataset_column",
                entry_point=EntryPoint.FIT_DATASET,
                control_path="model.fit(tf.data.Dataset of (x, y))",
                location="benchmarks.methods.fit_datasets:FIT_DATASET_COLUMN",
            ),
            MethodEntry(
                name="fit_class_weight_dataset",
                entry_point=EntryPoint.FIT_DATASET,
                control_path="model.fit(tf.data.Dataset of (x, y))",
                location="benchmarks.methods.fit_datasets:FIT_CLASS_WEIGHT_DATASET",
                weight_bytes_per_sample=0,
                without=_NO_CLASS_WEIGHTS,
                by_class=True,
            ),
            MethodEntry(
                name="fit_jit",
                entry_point=EntryPoint.FIT_DATASET,
                control_path="model.fit(tf.data.Dataset of (x, y)), compiled with jit_compile=True",
                location="benchmarks.methods.fit_datasets:FIT_JIT",
            ),
            MethodEntry(
                name="fit_no_jit",
                entry_point=EntryPoint.FIT_DATASET,
                control_path="model.fit(tf.data.Dataset of (x, y)), compiled with jit_compile=False",
                location="benchmarks.methods.fit_datasets:FIT_NO_JIT",
            ),
            MethodEntry(
                name="fit_steps_per_execution",
                entry_point=EntryPoint.FIT_DATASET,
                control_path="model.fit(tf.data.Dataset of (x, y)), compiled with steps_per_execution=8",
                location="benchmarks.methods.fit_datasets:FIT_STEPS_PER_EXECUTION",
            ),
            MethodEntry(
                name="fit_weighted_metrics",
                entry_point=EntryPoint.FIT_DATASET,
                control_path="model.fit(tf.data.Dataset of (x, y)), compiled with weighted_metrics",
                location="benchmarks.methods.fit_datasets:FIT_WEIGHTED_METRICS",
            ),
            MethodEntry(
                name="fit_train_step",
                entry_point=EntryPoint.FIT_CUSTOM,
                control_path="model.fit(tf.data.Dataset of (x, y)) with an overridden train_step",
                location="benchmarks.methods.fit_custom:FIT_TRAIN_STEP",
                without={_EVALUATION: "it is that of fit_dataset"},
            ),
            MethodEntry(
                name="fit_add_loss",
                entry_point=EntryPoint.FIT_CUSTOM,
                control_path="model.fit(tf.data.Dataset of (x, y)) with labels as input and a layer that adds the loss",
                location="benchmarks.methods.fit_custom:FIT_ADD_LOSS",
            ),
            MethodEntry(
                name="fit_packed",
                entry_point=EntryPoint.FIT_CUSTOM,
                control_path="model.fit(tf.data.Dataset of (x, y)) with an overridden compute_loss",
                location="benchmarks.methods.fit_custom:FIT_PACKED",
            ),
            MethodEntry(
                name="loop_train_on_batch",
                entry_point=EntryPoint.TRAIN_ON_BATCH,
                control_path="a loop over model.train_on_batch(x, y)",
                location="benchmarks.methods.train_on_batch:LOOP_TRAIN_ON_BATCH",
            ),
            MethodEntry(
                name="loop_train_on_batch_class_weight",
                entry_point=EntryPoint.TRAIN_ON_BATCH,
                control_path="a loop over model.train_on_batch(x, y)",
                location="benchmarks.methods.train_on_batch:LOOP_TRAIN_ON_BATCH_CLASS_WEIGHT",
                weight_bytes_per_sample=0,
                without=_NO_CLASS_WEIGHTS,
                by_class=True,
            ),
            MethodEntry(
                name="loop_eager",
                entry_point=EntryPoint.OWN_LOOP,
                control_path="a GradientTape loop over (x, y), eager",
                location="benchmarks.methods.loops:LOOP_EAGER",
                without=_OWN_LOOP,
            ),
            MethodEntry(
                name="loop_graph",
                entry_point=EntryPoint.OWN_LOOP,
                control_path="a GradientTape loop over (x, y), its step a tf.function",
                location="benchmarks.methods.loops:LOOP_GRAPH",
                without=_OWN_LOOP,
            ),
            MethodEntry(
                name="loop_jit",
                entry_point=EntryPoint.OWN_LOOP,
                control_path="a GradientTape loop over (x, y), its step a tf.function compiled by XLA",
                location="benchmarks.methods.loops:LOOP_JIT",
                without=_OWN_LOOP,
            ),
        )
    }
)
"""Every method by name, in the order in which sweeps show them."""


def load_method(name: str) -> Method:
    """Return the method of this name; imports TensorFlow.

    Raises:
        CaseError: when no method has this name.
    """
    entry = METHODS.get(name)
    if entry is None:
        raise CaseError(
            f"method: expected one of {', '.join(METHODS)}, got {name!r}; choose one of them, "
            "or register yours in benchmarks/methods/__init__.py"
        )
    method: Method = pkgutil.resolve_name(entry.location)
    return method
