"""What a sample costs is fitted over dataset sizes, and what is projected is called so."""

from __future__ import annotations

import pytest

from benchmarks.records import CaseReport, Question
from benchmarks.reports.growth import estimate_sample_costs, render_sample_costs
from tests.examples import make_case, make_read_block, make_read_measurement


def make_report(size: int, *, method: str = "fit_dataset", per_sample: float = 4.0, null: bool = False) -> CaseReport:
    """136 bytes a sample and 1 MB in the control; `per_sample` more with weights."""
    case = make_case(question=Question.PEAK_MEMORY, batch_size=32, dataset_size=size, method=method, null=null)
    control = 136.0 * size + 1e6
    block = make_read_block("pass_peak_tensor_bytes", control, control + per_sample * size + 500)
    return CaseReport(
        case=case,
        measurement=make_read_measurement(case, [block] * 3),
        overhead_ratio=None,
        position_ratio=None,
        timed_share=None,
        verdict=None,
    )


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


def test_class_weights_are_predicted_to_cost_nothing() -> None:
    reports = [make_report(size, method="fit_class_weight") for size in (10_000, 100_000)]
    assert [cost.predicted_bytes for cost in estimate_sample_costs(reports)] == [0]


def test_null_cases_have_no_cost() -> None:
    assert estimate_sample_costs([make_report(size, null=True) for size in (10_000, 100_000)]) == ()


def test_the_table_calls_a_projection_a_projection() -> None:
    text = render_sample_costs(estimate_sample_costs([make_report(size) for size in (10_000, 100_000, 1_000_000)]))
    assert "+4.00 (+4.00 to +4.00)" in text
    assert "at 1e9" in text
    assert "+3.73 GiB" in text
    assert "projections of what weighting adds, not measurements" in text


def test_nothing_is_written_without_a_fit() -> None:
    assert render_sample_costs(()) == ""
