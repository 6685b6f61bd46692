"""How often is the gate wrong, and how often does it see? Whole gates on simulated blocks, as in its plan's study."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.gate.confirm import Standard, find_worst
from benchmarks.gate.plan import Plan, count_judgements
from benchmarks.records import Aspect, BlockSummary, Outcome, Question
from benchmarks.studies.gate_plan import BLOCK_SD, Scenario, Tails, Tally, make_plan, make_summaries, simulate_cases
from tests.gate.blocks_at import judge_times

PLAN = make_plan(judgements=20)
"""The plan of step times: 6 blocks to screen, 8 a look; a tolerance of 2 %, 0.05 over the run, 0.0025 per case."""

CASES = 1000


def simulate(scenario: Scenario, *, cases: int = CASES, plan: Plan = PLAN) -> Tally:
    return simulate_cases(plan, scenario, cases=cases, seed=11)


def most_at_level(alpha: float, cases: int = CASES) -> float:
    """The share that a true rate of `alpha` stays below but for three binomial standard errors."""
    return alpha + 3 * math.sqrt(alpha * (1 - alpha) / cases)


@pytest.mark.parametrize("tails", list(Tails), ids=lambda tails: tails.value)
@pytest.mark.parametrize("baseline_blocks", [8, 12])
def test_at_the_tolerance_itself_a_case_keeps_its_error_level(tails: Tails, baseline_blocks: int) -> None:
    """The worst that may still pass: every case has risen by exactly 2 %."""
    tally = simulate(Scenario(change=0.02, baseline_blocks=baseline_blocks, tails=tails))
    # Bonferroni: 0.0025 per case, which is 0.05 for the run of 20. Three standard errors above: 0.72 %.
    assert tally.share(Outcome.REGRESSED) <= most_at_level(PLAN.judgement_alpha)


def test_a_whole_run_at_the_tolerance_raises_a_false_alarm_as_seldom_as_promised() -> None:
    """Runs of 20 cases are counted as runs: one alarm or more."""
    runs = 150
    alarmed = 0
    for run in range(runs):
        tally = simulate_cases(PLAN, Scenario(change=0.02, baseline_blocks=10), cases=20, seed=run)
        alarmed += tally.share(Outcome.REGRESSED) > 0.0
    assert alarmed / runs <= most_at_level(PLAN.family_alpha, runs)


def test_a_run_that_uses_all_of_its_judgements_raises_a_false_alarm_as_seldom_as_promised() -> None:
    """40 cases, each at its tolerance in wall time and in processor time, which scatter by themselves: 80 judgements.

    One alarm or more in a run, where both of a case are judged of the same blocks.
    """
    runs, cases = 150, 40
    per_case = count_judgements(Question.STEP_TIME, null=False, stored_runs=1, two_targets=False)
    tolerances = {Aspect.OVERHEAD: 0.02, Aspect.CPU: 0.05}
    plan = dataclasses.replace(make_plan(judgements=per_case * cases), tolerances=tolerances)
    rises = np.log1p([tolerances[Aspect.OVERHEAD], tolerances[Aspect.CPU]])
    generator = np.random.default_rng(5)

    def draw(count: int, centres: NDArray[np.float64]) -> list[BlockSummary]:
        return make_summaries(*(centres + generator.normal(0.0, BLOCK_SD, (count, 2))).T)

    def raises_alarm() -> bool:
        stored = Standard(name="baseline", blocks=draw(12, np.zeros(2)))
        judgements = judge_times(lambda count: draw(count, rises), plan, [stored])
        assert len(judgements) == per_case
        return find_worst(judgement.outcome for judgement in judgements) is Outcome.REGRESSED

    alarmed = sum(any(raises_alarm() for _ in range(cases)) for _ in range(runs))
    # Three standard errors above 5 %: 10.3 %.
    assert alarmed / runs <= most_at_level(plan.family_alpha, runs)


@pytest.mark.parametrize("tails", list(Tails), ids=lambda tails: tails.value)
@pytest.mark.parametrize("block_sd", [0.008, BLOCK_SD, 0.02])
def test_where_nothing_changed_there_are_no_false_alarms(tails: Tails, block_sd: float) -> None:
    tally = simulate(Scenario(change=0.0, baseline_blocks=10, block_sd=block_sd, tails=tails))
    # A rise of 0 lies 2 % below the limit, two or more standard errors further than the level asks: none is expected.
    assert tally.share(Outcome.REGRESSED) == 0.0


def test_an_unchanged_case_is_mostly_held_at_the_screen_and_takes_few_blocks() -> None:
    tally = simulate(Scenario(change=0.0, baseline_blocks=10))
    # The study of the plan found 94.7 % and 4.5 blocks; the binomial standard error is 0.7 %.
    assert tally.screened_share >= 0.947 - 0.021
    assert tally.blocks_per_case <= 4.7
    assert tally.share(Outcome.HELD) >= 0.99


@pytest.mark.parametrize("baseline_blocks", [10, 12])
def test_a_rise_of_five_percent_is_seen_in_nineteen_runs_of_twenty(baseline_blocks: int) -> None:
    tally = simulate(Scenario(change=0.05, baseline_blocks=baseline_blocks))
    # The study found 94 % and 98 % for 30 cases, these are 20. 95 % less three binomial standard errors of 0.7 %.
    assert tally.share(Outcome.REGRESSED) >= 0.95 - 0.021
    # "Almost never" held: the screen's bound lies five standard errors off.
    assert tally.share(Outcome.HELD) <= 0.001


def test_a_baseline_of_eight_blocks_sees_less() -> None:
    """Why ten or more are stored: the baseline's own few degrees of freedom limit every comparison with it."""
    tally = simulate(Scenario(change=0.05, baseline_blocks=8))
    # The study found 81 % for 30 cases; what is missed is open, not held.
    assert 0.80 <= tally.share(Outcome.REGRESSED) <= 0.93
    assert tally.share(Outcome.HELD) <= 0.001


