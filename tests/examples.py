"""Example records for tests: valid as they are, each field to be replaced by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from benchmarks.records import (
    ArmReadings,
    Aspect,
    Block,
    BlockSummary,
    Case,
    CaseReport,
    Comparison,
    Environment,
    Interval,
    Measurement,
    Outcome,
    Question,
    ReadBlock,
    Verdict,
)

EXAMPLE_CASE = Case(
    question=Question.STEP_TIME, workload="mlp", depth=4, batch_size=256, dataset_size=None, method="loop_graph"
)


def make_case(**values: Any) -> Case:
    """Return the example case with some of its fields replaced."""
    return dataclasses.replace(EXAMPLE_CASE, **values)


def make_environment(**values: Any) -> Environment:
    """Return an example environment with some of its fields replaced."""
    example = Environment(
        tensorflow="2.21.0",
        keras="3.15.1",
        numpy="2.4.6",
        python="3.11.7",
        cpu_model="AMD EPYC",
        cores=2,
        intra_op_threads=None,
        inter_op_threads=None,
        onednn="default",
        device="CPU",
    )
    return dataclasses.replace(example, **values)


def make_block_summary(log_ratio: float = 0.01, **values: Any) -> BlockSummary:
    """Return a block of 1,000 rounds of 1 ms with this log-ratio and some of its other fields replaced."""
    example = BlockSummary(
        seed=1,
        log_ratio=log_ratio,
        position_log_ratio=0.002,
        control_median_ns=1_000_000.0,
        weighted_median_ns=1_010_000.0,
        cpu_log_ratio=log_ratio,
        control_cpu_median_ns=1_200_000.0,
        weighted_cpu_median_ns=1_212_000.0,
        control_takedown_ns=0.0,
        weighted_takedown_ns=0.0,
        weighted_built_first=None,
        rounds=1000,
        traces_while_timed=0,
        timed_ns=2_000_000_000,
        wall_ns=4_000_000_000,
    )
    return dataclasses.replace(example, **values)


def make_block(control_ns: Sequence[int], weighted_ns: Sequence[int], **values: Any) -> Block:
    """Return a block of these slices, the weighted arm first in every other round, with other fields replaced."""
    rounds = len(control_ns)
    example = Block(
        seed=1,
        control_slice_ns=tuple(control_ns),
        weighted_slice_ns=tuple(weighted_ns),
        control_cpu_ns=tuple(control_ns),
        weighted_cpu_ns=tuple(weighted_ns),
        control_takedown_ns=(0,) * rounds,
        weighted_takedown_ns=(0,) * rounds,
        weighted_first=tuple(index % 2 == 0 for index in range(rounds)),
        weighted_built_first=False,
        steps_per_slice=1,
        traces_while_timed=0,
        wall_ns=2 * (sum(control_ns) + sum(weighted_ns)),
    )
    return dataclasses.replace(example, **values)


def make_measurement(case: Case = EXAMPLE_CASE, log_ratios: Sequence[float] = (0.01, 0.02, 0.015)) -> Measurement:
    """Return a measurement of `case` with one block per log-ratio."""
    return Measurement(
        case=case,
        blocks=tuple(make_block_summary(log_ratio) for log_ratio in log_ratios),
        environment=make_environment(),
    )


def make_comparison(**values: Any) -> Comparison:
    """Return what a null case showed that is off, with some of its fields replaced."""
    shown = Interval(estimate=1.06, lower=1.05, upper=1.07, confidence=0.95)
    example = Comparison(
        aspect=Aspect.OVERHEAD,
        source="",
        outcome=Outcome.FAILED,
        overhead_ratio=shown,
        expected_ratio=None,
        change_ratio=shown,
        tolerance=0.02,
        blocks=8,
        fresh=True,
        smallest_visible_change=0.03,
    )
    return dataclasses.replace(example, **values)


def make_readings(**values: float) -> ArmReadings:
    """Return the readings of an arm, by quantity; tensor bytes are those of the first CPU."""
    named = {f"{name}[CPU:0]" if name.endswith("tensor_bytes") else name: value for name, value in values.items()}
    return ArmReadings(seed=1, values=named, read_ns=2_000_000_000)


def make_read_block(quantity: str, control: float, weighted: float) -> ReadBlock:
    """Return a block in which one quantity was read."""
    return ReadBlock(control=make_readings(**{quantity: control}), weighted=make_readings(**{quantity: weighted}))


def make_read_measurement(case: Case, blocks: Sequence[ReadBlock]) -> Measurement:
    """Return a measurement of `case` with these readings."""
    return Measurement(case=case, readings=tuple(blocks), environment=make_environment())


def make_case_report(measurement: Measurement, verdict: Verdict | None = None) -> CaseReport:
    """Return the report on a measured case, of whose times nothing was estimated."""
    return CaseReport(
        case=measurement.case,
        measurement=measurement,
        overhead_ratio=None,
        position_ratio=None,
        timed_share=None,
        verdict=verdict,
    )
