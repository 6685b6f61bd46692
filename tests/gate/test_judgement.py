"""A case comes to the worst that was found of it, and a claim of change falls with its null case."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.gate.judgement import Judgement, conclude, doubt, list_changes
from benchmarks.records import Aspect, Interval, Outcome, Verdict
from tests.examples import make_comparison


def find(outcome: Outcome, text: str = "", **values: str) -> Judgement:
    return Judgement(aspect=Aspect.OVERHEAD, outcome=outcome, text=text, **values)  # type: ignore[arg-type]


def test_where_nothing_was_judged_there_is_no_verdict() -> None:
    assert conclude([]) is None


def test_the_reasons_of_all_that_are_as_bad_are_given_and_what_was_left_open_beside_them() -> None:
    verdict = conclude(
        [
            find(Outcome.HELD, "held"),
            find(Outcome.REGRESSED, "one"),
            find(Outcome.UNDECIDED, "open", left_open="left open: this"),
            find(Outcome.REGRESSED, "two"),
        ]
    )
    assert verdict == Verdict(outcome=Outcome.REGRESSED, reason="one; two; left open: this")


def test_of_times_that_held_the_first_says_it_and_of_readings_each_is_named() -> None:
    times = conclude([find(Outcome.HELD, "wall"), find(Outcome.HELD, "cpu")])
    assert times == Verdict(outcome=Outcome.HELD, reason="wall")
    keys = ("graph_nodes", "first_pass_traces", "graph_nodes")
    readings = conclude([find(Outcome.HELD, "as many", key=key) for key in keys])
    assert readings == Verdict(outcome=Outcome.HELD, reason="held: graph nodes of the step, traces in the first pass")


def test_what_changed_between_two_targets_is_what_has_a_few_words_for_it() -> None:
    changes = list_changes([find(Outcome.HELD, "null"), find(Outcome.REGRESSED, "risen", brief="overhead +6.0 %")])
    assert [(change.brief, change.reason) for change in changes] == [("overhead +6.0 %", "risen")]


NULL_FAILED = Verdict(outcome=Outcome.FAILED, reason="the null case shows +6.0 %")


@pytest.mark.parametrize("outcome", [Outcome.REGRESSED, Outcome.IMPROVED])
def test_a_claim_of_change_falls_with_its_null_case(outcome: Outcome) -> None:
    doubted = doubt(Verdict(outcome=outcome, reason="overhead changed by +5.0 %"), NULL_FAILED)
    assert doubted.outcome is Outcome.NOT_COMPARABLE
    assert "its null case was off: the null case shows +6.0 %" in doubted.reason
    assert f"would be {outcome.value} (overhead changed by +5.0 %)" in doubted.reason


@pytest.mark.parametrize(
    "outcome", [Outcome.HELD, Outcome.UNDECIDED, Outcome.NOT_COMPARABLE, Outcome.FAILED], ids=lambda each: each.name
)
def test_other_verdicts_stand_whatever_the_null_case_shows(outcome: Outcome) -> None:
    verdict = Verdict(outcome=outcome, reason="as it is")
    assert doubt(verdict, NULL_FAILED) is verdict


@pytest.mark.parametrize("null_outcome", [Outcome.HELD, Outcome.UNDECIDED], ids=lambda each: each.name)
def test_a_regression_stands_unless_its_null_case_failed(null_outcome: Outcome) -> None:
    verdict = Verdict(outcome=Outcome.REGRESSED, reason="overhead changed by +5.0 %")
    assert doubt(verdict, Verdict(outcome=null_outcome, reason="")) is verdict


def test_a_doubted_claim_keeps_its_figures() -> None:
    verdict = Verdict(outcome=Outcome.REGRESSED, reason="", comparison=make_comparison())
    assert doubt(verdict, NULL_FAILED).comparison is verdict.comparison


def test_a_change_has_its_direction_and_its_interval() -> None:
    interval = Interval(estimate=1.06, lower=1.05, upper=1.07, confidence=0.95)
    judgement = dataclasses.replace(find(Outcome.REGRESSED, brief="risen"), rises=True, change_ratio=interval)
    (change,) = list_changes([judgement])
    assert change.rises is True
    assert change.change_ratio is interval
