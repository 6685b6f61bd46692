"""What can be trained? One file per model family, listed here as data so that naming one costs no TensorFlow."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmarks.errors import CaseError

if TYPE_CHECKING:
    from benchmarks.protocols import Workload


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadEntry:
    """What is known of a workload before TensorFlow is imported; `location` is `module:attribute`."""

    name: str
    summary: str
    location: str


WORKLOADS: Mapping[str, WorkloadEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            WorkloadEntry(
                name="mlp",
                summary="dense layers of 64 units on 32 features, trained with Adam",
                location="benchmarks.workloads.mlp:MLP",
            ),
            WorkloadEntry(
                name="mlp_sgd",
                summary="as mlp, trained with SGD: the least work beside the loss",
                location="benchmarks.workloads.mlp:MLP_SGD",
            ),
            WorkloadEntry(
                name="cnn",
                summary="convolutions of 8 channels on 12 x 12 images, trained with Adam",
                location="benchmarks.workloads.cnn:CNN",
            ),
            WorkloadEntry(
                name="cnn_sgd",
                summary="as cnn, trained with SGD",
                location="benchmarks.workloads.cnn:CNN_SGD",
            ),
        )
    }
)
"""Every workload by name, in the order in which sweeps show them."""


def load_workload(name: str) -> Workload:
    """Return the workload of this name; imports TensorFlow.

    Raises:
        CaseError: when no workload has this name.
    """
    entry = WORKLOADS.get(name)
    if entry is None:
        raise CaseError(
            f"workload: expected one of {', '.join(WORKLOADS)}, got {name!r}; choose one of them, "
            "or register yours in benchmarks/workloads/__init__.py"
        )
    module, _, attribute = entry.location.partition(":")
    workload: Workload = getattr(importlib.import_module(module), attribute)
    return workload
