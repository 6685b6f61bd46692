"""How is each question measured inside a block? One file per quantity, listed here as data."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmarks.errors import CaseError
from benchmarks.records import Question

if TYPE_CHECKING:
    from benchmarks.protocols import Probe

PROBES: Mapping[str, str] = MappingProxyType(
    {
        Question.STEP_TIME.value: "benchmarks.probes.step_time:STEP_TIME",
        Question.EPOCH_TIME.value: "benchmarks.probes.epoch_time:EPOCH_TIME",
        Question.STARTUP_TIME.value: "benchmarks.probes.startup_time:STARTUP_TIME",
    }
)
"""The probe of each question, as `module:attribute`."""

CHECKS: Mapping[str, str] = MappingProxyType(
    {"weighted_gradient": "benchmarks.probes.weighted_gradient:check_weighted_gradient"}
)
"""What is proven of a method before it is timed, as `module:attribute`; each returns nothing or raises CaseError."""


def load_probe(question: str) -> Probe:
    """Return the probe that measures this question.

    Args:
        question: a `Question`, or its value.

    Raises:
        CaseError: when no probe measures it.
    """
    location = PROBES.get(question)
    if location is None:
        raise CaseError(
            f"question: expected one of {', '.join(PROBES)}, got {str(question)!r}; choose one of them, "
            "or register your probe in benchmarks/probes/__init__.py"
        )
    module, _, attribute = location.partition(":")
    probe: Probe = getattr(importlib.import_module(module), attribute)
    return probe
