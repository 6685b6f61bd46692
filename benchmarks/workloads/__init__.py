"""What can be trained? One file per model family, listed here as data so that naming one costs no TensorFlow."""

from __future__ import annotations

import dataclasses
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmarks.errors import CaseError

if TYPE_CHECKING:
    from benchmarks.protocols import Workload


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadEntry:
    """What is known of a workload before TensorFlow is imported.

    `location` is `module:attribute`. `without_class_weights` says why a sample cannot have its weight by its class;
    empty where it can. `weights_per_sample` counts them: one for each label that a sample has.
    """

    name: str
    location: str
    weights_per_sample: int = 1
    without_class_weights: str = ""


WORKLOADS: Mapping[str, WorkloadEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            WorkloadEntry(name="mlp", location="benchmarks.workloads.mlp:MLP"),
            WorkloadEntry(name="mlp_sgd", location="benchmarks.workloads.mlp:MLP_SGD"),
            WorkloadEntry(name="mlp_momentum", location="benchmarks.workloads.mlp:MLP_MOMENTUM"),
            WorkloadEntry(name="mlp_adamw", location="benchmarks.workloads.mlp:MLP_ADAMW"),
            WorkloadEntry(name="mlp_adagrad", location="benchmarks.workloads.mlp:MLP_ADAGRAD"),
            WorkloadEntry(name="mlp_rmsprop", location="benchmarks.workloads.mlp:MLP_RMSPROP"),
            WorkloadEntry(name="mlp_bfloat16", location="benchmarks.workloads.mlp:MLP_BFLOAT16"),
            WorkloadEntry(name="mlp_batchnorm", location="benchmarks.workloads.mlp:MLP_BATCHNORM"),
            WorkloadEntry(
                name="mlp_two_outputs",
                location="benchmarks.workloads.mlp:MLP_TWO_OUTPUTS",
                weights_per_sample=2,
                without_class_weights="a sample has two labels, and Keras takes class weights for a single output",
            ),
            WorkloadEntry(name="cnn", location="benchmarks.workloads.cnn:CNN"),
            WorkloadEntry(name="cnn_sgd", location="benchmarks.workloads.cnn:CNN_SGD"),
            WorkloadEntry(name="cnn32", location="benchmarks.workloads.cnn:CNN32"),
            WorkloadEntry(name="cnn128", location="benchmarks.workloads.cnn:CNN128"),
            WorkloadEntry(name="gru", location="benchmarks.workloads.sequences:GRU"),
            WorkloadEntry(
                name="gru_steps",
                location="benchmarks.workloads.sequences:GRU_STEPS",
                weights_per_sample=16,
                without_class_weights="a class has one weight, and a sample has a label for each of its time steps",
            ),
            WorkloadEntry(name="transformer", location="benchmarks.workloads.sequences:TRANSFORMER"),
            WorkloadEntry(name="tabular", location="benchmarks.workloads.tabular:TABULAR"),
        )
    }
)
"""Every workload by name, in the order in which sweeps show them."""


def load_workload(name: str) -> Workload:
    """Return the workload of this name; imports TensorFlow.

    Raises:
        CaseError: when no workload has this name.
    """
    if name not in WORKLOADS:
        raise CaseError(
            f"workload: expected one of {', '.join(WORKLOADS)}, got {name!r}; choose one of them, "
            "or register yours in benchmarks/workloads/__init__.py"
        )
    workload: Workload = pkgutil.resolve_name(WORKLOADS[name].location)
    return workload