@pytest.mark.parametrize("tails", list(Tails), ids=lambda tails: tails.value)
def test_a_rise_of_ten_percent_is_always_seen_at_the_first_look(tails: Tails) -> None:
    tally = simulate(Scenario(change=0.10, baseline_blocks=10, tails=tails))
    assert tally.share(Outcome.REGRESSED) >= 0.998
    assert tally.blocks_per_case <= PLAN.screen_blocks + PLAN.fresh_blocks + 0.5


@pytest.mark.parametrize("bias", [0.02, -0.02])
@pytest.mark.parametrize("tails", list(Tails), ids=lambda tails: tails.value)
def test_a_null_case_off_by_the_tolerance_itself_keeps_its_error_level(bias: float, tails: Tails) -> None:
    tally = simulate(Scenario(change=bias, baseline_blocks=None, tails=tails))
    assert tally.share(Outcome.FAILED) <= most_at_level(PLAN.judgement_alpha)


def test_a_true_null_case_is_held_and_a_biased_one_fails() -> None:
    sound = simulate(Scenario(change=0.0, baseline_blocks=None))
    assert sound.share(Outcome.FAILED) == 0.0
    assert sound.share(Outcome.HELD) >= 0.99
    # The study found 6.1 blocks.
    assert sound.blocks_per_case <= 6.3
    for bias in (0.05, -0.05):
        biased = simulate(Scenario(change=bias, baseline_blocks=None), cases=500)
        assert biased.share(Outcome.FAILED) >= 0.95
        assert biased.share(Outcome.HELD) <= 0.003


def test_a_shift_that_a_whole_occasion_shares_is_what_the_tolerance_has_to_hold() -> None:
    """No interval over blocks can know of it: the limit of what this gate promises."""
    tally = simulate(Scenario(change=0.0, baseline_blocks=10, occasion_sd=0.005))
    # Two occasions differ by 0.7 %; the study found no alarm in 4,000 cases, and with 1 % one in 180.
    assert tally.share(Outcome.REGRESSED) <= PLAN.judgement_alpha
