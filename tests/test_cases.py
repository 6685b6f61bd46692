"""Values of an axis are read in any usual notation, what is none is refused in one line, and null cases are named."""

from __future__ import annotations

import re

import pytest

from benchmarks.cases import Rejected, null_case_of, parse_axis
from benchmarks.errors import AxisError
from benchmarks.workloads import WORKLOADS
from tests.examples import make_case


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


def test_a_method_and_its_null_case_are_values_of_the_same_axis() -> None:
    assert parse_axis("method", "loop_graph,loop_graph-null") == ("loop_graph", "loop_graph-null")


def test_methods_with_the_same_control_share_its_null_case() -> None:
    shared = make_case(method="fit_array", null=True)
    assert null_case_of(make_case(method="fit_class_weight")) == null_case_of(make_case(method="fit_array")) == shared
    assert null_case_of(make_case(method="loop_jit")) == make_case(method="loop_jit", null=True)
    assert null_case_of(shared) == shared


def test_a_method_that_is_not_registered_is_its_own_control() -> None:
    """The other target of a comparison may have methods that this checkout has not."""
    assert null_case_of(make_case(method="loop_new")) == make_case(method="loop_new", null=True)


def test_the_null_case_of_a_shared_control_is_asked_for_by_its_own_name() -> None:
    (rejected,) = parse_axis("method", "fit_class_weight-null")
    assert isinstance(rejected, Rejected)
    assert rejected.reason == (
        "--method: expected a method with a control of its own, got 'fit_class_weight-null'; "
        "write fit_array-null, which is this method's control too"
    )


def test_an_unknown_workload_is_rejected_with_the_known_ones() -> None:
    (rejected, known) = parse_axis("workload", "perceptron,cnn")
    assert known == "cnn"
    assert isinstance(rejected, Rejected)
    assert rejected.reason == (
        f"--workload: expected one of {', '.join(WORKLOADS)}, got 'perceptron'; choose one of them"
    )


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_an_empty_list_is_refused(text: str) -> None:
    with pytest.raises(AxisError, match=re.escape("--batch-size: expected at least one value")):
        parse_axis("batch_size", text)


def test_an_unknown_axis_is_refused() -> None:
    with pytest.raises(AxisError, match="expected an axis among workload, depth"):
        parse_axis("width", "2")
