from __future__ import annotations

import math

import pytest

from benchmarks.errors import BlockError, StatisticsError
from benchmarks.records import BlockSummary, Comparison, Outcome
from benchmarks.verdicts.gate import Judgement, judge_case, judge_null_case
from benchmarks.verdicts.plan import GatePlan
from tests.verdicts.blocks_at import Dealer, make_blocks, spread

PLAN = GatePlan(gated_cases=20, tolerance=0.02, screen_blocks=4, blocks_per_look=8, looks=2)
BASELINE = make_blocks(*spread(0.01, 10))
RISEN = 0.01 + math.log(1.06)


def comparison_of(judgement: Judgement) -> Comparison:
    assert judgement.verdict.comparison is not None
    return judgement.verdict.comparison


def test_a_clearly_held_case_takes_the_screening_blocks_and_no_more() -> None:
    dealer = Dealer(spread(0.01, 20))
    judgement = judge_case(dealer.measure_more, BASELINE, PLAN)
    assert judgement.verdict.outcome is Outcome.HELD
    assert dealer.asked == [4]
    assert len(judgement.blocks) == 4
    assert comparison_of(judgement).fresh_blocks == 0
    assert "80 % confidence" in judgement.verdict.reason
    assert "4 screening blocks" in judgement.verdict.reason


def test_a_regression_is_confirmed_by_fresh_blocks() -> None:
    dealer = Dealer(spread(RISEN, 20))
    judgement = judge_case(dealer.measure_more, BASELINE, PLAN)
    assert judgement.verdict.outcome is Outcome.REGRESSED
    assert dealer.asked == [4, 8]
    assert len(judgement.blocks) == 12
    comparison = comparison_of(judgement)
    assert comparison.fresh_blocks == 8
    assert comparison.baseline_blocks == 10
    assert comparison.change_ratio.estimate == pytest.approx(1.06)
    assert "on 8 fresh blocks" in judgement.verdict.reason


def test_the_screening_blocks_never_count_towards_a_regression() -> None:
    """However high they were: what is judged and shown is the fresh blocks'."""
    dealer = Dealer(spread(1.0, 4) + spread(0.01, 16))
    judgement = judge_case(dealer.measure_more, BASELINE, PLAN)
    assert judgement.verdict.outcome is Outcome.HELD
    assert dealer.asked == [4, 8]
    assert comparison_of(judgement).change_ratio.estimate == pytest.approx(1.0)
    assert comparison_of(judgement).overhead_ratio.estimate == pytest.approx(math.exp(0.01))
    assert "95 % confidence" in judgement.verdict.reason


def test_looks_accumulate_the_fresh_blocks() -> None:
    """The first look is too noisy to tell, and counts again in the second."""
    dealer = Dealer(spread(RISEN, 4) + spread(RISEN, 8, reach=0.06) + spread(RISEN, 8, reach=0.0005))
    judgement = judge_case(dealer.measure_more, BASELINE, PLAN)
    assert dealer.asked == [4, 8, 8]
    assert comparison_of(judgement).fresh_blocks == 16


def test_what_stays_open_is_undecided_and_says_what_could_have_been_seen() -> None:
    dealer = Dealer(spread(0.01 + math.log(1.02), 20, reach=0.01))
    judgement = judge_case(dealer.measure_more, BASELINE, PLAN)
    assert judgement.verdict.outcome is Outcome.UNDECIDED
    assert dealer.asked == [4, 8, 8]
    visible = comparison_of(judgement).smallest_visible_change
    assert 0.02 < visible < 0.05
    assert f"+{100 * visible:.1f} % or more would have been seen with 80 % probability" in judgement.verdict.reason


def test_an_improvement_may_rest_on_the_screening_blocks_and_says_so() -> None:
    dealer = Dealer(spread(0.01 + math.log(0.90), 20))
    judgement = judge_case(dealer.measure_more, BASELINE, PLAN)
    assert judgement.verdict.outcome is Outcome.IMPROVED
    assert dealer.asked == [4]
    assert "4 screening blocks" in judgement.verdict.reason


def test_an_improvement_may_be_found_at_a_look() -> None:
    dealer = Dealer([0.3, -0.5, 0.3, -0.5, *spread(0.01 + math.log(0.90), 16)])
    judgement = judge_case(dealer.measure_more, BASELINE, PLAN)
    assert judgement.verdict.outcome is Outcome.IMPROVED
    assert "8 fresh blocks" in judgement.verdict.reason


@pytest.mark.parametrize("baseline", [None, [], make_blocks(0.01)], ids=["none", "empty", "one block"])
def test_without_a_usable_baseline_the_case_is_measured_and_not_comparable(
    baseline: list[BlockSummary] | None,
) -> None:
    dealer = Dealer(spread(0.01, 20))
    judgement = judge_case(dealer.measure_more, baseline, PLAN)
    assert judgement.verdict.outcome is Outcome.NOT_COMPARABLE
    assert judgement.verdict.comparison is None
    assert "save a new baseline" in judgement.verdict.reason
    assert len(judgement.blocks) == 4


@pytest.mark.parametrize(
    ("centre", "outcome", "asked"),
    [
        (0.0, Outcome.HELD, [4]),
        (math.log(1.06), Outcome.FAILED, [4, 8]),
        (math.log(0.94), Outcome.FAILED, [4, 8]),
        (math.log(1.02), Outcome.UNDECIDED, [4, 8, 8]),
        (math.log(0.98), Outcome.UNDECIDED, [4, 8, 8]),
    ],
)
def test_a_null_case_is_judged_against_one_on_both_sides(centre: float, outcome: Outcome, asked: list[int]) -> None:
    dealer = Dealer(spread(centre, 20))
    judgement = judge_null_case(dealer.measure_more, PLAN)
    assert judgement.verdict.outcome is outcome
    assert dealer.asked == asked
    comparison = comparison_of(judgement)
    assert comparison.expected_ratio is None
    assert comparison.change_ratio == comparison.overhead_ratio


def test_a_failed_null_case_blames_the_measurement() -> None:
    judgement = judge_null_case(Dealer(spread(0.06, 20)).measure_more, PLAN)
    assert "the measurement itself is not to be trusted" in judgement.verdict.reason
    assert "says nothing about TensorFlow" in judgement.verdict.reason


def test_what_measure_more_raises_passes_through_and_its_blocks_stay_with_the_caller() -> None:
    dealer = Dealer(spread(RISEN, 20))
    gathered: list[BlockSummary] = []

    def measure_more(blocks: int) -> list[BlockSummary]:
        if gathered:
            raise BlockError("the block was killed")
        gathered.extend(dealer.measure_more(blocks))
        return gathered

    with pytest.raises(BlockError, match="killed"):
        judge_case(measure_more, BASELINE, PLAN)
    assert len(gathered) == 4


def test_no_blocks_at_all_is_an_error_and_not_a_verdict() -> None:
    with pytest.raises(StatisticsError, match="current blocks"):
        judge_case(lambda _: [], BASELINE, PLAN)
    with pytest.raises(StatisticsError, match="blocks"):
        judge_null_case(lambda _: [], PLAN)
