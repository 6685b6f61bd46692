"""Bytes are shown as bytes and counts as counts, with their difference and what could not be read."""

from __future__ import annotations

import dataclasses

from benchmarks.records import ArmReadings, CaseReport, Outcome, Question, ReadBlock, Verdict
from benchmarks.reports.readings import describe_readings, render_reading_tables, summarise_readings
from benchmarks.reports.terminal import render_summary
from tests.examples import make_case, make_read_block, make_read_measurement

MIB = 2**20


def make_report(question: Question, *blocks: ReadBlock, outcome: Outcome | None = None) -> CaseReport:
    case = make_case(question=question, dataset_size=100_000 if question.needs_dataset_size else None)
    return CaseReport(
        case=case,
        measurement=make_read_measurement(case, blocks),
        overhead_ratio=None,
        position_ratio=None,
        timed_share=None,
        verdict=None if outcome is None else Verdict(outcome=outcome, reason="because"),
    )


def make_graph() -> ReadBlock:
    def read(nodes: dict[str, int], after: dict[str, int]) -> ArmReadings:
        types = {"graph_nodes": nodes, "optimised_graph_nodes": after}
        values = {name: float(sum(each.values())) for name, each in types.items()}
        return ArmReadings(
            seed=1, values={"first_pass_traces": 2, "steady_traces": 0} | values, op_types=types, read_ns=1
        )

    return ReadBlock(control=read({"MatMul": 9}, {"MatMul": 8}), weighted=read({"MatMul": 9, "Mul": 2}, {"MatMul": 8}))


def test_bytes_have_a_row_for_each_quantity() -> None:
    blocks = [make_read_block("pass_peak_tensor_bytes", 20 * MIB, 21 * MIB + extra) for extra in (0, 1024, 2048)]
    (table,) = render_reading_tables([make_report(Question.PEAK_MEMORY, *blocks, outcome=Outcome.HELD)])
    row = next(line for line in table.splitlines() if "peak tensor bytes of a pass" in line)
    for cell in ("20.0 MiB", "21.0 MiB", "+1.00 MiB", "+5.0 %", "+1.00 MiB to +1.00 MiB", "HELD"):
        assert cell in row


def test_what_could_not_be_read_says_why() -> None:
    block = make_read_block("pass_peak_resident_bytes", MIB, MIB)
    why = {"pass_peak_tensor_bytes[CPU:0]": "CPU:0 keeps no allocator statistics"}
    block = dataclasses.replace(block, weighted=dataclasses.replace(block.weighted, missing=why))
    (table,) = render_reading_tables([make_report(Question.PEAK_MEMORY, block)])
    assert "CPU:0 keeps no allocator statistics" in table


def test_counts_have_a_row_for_each_case_with_the_difference_by_op_type() -> None:
    (table,) = render_reading_tables([make_report(Question.TRAINING_GRAPH, make_graph())])
    row = next(line for line in table.splitlines() if line.startswith("training_graph["))
    assert "9 → 11" in row
    assert "8 → 8" in row
    assert "before: +2 Mul; after: none" in row


def test_a_graph_that_an_arm_does_not_have_says_why() -> None:
    values = {"first_pass_traces": 0.0, "steady_traces": 0.0}
    arm = ArmReadings(seed=1, values=values, missing={"graph_nodes": "the step runs eagerly"}, read_ns=1)
    (table,) = render_reading_tables([make_report(Question.TRAINING_GRAPH, ReadBlock(control=arm, weighted=arm))])
    assert "the step runs eagerly" in table


def test_the_answer_names_the_most_that_was_read() -> None:
    blocks = [make_read_block("pass_peak_tensor_bytes", 20 * MIB, 21 * MIB)] * 3
    reports = [make_report(Question.PEAK_MEMORY, *blocks), make_report(Question.TRAINING_GRAPH, make_graph())]
    clauses = list(describe_readings(reports))
    assert clauses[0].startswith("peak tensor bytes of a pass change by +5.0 % at most, with mlp-")
    assert "traces after warm-up: none" in clauses
    assert any(clause.startswith("the training step gets +2 graph nodes at most") for clause in clauses)
    text = render_summary(reports)
    assert "Beside time: peak tensor bytes" in text
    assert "Not known" not in text, "no time was asked for"


def test_a_finished_case_is_one_line() -> None:
    assert summarise_readings([make_read_block("pass_peak_tensor_bytes", MIB, 2 * MIB)]) == "tensors +1.00 MiB"
    assert summarise_readings([make_graph()]) == "+0 traces after warm-up, +2 nodes"
    assert summarise_readings([make_read_block("retained_bytes_per_epoch", 0, 10)]) == "retained per epoch +10 B"
