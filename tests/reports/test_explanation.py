"""A failure says what was measured, stored and tolerated; an overhead, what one side has and the other has not."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.gate.plan import Plan
from benchmarks.records import ArmReadings, Aspect, Case, Comparison, Outcome, Profile, Question, ReadBlock, Verdict
from benchmarks.reports.explanation import (
    Composition,
    explain_functions,
    explain_graphs,
    explain_nothing,
    explain_overhead,
    make_message,
)
from tests.examples import make_case
from tests.reports.example_judgements import NULL, PLAN, REGRESSION, judge

EXPECTED_REGRESSION = """\
step_time[mlp-depth4-batch256-loop_graph]: weighting samples costs more than it did.
  overhead now     +7.3 % (95 % interval +6.4 % to +8.2 %), on 8 fresh blocks
  in the baseline  +2.1 % (95 % interval +1.2 % to +3.0 %), on 12 blocks
  change           +5.1 % (95 % interval +4.0 % to +6.2 %); tolerated: +2.0 %
  false alarms     at most 5 % of runs with 20 judgements raise one where nothing is beyond its tolerance
  next             pytest benchmarks --explain"""
EXPECTED_NULL_CASE = """\
step_time[mlp-depth4-batch256-loop_graph-null]: the measurement itself is off; this is not a finding about TensorFlow.
  shown         +5.1 % (95 % interval +4.0 % to +6.2 %), on 8 fresh blocks, between two arms that run the same code
  expected      +0.0 %, and no more than 2.0 % to either side
  false alarms  at most 5 % of runs with 20 judgements raise one where nothing is beyond its tolerance
  meaning       what this run says of weighting on this path, workload and size may be off by as much
  next          close other programs"""


def explain(case: Case, *comparisons: Comparison, next_step: str, plan: Plan = PLAN) -> str:
    verdict = Verdict(outcome=comparisons[0].outcome, reason="as told")
    return make_message(case, verdict, [judge(each) for each in comparisons], plan, next_step, two_targets=False)


def test_a_regression_says_what_was_measured_stored_tolerated_and_what_to_do_next() -> None:
    assert explain(make_case(), REGRESSION, next_step="pytest benchmarks --explain") == EXPECTED_REGRESSION


def test_what_was_left_open_beside_a_regression_is_told_with_what_it_read() -> None:
    left_open = dataclasses.replace(REGRESSION, aspect=Aspect.CPU, outcome=Outcome.UNDECIDED, tolerance=0.05)
    held = dataclasses.replace(REGRESSION, source="anchor", outcome=Outcome.HELD)
    lines = explain(make_case(), REGRESSION, left_open, held, next_step="look").splitlines()
    told, added = EXPECTED_REGRESSION.splitlines(), lines.pop(4)
    assert lines[:-1] == told[:-1]
    assert added == (
        "  left open        overhead in processor time against the baseline, +5.1 % (95 % interval +4.0 % to +6.2 %) "
        "on 8 fresh blocks; tolerated: +5.0 %"
    )


def test_a_failed_null_case_blames_the_measurement() -> None:
    text = explain(make_case(null=True), NULL, next_step="close other programs")
    assert text == EXPECTED_NULL_CASE


def test_a_single_judgement_is_written_in_the_singular() -> None:
    plan = dataclasses.replace(PLAN, judgements=1, family_alpha=0.01)
    text = explain(make_case(), REGRESSION, next_step="look", plan=plan)
    assert "at most 1 % of runs with 1 judgement raise one" in text


@pytest.mark.parametrize(
    ("case", "two_targets", "complaint"),
    [
        (make_case(null=True), True, "the measurement itself is off: both arms run the same code."),
        (
            make_case(null=True, question=Question.PEAK_MEMORY, dataset_size=1000),
            False,
            "the readings themselves are off: both arms run the same code.",
        ),
        (make_case(), True, "slower here than in the other target."),
        (make_case(question=Question.PEAK_MEMORY, dataset_size=1000), True, "more here than in the other target."),
    ],
)
def test_a_failure_begins_with_what_is_wrong(case: Case, two_targets: bool, complaint: str) -> None:  # noqa: FBT001
    failed = Verdict(outcome=Outcome.FAILED if case.null else Outcome.REGRESSED, reason="as told")
    head = make_message(case, failed, [], PLAN, "look", two_targets=two_targets).splitlines()[0]
    assert head.startswith(f"{case.case_id}: {complaint}")


def test_all_that_failed_is_explained() -> None:
    cpu = dataclasses.replace(REGRESSION, aspect=Aspect.CPU)
    text = explain(make_case(), REGRESSION, cpu, next_step="look")
    assert text.index("  overhead now") < text.index("  overhead in processor time now")


def test_of_a_null_case_in_processor_time_a_failure_says_so() -> None:
    text = explain(make_case(null=True), dataclasses.replace(NULL, aspect=Aspect.CPU), next_step="look")
    assert "+5.1 % (95 % interval +4.0 % to +6.2 %) in processor time, on 8 fresh blocks" in text


def test_what_fails_nothing_is_told_in_one_line() -> None:
    held = Verdict(outcome=Outcome.HELD, reason="as before")
    assert make_message(make_case(), held, [judge(REGRESSION)], PLAN, "look", two_targets=False) == "HELD: as before"


def make_arm(nodes: dict[str, int], *, later_traces: int = 0) -> ArmReadings:
    return ArmReadings(
        seed=1,
        values={"first_pass_traces": 2, "steady_traces": later_traces, "graph_nodes": sum(nodes.values())},
        op_types={"graph_nodes": nodes},
        trace_causes=("y went from int32[?] to int64[?]",) * later_traces,
        read_ns=1,
    )


def test_op_types_and_traces_are_named() -> None:
    weighted, control = make_arm({"Add": 1, "Mul": 2}), make_arm({"Add": 1})
    assert list(explain_graphs(weighted, control, sides="weighted - control", names="weighted arm and control")) == [
        "op types (weighted - control): +2 Mul",
        "traces of weighted arm and control: 2 and 2 in the first pass, 0 and 0 after it",
    ]


def test_a_later_trace_comes_with_its_cause() -> None:
    arms = make_arm({}, later_traces=2), make_arm({})
    *_, last = explain_graphs(*arms, sides="weighted - control", names="weighted arm and control")
    assert last.endswith("2 and 0 after it (y went from int32[?] to int64[?])")


def test_functions_are_ranked_by_the_difference_of_their_own_time() -> None:
    lines = list(
        explain_functions(
            {"a": 5_000.0, "b": 70_000.0, "c": 100.0}, {"a": 30_000.0, "c": 100.0}, sides="weighted - control"
        )
    )
    assert lines == [
        "Python functions by difference in own time per step, under a profiler (weighted - control):",
        "  +70.0 us  b",
        "  -25.0 us  a",
    ]


def test_no_difference_is_told_too() -> None:
    (line,) = explain_functions({"a": 5.0}, {"a": 5.0}, sides="weighted - control")
    assert line == "Python functions: no difference in own time (weighted - control)"


def make_composition(weighted_nodes: dict[str, int], own_ns: float) -> Composition:
    graph = ReadBlock(control=make_arm({"Add": 1}), weighted=make_arm(weighted_nodes))
    profile = Profile(control_own_ns_per_step={"f": 1_000.0}, weighted_own_ns_per_step={"f": own_ns})
    return Composition(graph=graph, profile=profile)


def test_an_overhead_is_explained_below_the_id_of_its_case() -> None:
    lines = explain_overhead(make_case(), make_composition({"Add": 1, "Mul": 1}, 3_000.0), None).splitlines()
    assert lines == [
        f"{make_case().case_id}: what it is made of",
        "  op types (weighted - control): +1 Mul",
        "  traces of weighted arm and control: 2 and 2 in the first pass, 0 and 0 after it",
        "  Python functions by difference in own time per step, under a profiler (weighted - control):",
        "    +2.00 us  f",
    ]


def test_of_two_targets_what_the_weighted_arm_has_here_alone_is_told() -> None:
    here, other = make_composition({"Add": 1, "Mul": 1}, 3_000.0), make_composition({"Add": 2}, 4_000.0)
    assert explain_overhead(make_case(), here, other).splitlines()[3:] == [
        "  op types (weighted arm here - in the other target): -1 Add, +1 Mul",
        "  traces of both targets: 2 and 2 in the first pass, 0 and 0 after it",
        (
            "  Python functions by difference in own time per step, under a profiler (weighted arm here - in the other "
            "target):"
        ),
        "    -1.00 us  f",
    ]


def test_what_could_not_be_explained_says_why() -> None:
    assert explain_nothing(make_case(), "it died").splitlines()[1:] == ["  could not be explained: it died"]
