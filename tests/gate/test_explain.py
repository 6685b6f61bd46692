from __future__ import annotations

import dataclasses

import pytest

from benchmarks.gate.explain import (
    describe_change,
    describe_counts,
    describe_growth,
    describe_verdict,
    explain_failure,
)
from benchmarks.gate.judgement import Judgement
from benchmarks.gate.plan import Plan
from benchmarks.records import Aspect, Case, Comparison, Interval, Outcome, Question
from tests.examples import make_case

PLAN = Plan(
    question=Question.STEP_TIME,
    judgements=20,
    tolerances={Aspect.OVERHEAD: 0.02},
    screen_blocks=4,
    fresh_blocks=8,
    family_alpha=0.05,
)
REGRESSION = Comparison(
    aspect=Aspect.OVERHEAD,
    source="baseline",
    outcome=Outcome.REGRESSED,
    overhead_ratio=Interval(estimate=1.073, lower=1.064, upper=1.082, confidence=0.95),
    expected_ratio=Interval(estimate=1.021, lower=1.012, upper=1.03, confidence=0.95),
    change_ratio=Interval(estimate=1.051, lower=1.04, upper=1.062, confidence=0.95),
    tolerance=0.02,
    blocks=8,
    fresh=True,
    smallest_visible_change=0.041,
    baseline_blocks=12,
)
NULL = dataclasses.replace(REGRESSION, outcome=Outcome.FAILED, expected_ratio=None, baseline_blocks=0)
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
    judgements = [
        Judgement(aspect=comparison.aspect, outcome=comparison.outcome, text="as told", comparison=comparison)
        for comparison in comparisons
    ]
    return explain_failure(case, judgements, plan, next_step, two_targets=False)


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


@pytest.mark.parametrize("comparison", [REGRESSION, NULL], ids=["against a baseline", "null case"])
@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.REGRESSED, Outcome.IMPROVED, Outcome.UNDECIDED])
def test_every_reason_is_one_line_with_the_change_its_interval_and_its_blocks(
    outcome: Outcome, comparison: Comparison
) -> None:
    reason = describe_verdict(outcome, comparison, PLAN)
    assert "\n" not in reason
    assert "+5.1 % (95 % interval +4.0 % to +6.2 %)" in reason
    assert "8 fresh blocks" in reason


def test_what_the_screen_decided_names_its_blocks_and_its_lower_confidence() -> None:
    screened = dataclasses.replace(REGRESSION, blocks=4, fresh=False)
    reason = describe_verdict(Outcome.HELD, screened, PLAN)
    assert reason.endswith("no more than the tolerance of +2.0 % with 80 % confidence, on 4 screening blocks")


def test_an_open_verdict_names_the_smallest_change_it_could_have_seen() -> None:
    reason = describe_verdict(Outcome.UNDECIDED, REGRESSION, PLAN)
    assert reason.endswith("a change of +4.1 % or more would have been seen with 80 % probability")


def test_an_open_verdict_names_a_short_baseline_as_what_limits_it() -> None:
    short = dataclasses.replace(REGRESSION, baseline_blocks=4)
    reason = describe_verdict(Outcome.UNDECIDED, short, PLAN)
    assert reason.endswith("80 % probability; the baseline holds 4 blocks, 12 would show more")


def test_what_a_null_case_shows_in_processor_time_is_said_to_be_that() -> None:
    cpu = dataclasses.replace(NULL, aspect=Aspect.CPU)
    assert "in processor time" not in describe_verdict(Outcome.FAILED, NULL, PLAN)
    assert " in processor time" in describe_verdict(Outcome.FAILED, cpu, PLAN)
    text = explain(make_case(null=True), cpu, next_step="look")
    assert "+5.1 % (95 % interval +4.0 % to +6.2 %) in processor time, on 8 fresh blocks" in text


def test_of_a_null_case_each_outcome_has_its_sentence() -> None:
    failed, held, undecided = (
        describe_verdict(outcome, NULL, PLAN) for outcome in (Outcome.FAILED, Outcome.HELD, Outcome.UNDECIDED)
    )
    assert "the measurement itself is not to be trusted here, which says nothing about TensorFlow" in failed
    assert "±2.0 %" in failed
    assert held.endswith("within ±2.0 % with 95 % confidence on either side, on 8 fresh blocks")
    assert "which neither shows nor rules out a deviation beyond ±2.0 %" in undecided


def test_an_improvement_is_below_the_tolerance() -> None:
    assert "below -2.0 %" in describe_verdict(Outcome.IMPROVED, REGRESSION, PLAN)


def test_a_change_that_was_not_seen_says_what_would_have_been_after_all_else() -> None:
    text, brief = describe_change(Aspect.CONTROL, REGRESSION.change_ratio, 8, 0.05, 0.03)
    assert text == (
        "control +5.1 % against the other target (95 % interval +4.0 % to +6.2 %, 8 pairs of blocks), tolerated +5.0 %"
        "; a change of +3.0 % or more would have been seen with 80 % probability"
    )
    assert brief == "control +5.1 %"


def test_growth_has_an_interval_from_two_blocks_on() -> None:
    plan = dataclasses.replace(PLAN, floor_bytes=16384.0)
    assert describe_growth([2048.0], plan) == (
        "+2.00 KiB beside the control (95 % interval unknown, 1 blocks), where 16.0 KiB are tolerated"
    )
    assert "(95 % interval +2.00 KiB to +2.00 KiB, 3 blocks)" in describe_growth([2048.0] * 3, plan)


def test_counts_that_vary_are_said_to_vary_where_they_do() -> None:
    assert describe_counts([5, 6], [5], "before") == "not the same in every block here: +5 to +6 beside the control"
    assert describe_counts([5], [5, 7], "before") == "not the same in every block before: +5 to +7 beside the control"


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
    head = explain_failure(case, [], PLAN, "look", two_targets=two_targets).splitlines()[0]
    assert head.startswith(f"{case.case_id}: {complaint}")


def test_all_that_failed_is_explained() -> None:
    cpu = dataclasses.replace(REGRESSION, aspect=Aspect.CPU)
    text = explain(make_case(), REGRESSION, cpu, next_step="look")
    assert text.index("  overhead now") < text.index("  overhead in processor time now")
