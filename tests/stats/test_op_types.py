"""Graphs are subtracted type by type, and the difference is read largest first."""

from __future__ import annotations

from benchmarks.stats.op_types import describe_op_types, subtract_op_types


def test_a_difference_leaves_out_what_both_have() -> None:
    assert subtract_op_types({"Mul": 5, "Cast": 1, "Sum": 2}, {"Mul": 3, "Sum": 3, "Cast": 1}) == {"Mul": 2, "Sum": -1}


def test_a_difference_is_told_largest_first() -> None:
    assert describe_op_types({"Cast": 1, "Mul": 2, "Sum": -3}) == "-3 Sum, +2 Mul, +1 Cast"


def test_no_difference_is_told_too() -> None:
    assert describe_op_types({}) == "none"
