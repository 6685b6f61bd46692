"""How is each question measured inside a block? One file per question; its row in `benchmarks.questions` names it.

A probe opens arms that are timed slice by slice, a gauge reads the bytes or counts of one arm alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from benchmarks.errors import CaseError
from benchmarks.records import Question

if TYPE_CHECKING:
    from benchmarks.protocols import Gauge, Probe


def load_probe(question: str) -> Probe:
    """Return the probe that measures this timed question.

    Args:
        question: a `Question`, or its value.

    Raises:
        CaseError: when no probe measures it.
    """
    probe: Probe = _load(question, timed=True)
    return probe


def load_gauge(question: str) -> Gauge:
    """Return the gauge that reads the bytes or counts of this question; imports TensorFlow.

    Args:
        question: a `Question`, or its value.

    Raises:
        CaseError: when no gauge reads them.
    """
    gauge: Gauge = _load(question, timed=False)
    return gauge


def _load(question: str, *, timed: bool) -> Any:
    """Return what the row of this question names, where it is of this kind."""
    known = {each.value: each for each in Question if each.is_timed is timed}
    if question not in known:
        raise CaseError(
            f"question: expected one of {', '.join(known)}, got {str(question)!r}; choose one of them, "
            "or add yours to benchmarks/questions.py"
        )
    module, _, attribute = known[question].row.location.partition(":")
    return getattr(importlib.import_module(module), attribute)
