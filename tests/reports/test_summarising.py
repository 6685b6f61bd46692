"""A summary holds numbers as numbers, puts red verdicts first, and survives being saved.

What a sample costs is fitted over dataset sizes, and what is projected is called so.
"""

from __future__ import annotations

import dataclasses
import json
import random
import re
from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.records import CaseReport, Outcome, Question
from benchmarks.records.quantities import Unit
from benchmarks.reports.summarising import estimate_sample_costs
from benchmarks.reports.summary import Provenance, SampleCost, Summary, TimeRow, Topic
from tests.examples import make_case, make_case_report, make_environment, make_read_block, make_read_measurement
from tests.reports.example_reports import (
    COSTLY,
    FREE,
    make_graph,
    make_null,
    make_read,
    make_startup,
    make_timed,
    show,
    summarise,
)

_REPORTS = [
    make_null("loop_graph", Outcome.HELD),
    make_timed("loop_graph", FREE, outcome=Outcome.UNDECIDED, reason="open"),
    make_timed("fit_dataset", COSTLY, deviations=(0.0,), outcome=Outcome.REGRESSED, reason="slower"),
    make_timed("fit_packed", outcome=Outcome.FAILED, reason="killed"),
    make_read(Question.PEAK_MEMORY, *(make_read_block("pass_peak_tensor_bytes", 1e6, 1e6 + e) for e in (4, 8, 9))),
    make_read(Question.TRAINING_GRAPH, make_graph(), outcome=Outcome.HELD),
]


def test_a_summary_comes_back_as_it_was_saved() -> None:
    summary = summarise(_REPORTS, notes=("as it is",), provenance=Provenance(sweep="gate", seed=1, command="pytest"))
    assert Summary.from_json(json.loads(json.dumps(summary.to_json()))) == summary


def test_what_turns_a_run_red_comes_first_with_its_reason() -> None:
    told = [(verdict.outcome, verdict.reason) for verdict in summarise(_REPORTS).verdicts]
    assert told == [
        (Outcome.REGRESSED, "slower"),
        (Outcome.FAILED, "killed"),
        (Outcome.UNDECIDED, "open"),
        (Outcome.HELD, "as told"),
        (Outcome.HELD, "because"),
    ]


def test_times_are_in_nanoseconds_and_a_case_without_any_has_a_row_all_the_same() -> None:
    null, weighted, _, failed = summarise(_REPORTS).times
    assert null.case.null
    assert (weighted.blocks, weighted.control_ns) == (4, 1e6)
    assert weighted.weighted_ns == pytest.approx(1.003e6, rel=0.01)
    assert weighted.overhead_ratio is not None
    assert failed == TimeRow(case=failed.case, outcome=Outcome.FAILED)


def test_quantities_have_their_unit_and_the_differences_of_their_blocks() -> None:
    peak, *counts = summarise(_REPORTS).quantities
    assert (peak.key, peak.unit, peak.blocks) == ("pass_peak_tensor_bytes[CPU:0]", Unit.BYTES, 3)
    assert (peak.control, peak.difference, peak.least_difference, peak.greatest_difference) == (1e6, 8, 4, 9)
    assert {row.unit for row in counts} == {Unit.COUNT}
    assert {row.key: dict(row.op_types) for row in counts if row.op_types} == {"graph_nodes": {"Mul": 2}}


def test_what_could_not_be_read_is_there_with_the_reason() -> None:
    block = make_read_block("pass_peak_resident_bytes", 1e6, 1e6)
    why = {"pass_peak_tensor_bytes[CPU:0]": "CPU:0 keeps no allocator statistics"}
    block = dataclasses.replace(block, weighted=dataclasses.replace(block.weighted, missing=why))
    summary = summarise([make_read(Question.PEAK_MEMORY, block)])
    assert [row.key for row in summary.quantities] == ["pass_peak_resident_bytes"]
    assert {missing.key: missing.reason for missing in summary.missing} == why


