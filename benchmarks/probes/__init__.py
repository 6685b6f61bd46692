"""How is each question measured inside a block? One file per quantity, listed here as data."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from benchmarks.errors import CaseError
from benchmarks.records import Question

if TYPE_CHECKING:
    from benchmarks.protocols import Gauge, Probe

PROBES: Mapping[str, str] = MappingProxyType(
    {
        Question.STEP_TIME.value: "benchmarks.probes.step_time:STEP_TIME",
        Question.EPOCH_TIME.value: "benchmarks.probes.epoch_time:EPOCH_TIME",
        Question.STARTUP_TIME.value: "benchmarks.probes.startup_time:STARTUP_TIME",
    }
)
"""The probe of each timed question, as `module:attribute`."""

GAUGES: Mapping[str, str] = MappingProxyType(
    {
        Question.PEAK_MEMORY.value: "benchmarks.probes.peak_memory:PEAK_MEMORY",
        Question.RETAINED_MEMORY.value: "benchmarks.probes.retained_memory:RETAINED_MEMORY",
        Question.TRAINING_GRAPH.value: "benchmarks.probes.training_graph:TRAINING_GRAPH",
    }
)
"""The gauge of each question that is answered by bytes or counts, as `module:attribute`."""

CHECKS: Mapping[str, str] = MappingProxyType(
    {"weighted_gradient": "benchmarks.probes.weighted_gradient:check_weighted_gradient"}
)
"""What is proven of a method before it is timed, as `module:attribute`; each returns nothing or raises CaseError."""


def load_probe(question: str) -> Probe:
    """Return the probe that measures this timed question.

    Args:
        question: a `Question`, or its value.

    Raises:
        CaseError: when no probe measures it.
    """
    probe: Probe = _load(PROBES, question, "probe")
    return probe


def load_gauge(question: str) -> Gauge:
    """Return the gauge that reads the bytes or counts of this question; imports TensorFlow.

    Args:
        question: a `Question`, or its value.

    Raises:
        CaseError: when no gauge reads them.
    """
    gauge: Gauge = _load(GAUGES, question, "gauge")
    return gauge


def _load(registry: Mapping[str, str], question: str, kind: str) -> Any:
    """Return what a registry has for this question."""
    location = registry.get(question)
    if location is None:
        raise CaseError(
            f"question: expected one of {', '.join(registry)}, got {str(question)!r}; choose one of them, "
            f"or register your {kind} in benchmarks/probes/__init__.py"
        )
    return _find(location)


def _find(location: str) -> Any:
    """Return what `module:attribute` names."""
    module, _, attribute = location.partition(":")
    return getattr(importlib.import_module(module), attribute)
