"""Which ways of weighting samples are there? One file per family, listed here as data so that naming one costs nothing.

Every weighted arm minimises L = (1/B) sum_i w_i l_i over the B samples of a batch, Keras' `sum_over_batch_size`; its
control minimises (1/B) sum_i l_i on the same path, model, data and API. Modules whose name starts with an underscore
are what the families share.
"""

from __future__ import annotations

import dataclasses
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmarks.errors import CaseError

if TYPE_CHECKING:
    from benchmarks.protocols import Method


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MethodEntry:
    """What is known of a method before TensorFlow is imported.

    `control_path` says what the control runs: methods with the same path have the same null case. `location` is
    `module:attribute`. `weight_bytes_per_sample` is what the weights that the method is given take, by their dtype:
    float32, or nothing where there is one weight per class. `no_step` says why single steps are not measured, where
    they are not.
    """

    name: str
    control_path: str
    location: str
    weight_bytes_per_sample: int = 4
    no_step: str = ""


METHODS: Mapping[str, MethodEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            MethodEntry(
                name="fit_array",
                control_path="model.fit(x, y)",
                location="benchmarks.methods.fit_array:FIT_ARRAY",
            ),
            MethodEntry(
                name="fit_class_weight",
                control_path="model.fit(x, y)",
                location="benchmarks.methods.fit_class_weight:FIT_CLASS_WEIGHT",
                weight_bytes_per_sample=0,
                no_step="its steps are those of fit_array in Keras 3 and of fit_class_weight_dataset in Keras 2",
            ),
            MethodEntry(
                name="fit_dataset",
                control_path="model.fit(tf.data.Dataset of (x, y))",
                location="benchmarks.methods.fit_dataset:FIT_DATASET",
            ),
            MethodEntry(
                name="fit_class_weight_dataset",
                control_path="model.fit(tf.data.Dataset of (x, y))",
                location="benchmarks.methods.fit_class_weight_dataset:FIT_CLASS_WEIGHT_DATASET",
                weight_bytes_per_sample=0,
            ),
            MethodEntry(
                name="fit_packed",
                control_path="model.fit(tf.data.Dataset of (x, y)) with an overridden compute_loss",
                location="benchmarks.methods.fit_packed:FIT_PACKED",
            ),
            MethodEntry(
                name="loop_eager",
                control_path="a GradientTape loop over (x, y), eager",
                location="benchmarks.methods.loops:LOOP_EAGER",
            ),
            MethodEntry(
                name="loop_graph",
                control_path="a GradientTape loop over (x, y), its step a tf.function",
                location="benchmarks.methods.loops:LOOP_GRAPH",
            ),
            MethodEntry(
                name="loop_jit",
                control_path="a GradientTape loop over (x, y), its step a tf.function compiled by XLA",
                location="benchmarks.methods.loops:LOOP_JIT",
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