def test_remarks_are_sorted_by_what_they_are_on() -> None:
    summary = summarise(_REPORTS, notes=("as it is",))
    assert summary.list_remarks(Topic.RUN) == ["as it is"]
    assert any(text.startswith("Position effect") for text in summary.list_remarks(Topic.TIMES))


def test_the_targets_are_those_that_measured() -> None:
    assert summarise(_REPORTS).provenance.targets == (make_environment(),)
    assert summarise(_REPORTS).provenance.other_targets == ()


def make_report(size: int, *, method: str = "fit_dataset", per_sample: float = 4.0, **values: Any) -> CaseReport:
    """136 bytes a sample and 1 MB in the control; `per_sample` more with weights."""
    case = make_case(question=Question.PEAK_MEMORY, batch_size=32, dataset_size=size, method=method, **values)
    control = 136.0 * size + 1e6
    block = make_read_block("pass_peak_tensor_bytes", control, control + per_sample * size + 500)
    return make_case_report(make_read_measurement(case, [block] * 3))


def test_the_cost_of_a_sample_is_the_slope_over_sizes() -> None:
    (cost,) = estimate_sample_costs([make_report(size) for size in (10_000, 100_000, 1_000_000)])
    assert cost.sizes == (10_000, 100_000, 1_000_000)
    assert cost.control.slope.estimate == pytest.approx(136.0)
    assert cost.weighted.slope.estimate == pytest.approx(140.0)
    assert cost.extra.slope.estimate == pytest.approx(4.0)
    assert cost.extra.intercept == pytest.approx(500.0, abs=0.1)
    assert cost.predicted_bytes == 4


def test_one_size_alone_gives_no_slope() -> None:
    assert estimate_sample_costs([make_report(10_000)]) == ()


@pytest.mark.parametrize(("workload", "predicted"), [("mlp_two_outputs", 8), ("gru_steps", 64), ("elsewhere", 0)])
def test_each_label_of_a_sample_is_predicted_to_have_a_weight(workload: str, predicted: int) -> None:
    reports = [make_report(size, workload=workload) for size in (10_000, 100_000)]
    assert [cost.predicted_bytes for cost in estimate_sample_costs(reports)] == [predicted]


def test_class_weights_are_predicted_to_cost_nothing() -> None:
    reports = [make_report(size, method="fit_class_weight") for size in (10_000, 100_000)]
    assert [cost.predicted_bytes for cost in estimate_sample_costs(reports)] == [0]


def test_null_cases_have_no_cost() -> None:
    assert estimate_sample_costs([make_report(size, null=True) for size in (10_000, 100_000)]) == ()


def test_the_table_calls_a_projection_a_projection() -> None:
    text = show(*(make_report(size) for size in (10_000, 100_000, 1_000_000)))
    assert "+4.00 (+4.00 to +4.00)" in text
    assert "at 1e9" in text
    assert "+3.73 GiB" in text
    assert "projections of what weighting adds, not measurements" in text


def test_nothing_is_written_without_a_fit() -> None:
    assert "per sample" not in show(make_report(10_000))


_SIZES = (10_000, 100_000, 1_000_000)


def estimate_startup(reports: Sequence[CaseReport]) -> SampleCost:
    (cost,) = estimate_sample_costs(reports)
    return cost


def test_the_cost_of_a_sample_at_start_up_is_the_slope_of_its_blocks_medians() -> None:
    cost = estimate_startup([make_startup(size) for size in _SIZES])
    assert (cost.case_name, cost.key, cost.unit) == ("mlp-depth4-batch32-fit_array", "startup_time", Unit.NS)
    assert cost.sizes == _SIZES
    assert cost.control.slope.estimate == pytest.approx(30.0)
    assert cost.weighted.slope.estimate == pytest.approx(32.0)
    assert cost.extra.intercept == pytest.approx(1e6)
    assert cost.predicted_bytes is None, "no dtype predicts a time"


