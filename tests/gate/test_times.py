from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from benchmarks.errors import BlockError, StatisticsError
from benchmarks.gate.confirm import Judgement, MeasureMore, Standard, find_worst
from benchmarks.gate.plan import ANCHOR_FACTOR, Plan
from benchmarks.records import Aspect, BlockSummary, Comparison, Outcome, Question, Verdict
from benchmarks.reports.verdicts import make_verdict
from tests.examples import make_block_summary
from tests.gate.blocks_at import Dealer, judge_times, make_blocks, spread

WALL = {Aspect.OVERHEAD: 0.02}
BOTH = {Aspect.OVERHEAD: 0.02, Aspect.CPU: 0.05}

PLAN = Plan(question=Question.STEP_TIME, judgements=20, tolerances=WALL, screen_blocks=4, fresh_blocks=8, looks=2)
PLAN_OF_BOTH = dataclasses.replace(PLAN, tolerances=BOTH)
BASELINE = make_blocks(*spread(0.01, 10))
RISEN = 0.01 + math.log(1.06)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """A verdict and the judgements it is made of."""

    verdict: Verdict
    judgements: tuple[Judgement, ...]

    @property
    def outcomes(self) -> list[Outcome]:
        return [judgement.outcome for judgement in self.judgements]


def store(blocks: Sequence[BlockSummary], name: str = "baseline", factor: float = 1.0) -> Standard[BlockSummary]:
    return Standard(name=name, blocks=blocks, factor=factor)


def judge_case(
    measure_more: MeasureMore[BlockSummary], standards: Sequence[Standard[BlockSummary]], plan: Plan
) -> Judged:
    judgements = judge_times(measure_more, plan, standards)
    verdict = make_verdict(judgements, plan)
    assert verdict is not None
    return Judged(verdict=verdict, judgements=judgements)


def judge_null_case(measure_more: MeasureMore[BlockSummary], plan: Plan) -> Judged:
    return judge_case(measure_more, [], plan)


def judge(measure_more: MeasureMore[BlockSummary], baseline: Sequence[BlockSummary] = BASELINE) -> Judged:
    return judge_case(measure_more, [store(baseline)], PLAN)


def comparison_of(judgement: Judged) -> Comparison:
    assert judgement.verdict.comparison is not None
    return judgement.verdict.comparison


def test_a_clearly_held_case_takes_the_screening_blocks_and_no_more() -> None:
    dealer = Dealer(spread(0.01, 20))
    judgement = judge(dealer.measure_more)
    assert judgement.verdict.outcome is Outcome.HELD
    assert dealer.asked == [4]
    assert (comparison_of(judgement).blocks, comparison_of(judgement).fresh) == (4, False)
    assert "80 % confidence" in judgement.verdict.reason
    assert "4 screening blocks" in judgement.verdict.reason


def test_a_regression_is_confirmed_by_fresh_blocks() -> None:
    dealer = Dealer(spread(RISEN, 20))
    judgement = judge(dealer.measure_more)
    assert judgement.verdict.outcome is Outcome.REGRESSED
    assert dealer.asked == [4, 8]
    comparison = comparison_of(judgement)
    assert (comparison.blocks, comparison.fresh) == (8, True)
    assert comparison.baseline_blocks == 10
    assert comparison.change_ratio.estimate == pytest.approx(1.06)
    assert "on 8 fresh blocks" in judgement.verdict.reason


def test_the_screening_blocks_never_count_towards_a_regression() -> None:
    """However high they were: what is judged and shown is the fresh blocks'."""
    dealer = Dealer(spread(1.0, 4) + spread(0.01, 16))
    judgement = judge(dealer.measure_more)
    assert judgement.verdict.outcome is Outcome.HELD
    assert dealer.asked == [4, 8]
    assert comparison_of(judgement).change_ratio.estimate == pytest.approx(1.0)
    assert comparison_of(judgement).overhead_ratio.estimate == pytest.approx(math.exp(0.01))
    assert "95 % confidence" in judgement.verdict.reason


