"""A few blocks settle most; what they leave open is looked at on fresh ones, until the worst is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from benchmarks.gate.confirm import _cut_short, screen_then_confirm
from benchmarks.gate.judgement import Judgement
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
    """A criterion that says what the test wants, at the screen and at each look; blocks are whole numbers."""

    at_screen: Outcome | None
    at_looks: tuple[Outcome | None, ...] = ()
    worst: Outcome = Outcome.REGRESSED

    def judge_at_screen(self, blocks: Sequence[int]) -> Judgement | None:
        assert list(blocks) == [0, 1, 2]
        return self.make(self.at_screen, blocks)

    def judge_at_look(self, blocks: Sequence[int], *, final: bool) -> Judgement | None:
        look = len(blocks) // PLAN.fresh_blocks
        assert list(blocks) == list(range(PLAN.screen_blocks, PLAN.screen_blocks + 2 * look)), "fresh ones alone"
        outcome = self.at_looks[look - 1]
        return self.make(Outcome.UNDECIDED if outcome is None and final else outcome, blocks)

    def make(self, outcome: Outcome | None, blocks: Sequence[int]) -> Judgement | None:
        if outcome is None:
            return None
        return Judgement(aspect=Aspect.OVERHEAD, outcome=outcome, text=f"on {len(blocks)}", brief="this")


def judge(*criteria: Scripted, plan: Plan = PLAN) -> tuple[list[tuple[Outcome, str]], int]:
    """Return what was found with its text, and how many blocks it took."""
    measured: list[int] = []

    def measure_more(count: int) -> list[int]:
        measured.extend(range(len(measured), len(measured) + count))
        return measured[-count:]

    judgements = screen_then_confirm(measure_more, lambda _: criteria, plan)
    return [(judgement.outcome, judgement.text) for judgement in judgements], len(measured)


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
        (Outcome.UNDECIDED, "on 2; no longer measured once another aspect had decided"),
        (Outcome.REGRESSED, "on 2"),
    ]
    assert blocks == 5


def test_what_could_still_turn_out_worse_is_measured_on() -> None:
    regressed = Scripted(at_screen=None, at_looks=(Outcome.REGRESSED,))
    fails = Scripted(at_screen=None, at_looks=(None, None, Outcome.FAILED), worst=Outcome.FAILED)
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


def test_what_has_no_words_for_a_list_gets_none_where_it_is_cut_short() -> None:
    wordless = Judgement(aspect=Aspect.OVERHEAD, outcome=Outcome.UNDECIDED, text="open", brief="")
    cut = _cut_short(wordless)
    assert cut is not None
    assert cut.brief == ""
    assert cut.text == "open; no longer measured once another aspect had decided"
