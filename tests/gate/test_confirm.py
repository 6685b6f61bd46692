"""A few blocks settle most; what they leave open is looked at on fresh ones, until the worst is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from benchmarks.gate.confirm import Criterion, Judgement, Missing, Stage, find_worst, is_doubtful, screen_then_confirm
from benchmarks.gate.plan import Plan
from benchmarks.records import Aspect, Outcome, Question

PLAN = Plan(
    question=Question.STEP_TIME,
    judgements=1,
    tolerances={Aspect.OVERHEAD: 0.02},
    screen_blocks=3,
    fresh_blocks=2,
    looks=3,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scripted:
    """What a criterion says, at the screen and at each look; blocks are whole numbers."""

    at_screen: Outcome | None
    at_looks: tuple[Outcome | None, ...] = ()
    null: bool = False

    def judge(self, blocks: Sequence[int], stage: Stage) -> Judgement | None:
        outcome = self.at_screen
        if stage is Stage.SCREEN:
            assert list(blocks) == [0, 1, 2]
        else:
            look = len(blocks) // PLAN.fresh_blocks
            assert list(blocks) == list(range(PLAN.screen_blocks, PLAN.screen_blocks + 2 * look)), "fresh ones alone"
            outcome = self.at_looks[look - 1] or (Outcome.UNDECIDED if stage is Stage.FINAL else None)
        return None if outcome is None else find(outcome, f"on {len(blocks)}")


def find(outcome: Outcome, cause: str) -> Judgement:
    figures = Missing(is_here=True, two_targets=False, cause=cause)
    return Judgement(aspect=Aspect.OVERHEAD, outcome=outcome, figures=figures, medians=(1.0, 2.0))


def judge(*scripts: Scripted, plan: Plan = PLAN) -> tuple[list[tuple[Outcome, str]], int]:
    """Return what was found and of which blocks, and how many it took."""
    measured: list[int] = []

    def measure_more(count: int) -> list[int]:
        measured.extend(range(len(measured), len(measured) + count))
        return measured[-count:]

    criteria = [Criterion(judge=script.judge, null=script.null) for script in scripts]
    found = []
    for judgement in screen_then_confirm(measure_more, lambda _: criteria, plan):
        assert isinstance(judgement.figures, Missing)
        found.append((judgement.outcome, f"{judgement.figures.cause}{', cut short' if judgement.cut_short else ''}"))
    return found, len(measured)


HELD = Scripted(at_screen=Outcome.HELD)
NEVER = Scripted(at_screen=None, at_looks=(None, None, None))


def test_what_the_screen_settles_takes_no_fresh_blocks() -> None:
    assert judge(HELD, HELD) == ([(Outcome.HELD, "on 3")] * 2, 3)


def test_without_a_criterion_the_screen_is_measured_all_the_same() -> None:
    assert judge() == ([], 3)


def test_each_look_is_at_all_fresh_blocks_and_at_no_others() -> None:
    late = Scripted(at_screen=None, at_looks=(None, Outcome.HELD))
    assert judge(HELD, late) == ([(Outcome.HELD, "on 3"), (Outcome.HELD, "on 4")], 7)


def test_what_no_look_settles_is_undecided() -> None:
    assert judge(NEVER) == ([(Outcome.UNDECIDED, "on 6")], 9)


def test_once_the_worst_is_found_the_rest_is_left_open_and_says_so() -> None:
    regressed = Scripted(at_screen=None, at_looks=(Outcome.REGRESSED,))
    found, blocks = judge(NEVER, regressed)
    assert found == [
        (Outcome.UNDECIDED, "on 2, cut short"),
        (Outcome.REGRESSED, "on 2"),
    ]
    assert blocks == 5


def test_what_could_still_turn_out_worse_is_measured_on() -> None:
    regressed = Scripted(at_screen=None, at_looks=(Outcome.REGRESSED,))
    fails = Scripted(at_screen=None, at_looks=(None, None, Outcome.FAILED), null=True)
    assert judge(regressed, fails) == ([(Outcome.REGRESSED, "on 2"), (Outcome.FAILED, "on 6")], 9)


def test_what_is_open_is_looked_at_once_whatever_the_screen_found_of_the_rest() -> None:
    """A count is settled by the first blocks; the bytes beside it are read again."""
    regressed = Scripted(at_screen=Outcome.REGRESSED)
    held = Scripted(at_screen=None, at_looks=(Outcome.HELD,))
    assert judge(regressed, held) == ([(Outcome.REGRESSED, "on 3"), (Outcome.HELD, "on 2")], 5)


@pytest.mark.parametrize("question", [Question.TRAINING_GRAPH, Question.PEAK_MEMORY])
def test_what_neither_screen_nor_fresh_blocks_can_say_anything_of_is_left_out(question: Question) -> None:
    plan = dataclasses.replace(PLAN, question=question, fresh_blocks=0)
    assert judge(HELD, NEVER, plan=plan) == ([(Outcome.HELD, "on 3")], 3)


@pytest.mark.parametrize("outcome", [Outcome.REGRESSED, Outcome.IMPROVED])
def test_of_a_null_case_any_change_is_a_failure(outcome: Outcome) -> None:
    criterion = Criterion(judge=Scripted(at_screen=outcome).judge, null=True)
    judgement = criterion.ask([0, 1, 2], Stage.SCREEN)
    assert judgement is not None
    assert (judgement.outcome, judgement.medians) == (Outcome.FAILED, None)


@pytest.mark.parametrize("outcome", Outcome, ids=lambda each: each.name)
@pytest.mark.parametrize("null_outcome", Outcome, ids=lambda each: each.name)
def test_only_a_claim_of_change_falls_and_only_with_a_null_case_that_failed(
    outcome: Outcome, null_outcome: Outcome
) -> None:
    claims = outcome in {Outcome.REGRESSED, Outcome.IMPROVED}
    assert is_doubtful(outcome, null_outcome) == (claims and null_outcome is Outcome.FAILED)


def test_the_worst_decides() -> None:
    assert find_worst(Outcome) is Outcome.FAILED
    assert find_worst([Outcome.HELD, Outcome.IMPROVED]) is Outcome.IMPROVED
    assert find_worst([Outcome.UNDECIDED, Outcome.REGRESSED, Outcome.NOT_COMPARABLE]) is Outcome.REGRESSED