def test_looks_accumulate_the_fresh_blocks() -> None:
    """The first look is too noisy to tell, and counts again in the second."""
    dealer = Dealer(spread(RISEN, 4) + spread(RISEN, 8, reach=0.06) + spread(RISEN, 8, reach=0.0005))
    judgement = judge(dealer.measure_more)
    assert dealer.asked == [4, 8, 8]
    assert (comparison_of(judgement).blocks, comparison_of(judgement).fresh) == (16, True)


def test_what_stays_open_is_undecided_and_says_what_could_have_been_seen() -> None:
    dealer = Dealer(spread(0.01 + math.log(1.02), 20, reach=0.01))
    judgement = judge(dealer.measure_more)
    assert judgement.verdict.outcome is Outcome.UNDECIDED
    assert dealer.asked == [4, 8, 8]
    visible = comparison_of(judgement).smallest_visible_change
    assert 0.02 < visible < 0.05
    assert f"+{100 * visible:.1f} % or more would have been seen with 80 % probability" in judgement.verdict.reason


def test_an_improvement_may_rest_on_the_screening_blocks_and_says_so() -> None:
    dealer = Dealer(spread(0.01 + math.log(0.90), 20))
    judgement = judge(dealer.measure_more)
    assert judgement.verdict.outcome is Outcome.IMPROVED
    assert dealer.asked == [4]
    assert "4 screening blocks" in judgement.verdict.reason


def test_an_improvement_may_be_found_at_a_look() -> None:
    dealer = Dealer([0.3, -0.5, 0.3, -0.5, *spread(0.01 + math.log(0.90), 16)])
    judgement = judge(dealer.measure_more)
    assert judgement.verdict.outcome is Outcome.IMPROVED
    assert "8 fresh blocks" in judgement.verdict.reason


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
        judge(measure_more)
    assert len(gathered) == 4


def test_no_blocks_at_all_is_an_error_and_not_a_verdict() -> None:
    with pytest.raises(StatisticsError, match="current blocks"):
        judge(lambda _: [])
    with pytest.raises(StatisticsError, match="blocks"):
        judge_null_case(lambda _: [], PLAN)


def deal_in_processor_time(wall: float, cpu: float) -> MeasureMore[BlockSummary]:
    """Return blocks that all read `wall` in wall time and `cpu` in processor time, give or take 0.1 %."""

    def measure_more(blocks: int) -> list[BlockSummary]:
        pairs = zip(spread(wall, blocks), spread(cpu, blocks), strict=True)
        return [make_block_summary(log_ratio, cpu_log_ratio=cpu_log_ratio) for log_ratio, cpu_log_ratio in pairs]

    return measure_more


def test_a_rise_of_processor_time_alone_is_a_regression_and_says_so() -> None:
    """A free core hides it from the wall clock."""
    judgement = judge_case(deal_in_processor_time(0.01, 0.10), [store(BASELINE)], PLAN_OF_BOTH)
    assert judgement.verdict.outcome is Outcome.REGRESSED
    assert judgement.verdict.reason.startswith("overhead in processor time changed by +9.4 %")
    assert judgement.outcomes == [Outcome.HELD, Outcome.REGRESSED]


def test_a_case_that_has_regressed_takes_no_more_blocks_for_what_is_open() -> None:
    """Processor time is right at its tolerance, where no number of blocks tells."""
    asked: list[int] = []
    deal = deal_in_processor_time(RISEN, math.log(1.05) + 0.01)

    def measure_more(blocks: int) -> Sequence[BlockSummary]:
        asked.append(blocks)
        return deal(blocks)

    judgement = judge_case(measure_more, [store(BASELINE)], PLAN_OF_BOTH)
    assert asked == [4, 8]
    assert judgement.verdict.outcome is Outcome.REGRESSED
    assert judgement.outcomes == [Outcome.REGRESSED, Outcome.UNDECIDED]
    assert judgement.verdict.comparison == judgement.judgements[0].figures
    regressed, left_open = judgement.verdict.reason.split("; ")
    assert regressed.startswith("overhead changed by +6.0 %")
    assert left_open.startswith("left open: overhead in processor time against the baseline, +5.0 % (95 % interval")
    assert left_open.endswith("on 8 fresh blocks")


