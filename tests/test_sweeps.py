"""The axes, the profiles and what the command line may put in their place."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.cases import AXIS_NAMES, Rejected, null_case_of, parse_axis
from benchmarks.errors import AxisError
from benchmarks.gate_methods import MOST_GATE_SECONDS
from benchmarks.methods import METHODS, SWEPT_METHODS, Replicas
from benchmarks.records import Case, Question
from benchmarks.sweeps import Profile, expand, list_left_out
from benchmarks.workloads import WORKLOADS

STEP, EPOCH, STARTUP = Question.STEP_TIME, Question.EPOCH_TIME, Question.STARTUP_TIME


def ids(cases: tuple[Case | Rejected, ...]) -> list[str]:
    return [case.id if isinstance(case, Rejected) else case.params_id for case in cases]


def overrides(**texts: str) -> dict[str, tuple[str | int | Rejected, ...]]:
    return {axis: parse_axis(axis, text) for axis, text in texts.items()}


def expand_cases(question: Question, profile: Profile, **texts: str) -> list[Case]:
    """Return the cases of a sweep, all of which can be measured."""
    cases = expand(question, profile, overrides(**texts))
    assert not [case for case in cases if isinstance(case, Rejected)]
    return [case for case in cases if isinstance(case, Case)]


def list_methods(question: Question, **texts: str) -> list[str]:
    """Return the methods of the weighted cases of the quick sweep."""
    return [case.method for case in expand_cases(question, Profile.QUICK, **texts) if not case.null]


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
    chosen = "fit_class_weight,loop_graph"
    assert list_methods(STEP, method=chosen) == ["loop_graph"]
    assert list_methods(EPOCH, method=chosen) == ["fit_class_weight", "loop_graph"]


def test_a_null_case_that_would_vouch_for_nothing_is_left_out_with_its_method() -> None:
    assert expand(STEP, Profile.QUICK, overrides(method="fit_class_weight")) == ()
    with_another = expand_cases(STEP, Profile.QUICK, method="fit_class_weight,fit_array")
    assert [case.asked_method for case in with_another] == ["fit_array-null", "fit_array"]


def test_a_null_case_can_be_asked_for_alone() -> None:
    alone = expand_cases(STEP, Profile.QUICK, method="loop_graph-null")
    assert [(case.method, case.null) for case in alone] == [("loop_graph", True)]


def test_a_method_and_a_workload_that_do_not_go_together_are_left_out() -> None:
    """A class has one weight, and a sample of gru_steps has a label for each time step."""
    chosen = list_methods(EPOCH, workload="gru,gru_steps", method="fit_class_weight,fit_array")
    assert chosen == ["fit_class_weight", "fit_array", "fit_array"]


def test_class_weights_are_not_asked_of_several_outputs_and_every_other_method_is() -> None:
    """Keras takes them for models with a single output."""
    cases = [case for case in expand_cases(EPOCH, Profile.FULL) if case.workload == "mlp_two_outputs"]
    asked = {case.method for case in cases if not case.null}
    assert asked == {name for name in SWEPT_METHODS if not METHODS[name].by_class}


def test_what_is_named_and_not_asked_has_a_reason_and_a_sweep_needs_none() -> None:
    named = {
        "method": parse_axis("method", "fit_tensor,fit_class_weight"),
        "workload": parse_axis("workload", "gru_steps"),
    }
    assert list_left_out(Question.STEP_TIME, Profile.QUICK, named).keys() == {
        "step_time of fit_tensor",
        "step_time of fit_class_weight",
    }
    assert list_left_out(Question.STARTUP_TIME, Profile.QUICK, named) == {
        "startup_time of fit_class_weight with gru_steps": WORKLOADS["gru_steps"].without_class_weights
    }
    assert list_left_out(Question.EVALUATION_TIME, Profile.FULL, {}) == {}


def test_a_loop_of_ones_own_is_not_asked_how_long_it_evaluates() -> None:
    cases = expand_cases(Question.EVALUATION_TIME, Profile.FULL, method="loop_graph-null,loop_graph,fit_dataset")
    assert {case.method for case in cases} == {"fit_dataset"}


def test_every_method_says_of_known_questions_why_it_is_not_asked_them() -> None:
    for entry in METHODS.values():
        assert set(entry.without) <= {question.value for question in Question}
        assert all(entry.without.values())


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
    nulls = dict.fromkeys(
        {"fit_class_weight": "fit_array", "fit_class_weight_dataset": "fit_dataset"}.get(m, m) for m in methods
    )
    expected = [f"{prefix}-{method}-null" for method in nulls] + [f"{prefix}-{method}" for method in methods]
    assert ids(expand(question, Profile.QUICK, {})) == expected


def test_the_gate_takes_no_longer_than_it_may_null_cases_included() -> None:
    cases = [case for question in Question for case in expand_cases(question, Profile.GATE)]
    assert sum(case.question.row.case_seconds for case in cases) <= MOST_GATE_SECONDS == 20 * 60


@pytest.mark.parametrize("question", Question)
def test_the_gate_asks_each_entry_point_every_question_that_it_can_be_asked(question: Question) -> None:
    swept = {METHODS[case.method].entry_point for case in expand_cases(question, Profile.GATE) if not case.null}
    assert swept == {entry.entry_point for entry in METHODS.values() if question.value not in entry.without}


def test_the_gate_has_other_depths_batches_workloads_and_a_million_samples_too() -> None:
    cases = [case for question in (STEP, STARTUP) for case in expand_cases(question, Profile.GATE) if not case.null]
    assert {(case.workload, case.depth, case.batch_size) for case in cases} == {
        ("mlp", 2, 256),
        ("mlp", 8, 256),
        ("mlp", 2, 32),
        ("cnn", 2, 256),
    }
    assert {case.method for case in cases if case.dataset_size == 1_000_000} == {"fit_array", "fit_class_weight"}


def test_the_quick_sweep_leaves_evaluations_alone_to_the_others() -> None:
    for profile in Profile:
        asked = {question for question in Question if expand(question, profile, {})}
        assert asked == {*Question} - ({Question.EVALUATION_TIME} if profile is Profile.QUICK else set())


def test_the_full_sweep_has_over_1000_cases_and_every_value_of_every_axis() -> None:
    cases = [case for question in Question for case in expand_cases(question, Profile.FULL)]
    assert len(cases) > 1000
    assert {case.workload for case in cases} == set(WORKLOADS)
    assert {case.depth for case in cases} == {2, 4, 8}
    assert {case.batch_size for case in cases} == {32, 256, 512, 2048}
    assert {case.dataset_size for case in cases} == {None, 2_560, 10_000, 20_480, 100_000, 1_000_000}
    assert {case.method for case in cases if not case.null} == set(SWEPT_METHODS)


def test_what_no_sweep_asks_is_asked_by_name_and_has_a_reason() -> None:
    unswept = set(METHODS) - set(SWEPT_METHODS)
    assert unswept == {"fit_multi_worker"}
    assert all(METHODS[name].unswept for name in unswept)
    assert list_methods(EPOCH, method="fit_multi_worker") == ["fit_multi_worker"]


@pytest.mark.parametrize("profile", [Profile.QUICK, Profile.GATE])
def test_replicas_are_in_the_full_sweep_alone(profile: Profile) -> None:
    cases = [case for question in Question for case in expand_cases(question, profile)]
    assert {METHODS[case.method].replicas for case in cases} == {Replicas.ONE}


def test_replicas_are_not_asked_where_each_would_compute_something_else() -> None:
    cases = expand_cases(STEP, Profile.QUICK, workload="mlp_batchnorm,mlp_bfloat16", method="loop_mirrored")
    assert {case.workload for case in cases} == {"mlp_bfloat16"}


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("question", Question)
def test_every_case_can_be_measured_under_its_own_unique_id(profile: Profile, question: Question) -> None:
    cases = expand_cases(question, profile)
    assert {case.question for case in cases} <= {question}
    assert len({case.case_id for case in cases}) == len(cases)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("question", Question)
def test_every_weighted_case_has_its_null_case_and_all_nulls_run_first(profile: Profile, question: Question) -> None:
    cases = expand_cases(question, profile)
    assert [case.null for case in cases] == sorted((case.null for case in cases), reverse=True)
    assert {null_case_of(case) for case in cases if not case.null} == {case for case in cases if case.null}


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
    usual = [case for case in expand_cases(STEP, Profile.GATE) if (case.depth, case.batch_size) == (2, 256)]
    assert len(cases) == len(set(ids(cases))) == len([case for case in usual if case.workload == "mlp"])


def test_a_question_without_dataset_size_ignores_what_is_said_of_it() -> None:
    assert expand(STEP, Profile.QUICK, overrides(dataset_size="1e5,abc")) == expand(STEP, Profile.QUICK, {})


def test_a_batch_larger_than_the_dataset_is_rejected_in_the_place_of_its_case() -> None:
    cases = expand(EPOCH, Profile.QUICK, overrides(batch_size="64", dataset_size="32", method="fit_array"))
    assert ids(cases) == ["mlp-depth2-batch64-size32-fit_array-null", "mlp-depth2-batch64-size32-fit_array"]
    assert [isinstance(case, Rejected) and case.reason.startswith("batch size: expected at") for case in cases] == [
        True
    ] * 2
    assert [case.null for case in cases] == [True, False]


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
    assert cases[1] == Rejected(
        id="rejected-batch_size=abc",
        reason="--batch-size: expected a whole number from 1 to 1,000,000,000, got 'abc'; "
        "write for example --batch-size 32",
    )


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
        method=",".join(METHODS),
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
    controls = {entry.control_path for entry in METHODS.values()}
    assert len(cases) == 23 * 3 * 3 * (len(METHODS) + len(controls))
    assert calls < 30 * len(cases)
