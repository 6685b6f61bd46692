"""Which bytes and counts are read of an arm, and how is each judged? One line per quantity.

Times are not among them: they are compared slice by slice (`blocks`). Leaves out: how a quantity is read (probes) and
the rules themselves (verdicts).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from benchmarks.questions import Question


class Rule(str, Enum):
    """How a quantity is judged.

    EXACT: what the weighted arm has more than its control must not rise at all. NONE: the weighted arm must have none,
    whatever was stored. BYTES: that difference must not rise beyond a tolerance and a floor. LEAK: what the weighted
    arm retains more than its control must stay below a floor, whatever was stored.
    """

    EXACT = "exact"
    NONE = "none"
    BYTES = "bytes"
    LEAK = "leak"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One quantity that is read of an arm; `title` is what a person reads, without its unit where that is bytes."""

    name: str
    question: Question
    rule: Rule
    title: str

    @property
    def in_bytes(self) -> bool:
        """Whether it is a number of bytes; otherwise it is a count."""
        return self.rule in {Rule.BYTES, Rule.LEAK}

    @property
    def is_compared(self) -> bool:
        """Whether it is held against what was stored; otherwise there is something that it must never be."""
        return self.rule in {Rule.EXACT, Rule.BYTES}


QUANTITIES: Mapping[str, Quantity] = MappingProxyType(
    {
        quantity.name: quantity
        for quantity in (
            Quantity(
                name="pass_peak_tensor_bytes",
                question=Question.PEAK_MEMORY,
                rule=Rule.BYTES,
                title="peak tensor bytes of a pass",
            ),
            Quantity(
                name="pass_peak_resident_bytes",
                question=Question.PEAK_MEMORY,
                rule=Rule.BYTES,
                title="peak resident bytes of a pass",
            ),
            Quantity(
                name="step_peak_tensor_bytes",
                question=Question.PEAK_MEMORY,
                rule=Rule.BYTES,
                title="peak tensor bytes of a step",
            ),
            Quantity(
                name="step_peak_resident_bytes",
                question=Question.PEAK_MEMORY,
                rule=Rule.BYTES,
                title="peak resident bytes of a step",
            ),
            Quantity(
                name="retained_bytes_per_epoch",
                question=Question.RETAINED_MEMORY,
                rule=Rule.LEAK,
                title="resident bytes retained per epoch",
            ),
            Quantity(
                name="first_pass_traces",
                question=Question.TRAINING_GRAPH,
                rule=Rule.EXACT,
                title="traces in the first pass",
            ),
            Quantity(
                name="steady_traces",
                question=Question.TRAINING_GRAPH,
                rule=Rule.NONE,
                title="traces after warm-up",
            ),
            Quantity(
                name="graph_nodes",
                question=Question.TRAINING_GRAPH,
                rule=Rule.EXACT,
                title="graph nodes of the step",
            ),
            Quantity(
                name="optimised_graph_nodes",
                question=Question.TRAINING_GRAPH,
                rule=Rule.EXACT,
                title="graph nodes of the step after optimisation",
            ),
        )
    }
)
"""Every quantity by name, in the order in which reports show them."""


def name_reading(quantity: str, device: str | None = None) -> str:
    """Return the key of a reading: the quantity, with the device it was read on where there can be several.

    Args:
        quantity: a name in QUANTITIES.
        device: such as `GPU:0`; None for what belongs to the process.
    """
    return quantity if device is None else f"{quantity}[{device}]"


def find_quantity(key: str) -> Quantity:
    """Return the quantity behind the key of a reading."""
    return QUANTITIES[key.partition("[")[0]]


def title_reading(key: str) -> str:
    """Return what a person reads for the key of a reading; the device is named where it is not the first CPU."""
    name, _, device = key.rstrip("]").partition("[")
    title = QUANTITIES[name].title
    return title if device in {"", "CPU:0"} else f"{title} on {device}"
