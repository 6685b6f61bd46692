"""The axes, the profiles and what the command line may put in their place."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.axes import AXIS_NAMES, METHOD_NAMES, WORKLOAD_NAMES, Rejected, name_null_method, parse_axis, split_null
from benchmarks.errors import AxisError
from benchmarks.records import Case, Question
from benchmarks.sweeps import CaseParams, Profile, expand

STEP, EPOCH, STARTUP = Question.STEP_TIME, Question.EPOCH_TIME, Question.STARTUP_TIME


def ids(cases: tuple[CaseParams, ...]) -> list[str]:
    return [case.id for case in cases]


def overrides(**texts: str) -> dict[str, tuple[str | int | Rejected, ...]]:
    return {axis: parse_axis(axis, text) for axis, text in texts.items()}


def to_case(params: CaseParams, question: Question) -> Case:
    method, null = split_null(params.method)
    return Case(
        question=question,
        workload=params.workload,
        depth=params.depth,
        batch_size=params.batch_size,
        dataset_size=params.dataset_size,
        method=method,
        null=null,
    )


def test_methods_are_asked_after_the_null_case_of_every_control() -> None:
    chosen = overrides(method="fit_dataset,fit_class_weight_dataset,loop_graph")
    assert ids(expand(STEP, Profile.QUICK, chosen)) == [
        "mlp-depth2-batch256-fit_dataset-null",
        "mlp-depth2-batch256-loop_graph-null",
        "mlp-depth2-batch256-fit_dataset",
        "mlp-depth2-batch256-fit_class_weight_dataset",
        "mlp-depth2-batch256-loop_graph",
    ]


def test_a_method_without_steps_of_its_own_is_not_asked_how_long_one_takes() -> None:
    chosen = overrides(method="fit_class_weight,loop_graph")
    assert {case.method for case in expand(STEP, Profile.QUICK, chosen) if not case.null} == {"loop_graph"}
    assert {case.method for case in expand(EPOCH, Profile.QUICK, chosen) if not case.null} == {
        "fit_class_weight",
        "loop_graph",
    }


def test_a_null_case_that_would_vouch_for_nothing_is_left_out_with_its_method() -> None:
    assert expand(STEP, Profile.QUICK, overrides(method="fit_class_weight")) == ()
    with_another = expand(STEP, Profile.QUICK, overrides(method="fit_class_weight,fit_array"))
    assert {case.method for case in with_another} == {"fit_array-null", "fit_array"}


def test_quick_step_time_asks_every_method_with_a_step_of_its_own() -> None:
    cases = expand(STEP, Profile.QUICK, {})
    assert {case.method for case in cases if not case.null} == {*METHOD_NAMES} - {"fit_array", "fit_class_weight"}


@pytest.mark.parametrize(
    ("question", "size", "methods"),
    [
        (EPOCH, 20_480, ["fit_array", "fit_dataset"]),
        (STARTUP, 100_000, ["fit_array", "fit_class_weight", "fit_class_weight_dataset"]),
    ],
)
def test_quick_sweeps_few_methods_over_whole_passes_and_starts(
    question: Question, size: int, methods: list[str]
) -> None:
    prefix = f"mlp-depth2-batch256-size{size}"
    nulls = dict.fromkeys(map(name_null_method, methods))
    expected = [f"{prefix}-{method}-null" for method in nulls] + [f"{prefix}-{method}" for method in methods]
    assert ids(expand(question, Profile.QUICK, {})) == expected


def test_the_gate_stays_between_30_and_70_cases() -> None:
    """In CI it should take ten minutes or so."""
    assert 30 <= sum(len(expand(question, Profile.GATE, {})) for question in Question) <= 70


def test_the_full_sweep_has_over_1000_cases_and_every_value_of_every_axis() -> None:
    cases = [case for question in Question for case in expand(question, Profile.FULL, {})]
    assert len(cases) > 1000
    assert {case.workload for case in cases} == set(WORKLOAD_NAMES)
    assert {case.depth for case in cases} == {2, 4, 8}
    assert {case.batch_size for case in cases} == {32, 256, 512, 2048}
    assert {case.dataset_size for case in cases} == {None, 2_560, 10_000, 100_000, 1_000_000}
    assert {case.method for case in cases if not case.null} == set(METHOD_NAMES)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("question", Question)
def test_every_case_can_be_measured_under_its_own_unique_id(profile: Profile, question: Question) -> None:
    cases = expand(question, profile, {})
    assert [to_case(params, question).params_id for params in cases] == ids(cases)
    assert len(set(ids(cases))) == len(cases)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("question", Question)
def test_every_weighted_case_has_its_null_case_and_all_nulls_run_first(profile: Profile, question: Question) -> None:
    cases = expand(question, profile, {})
    assert [case.null for case in cases] == sorted((case.null for case in cases), reverse=True)
    present = set(ids(cases))
    for case in cases:
        if not case.null:
            assert case.id.removesuffix(case.method) + f"{name_null_method(case.method)}-null" in present


def test_methods_with_the_same_control_share_its_null_case() -> None:
    assert name_null_method("fit_class_weight") == name_null_method("fit_array") == "fit_array"
    assert name_null_method("loop_jit") == "loop_jit"


def test_an_override_replaces_the_values_of_its_axis_and_keeps_the_others() -> None:
    cases = expand(STEP, Profile.QUICK, overrides(batch_size="32,512", method="loop_graph"))
    assert ids(cases) == [
        "mlp-depth2-batch32-loop_graph-null",
        "mlp-depth2-batch512-loop_graph-null",
        "mlp-depth2-batch32-loop_graph",
        "mlp-depth2-batch512-loop_graph",
    ]


def test_an_override_that_makes_products_of_the_gate_overlap_asks_each_case_once() -> None:
    cases = expand(STEP, Profile.GATE, overrides(workload="mlp", depth="2", batch_size="64"))
    assert len(cases) == len(set(ids(cases))) == len(expand(STEP, Profile.QUICK, {}))


def test_a_question_without_dataset_size_ignores_what_is_said_of_it() -> None:
    assert expand(STEP, Profile.QUICK, overrides(dataset_size="1e5,abc")) == expand(STEP, Profile.QUICK, {})


def test_a_batch_larger_than_the_dataset_is_left_to_the_case_to_refuse() -> None:
    cases = expand(EPOCH, Profile.QUICK, overrides(batch_size="64", dataset_size="32", method="fit_array"))
    assert ids(cases) == ["mlp-depth2-batch64-size32-fit_array-null", "mlp-depth2-batch64-size32-fit_array"]


def test_a_value_that_makes_no_sense_is_one_case_of_its_own_beside_the_others() -> None:
    cases = expand(STEP, Profile.QUICK, overrides(batch_size="0,abc,32", method="loop_graph", depth="2,4"))
    assert ids(cases) == [
        "rejected-batch_size=0",
        "rejected-batch_size=abc",
        "mlp-depth2-batch32-loop_graph-null",
        "mlp-depth4-batch32-loop_graph-null",
        "mlp-depth2-batch32-loop_graph",
        "mlp-depth4-batch32-loop_graph",
    ]
    assert cases[1].rejected == Rejected(
        axis="batch_size",
        text="abc",
        reason="--batch-size: expected a whole number from 1 to 1,000,000,000, got 'abc'; "
        "write for example --batch-size 32",
    )
    assert (cases[1].workload, cases[1].depth, cases[1].method) == ("mlp", 2, "loop_graph-null")


def test_an_axis_without_any_valid_value_leaves_only_its_rejected_cases() -> None:
    assert ids(expand(STEP, Profile.GATE, overrides(method="loop_grph", depth="x"))) == [
        "rejected-method=loop_grph",
        "rejected-depth=x",
    ]


@given(axis=st.sampled_from(AXIS_NAMES), text=st.text(max_size=20))
def test_whatever_is_typed_gives_distinct_ids_that_are_safe_in_a_node_id(axis: str, text: str) -> None:
    try:
        values = parse_axis(axis, text)
    except AxisError:
        return
    case_ids = ids(expand(EPOCH, Profile.QUICK, {axis: values}))
    assert len(set(case_ids)) == len(case_ids)
    assert all(re.fullmatch(r"[\w.+%=-]+", case_id, re.ASCII) for case_id in case_ids)
    assert all("\n" not in value.reason for value in values if isinstance(value, Rejected))


def test_2000_cases_are_expanded_in_linear_work() -> None:
    # No clock: the bound that matters is that nothing is imported or built per case. Calls are counted instead.
    wanted = overrides(
        batch_size=",".join(map(str, range(1, 24))),
        depth="1,2,3",
        dataset_size="100,200,300",
        method=",".join(METHOD_NAMES),
    )
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        cases = expand(EPOCH, Profile.QUICK, wanted)
    finally:
        sys.setprofile(None)
    assert len(cases) == 23 * 3 * 3 * 14
    assert calls < 30 * len(cases)
