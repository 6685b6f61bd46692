"""What differs between two targets is a row per case, and lists of what got slower, faster, or another graph."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.records import (
    ArmReadings,
    Aspect,
    CaseReport,
    Change,
    Interval,
    Measurement,
    Outcome,
    Question,
    ReadBlock,
    Verdict,
)
from benchmarks.reports.sides import conclude_against, render_sides
from tests.examples import make_case, make_environment, make_measurement, make_read_measurement

_AGAINST = "tensorflow-cpu==2.20.0"


def make_change(aspect: Aspect, ratio: float, outcome: Outcome) -> Change:
    interval = Interval(estimate=ratio, lower=ratio - 0.01, upper=ratio + 0.01, confidence=0.95)
    brief = f"{aspect.value} {ratio - 1:+.1%}".replace("%", " %")
    return Change(
        aspect=aspect, outcome=outcome, reason="because", brief=brief, rises=ratio > 1.0, change_ratio=interval
    )


def make_report(*changes: Change, outcome: Outcome = Outcome.HELD) -> CaseReport:
    here = make_measurement()
    other = dataclasses.replace(here, environment=make_environment(tensorflow="2.20.0", keras="3.11.0"))
    return CaseReport(
        case=make_case(),
        measurement=here,
        overhead_ratio=Interval(estimate=1.02, lower=1.01, upper=1.03, confidence=0.95),
        position_ratio=None,
        timed_share=None,
        verdict=Verdict(outcome=outcome, reason="because"),
        other=other,
        changes=changes,
    )


def make_graph_report() -> CaseReport:
    def measure(nodes: dict[str, int], version: str) -> Measurement:
        arm = ArmReadings(seed=1, values={}, op_types={"optimised_graph_nodes": nodes}, read_ns=1)
        measured = make_read_measurement(case, [ReadBlock(control=arm, weighted=arm)])
        return dataclasses.replace(measured, environment=make_environment(tensorflow=version))

    case = make_case(question=Question.TRAINING_GRAPH)
    return dataclasses.replace(
        make_report(),
        case=case,
        measurement=measure({"MatMul": 3, "Mul": 2}, "2.21.0"),
        other=measure({"MatMul": 3}, "2.20.0"),
        changes=(),
    )


def test_one_target_alone_says_nothing() -> None:
    assert render_sides([dataclasses.replace(make_report(), other=None)], None) == []


def test_both_targets_are_named_and_each_aspect_has_its_change() -> None:
    report = make_report(
        make_change(Aspect.OVERHEAD, 1.0, Outcome.HELD),
        make_change(Aspect.CONTROL, 1.2, Outcome.REGRESSED),
        make_change(Aspect.WEIGHTED, 0.8, Outcome.IMPROVED),
        outcome=Outcome.REGRESSED,
    )
    targets, table, lists = render_sides([report], _AGAINST)
    assert targets.splitlines()[0].startswith("This target:  TensorFlow 2.21.0, Keras 3.15.1")
    assert targets.splitlines()[1].startswith("Other target: TensorFlow 2.20.0, Keras 3.11.0")
    assert targets.splitlines()[1].endswith(f"({_AGAINST})")
    row = table.splitlines()[-1]
    assert row.endswith("REGRESSED")
    assert "+20.0 % (+19.0 % to +21.0 %)" in row
    case_id = report.case.case_id
    assert lists.splitlines() == [
        "Slower or larger here: 1",
        f"  {case_id} (control +20.0 %)",
        "Faster or smaller here: 1",
        f"  {case_id} (weighted arm -20.0 %)",
    ]


def test_a_change_whose_null_case_was_off_is_not_listed() -> None:
    change = make_change(Aspect.OVERHEAD, 1.2, Outcome.REGRESSED)
    *_, lists = render_sides([make_report(change, outcome=Outcome.NOT_COMPARABLE)], _AGAINST)
    assert "Slower or larger here: nothing" in lists


def test_bytes_are_listed_and_have_no_row_in_the_table_of_times() -> None:
    brief = "peak tensor bytes of a pass, control: 20.0 MiB → 30.0 MiB"
    change = Change(aspect=Aspect.CONTROL, outcome=Outcome.UNDECIDED, reason="because", brief=brief, rises=True)
    _, lists = render_sides([make_report(change)], _AGAINST)
    assert lists.splitlines()[-2:] == ["Undecided: 1", f"  {make_case().case_id} ({brief})"]


def test_a_graph_that_changed_is_told_by_op_type() -> None:
    *_, lists = render_sides([make_graph_report()], _AGAINST)
    assert lists.splitlines()[-3:] == [
        "Other graph: 2",
        "  training_graph[mlp-depth4-batch256-loop_graph], control: 3 → 5 nodes; +2 Mul",
        "  training_graph[mlp-depth4-batch256-loop_graph], weighted: 3 → 5 nodes; +2 Mul",
    ]


def test_nothing_slower_is_said_so() -> None:
    *_, lists = render_sides([make_report(make_change(Aspect.OVERHEAD, 1.0, Outcome.HELD))], _AGAINST)
    assert lists.splitlines() == ["Slower or larger here: nothing", "Faster or smaller here: nothing"]


@pytest.mark.parametrize(
    ("outcomes", "answer"),
    [
        ([Outcome.HELD, Outcome.IMPROVED], "Not shown in any of 2 cases."),
        ([Outcome.REGRESSED, Outcome.HELD, Outcome.FAILED], "Yes: 1 of 3 cases; 1 FAILED."),
        ([Outcome.UNDECIDED, Outcome.UNDECIDED], "Not shown in any of 2 cases; 2 UNDECIDED."),
    ],
)
def test_a_run_against_another_target_has_one_answer(outcomes: list[Outcome], answer: str) -> None:
    reports = [make_report(outcome=outcome) for outcome in outcomes]
    assert conclude_against(reports, _AGAINST).splitlines() == [
        f"Is anything slower or larger here than in {_AGAINST}?",
        answer,
    ]
    assert conclude_against(reports, None) == ""


def test_without_a_weighted_case_that_was_compared_the_answer_is_not_known() -> None:
    outcomes = (Outcome.NOT_COMPARABLE, Outcome.FAILED)
    reports = [
        *(make_report(outcome=outcome) for outcome in outcomes),
        dataclasses.replace(make_report(), case=make_case(null=True)),
    ]
    assert conclude_against(reports, _AGAINST).splitlines()[1] == (
        "Not known: no weighted case was compared; 1 NOT COMPARABLE; 1 FAILED."
    )
