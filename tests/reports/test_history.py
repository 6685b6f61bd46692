"""A history is a table by version in which changes are marked, with what became of the graph."""

from __future__ import annotations

import dataclasses
import math
import random
import re

from benchmarks.records import ArmReadings, Case, HistoryEntry, Question, ReadBlock
from benchmarks.reports.history import render_history
from tests.examples import make_block_summary, make_case, make_environment

STEP = make_case(question=Question.STEP_TIME)
GRAPH = make_case(question=Question.TRAINING_GRAPH)


def make_steps(version: str, *, factor: float = 1.0, blocks: int = 6) -> list[HistoryEntry]:
    """Blocks of an overhead of 5 % whose times are longer by `factor`, spread by 1 %."""
    noise = random.Random(version)  # noqa: S311 - a model of noise
    return [
        HistoryEntry(
            version=version,
            environment=make_environment(tensorflow=version),
            case=STEP,
            number=number,
            block=make_block_summary(
                noise.gauss(0.05, 0.01),
                control_median_ns=1e6 * factor * noise.gauss(1.0, 0.01),
                weighted_median_ns=1.05e6 * factor * noise.gauss(1.0, 0.01),
            ),
        )
        for number in range(blocks)
    ]


def make_graph(version: str, nodes: dict[str, int], case: Case = GRAPH) -> HistoryEntry:
    values = {"first_pass_traces": 2.0, "optimised_graph_nodes": float(sum(nodes.values()))}
    arm = ArmReadings(seed=1, values=values, op_types={"optimised_graph_nodes": nodes}, read_ns=1)
    return HistoryEntry(
        version=version,
        environment=make_environment(tensorflow=version),
        case=case,
        number=0,
        readings=ReadBlock(control=arm, weighted=arm),
    )


def test_a_change_is_marked_where_it_came_with_what_became_of_the_graph() -> None:
    entries = [*make_steps("2.9"), *make_steps("2.10"), *make_steps("2.11", factor=1.4)]
    entries += [
        make_graph("2.9", {"Mul": 3}),
        make_graph("2.10", {"Mul": 3}),
        make_graph("2.11", {"Mul": 5, "Cast": 1}),
    ]
    text = render_history(entries)
    header = text.splitlines()[0]
    assert header.index("2.9") < header.index("2.10") < header.index("2.11"), "versions are ordered as numbers"
    row = next(line for line in text.splitlines() if line.startswith("| step time, control"))
    assert row.count("▲") == 1
    assert "1.4" in row.split("|")[-2]
    (change,) = (line for line in text.splitlines() if line.startswith("- step time, control, loop_graph: "))
    assert change.endswith("% from 2.10 to 2.11; graph: +2 Mul, +1 Cast")
    assert "overhead of step time, loop_graph: " not in text, "the overhead did not change"


def test_a_spread_is_in_percent_of_the_value_and_of_an_overhead_in_points() -> None:
    """Both spread by about 1 %; ± beside an overhead of 200 % would be a third of that in percent of the ratio."""
    entries = [
        dataclasses.replace(entry, block=make_block_summary(math.log(3.0 + 0.03 * (-1) ** entry.number)))
        for entry in make_steps("2.9")
    ]
    row = next(line for line in render_history(entries).splitlines() if line.startswith("| overhead of step time"))
    assert re.search(r"\+200\.0 % ± 3\.\d %", row)


def test_what_could_not_be_measured_is_told() -> None:
    failed = HistoryEntry(version="2.8", environment=make_environment(), case=STEP, number=0, failed="it crashed")
    text = render_history([*make_steps("2.9"), failed])
    assert f"- {STEP.case_id} on 2.8: it crashed" in text
    assert "No change between neighbouring versions is beyond noise." in text


def test_an_empty_history_is_told() -> None:
    assert render_history([]) == "Nothing was measured."


def test_a_line_survives_its_file() -> None:
    for entry in (make_steps("2.9", blocks=1)[0], make_graph("2.9", {"Mul": 1})):
        assert HistoryEntry.from_json(entry.to_json()) == entry
