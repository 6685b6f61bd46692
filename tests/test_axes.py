"""Values of an axis are read in any usual notation, and what is none is refused in one line."""

from __future__ import annotations

import re

import pytest

from benchmarks.axes import WORKLOAD_NAMES, Rejected, parse_axis
from benchmarks.errors import AxisError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("32,256", (32, 256)),
        (" 32 , 256, ", (32, 256)),
        ("256,32,256", (256, 32)),
        ("100000", (100_000,)),
        ("100_000", (100_000,)),
        ("1e5", (100_000,)),
        ("1.5e3,1E+2", (1500, 100)),
        ("1000000000", (10**9,)),
    ],
)
def test_counts_are_read_in_any_usual_notation_and_each_once(text: str, values: tuple[int, ...]) -> None:
    assert parse_axis("dataset_size", text) == values


@pytest.mark.parametrize(
    "text", ["0", "-1", "abc", "1.5", "1e-3", "1.25e1", "nan", "1e99", "1_", "0x10", "٣", "1000000001", "2 4"]
)
def test_what_is_no_count_is_rejected_in_one_line_that_names_option_value_and_remedy(text: str) -> None:
    (rejected,) = parse_axis("dataset_size", text)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == (
        f"--dataset-size: expected a whole number from 1 to 1,000,000,000, got {text!r}; "
        "write for example --dataset-size 1e5"
    )


def test_a_method_brings_the_null_case_of_its_control() -> None:
    assert parse_axis("method", "loop_graph") == ("loop_graph-null", "loop_graph")
    assert parse_axis("method", "loop_graph-null") == ("loop_graph-null",)
    assert parse_axis("method", "fit_array,fit_class_weight") == ("fit_array-null", "fit_array", "fit_class_weight")


def test_the_null_case_of_a_shared_control_is_asked_for_by_its_own_name() -> None:
    (rejected,) = parse_axis("method", "fit_class_weight-null")
    assert isinstance(rejected, Rejected)
    assert rejected.reason == (
        "--method: expected a method with a control of its own, got 'fit_class_weight-null'; "
        "write fit_array-null, which is this method's control too"
    )


def test_an_unknown_workload_is_rejected_with_the_known_ones() -> None:
    (rejected, known) = parse_axis("workload", "transformer,cnn")
    assert known == "cnn"
    assert isinstance(rejected, Rejected)
    assert rejected.reason == (
        f"--workload: expected one of {', '.join(WORKLOAD_NAMES)}, got 'transformer'; choose one of them"
    )


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_an_empty_list_is_refused(text: str) -> None:
    with pytest.raises(AxisError, match=re.escape("--batch-size: expected at least one value")):
        parse_axis("batch_size", text)


def test_an_unknown_axis_is_refused() -> None:
    with pytest.raises(AxisError, match="expected an axis among workload, depth"):
        parse_axis("width", "2")
