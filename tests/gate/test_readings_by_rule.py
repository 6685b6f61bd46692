"""Each rule fails where it should and holds where it should: traces, nodes, bytes, leaks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.gate.confirm import Expectation, Judgement, Stage
from benchmarks.gate.plan import Plan
from benchmarks.gate.readings import (
    EXPECT_NO_DIFFERENCE,
    expect_stored,
    judge_bytes,
    judge_change,
    judge_growth,
    judge_reading,
    list_keys,
    list_reading_criteria,
)
from benchmarks.records import ArmReadings, Aspect, Outcome, Question, ReadBlock
from benchmarks.reports.verdicts import describe_judgement
from benchmarks.stats.lines import estimate_mean_interval
from tests.examples import make_case, make_read_block

MIB = 2**20
PEAK = "pass_peak_tensor_bytes[CPU:0]"

PLAN = Plan(
    question=Question.PEAK_MEMORY,
    judgements=10,
    tolerances={Aspect.OVERHEAD: 0.01},
    floor_bytes=64 * 1024,
    screen_blocks=3,
    fresh_blocks=5,
    looks=1,
    family_alpha=0.05,
)


def make_peaks(*extras: float, control: float = 20 * MIB) -> list[ReadBlock]:
    return [make_read_block("pass_peak_tensor_bytes", control, control + extra) for extra in extras]


def look(
    key: str, now: Sequence[ReadBlock], expected: Expectation = EXPECT_NO_DIFFERENCE, *, final: bool = True
) -> Judgement | None:
    stage = Stage.FINAL if final else Stage.SCREEN
    return judge_reading(now, stage, key=key, expected=expected, plan=PLAN)


def judge(
    key: str, now: Sequence[ReadBlock], before: Sequence[ReadBlock] | None, *, final: bool = True
) -> Outcome | None:
    expected = EXPECT_NO_DIFFERENCE if before is None else expect_stored(key, before)
    judgement = look(key, now, expected, final=final)
    return None if judgement is None else judgement.outcome


def describe(judgement: Judgement | None) -> str:
    assert judgement is not None
    return describe_judgement(judgement, PLAN)


def test_bytes_within_the_tolerance_are_held() -> None:
    """1 % of 20 MiB is 205 KiB."""
    assert judge(PEAK, make_peaks(500_000, 510_000, 505_000), make_peaks(400_000, 410_000, 405_000)) is Outcome.HELD


def test_bytes_beyond_the_tolerance_are_read_again_and_then_called_regressed() -> None:
    now, before = make_peaks(*[2 * MIB] * 5), make_peaks(*[1 * MIB] * 3)
    assert judge(PEAK, now, before, final=False) is None
    assert judge(PEAK, now, before) is Outcome.REGRESSED


def test_bytes_that_scatter_as_far_as_they_rose_are_undecided() -> None:
    now = make_peaks(MIB, 2 * MIB, 3 * MIB, 3 * MIB, 3 * MIB)
    assert judge(PEAK, now, make_peaks(MIB, MIB, 2.5 * MIB)) is Outcome.UNDECIDED


def test_a_small_pass_may_rise_by_the_floor() -> None:
    """1 % of 1 MiB is 10 KiB; the floor of 64 KiB lets 50 KiB pass."""
    before = make_peaks(0, 0, 0, control=MIB)
    assert judge(PEAK, make_peaks(*[50_000] * 5, control=MIB), before) is Outcome.HELD
    assert judge(PEAK, make_peaks(*[70_000] * 5, control=MIB), before) is Outcome.REGRESSED


def test_what_both_arms_need_more_is_no_cost_of_weighting() -> None:
    before = make_peaks(MIB, MIB, MIB)
    assert judge(PEAK, make_peaks(MIB, MIB, MIB, control=40 * MIB), before) is Outcome.HELD


def test_fewer_bytes_are_an_improvement() -> None:
    assert judge(PEAK, make_peaks(*[0] * 5), make_peaks(*[MIB] * 3)) is Outcome.IMPROVED


def test_one_block_against_one_tells_no_range_and_fails_nothing() -> None:
    assert judge(PEAK, make_peaks(4 * MIB), make_peaks(0)) is Outcome.UNDECIDED


def test_bytes_without_a_baseline_are_not_judged() -> None:
    case = make_case(question=Question.PEAK_MEMORY, dataset_size=100_000)
    assert list_reading_criteria(case, make_peaks(4 * MIB), [], PLAN) == []


def test_unchanged_bytes_raise_no_false_alarm() -> None:
    """Scatter of 0.3 % as measured, 2,000 cases: not one is called REGRESSED."""
    rng = np.random.default_rng(1)
    for _ in range(2000):
        before, now = (make_peaks(*rng.normal(MIB, 0.003 * 20 * MIB, blocks)) for blocks in (3, 5))
        assert judge(PEAK, now, before) is not Outcome.REGRESSED


def make_graph(extra: int, *, op_type: str = "Mul", before_optimisation: int = 100) -> ReadBlock:
    def read(nodes: dict[str, int]) -> ArmReadings:
        return ArmReadings(
            seed=1, values={"graph_nodes": sum(nodes.values())}, op_types={"graph_nodes": nodes}, read_ns=1
        )

    control = {"MatMul": before_optimisation}
    return ReadBlock(control=read(control), weighted=read(control | {op_type: extra}))


def test_a_node_more_than_before_fails_and_is_named() -> None:
    expected = expect_stored("graph_nodes", [make_graph(7)])
    finding = look("graph_nodes", [make_graph(8)], expected)
    assert finding is not None
    assert finding.outcome is Outcome.REGRESSED
    assert "+8 beside the control now, +7 before" in describe(finding)
    assert "by op type +1 Mul" in describe(finding)


def test_as_many_nodes_are_held_and_fewer_improved() -> None:
    assert judge("graph_nodes", [make_graph(7)], [make_graph(7)]) is Outcome.HELD
    assert judge("graph_nodes", [make_graph(6)], [make_graph(7)]) is Outcome.IMPROVED


def test_a_count_that_varies_from_block_to_block_is_undecided() -> None:
    assert judge("graph_nodes", [make_graph(7), make_graph(8)], [make_graph(7)]) is Outcome.UNDECIDED
    assert judge("graph_nodes", [make_graph(7)], [make_graph(7), make_graph(9)]) is Outcome.UNDECIDED


def test_a_trace_after_warm_up_fails_without_a_baseline_too_and_names_its_cause() -> None:
    block = make_read_block("steady_traces", 0, 1)
    cause = "labels went from int32[?] to int64[?]"
    block = dataclasses.replace(block, weighted=dataclasses.replace(block.weighted, trace_causes=(cause, cause)))
    finding = look("steady_traces", [block], final=False)
    assert finding is not None
    assert finding.outcome is Outcome.REGRESSED
    assert describe(finding) == f"traces after warm-up: expected none, got 1: {cause}"


def test_no_trace_after_warm_up_is_held() -> None:
    assert judge("steady_traces", [make_read_block("steady_traces", 0, 0)], None) is Outcome.HELD


def make_leaks(*extras: float) -> list[ReadBlock]:
    return [make_read_block("retained_bytes_per_epoch", 2048, 2048 + extra) for extra in extras]


def test_a_leak_beyond_the_floor_fails_without_a_baseline() -> None:
    leaks = make_leaks(*[200_000 + 3_000 * number for number in range(8)])
    assert judge("retained_bytes_per_epoch", leaks, None, final=False) is None
    assert judge("retained_bytes_per_epoch", leaks, None) is Outcome.REGRESSED


def test_what_the_control_keeps_too_is_no_leak_of_weighting() -> None:
    assert judge("retained_bytes_per_epoch", make_leaks(100, -300, 50, 0), None, final=False) is Outcome.HELD


def test_a_leak_that_could_be_noise_is_undecided() -> None:
    leaks = make_leaks(0, 300_000, -100_000, 250_000, 10_000, 100_000, 200_000, -50_000)
    assert judge("retained_bytes_per_epoch", leaks, None) is Outcome.UNDECIDED


def test_keys_come_in_the_order_of_the_registry() -> None:
    block = ReadBlock(
        control=ArmReadings(seed=1, values={"steady_traces": 0, "first_pass_traces": 2}, read_ns=1),
        weighted=ArmReadings(seed=1, values={"steady_traces": 0, "first_pass_traces": 2, "graph_nodes": 3}, read_ns=1),
    )
    assert list_keys([block]) == ("first_pass_traces", "steady_traces")


def test_what_was_found_of_traces_is_said_with_each_cause_once() -> None:
    block = make_read_block("steady_traces", 0, 0)
    assert describe(look("steady_traces", [block])) == "traces after warm-up: none"
    traced = make_read_block("steady_traces", 0, 2)
    weighted = dataclasses.replace(traced.weighted, trace_causes=("y changed", "x changed", "y changed"))
    found = describe(look("steady_traces", [block, dataclasses.replace(traced, weighted=weighted)]))
    assert found == "traces after warm-up: expected none, got 2: y changed; x changed"


@pytest.mark.parametrize("final", [True, False])
def test_bytes_that_changed_by_no_more_than_the_limit_are_held(final: bool) -> None:  # noqa: FBT001
    assert judge_bytes([110.0] * 4, [100.0] * 4, 10.0, final=final) is Outcome.HELD
    assert judge_bytes([90.0] * 4, [100.0] * 4, 10.0, final=final) is Outcome.HELD


def test_bytes_that_fell_without_a_clear_gap_are_held_unless_falls_are_noted() -> None:
    now, then = [50.0, 60.0, 70.0, 100.0], [100.0, 110.0, 120.0, 130.0]
    assert judge_bytes(now, then, 10.0, final=True) is Outcome.HELD
    assert judge_bytes(now, then, 10.0, final=True, notes_falls=True) is Outcome.UNDECIDED
    assert judge_bytes(now[:3], then, 10.0, final=True) is Outcome.IMPROVED


def test_a_rise_of_a_single_byte_is_one_where_none_is_tolerated() -> None:
    assert judge_bytes([1.0] * 4, [0.0] * 4, 0.0, final=True) is Outcome.REGRESSED
    assert judge_bytes([0.0, 1.0, 1.0, 2.0], [0.0] * 4, 0.0, final=True) is Outcome.UNDECIDED


def test_an_exact_change_may_be_as_large_as_the_limit() -> None:
    assert judge_change(5.0, 5.0) is judge_change(-5.0, 5.0) is Outcome.HELD
    assert judge_change(6.0, 5.0) is Outcome.REGRESSED
    assert judge_change(-6.0, 5.0) is Outcome.IMPROVED


LEAK_PLAN = dataclasses.replace(PLAN, judgements=20)
"""The level of a judgement is 0.0025."""


@pytest.mark.parametrize(
    ("confidence", "final", "outcome"),
    [
        # Lower bound at the level of the judgement beyond the floor.
        (1 - 2 * 0.0025, True, Outcome.REGRESSED),
        # Upper bound at the confidence of a look or of a screen within it.
        (2 * 0.95 - 1, True, Outcome.HELD),
        (2 * 0.8 - 1, False, Outcome.HELD),
    ],
)
def test_a_leak_is_judged_by_students_interval_at_the_level_of_its_question(
    confidence: float,
    final: bool,  # noqa: FBT001
    outcome: Outcome,
) -> None:
    extras = [100.0, 110.0, 90.0, 105.0, 95.0]
    interval = estimate_mean_interval(extras, confidence)
    edge = interval.lower if outcome is Outcome.REGRESSED else interval.upper
    inwards = -0.01 if outcome is Outcome.REGRESSED else 0.01
    assert judge_growth(extras, dataclasses.replace(LEAK_PLAN, floor_bytes=edge + inwards), final=final) is outcome
    assert judge_growth(extras, dataclasses.replace(LEAK_PLAN, floor_bytes=edge - inwards), final=final) is not outcome
