"""A scheme has a row for each path and control, made alike, and says what it is not asked and why."""

from __future__ import annotations

import pytest

from benchmarks.cases import explain_left_out, find_null_method, null_case_of
from benchmarks.methods import METHODS, Kind
from benchmarks.methods._computed_entries import COMPUTED_ENTRIES, OVER_STATIC, STEP_SCHEMES
from benchmarks.records import Question
from tests.examples import make_case

NAMES = [entry.name for entry in COMPUTED_ENTRIES]
TWINS = [name for name in NAMES if name.endswith(OVER_STATIC)]


@pytest.mark.parametrize("scheme", STEP_SCHEMES)
@pytest.mark.parametrize("path", ["fit", "loop"])
def test_a_scheme_is_held_against_both_controls_in_both_paths(path: str, scheme: str) -> None:
    alone, over_static = METHODS[f"{path}_{scheme}"], METHODS[f"{path}_{scheme}{OVER_STATIC}"]
    assert "(x, y)" in alone.control_path
    assert "(x, y, w)" in over_static.control_path
    assert alone.location == over_static.location
    assert (alone.kind, over_static.kind) == (Kind.DYNAMIC, Kind.DYNAMIC)
    assert {Question.STEP_TIME.value, Question.EPOCH_TIME.value}.isdisjoint({*alone.without, *over_static.without})


def test_controls_that_run_the_same_share_a_null_case() -> None:
    nulls = {find_null_method(name) for name in NAMES}
    assert nulls == {
        "fit_focal",  # the mean of the losses in a train_step
        "fit_focal_over_static",  # of the weighted losses
        "loop_graph",
        "loop_focal_over_static",
        "fit_dataset",
        "fit_refreshed_over_static",  # fit_dataset with weights against itself
    }
    null = null_case_of(make_case(method="loop_ohem_over_static"))
    assert (null.method, null.null) == ("loop_focal_over_static", True)


@pytest.mark.parametrize("name", TWINS)
def test_the_twin_of_a_method_is_asked_no_more_than_that_and_says_why(name: str) -> None:
    alone = METHODS[name.removesuffix(OVER_STATIC)]
    assert {*alone.without} < {*METHODS[name].without}
    assert METHODS[name].without[Question.STARTUP_TIME] == f"it is asked of {alone.name}, whose control has no weights"


def test_a_workload_that_does_not_go_with_a_method_is_left_out_with_the_reason() -> None:
    assert "whole batch" in explain_left_out(Question.STEP_TIME, "loop_per_example_map", "mlp_batchnorm")
    assert "loop over time steps" in explain_left_out(Question.STEP_TIME, "loop_per_example_map", "gru")
    assert explain_left_out(Question.STEP_TIME, "loop_per_example_jacobian", "mlp_batchnorm") == ""
    assert "two labels" in explain_left_out(Question.EPOCH_TIME, "fit_rejection_resample", "mlp_two_outputs")


def test_no_method_of_its_own_is_an_entry_point() -> None:
    before = {entry.entry_point for entry in METHODS.values() if entry.kind is Kind.STATIC}
    assert {entry.entry_point for entry in COMPUTED_ENTRIES} <= before
