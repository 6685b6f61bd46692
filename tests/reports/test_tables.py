"""Rows are named by what differs between them, and their table by what they share."""

from __future__ import annotations

import math

import pytest

from benchmarks.reports.tables import describe_op_types, format_bounds, format_half_width, name_rows, name_versions
from tests.examples import make_environment
from tests.reports.example_reports import make_interval


@pytest.mark.parametrize(
    ("params_ids", "title", "names"),
    [
        (["mlp-depth2-batch32-loop_jit"], "Step time (mlp-depth2-batch32)", ["loop_jit"]),
        (
            ["mlp-depth2-batch32-loop_jit-null", "mlp-depth2-batch32-loop_jit"],
            "Step time (mlp-depth2-batch32)",
            ["loop_jit-null", "loop_jit"],
        ),
        (
            ["mlp-depth2-batch32-loop_jit", "mlp-depth8-batch32-loop_jit"],
            "Step time (mlp)",
            ["depth2-batch32-loop_jit", "depth8-batch32-loop_jit"],
        ),
        (
            ["mlp-depth2-batch32-loop_jit", "cnn-depth2-batch32-loop_jit"],
            "Step time",
            ["mlp-depth2-batch32-loop_jit", "cnn-depth2-batch32-loop_jit"],
        ),
    ],
)
def test_what_all_rows_share_is_in_the_title(params_ids: list[str], title: str, names: list[str]) -> None:
    assert name_rows("step time", params_ids) == (title, dict(zip(params_ids, names, strict=True)))


def test_what_keras_chooses_for_xla_is_said_where_it_is_known() -> None:
    versions = "TensorFlow 2.21.0, Keras 3.15.1{}, NumPy 2.4.6, Python 3.11.7"
    assert name_versions(make_environment()) == versions.format("")
    told = name_versions(make_environment(jit_compile="True"))
    assert told == versions.format(" (jit_compile=True by default)")


def test_an_interval_is_written_by_its_bounds_or_by_half_its_width() -> None:
    interval = make_interval(1.031, 1.02, 1.042)
    assert format_bounds(interval) == "+2.0 % to +4.2 %"
    assert format_half_width(interval) == "+3.1 % ± 1.1 %"
    unlimited = make_interval(1.031, 0.0, math.inf)
    assert (format_bounds(unlimited), format_half_width(unlimited)) == ("unknown", "+3.1 % ± ?")
    assert format_half_width(None) == "-"


def test_a_difference_is_told_largest_first() -> None:
    assert describe_op_types({"Cast": 1, "Mul": 2, "Sum": -3}) == "-3 Sum, +2 Mul, +1 Cast"


def test_no_difference_is_told_too() -> None:
    assert describe_op_types({}) == "none"
