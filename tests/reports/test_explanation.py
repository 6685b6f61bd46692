"""An explanation names what one side has and the other has not, the largest first."""

from __future__ import annotations

from benchmarks.records import ArmReadings
from benchmarks.reports.explanation import explain_functions, explain_graphs


def make_arm(nodes: dict[str, int], *, later_traces: int = 0) -> ArmReadings:
    return ArmReadings(
        seed=1,
        values={"first_pass_traces": 2, "steady_traces": later_traces, "graph_nodes": sum(nodes.values())},
        op_types={"graph_nodes": nodes},
        trace_causes=("y went from int32[?] to int64[?]",) * later_traces,
        read_ns=1,
    )


def test_op_types_and_traces_are_named() -> None:
    weighted, control = make_arm({"Add": 1, "Mul": 2}), make_arm({"Add": 1})
    assert list(explain_graphs(weighted, control, sides="weighted - control", names="weighted arm and control")) == [
        "op types (weighted - control): +2 Mul",
        "traces of weighted arm and control: 2 and 2 in the first pass, 0 and 0 after it",
    ]


def test_a_later_trace_comes_with_its_cause() -> None:
    arms = make_arm({}, later_traces=2), make_arm({})
    *_, last = explain_graphs(*arms, sides="weighted - control", names="weighted arm and control")
    assert last.endswith("2 and 0 after it (y went from int32[?] to int64[?])")


def test_functions_are_ranked_by_the_difference_of_their_own_time() -> None:
    lines = list(
        explain_functions(
            {"a": 5_000.0, "b": 70_000.0, "c": 100.0}, {"a": 30_000.0, "c": 100.0}, sides="weighted - control"
        )
    )
    assert lines == [
        "Python functions by difference in own time per step, under a profiler (weighted - control):",
        "  +70.0 us  b",
        "  -25.0 us  a",
    ]


def test_no_difference_is_told_too() -> None:
    (line,) = explain_functions({"a": 5.0}, {"a": 5.0}, sides="weighted - control")
    assert line == "Python functions: no difference in own time (weighted - control)"
