"""What can be trained? One file per model family, listed here as data so that naming one costs no TensorFlow."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmarks.errors import CaseError

if TYPE_CHECKING:
    from benchmarks.protocols import Workload


WORKLOADS: Mapping[str, str] = MappingProxyType(
    {
        "mlp": "benchmarks.workloads.mlp:MLP",
        "mlp_sgd": "benchmarks.workloads.mlp:MLP_SGD",
        "cnn": "benchmarks.workloads.cnn:CNN",
        "cnn_sgd": "benchmarks.workloads.cnn:CNN_SGD",
    }
)
"""Where every workload is, as `module:attribute` by its name, in the order in which sweeps show them."""


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
    workload: Workload = pkgutil.resolve_name(WORKLOADS[name])
    return workload