def test_a_null_case_that_has_failed_takes_no_more_blocks_for_what_is_open() -> None:
    asked: list[int] = []
    deal = deal_in_processor_time(math.log(1.06), math.log(1.05))

    def measure_more(blocks: int) -> Sequence[BlockSummary]:
        asked.append(blocks)
        return deal(blocks)

    judgement = judge_null_case(measure_more, PLAN_OF_BOTH)
    assert asked == [4, 8]
    assert judgement.verdict.outcome is Outcome.FAILED
    assert "; left open: overhead in processor time, +5.0 %" in judgement.verdict.reason


@pytest.mark.parametrize("settled", [Outcome.IMPROVED, Outcome.HELD], ids=lambda outcome: outcome.value)
def test_what_could_still_turn_out_worse_is_measured_on(settled: Outcome) -> None:
    wall = 0.01 if settled is Outcome.HELD else 0.01 + math.log(0.90)
    asked: list[int] = []
    deal = deal_in_processor_time(wall, math.log(1.05) + 0.01)

    def measure_more(blocks: int) -> Sequence[BlockSummary]:
        asked.append(blocks)
        return deal(blocks)

    judgement = judge_case(measure_more, [store(BASELINE)], PLAN_OF_BOTH)
    assert asked == [4, 8, 8]
    assert judgement.outcomes == [settled, Outcome.UNDECIDED]
    assert judgement.verdict.outcome is Outcome.UNDECIDED
    assert "left open:" not in judgement.verdict.reason


def test_the_verdict_is_that_of_the_worst_as_if_each_criterion_had_been_judged_by_itself() -> None:
    """So ending sooner changes no error level: REGRESSED comes of the same draws."""
    outcomes = set()
    for seed in range(150):
        draws = np.random.default_rng(seed).normal(0.01 + math.log(1.04), 0.012, (20, 2))
        blocks = [make_block_summary(wall, cpu_log_ratio=cpu) for wall, cpu in draws]

        def judge_aspects(
            tolerances: Mapping[Aspect, float], blocks: Sequence[BlockSummary] = blocks
        ) -> tuple[Outcome, int]:
            left = iter(blocks)
            judgement = judge_case(
                lambda count: list(itertools.islice(left, count)),
                [store(BASELINE)],
                dataclasses.replace(PLAN, tolerances=tolerances),
            )
            return judgement.verdict.outcome, len(blocks) - len(list(left))

        together, taken = judge_aspects(BOTH)
        alone = [judge_aspects({aspect: tolerance}) for aspect, tolerance in BOTH.items()]
        assert together is find_worst(outcome for outcome, _ in alone)
        if together is Outcome.REGRESSED:
            assert taken == min(blocks for outcome, blocks in alone if outcome is Outcome.REGRESSED)
        outcomes.add(together)
    assert {Outcome.REGRESSED, Outcome.UNDECIDED} <= outcomes


def test_a_null_case_must_read_one_in_processor_time_as_well() -> None:
    judgement = judge_null_case(deal_in_processor_time(0.0, 0.10), PLAN_OF_BOTH)
    assert judgement.verdict.outcome is Outcome.FAILED
    assert "in processor time" in judgement.verdict.reason


def test_a_case_is_held_only_where_every_criterion_is() -> None:
    judgement = judge_case(deal_in_processor_time(0.01, 0.01), [store(BASELINE)], PLAN_OF_BOTH)
    assert judgement.outcomes == [Outcome.HELD] * 2


