"""Which bytes and counts are read of an arm, and how is each called, written and judged? One row per quantity.

A row is all there is to say of a quantity: gauges, rules and reports go by it and by nothing else, least of all by how
its name is spelt. Times are not among them: they are compared slice by slice (`blocks`). Leaves out: how a quantity is
read (`benchmarks.probes`) and the rules themselves (`benchmarks.gate`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from functools import partial
from types import MappingProxyType

from benchmarks.questions import Question
from benchmarks.units import format_extra_bytes


class Stretch(str, Enum):
    """Over which stretch of training an arm is read: a whole pass, or several, or a single step of a warm arm."""

    PASS = "pass"  # noqa: S105 - a pass over the data
    STEP = "step"


class Unit(str, Enum):
    """What the number counts."""

    BYTES = "bytes"
    NS = "ns"
    COUNT = "count"


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
    """One quantity that is read of an arm.

    `name` is what it is called in stored runs and by the gauge of its `question`, which reads it over `stretch`.
    `title` is what a person reads, without its unit where that is bytes, and `short` the same in a word or two, for a
    line or a column. `is_brief` says whether it is among what is told of a case in one line.
    """

    name: str
    question: Question
    stretch: Stretch = Stretch.PASS
    unit: Unit
    rule: Rule
    title: str
    short: str
    is_brief: bool = True

    @property
    def in_bytes(self) -> bool:
        """Whether it is a number of bytes; otherwise it is a count."""
        return self.unit is Unit.BYTES

    @property
    def is_compared(self) -> bool:
        """Whether it is held against what was stored; otherwise there is something that it must never be."""
        return self.rule in {Rule.EXACT, Rule.BYTES}

    def describe_extra(self, extra: float) -> str:
        """Return in a few words what the weighted arm has more: `tensors +391 KiB`, `+7 nodes`."""
        return f"{self.short} {format_extra_bytes(extra)}" if self.in_bytes else f"{extra:+.0f} {self.short}"


_ROWS: dict[str, Quantity] = {}


def _add(row: Quantity) -> Quantity:
    """Put a row where it is found by name."""
    _ROWS[row.name] = row
    return row


_peak = partial(Quantity, question=Question.PEAK_MEMORY, unit=Unit.BYTES, rule=Rule.BYTES)
_count = partial(Quantity, question=Question.TRAINING_GRAPH, unit=Unit.COUNT)
_exact_count = partial(_count, rule=Rule.EXACT, is_brief=False)

PASS_PEAK_TENSORS = _add(_peak(name="pass_peak_tensor_bytes", title="peak tensor bytes of a pass", short="tensors"))
PASS_PEAK_RESIDENT = _add(
    _peak(name="pass_peak_resident_bytes", title="peak resident bytes of a pass", short="resident")
)
STEP_PEAK_TENSORS = _add(
    _peak(
        name="step_peak_tensor_bytes",
        stretch=Stretch.STEP,
        title="peak tensor bytes of a step",
        short="tensors of a step",
        is_brief=False,
    )
)
STEP_PEAK_RESIDENT = _add(
    _peak(
        name="step_peak_resident_bytes",
        stretch=Stretch.STEP,
        title="peak resident bytes of a step",
        short="resident of a step",
        is_brief=False,
    )
)
RETAINED = _add(
    Quantity(
        name="retained_bytes_per_epoch",
        question=Question.RETAINED_MEMORY,
        unit=Unit.BYTES,
        rule=Rule.LEAK,
        title="resident bytes retained per epoch",
        short="retained per epoch",
    )
)
FIRST_PASS_TRACES = _add(_exact_count(name="first_pass_traces", title="traces in the first pass", short="first traces"))
STEADY_TRACES = _add(
    _count(name="steady_traces", rule=Rule.NONE, title="traces after warm-up", short="traces after warm-up")
)
BATCH_SIZE_TRACES = _add(
    _exact_count(name="batch_size_traces", title="traces with another batch size", short="resized traces")
)
PARTIAL_BATCH_TRACES = _add(
    _exact_count(name="partial_batch_traces", title="traces with a smaller last batch", short="partial traces")
)
COMPILATIONS = _add(
    _exact_count(name="compilations", title="XLA compilations in all passes alike", short="compilations")
)
BATCH_SIZE_COMPILATIONS = _add(
    _exact_count(
        name="batch_size_compilations", title="XLA compilations with another batch size", short="resized compilations"
    )
)
PARTIAL_BATCH_COMPILATIONS = _add(
    _exact_count(
        name="partial_batch_compilations",
        title="XLA compilations with a smaller last batch",
        short="partial compilations",
    )
)
GRAPH_NODES = _add(_count(name="graph_nodes", rule=Rule.EXACT, title="graph nodes of the step", short="nodes"))
OPTIMISED_NODES = _add(
    _exact_count(
        name="optimised_graph_nodes",
        title="graph nodes of the step after optimisation",
        short="nodes after optimisation",
    )
)

QUANTITIES: Mapping[str, Quantity] = MappingProxyType(_ROWS)
"""Every quantity by name, in the order in which reports show them."""


def name_reading(quantity: str, device: str | None = None) -> str:
    """Return the key of a reading: a quantity's name, with the device where there can be several, such as `GPU:0`."""
    return quantity if device is None else f"{quantity}[{device}]"


def list_quantities(question: Question) -> tuple[Quantity, ...]:
    """Return what is read to answer a question, in the order in which reports show it; nothing where it is timed."""
    return tuple(quantity for quantity in QUANTITIES.values() if quantity.question is question)


def find_quantity(key: str) -> Quantity:
    """Return the quantity behind the key of a reading."""
    return QUANTITIES[key.partition("[")[0]]


def title_reading(key: str) -> str:
    """Return what a person reads for the key of a reading; the device is named where it is not the first CPU."""
    name, _, device = key.rstrip("]").partition("[")
    title = QUANTITIES[name].title
    return title if device in {"", "CPU:0"} else f"{title} on {device}"
