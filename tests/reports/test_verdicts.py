"""Every outcome of everything that is judged has its sentence, and a case comes to the worst that was found of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from benchmarks.gate.confirm import Expectation, Judgement, Missing, Place, ReadingFigures, TimeChange
from benchmarks.records import Aspect, Comparison, Interval, Outcome, Verdict
from benchmarks.reports.verdicts import describe_judgement, doubt, list_changes, make_verdict
from tests.examples import make_comparison, make_read_block
from tests.reports.example_judgements import NULL, PLAN, REGRESSION, judge


def describe(outcome: Outcome, comparison: Comparison) -> str:
    return describe_judgement(dataclasses.replace(judge(comparison), outcome=outcome), PLAN)


@pytest.mark.parametrize("comparison", [REGRESSION, NULL], ids=["against a baseline", "null case"])
@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.REGRESSED, Outcome.IMPROVED, Outcome.UNDECIDED])
def test_every_reason_is_one_line_with_the_change_its_interval_and_its_blocks(
    outcome: Outcome, comparison: Comparison
) -> None:
    reason = describe(outcome, comparison)
    assert "\n" not in reason
    assert "+5.1 % (95 % interval +4.0 % to +6.2 %)" in reason
    assert "8 fresh blocks" in reason


def test_what_the_screen_decided_names_its_blocks_and_its_lower_confidence() -> None:
    screened = dataclasses.replace(REGRESSION, blocks=4, fresh=False)
    reason = describe(Outcome.HELD, screened)
    assert reason.endswith("no more than the tolerance of +2.0 % with 80 % confidence, on 4 screening blocks")


def test_an_open_verdict_names_the_smallest_change_it_could_have_seen() -> None:
    reason = describe(Outcome.UNDECIDED, REGRESSION)
    assert reason.endswith("a change of +4.1 % or more would have been seen with 80 % probability")


def test_an_open_verdict_names_a_short_baseline_as_what_limits_it() -> None:
    short = dataclasses.replace(REGRESSION, baseline_blocks=4)
    reason = describe(Outcome.UNDECIDED, short)
    assert reason.endswith("80 % probability; the baseline holds 4 blocks, 12 would show more")


def test_what_a_null_case_shows_in_processor_time_is_said_to_be_that() -> None:
    cpu = dataclasses.replace(NULL, aspect=Aspect.CPU)
    assert "in processor time" not in describe(Outcome.FAILED, NULL)
    assert " in processor time" in describe(Outcome.FAILED, cpu)


def test_of_a_null_case_each_outcome_has_its_sentence() -> None:
    failed, held, undecided = (describe(outcome, NULL) for outcome in (Outcome.FAILED, Outcome.HELD, Outcome.UNDECIDED))
    assert "the measurement itself is not to be trusted here, which says nothing about TensorFlow" in failed
    assert "±2.0 %" in failed
    assert held.endswith("within ±2.0 % with 95 % confidence on either side, on 8 fresh blocks")
    assert "which neither shows nor rules out a deviation beyond ±2.0 %" in undecided


def test_an_improvement_is_below_the_tolerance() -> None:
    assert "below -2.0 %" in describe(Outcome.IMPROVED, REGRESSION)


CHANGE = TimeChange(ratio=REGRESSION.change_ratio, pairs=8, tolerance=0.05, smallest_visible_change=0.03)


def test_a_change_that_was_not_seen_says_what_would_have_been_after_all_else() -> None:
    undecided = Judgement(aspect=Aspect.CONTROL, outcome=Outcome.UNDECIDED, figures=CHANGE)
    assert describe_judgement(undecided, PLAN) == (
        "control +5.1 % against the other target (95 % interval +4.0 % to +6.2 %, 8 pairs of blocks), tolerated +5.0 %"
        "; a change of +3.0 % or more would have been seen with 80 % probability"
    )
    (change,) = list_changes([undecided], PLAN)
    assert change.brief == "control +5.1 %"
    regressed = dataclasses.replace(undecided, outcome=Outcome.REGRESSED)
    assert describe_judgement(regressed, PLAN).endswith("tolerated +5.0 %")


def test_what_was_cut_short_says_so_in_the_sentence_and_in_the_list() -> None:
    undecided = Judgement(aspect=Aspect.CONTROL, outcome=Outcome.UNDECIDED, figures=CHANGE, cut_short=True)
    (change,) = list_changes([undecided], PLAN)
    for text in (describe_judgement(undecided, PLAN), change.reason, change.brief):
        assert text.endswith("no longer measured once another aspect had decided")


def judge_reading(
    key: str,
    values: Sequence[float],
    expected: Sequence[float] = (0.0,),
    *,
    outcome: Outcome = Outcome.HELD,
    interval: Interval | None = None,
) -> Judgement:
    figures = ReadingFigures(
        values=tuple(values),
        block=make_read_block(key, 100.0, 107.0),
        expected=Expectation(values=tuple(expected)),
        limit=16384.0,
        interval=interval,
    )
    return Judgement(key=key, aspect=Aspect.OVERHEAD, outcome=outcome, figures=figures)


def test_growth_has_an_interval_from_two_blocks_on() -> None:
    unknown = Interval(estimate=2048.0, lower=float("-inf"), upper=float("inf"), confidence=0.95)
    one = judge_reading("retained_bytes_per_epoch", [2048.0], interval=unknown)
    assert describe_judgement(one, PLAN) == (
        "resident bytes retained per epoch: +2.00 KiB beside the control (95 % interval unknown, 1 blocks), where "
        "16.0 KiB are tolerated"
    )
    known = dataclasses.replace(unknown, lower=2048.0, upper=2048.0)
    three = judge_reading("retained_bytes_per_epoch", [2048.0] * 3, interval=known)
    assert "(95 % interval +2.00 KiB to +2.00 KiB, 3 blocks)" in describe_judgement(three, PLAN)


def test_counts_that_vary_are_said_to_vary_where_they_do() -> None:
    here = judge_reading("graph_nodes", [5, 6], [5], outcome=Outcome.UNDECIDED)
    there = judge_reading("graph_nodes", [5], [5, 7], outcome=Outcome.UNDECIDED)
    varies = "graph nodes of the step: not the same in every block"
    assert describe_judgement(here, PLAN) == f"{varies} here: +5 to +6 beside the control"
    assert describe_judgement(there, PLAN) == f"{varies} before: +5 to +7 beside the control"


def test_where_nothing_was_judged_there_is_no_verdict() -> None:
    assert make_verdict([], PLAN) is None


def lack(outcome: Outcome, cause: str, key: str = "") -> Judgement:
    """Return a judgement whose sentence ends with the cause."""
    figures = Missing(is_here=True, two_targets=False, cause=cause)
    return Judgement(aspect=Aspect.OVERHEAD, outcome=outcome, figures=figures, key=key)


def test_the_reasons_of_all_that_are_as_bad_are_given_and_what_was_left_open_beside_them() -> None:
    left_open = dataclasses.replace(judge(REGRESSION), outcome=Outcome.UNDECIDED)
    verdict = make_verdict(
        [
            lack(Outcome.HELD, "held"),
            lack(Outcome.REGRESSED, "one"),
            left_open,
            lack(Outcome.UNDECIDED, "a reading, of which nothing is said"),
            dataclasses.replace(left_open, place=Place.THERE),
            lack(Outcome.REGRESSED, "two"),
        ],
        PLAN,
    )
    read = "overhead against the baseline, +5.1 % (95 % interval +4.0 % to +6.2 %) on 8 fresh blocks"
    assert verdict == Verdict(
        outcome=Outcome.REGRESSED,
        reason=(
            "read here, but not stored: one; read here, but not stored: two; "
            f"left open: {read}; left open in the other target: {read}"
        ),
    )


def test_of_times_that_held_the_first_says_it_and_of_readings_each_is_named() -> None:
    wall = dataclasses.replace(REGRESSION, outcome=Outcome.HELD)
    times = make_verdict([judge(wall), judge(dataclasses.replace(wall, aspect=Aspect.CPU))], PLAN)
    assert times == Verdict(outcome=Outcome.HELD, reason=describe_judgement(judge(wall), PLAN), comparison=wall)
    keys = ("graph_nodes", "first_pass_traces", "graph_nodes")
    readings = make_verdict([lack(Outcome.HELD, "", key=key) for key in keys], PLAN)
    assert readings == Verdict(outcome=Outcome.HELD, reason="held: graph nodes of the step, traces in the first pass")


def test_what_was_seen_in_one_of_two_targets_is_no_comparison_between_them() -> None:
    (here, there) = (make_verdict([dataclasses.replace(judge(NULL), place=place)], PLAN) for place in Place)
    assert here is not None
    assert there is not None
    assert here.comparison is there.comparison is None
    assert there.reason == f"in the other target, {here.reason}"


def test_what_changed_between_two_targets_has_its_direction_and_its_interval() -> None:
    """A time always did; a reading where it is not the same."""
    time = Judgement(aspect=Aspect.OVERHEAD, outcome=Outcome.REGRESSED, figures=CHANGE)
    held = judge_reading("graph_nodes", [7], [7])
    fallen = dataclasses.replace(judge_reading("graph_nodes", [6], [7], outcome=Outcome.IMPROVED), medians=(7.0, 6.0))
    changes = list_changes([held, time, fallen, judge(NULL)], PLAN)
    assert [(change.brief, change.rises, change.change_ratio) for change in changes] == [
        ("overhead +5.1 %", True, REGRESSION.change_ratio),
        ("graph nodes of the step, weighted - control: 7 → 6", False, None),
    ]


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