def test_what_both_arms_of_a_block_share_is_not_in_the_interval_of_the_difference() -> None:
    """Blocks differ by 10 ms in both arms alike, and in what weighting adds not at all."""
    cost = estimate_startup([make_startup(size) for size in _SIZES])
    assert cost.extra.slope.estimate == pytest.approx(2.0)
    assert cost.extra.slope.upper - cost.extra.slope.lower < 1e-6
    assert cost.control.slope.upper - cost.control.slope.lower > 1.0


def test_the_interval_of_a_start_up_covers_the_truth_as_often_as_it_says() -> None:
    """2,000 simulated runs of two sizes: 95 % give or take four standard deviations of a proportion, 2 %."""
    draw = random.Random(1)  # noqa: S311 - a model of noise
    runs, covered = 2000, 0
    for _ in range(runs):
        reports = [make_startup(size, scatter_ns=[draw.gauss(0.0, 2e7) for _ in range(3)]) for size in (10**5, 10**6)]
        slope = estimate_startup(reports).extra.slope
        covered += slope.lower <= 2.0 <= slope.upper
    assert covered / runs == pytest.approx(0.95, abs=0.02)


def test_one_size_alone_gives_no_slope_of_start_up_and_null_cases_none() -> None:
    assert estimate_sample_costs([make_startup(10_000)]) == ()
    assert estimate_sample_costs([make_startup(size, null=True) for size in _SIZES]) == ()


def test_epoch_time_is_told_per_step_and_has_no_cost_per_sample() -> None:
    reports = [
        dataclasses.replace(report, case=dataclasses.replace(report.case, question=Question.EPOCH_TIME))
        for report in (make_startup(size) for size in _SIZES)
    ]
    assert estimate_sample_costs(reports) == ()


def test_each_unit_has_a_table_of_its_own() -> None:
    text = show(*(make(size) for size in _SIZES for make in (make_startup, make_report)))
    in_bytes, remark_on_bytes, in_ns, remark_on_ns = text.split("\n\n")[-4:]
    title, header, _, row = in_bytes.splitlines()
    assert title == "What one more sample costs, in bytes (mlp-depth4-batch32)"
    assert header.startswith("bytes per sample")
    assert row.startswith("fit_dataset ")
    assert "By dtype: one copy of the weights." in remark_on_bytes
    title, header, _, row = in_ns.splitlines()
    assert title == "What one more sample costs, in nanoseconds (mlp-depth4-batch32)"
    assert header.split()[:3] == ["ns", "per", "sample"]
    assert "by dtype" not in header
    cells = re.split(r" {2,}", row)
    assert cells[:2] == ["fit_array", "start-up time"]
    assert "+2.00 (+2.00 to +2.00)" in row
    assert cells[-3:] == ["+3.00 ms", "+201 ms", "+2.00 s"]
    assert "projections of what weighting adds, not measurements" in remark_on_ns
    assert "By dtype" not in remark_on_ns
    assert "Weighting adds 1.00 ms at most whatever the size." in remark_on_ns


def test_a_slope_that_noise_explains_is_told_as_noise() -> None:
    shown = show(*(make_startup(size) for size in _SIZES))
    noisy = show(*(make_startup(size, scatter_ns=(2e8, -2e8, 1e7)) for size in _SIZES))
    remark = "Where an interval spans 0, no cost per sample was shown, and what is projected of it is noise."
    assert remark not in shown
    assert remark in noisy


def test_a_saved_cost_names_its_unit() -> None:
    reports = [make(size) for size in _SIZES for make in (make_startup, make_report)]
    saved = json.loads(json.dumps([cost.to_json() for cost in estimate_sample_costs(reports)]))
    assert [(cost["unit"], cost["predicted_bytes"]) for cost in saved] == [("bytes", 4), ("ns", None)]
    assert tuple(map(SampleCost.from_json, saved)) == estimate_sample_costs(reports)