def test_small_rises_that_add_up_are_found_by_the_anchor() -> None:
    """Rises of 1.9 %, each held against the baseline before it: the third is beyond 4 % of the anchor."""
    anchor = store(make_blocks(*spread(0.0, 12)), name="anchor", factor=ANCHOR_FACTOR)
    outcomes = []
    for rises in (1, 2, 3):
        stored = store(make_blocks(*spread((rises - 1) * math.log(1.019), 12)))
        judgement = judge_case(Dealer(spread(rises * math.log(1.019), 20)).measure_more, [stored, anchor], PLAN)
        outcomes.append(judgement.verdict.outcome)
    assert outcomes == [Outcome.HELD, Outcome.HELD, Outcome.REGRESSED]
    assert "against the anchor" in judgement.verdict.reason


def test_the_arm_that_was_built_first_does_not_blur_the_overhead() -> None:
    """It is slower by 2 %, here the weighted arm in every other block: no noise, and so no wide interval."""

    def measure_more(blocks: int) -> list[BlockSummary]:
        return [
            make_block_summary(0.01 + jitter + (0.02 if first else -0.02), weighted_built_first=first)
            for jitter, first in zip((0.0004, 0.0004, -0.0004, -0.0004) * 5, (True, False) * 10, strict=True)
        ][:blocks]

    baseline = measure_more(12)
    comparison = comparison_of(judge(measure_more, baseline))
    assert comparison.overhead_ratio.upper - comparison.overhead_ratio.lower < 0.003
    mixed = [dataclasses.replace(block, weighted_built_first=None) for block in baseline]
    blurred = comparison_of(judge(lambda count: mixed[:count], mixed))
    assert blurred.overhead_ratio.upper - blurred.overhead_ratio.lower > 0.05


def test_a_known_shift_of_the_occasion_widens_what_is_said_of_the_change() -> None:
    plain, shifted = (
        comparison_of(
            judge_case(
                Dealer(spread(0.01, 20)).measure_more, [store(BASELINE)], dataclasses.replace(PLAN, occasion_sd=sd)
            )
        )
        for sd in (0.0, 0.002)
    )
    assert shifted.change_ratio.upper > plain.change_ratio.upper + 0.003


def test_a_judgement_keeps_what_it_is_made_of() -> None:
    held = judge(Dealer(spread(0.01, 20)).measure_more)
    comparison = comparison_of(held)
    assert comparison.outcome is Outcome.HELD
    assert comparison.baseline_blocks == 10
    null = judge_null_case(Dealer(spread(0.0, 20)).measure_more, PLAN)
    assert comparison_of(null).baseline_blocks == 0


def test_processor_time_is_shown_with_its_own_figures() -> None:
    """Wall time reads +1 % now and +2 % before, processor time +3 % and +4 %."""

    def measure_more(count: int) -> list[BlockSummary]:
        return [
            make_block_summary(math.log(1.01) + step, cpu_log_ratio=math.log(1.03) + step) for step in spread(0, count)
        ]

    stored = [make_block_summary(math.log(1.02) + step, cpu_log_ratio=math.log(1.04) + step) for step in spread(0, 10)]
    judged = judge_case(measure_more, [store(stored)], PLAN_OF_BOTH)
    cpu = next(each.figures for each in judged.judgements if each.aspect is Aspect.CPU)
    assert isinstance(cpu, Comparison)
    assert cpu.overhead_ratio.estimate == pytest.approx(1.03)
    assert cpu.expected_ratio is not None
    assert cpu.expected_ratio.estimate == pytest.approx(1.04)


@pytest.mark.parametrize("side", ["now", "stored"])
def test_which_arm_was_built_first_blurs_neither_the_run_nor_the_baseline(side: str) -> None:
    """An effect of 4 % that follows from the order alone, in one of the two runs."""
    plain = make_blocks(*spread(0.0, 12))
    ordered = [
        make_block_summary(0.02 * (-1) ** number + step, weighted_built_first=number % 2 == 0)
        for number, step in enumerate([0.001, 0.001, -0.001, -0.001] * 3)
    ]
    measured, stored = (ordered, plain) if side == "now" else (plain, ordered)
    change = comparison_of(judge(lambda count: measured[:count], stored)).change_ratio
    assert change.upper - change.lower < 0.01
