"""Two targets are judged on fresh pairs of blocks, aspect by aspect, and raise no alarm where they are the same."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.gate.confirm import Judgement, Pair, Place, Stage, Standard
from benchmarks.gate.plan import Plan
from benchmarks.gate.times import estimate_log_changes, list_time_criteria
from benchmarks.records import Aspect, BlockSummary, Change, Comparison, Outcome, Question
from benchmarks.reports.explanation import make_message
from benchmarks.reports.verdicts import describe_judgement, list_changes, make_verdict
from benchmarks.stats.intervals import LogEstimate, estimate_smallest_visible_change
from tests.examples import make_block_summary, make_case
from tests.gate.blocks_at import judge_time_pairs, make_blocks

TOLERANCES = {Aspect.OVERHEAD: 0.02, Aspect.CONTROL: 0.05, Aspect.WEIGHTED: 0.05}
PLAN = Plan(question=Question.STEP_TIME, judgements=60, tolerances=TOLERANCES, screen_blocks=4, fresh_blocks=8)


class Targets:
    """Two simulated targets: overheads spread by 1 % between blocks, times by 2 %."""

    def __init__(self, seed: int, *, overhead: float = 0.0, speed: float = 0.0) -> None:
        self._random = np.random.default_rng(seed)
        self._overhead = overhead
        self._speed = speed
        self.measured = 0

    def measure_more(self, count: int) -> Sequence[Pair[BlockSummary]]:
        self.measured += count
        return [Pair(now=self._draw(self._overhead, self._speed), other=self._draw(0.0, 0.0)) for _ in range(count)]

    def _draw(self, overhead: float, speed: float) -> BlockSummary:
        log_ratio = self._random.normal(math.log1p(0.05) + math.log1p(overhead), 0.01)
        control_ns = 1e6 * math.exp(self._random.normal(math.log1p(speed), 0.02))
        return make_block_summary(
            log_ratio, control_median_ns=control_ns, weighted_median_ns=control_ns * math.exp(log_ratio)
        )


def judge(targets: Targets, *, null: bool = False) -> list[Judgement]:
    """Return what was judged between the targets; a null case is judged in each of them as well."""
    return [each for each in judge_time_pairs(targets.measure_more, PLAN, null=null) if each.place is None]


def find_changes(targets: Targets) -> dict[Aspect, Change]:
    return {change.aspect: change for change in list_changes(judge(targets), PLAN)}


def find_outcomes(changes: Sequence[Judgement]) -> dict[Aspect, Outcome]:
    return {change.aspect: change.outcome for change in changes}


def test_a_target_against_itself_raises_nothing() -> None:
    """300 cases of three aspects each: not one alarm, and most of them held."""
    outcomes = [outcome for seed in range(300) for outcome in find_outcomes(judge(Targets(seed))).values()]
    assert outcomes.count(Outcome.REGRESSED) == 0
    assert outcomes.count(Outcome.HELD) > 0.9 * len(outcomes)


def test_an_undecided_aspect_tells_how_large_a_rise_would_have_been_seen() -> None:
    undecided = find_changes(Targets(1, overhead=0.033))[Aspect.OVERHEAD]
    assert undecided.outcome is Outcome.UNDECIDED
    assert re.search(r"; a change of \+\d\.\d % or more would have been seen with 80 % probability$", undecided.reason)


def test_a_larger_overhead_is_seen_in_the_overhead_and_not_in_the_control() -> None:
    outcomes = find_outcomes(judge(Targets(1, overhead=0.08)))
    assert outcomes[Aspect.OVERHEAD] is Outcome.REGRESSED
    assert outcomes[Aspect.CONTROL] is Outcome.HELD


def test_a_slower_target_is_seen_in_both_arms_and_not_in_the_overhead() -> None:
    outcomes = find_outcomes(judge(Targets(2, speed=0.20)))
    assert outcomes[Aspect.CONTROL] is Outcome.REGRESSED
    assert outcomes[Aspect.WEIGHTED] is Outcome.REGRESSED
    assert outcomes[Aspect.OVERHEAD] is Outcome.HELD


def test_a_faster_target_is_an_improvement() -> None:
    assert find_outcomes(judge(Targets(3, speed=-0.25)))[Aspect.CONTROL] is Outcome.IMPROVED


def test_a_null_case_that_differs_to_either_side_fails() -> None:
    for overhead in (0.10, -0.10):
        assert find_outcomes(judge(Targets(4, overhead=overhead), null=True)) == {Aspect.OVERHEAD: Outcome.FAILED}


def test_an_unchanged_case_takes_the_screening_pairs_alone() -> None:
    measured = []
    for seed in range(100):
        targets = Targets(seed)
        judge(targets)
        measured.append(targets.measured)
    assert measured.count(PLAN.screen_blocks) > 50, "of 100"


def test_changes_are_this_target_over_the_other() -> None:
    pair = Pair(
        now=make_block_summary(0.05, control_median_ns=1.1e6, weighted_median_ns=1.2e6),
        other=make_block_summary(0.02, control_median_ns=1.0e6, weighted_median_ns=1.0e6),
    )
    assert estimate_log_changes(Aspect.OVERHEAD, [pair]) == pytest.approx([0.03])
    assert estimate_log_changes(Aspect.CONTROL, [pair]) == pytest.approx([math.log(1.1)])
    assert estimate_log_changes(Aspect.WEIGHTED, [pair]) == pytest.approx([math.log(1.2)])


def test_the_worst_aspect_decides_and_is_told() -> None:
    judgements = judge(Targets(1, overhead=0.08))
    verdict = make_verdict(judgements, PLAN)
    assert verdict is not None
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.reason.startswith("overhead +")
    case = make_case()
    lines = make_message(case, verdict, judgements, PLAN, "pytest it", two_targets=True).splitlines()
    assert lines[0] == f"{case.case_id}: slower here than in the other target."
    assert lines[1].startswith("  overhead +")
    assert lines[-1] == "  next: pytest it"


def judge_null(seed: int, *, here: float, there: float) -> tuple[Outcome, str, int]:
    """Return verdict, reason and number of pairs of a null case that reads `here` in this target."""
    noise = np.random.default_rng(seed)
    measured = 0

    def measure_more(count: int) -> list[Pair[BlockSummary]]:
        nonlocal measured
        measured += count
        return [
            Pair(
                now=make_block_summary(noise.normal(here, 0.005)), other=make_block_summary(noise.normal(there, 0.005))
            )
            for _ in range(count)
        ]

    verdict = make_verdict(judge_time_pairs(measure_more, PLAN, null=True), PLAN)
    assert verdict is not None
    return verdict.outcome, verdict.reason, measured


def test_a_null_case_that_reads_nothing_in_either_target_is_held_by_the_first_pairs() -> None:
    assert [judge_null(seed, here=0.0, there=0.0)[::2] for seed in range(5)] == [(Outcome.HELD, 4)] * 5


def test_a_null_case_that_is_off_alike_in_both_targets_has_failed() -> None:
    outcome, reason, _ = judge_null(1, here=0.06, there=0.06)
    assert outcome is Outcome.FAILED
    assert reason.startswith("the null case shows +6")
    assert "; in the other target, the null case shows +" in reason


def test_a_null_case_that_is_off_in_the_other_target_alone_has_failed() -> None:
    outcome, reason, _ = judge_null(1, here=0.0, there=-0.06)
    assert outcome is Outcome.FAILED
    assert reason.startswith("in the other target, the null case shows -5")


def test_a_null_case_that_has_failed_in_one_target_takes_no_pairs_for_the_other() -> None:
    """What the other target reads, right at the tolerance, stays open whatever is measured."""
    assert judge_null(3, here=0.0, there=0.02)[::2] == (Outcome.UNDECIDED, 20)
    assert judge_null(3, here=0.06, there=0.02)[::2] == (Outcome.FAILED, 12)


def test_an_aspect_that_was_open_when_another_had_decided_says_so() -> None:
    targets = Targets(1, overhead=0.08, speed=0.05)
    changes = find_changes(targets)
    assert targets.measured == 12
    assert changes[Aspect.OVERHEAD].outcome is Outcome.REGRESSED
    left_open = changes[Aspect.CONTROL]
    assert left_open.outcome is Outcome.UNDECIDED
    for text in (left_open.reason, left_open.brief):
        assert text.endswith("no longer measured once another aspect had decided")


def test_an_aspect_that_all_pairs_left_open_does_not_say_that_it_was_cut_short() -> None:
    targets = Targets(1, overhead=0.033)
    undecided = next(change for change in find_changes(targets).values() if change.outcome is Outcome.UNDECIDED)
    assert targets.measured == 20
    assert "no longer measured" not in undecided.reason + undecided.brief


def test_a_change_between_targets_has_its_direction_its_interval_and_its_pairs() -> None:
    slower = find_changes(Targets(1, overhead=0.08))[Aspect.OVERHEAD]
    assert slower.rises is True
    assert slower.change_ratio is not None
    assert slower.change_ratio.estimate == pytest.approx(1.08, abs=0.02)
    assert "8 pairs of blocks), tolerated +2.0 %" in slower.reason
    assert "would have been seen" not in slower.reason
    faster = find_changes(Targets(1, speed=-0.2))[Aspect.CONTROL]
    assert faster.rises is False


def test_what_a_null_case_reads_in_the_other_target_is_said_to_be_there() -> None:
    """Half a tolerance off and spread: open in each of the targets, and between them."""
    rng = np.random.default_rng(4)

    def measure_more(count: int) -> Sequence[Pair[BlockSummary]]:
        return [
            Pair(
                now=make_block_summary(rng.normal(0.06, 0.003)),
                other=make_block_summary(rng.normal(0.02, 0.02)),
            )
            for _ in range(count)
        ]

    judgements = judge_time_pairs(measure_more, PLAN, null=True)
    there = next(each for each in judgements if each.place is Place.THERE)
    assert there.outcome is Outcome.UNDECIDED
    assert describe_judgement(there, PLAN).startswith("in the other target, ")
    verdict = make_verdict(judgements, PLAN)
    assert verdict is not None
    assert verdict.comparison is None
    assert "left open in the other target: overhead, " in verdict.reason


def test_of_a_null_case_the_smallest_visible_change_is_that_of_either_side() -> None:
    """A level of which each side has half sees less."""

    def find_visible(*, null: bool) -> float:
        (criterion,) = list_time_criteria(
            make_case(null=null),
            [] if null else [Standard(name="baseline", blocks=make_blocks(0.0, 0.0))],
            dataclasses.replace(PLAN, tolerances={Aspect.OVERHEAD: 0.02}),
        )
        found = criterion.ask(make_blocks(-0.05, 0.05, -0.05, 0.05), Stage.FINAL)
        assert found is not None
        assert isinstance(found.figures, Comparison)
        return found.figures.smallest_visible_change

    estimate = LogEstimate(log_ratio=0.0, standard_error=0.1 / math.sqrt(12), degrees_of_freedom=3.0)
    alpha = PLAN.look_alpha
    assert find_visible(null=False) == pytest.approx(
        estimate_smallest_visible_change(estimate, tolerance=0.02, alpha=alpha)
    )
    assert find_visible(null=True) == pytest.approx(
        estimate_smallest_visible_change(estimate, tolerance=0.02, alpha=alpha / 2)
    )
