"""Which ways of weighting samples are there? One file per family, listed here as data so that naming one costs nothing.

The weighted arm of a static method minimises L = (1/B) sum_i w_i l_i over the B samples of a batch, Keras'
`sum_over_batch_size`; its control minimises (1/B) sum_i l_i on the same path, model, data and API. Where replicas share
a batch, it is the global one. What other methods minimise, and against which control, is said in their files and in
docs/schemes.md. Modules whose name starts with an underscore are what the families share.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmarks.errors import CaseError
from benchmarks.methods._computed_entries import COMPUTED_ENTRIES
from benchmarks.methods._entry import BETWEEN_STEPS as _BETWEEN_STEPS
from benchmarks.methods._entry import EVALUATION as _EVALUATION
from benchmarks.methods._entry import OWN_LOOP as _OWN_LOOP
from benchmarks.methods._entry import STEP as _STEP
from benchmarks.methods._entry import EntryPoint as EntryPoint
from benchmarks.methods._entry import Kind as Kind
from benchmarks.methods._entry import MethodEntry as MethodEntry
from benchmarks.methods._entry import Replicas as Replicas
from benchmarks.methods._replicated_entries import REPLICATED_ENTRIES

if TYPE_CHECKING:
    from benchmarks.proofs import Proof
    from benchmarks.protocols import Method

_NO_CLASS_WEIGHTS = {_EVALUATION: "evaluate takes no class weights"}

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
            *COMPUTED_ENTRIES,
            *REPLICATED_ENTRIES,
        )
    }
)
"""Every method by name, in the order in which sweeps show them."""

STATIC_METHODS: tuple[str, ...] = tuple(name for name, entry in METHODS.items() if entry.kind is Kind.STATIC)
"""Those whose weights are known before training: what people mean by sample weights, and what the gate is about."""

SWEPT_METHODS: tuple[str, ...] = tuple(name for name, entry in METHODS.items() if not entry.unswept)
"""Those that a sweep of all methods asks."""


def load_method(name: str) -> Method:
    """Return the method of this name; imports TensorFlow.

    Raises:
        CaseError: when no method has this name.
    """
    found = pkgutil.resolve_name(_find_entry(name).location)
    method: Method = found[name] if isinstance(found, Mapping) else found
    return method


def load_proof(name: str) -> Proof:
    """Return what proves the method of this name; imports TensorFlow.

    Raises:
        CaseError: when no method has this name.
    """
    proof: Proof = pkgutil.resolve_name(_find_entry(name).proof)
    return proof


def _find_entry(name: str) -> MethodEntry:
    """Return the row of a method.

    Raises:
        CaseError: when no method has this name.
    """
    entry = METHODS.get(name)
    if entry is None:
        raise CaseError(
            f"method: expected one of {', '.join(METHODS)}, got {name!r}; choose one of them, "
            "or register yours in benchmarks/methods/__init__.py"
        )
    return entry
