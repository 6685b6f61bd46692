"""How is a case asked for, and which null case vouches for it? Text from the command line becomes values or refusals.

Leaves out: what a case is (`benchmarks.records.cases`), and which values a sweep has (`benchmarks.sweeps`).
"""

from __future__ import annotations

import dataclasses
import re
from decimal import Decimal

from benchmarks.errors import AxisError
from benchmarks.methods import METHODS
from benchmarks.records import Case
from benchmarks.records.cases import NULL_SUFFIX
from benchmarks.workloads import WORKLOADS

AxisValue = str | int

AXIS_NAMES = ("workload", "depth", "batch_size", "dataset_size", "method")

_LARGEST_COUNT = 10**9
"""Above any model, batch or dataset that fits a machine; a larger number is a slip of the keyboard."""

_WHOLE_NUMBER = re.compile(r"\d+(?:_\d+)*|\d+(?:\.\d+)?[eE]\+?\d{1,2}", re.ASCII)

_UNSAFE_IN_AN_ID = re.compile(r"[^\w.+-]", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """What was asked for and is no case, and why; it fails a test of its own.

    `id` stands between the brackets of the test's id. `null` says whether it would have been a null case.
    """

    id: str
    reason: str
    null: bool = False


def null_case_of(case: Case) -> Case:
    """Return the null case that shows whether results of this one can be trusted: the one of its control.

    Methods with the same control share it, and it bears the name of the first of them; a null case is its own.
    """
    return dataclasses.replace(case, method=find_null_method(case.method), null=True)


def find_null_method(method: str) -> str:
    """Return the method in whose name the null case of this one's control is measured.

    Args:
        method: a registered method; any other name is returned as it is.
    """
    entry = METHODS.get(method)
    if entry is None:
        return method
    return next(name for name, other in METHODS.items() if other.control_path == entry.control_path)


def explain_left_out(question: str, method: str, workload: str) -> str:
    """Return why a method is not asked a question with a workload, which is no fault; empty where it is.

    Args:
        question: the value of a `Question`.
        method: a registered method.
        workload: a registered workload.
    """
    entry = METHODS[method]
    if question in entry.without:
        return entry.without[question]
    if workload in entry.without_workloads:
        return entry.without_workloads[workload]
    return WORKLOADS[workload].without_class_weights if entry.by_class else ""


def split_null(asked_method: str) -> tuple[str, bool]:
    """Return the name in a value of the method axis, and whether the value asks for the null case."""
    name = asked_method.removesuffix(NULL_SUFFIX)
    return name, name != asked_method


def parse_axis(axis: str, text: str) -> tuple[AxisValue | Rejected, ...]:
    """Read a comma-separated list of values of one axis, in the order given and each once.

    Args:
        axis: one of AXIS_NAMES.
        text: what the command line says: `32,256`, `1e5,100_000`, `fit_array,loop_graph`; `loop_graph-null` is the
            null case alone, which `loop_graph` brings along.

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
    return tuple(dict.fromkeys(read(item) if read else _read_count(axis, item) for item in items))


def _read_method(text: str) -> AxisValue | Rejected:
    """Read one value of the method axis."""
    name, null = split_null(text)
    if name not in METHODS:
        known = ", ".join(METHODS)
        return _reject("method", text, f"one of {known}, or one of them with {NULL_SUFFIX}", "choose one of them")
    null_method = find_null_method(name)
    if null and null_method != name:
        remedy = f"write {null_method}{NULL_SUFFIX}, which is this method's control too"
        return _reject("method", text, "a method with a control of its own", remedy)
    return text


def _read_workload(text: str) -> AxisValue | Rejected:
    """Read one value of the workload axis."""
    if text in WORKLOADS:
        return text
    return _reject("workload", text, f"one of {', '.join(WORKLOADS)}", "choose one of them")


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
    name = _UNSAFE_IN_AN_ID.sub(lambda match: f"%{ord(match[0]):02x}", text)
    return Rejected(
        id=f"rejected-{axis}={name}", reason=f"{_option(axis)}: expected {expected}, got {text!r}; {remedy}"
    )


def _option(axis: str) -> str:
    """Return the command line option of an axis."""
    return f"--{axis.replace('_', '-')}"
