"""A block has as many slices of either arm, and graphs are subtracted type by type."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.errors import RecordError
from benchmarks.records.blocks import subtract_op_types
from tests.examples import make_block, make_measurement


@pytest.mark.parametrize(
    "values",
    [
        {"control_slice_ns": (), "weighted_slice_ns": (), "weighted_first": ()},
        {"weighted_first": (True,)},
        {"control_slice_ns": (1, 0)},
    ],
)
def test_a_block_whose_samples_do_not_match_is_refused(values: dict[str, object]) -> None:
    whole = make_block((1, 2), (1, 2))
    with pytest.raises(RecordError, match="a block: expected"):
        dataclasses.replace(whole, **values)  # type: ignore[arg-type]


def test_time_spent_in_slices_is_that_of_both_arms() -> None:
    assert make_measurement().blocks[0].timed_ns == 2_000_000_000


def test_a_difference_leaves_out_what_both_have() -> None:
    assert subtract_op_types({"Mul": 5, "Cast": 1, "Sum": 2}, {"Mul": 3, "Sum": 3, "Cast": 1}) == {"Mul": 2, "Sum": -1}
