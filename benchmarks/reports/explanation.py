"""What is an overhead made of? Operations, traces and Python functions that one side has and the other has not.

Leaves out: how long anything takes in all. Own times come from a profiler, which makes calls slower than they are, so
their differences rank functions; they do not add up to the overhead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.records import ArmReadings
from benchmarks.records.blocks import describe_op_types, subtract_op_types
from benchmarks.records.quantities import FIRST_PASS_TRACES, GRAPH_NODES, OPTIMISED_NODES, STEADY_TRACES
from benchmarks.units import format_duration

_FUNCTIONS_TOLD = 6

_LEAST_SHARE_TOLD = 0.02
"""Of the largest difference: below it a function is left out."""


def explain_graphs(readings: ArmReadings, other: ArmReadings, *, sides: str, names: str) -> Iterator[str]:
    """Yield what the graph and the traces of one side have that those of the other have not.

    Args:
        readings: of one side.
        other: of the side that is subtracted.
        sides: what is compared, such as `weighted - control`.
        names: of both sides, in that order.
    """
    for quantity, title in ((GRAPH_NODES.name, "op types"), (OPTIMISED_NODES.name, "op types after optimisation")):
        if quantity in readings.op_types and quantity in other.op_types:
            difference = subtract_op_types(readings.op_types[quantity], other.op_types[quantity])
            yield f"{title} ({sides}): {describe_op_types(difference)}"
        elif quantity in readings.missing:
            yield f"{title}: {readings.missing[quantity]}"
    first, later = (
        f"{readings.values[traces.name]:.0f} and {other.values[traces.name]:.0f}"
        for traces in (FIRST_PASS_TRACES, STEADY_TRACES)
    )
    causes = f" ({'; '.join(dict.fromkeys(readings.trace_causes))})" if readings.trace_causes else ""
    yield f"traces of {names}: {first} in the first pass, {later} after it{causes}"


def explain_functions(
    own_ns_per_step: Mapping[str, float], other_own_ns_per_step: Mapping[str, float], *, sides: str
) -> Iterator[str]:
    """Yield the Python functions whose own time per step differs most, the largest first.

    Args:
        own_ns_per_step: by function.
        other_own_ns_per_step: by function, on the side that is subtracted.
        sides: what is compared, such as `weighted - control`.
    """
    names = {*own_ns_per_step, *other_own_ns_per_step}
    differences = {name: own_ns_per_step.get(name, 0.0) - other_own_ns_per_step.get(name, 0.0) for name in names}
    ranked = sorted(differences.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    largest = abs(ranked[0][1]) if ranked else 0.0
    told = [(name, ns) for name, ns in ranked[:_FUNCTIONS_TOLD] if ns and abs(ns) >= _LEAST_SHARE_TOLD * largest]
    if not told:
        yield f"Python functions: no difference in own time ({sides})"
        return
    yield f"Python functions by difference in own time per step, under a profiler ({sides}):"
    for name, ns in told:
        sign = "+" if ns > 0 else "-"
        yield f"  {sign}{format_duration(abs(ns))}  {name}"
