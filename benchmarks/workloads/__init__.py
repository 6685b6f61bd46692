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
    location: str


WORKLOADS: Mapping[str, WorkloadEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            WorkloadEntry(
                name="mlp",
                location="benchmarks.workloads.mlp:MLP",
            ),
            WorkloadEntry(
                name="mlp_sgd",
                location="benchmarks.workloads.mlp:MLP_SGD",
            ),
            WorkloadEntry(
                name="cnn",
                location="benchmarks.workloads.cnn:CNN",
            ),
            WorkloadEntry(
                name="cnn_sgd",
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
