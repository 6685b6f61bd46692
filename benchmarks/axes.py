"""What are the axes of a sweep, and how are their values read? Text from the command line becomes values or refusals.

Leaves out: which values a sweep has (`benchmarks.sweeps`).
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from decimal import Decimal

from benchmarks.errors import AxisError
from benchmarks.methods import METHODS
from benchmarks.workloads import WORKLOADS

METHOD_NAMES = tuple(METHODS)
WORKLOAD_NAMES = tuple(WORKLOADS)

AxisValue = str | int

AXIS_NAMES = ("workload", "depth", "batch_size", "dataset_size", "method")

NULL_SUFFIX = "-null"
"""Marks a value of the method axis whose control is measured against itself."""

_LARGEST_COUNT = 10**9
"""Above any model, batch or dataset that fits a machine; a larger number is a slip of the keyboard."""

_WHOLE_NUMBER = re.compile(r"\d+(?:_\d+)*|\d+(?:\.\d+)?[eE]\+?\d{1,2}", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A text on the command line that is no value of its axis, and why; it fails one case of its own."""

    axis: str
    text: str
    reason: str


def parse_axis(axis: str, text: str) -> tuple[AxisValue | Rejected, ...]:
    """Read a comma-separated list of values of one axis, in the order given and each once.

    A method also brings the null case of its control; `loop_graph-null` is the null case alone.

    Args:
        axis: one of AXIS_NAMES.
        text: what the command line says: `32,256`, `1e5,100_000`, `fit_array,loop_graph`.

    Raises:
        AxisError: when the axis is unknown or the list is empty. A value that makes no sense does not raise: it is
            returned as `Rejected`, so that the others can still run.
    """
    if axis not in AXIS_NAMES:
        raise AxisError(f"expected an axis among {', '.join(AXIS_NAMES)}, got {axis!r}; choose one of them")
    items = [item for part in text.split(",") if (item := part.strip())]
    if not items:
        example = "fit_array,loop_graph" if axis == "method" else "mlp,cnn" if axis == "workload" else "2,8"
        raise AxisError(f"{_option(axis)}: expected at least one value, got {text!r}; write for example {example}")
    read = {"method": _read_method, "workload": _read_workload}.get(axis)
    values = ((read(item) if read else (_read_count(axis, item),)) for item in items)
    return tuple(dict.fromkeys(itertools.chain.from_iterable(values)))


def split_null(method: str) -> tuple[str, bool]:
    """Return the name in a value of the method axis, and whether the value means the null case."""
    name = method.removesuffix(NULL_SUFFIX)
    return name, name != method


def name_null_method(method: str) -> str:
    """Return the method whose null case shows whether results of `method` can be trusted: the first with its control.

    Args:
        method: a registered method; any other name is returned as it is.
    """
    entry = METHODS.get(method)
    if entry is None:
        return method
    return next(name for name, other in METHODS.items() if other.control_path == entry.control_path)


def name_null_case(method: str) -> str:
    """Return the null case of a method's control, as a value of the method axis."""
    return name_null_method(method) + NULL_SUFFIX


def _read_method(text: str) -> tuple[AxisValue | Rejected, ...]:
    """Read one value of the method axis."""
    name, null = split_null(text)
    if name not in METHOD_NAMES:
        known = ", ".join(METHOD_NAMES)
        return (_reject("method", text, f"one of {known}, or one of them with {NULL_SUFFIX}", "choose one of them"),)
    if not null:
        return (name_null_case(name), name)
    if name_null_method(name) != name:
        reason = "a method with a control of its own"
        return (_reject("method", text, reason, f"write {name_null_case(name)}, which is this method's control too"),)
    return (text,)


def _read_workload(text: str) -> tuple[AxisValue | Rejected, ...]:
    """Read one value of the workload axis."""
    if text in WORKLOAD_NAMES:
        return (text,)
    return (_reject("workload", text, f"one of {', '.join(WORKLOAD_NAMES)}", "choose one of them"),)


def _read_count(axis: str, text: str) -> AxisValue | Rejected:
    """Read one value of an axis that counts: `100000`, `100_000` and `1e5` are the same."""
    if _WHOLE_NUMBER.fullmatch(text):
        number = Decimal(text.replace("_", ""))
        if number == number.to_integral_value() and 1 <= number <= _LARGEST_COUNT:
            return int(number)
    example = "1e5" if axis == "dataset_size" else "2" if axis == "depth" else "32"
    return _reject(
        axis, text, f"a whole number from 1 to {_LARGEST_COUNT:,}", f"write for example {_option(axis)} {example}"
    )


def _reject(axis: str, text: str, expected: str, remedy: str) -> Rejected:
    """Return a rejected value with its reason on one line."""
    return Rejected(axis=axis, text=text, reason=f"{_option(axis)}: expected {expected}, got {text!r}; {remedy}")


def _option(axis: str) -> str:
    """Return the command line option of an axis."""
    return f"--{axis.replace('_', '-')}"
