"""Stored blocks are judged as they were before: the same verdict on each thing that is judged, on as many blocks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.gate.confirm import Judgement, Pair, Standard, find_worst, screen_then_confirm
from benchmarks.gate.plan import ANCHOR_FACTOR, make_plan
from benchmarks.gate.readings import list_reading_criteria, list_reading_criteria_of_pairs
from benchmarks.gate.times import list_time_criteria, list_time_criteria_of_pairs
from benchmarks.records import BlockSummary, ReadBlock
from benchmarks.reports.verdicts import title_judgement
from tests.gate.replayed import FOLDER, Dealer, Measured, Replay, list_read, list_timed

JUDGEMENTS = 60

_ALL: list[Replay[Any]] = [*list_timed(), *list_read()]

REPLAYS = {replay.name: replay for replay in _ALL}

EXPECTED = json.loads((FOLDER / "replayed_verdicts.json").read_text(encoding="utf-8"))


def list_standards(replay: Replay[Measured]) -> list[Standard[Measured]]:
    stored = (("baseline", replay.baseline, 1.0), ("anchor", replay.anchor, ANCHOR_FACTOR))
    return [Standard(name=name, blocks=blocks, factor=factor) for name, blocks, factor in stored if blocks]


def judge_times(replay: Replay[BlockSummary], now: Dealer[BlockSummary]) -> tuple[Judgement, ...]:
    plan = make_plan(replay.case.question, judgements=JUDGEMENTS, method=replay.case.method)
    if replay.other:
        other = Dealer(replay.other)
        criteria = list_time_criteria_of_pairs(replay.case, plan)
        return screen_then_confirm(lambda count: deal_pairs(now, other, count), lambda _: criteria, plan)
    own = list_time_criteria(replay.case, list_standards(replay), plan)
    return screen_then_confirm(now.measure_more, lambda _: own, plan)


def judge_readings(replay: Replay[ReadBlock], now: Dealer[ReadBlock]) -> tuple[Judgement, ...]:
    case, plan = replay.case, make_plan(replay.case.question, judgements=JUDGEMENTS, method=replay.case.method)
    if replay.other:
        other = Dealer(replay.other)
        return screen_then_confirm(
            lambda count: deal_pairs(now, other, count),
            lambda pairs: list_reading_criteria_of_pairs(case, pairs, plan),
            plan,
        )
    standards = list_standards(replay)
    return screen_then_confirm(
        now.measure_more, lambda blocks: list_reading_criteria(case, blocks, standards, plan), plan
    )


def deal_pairs(now: Dealer[Measured], other: Dealer[Measured], count: int) -> Sequence[Pair[Measured]]:
    both = zip(now.measure_more(count), other.measure_more(count), strict=True)
    return [Pair(now=here, other=there) for here, there in both]


def judge(replay: Replay[Any]) -> dict[str, Any]:
    """Return what the blocks come to, as the file has it."""
    now = Dealer(replay.now)
    judgements = (judge_times if replay.case.question.is_timed else judge_readings)(replay, now)
    outcomes = [judgement.outcome for judgement in judgements]
    return {
        "outcome": find_worst(outcomes).value if outcomes else None,
        "asked": now.asked,
        "judged": [[title_judgement(judgement), judgement.outcome.value] for judgement in judgements],
    }


@pytest.mark.parametrize("name", EXPECTED)
def test_stored_blocks_get_the_verdict_they_got_before(name: str) -> None:
    assert judge(REPLAYS[name]) == EXPECTED[name]


def test_every_replay_is_compared() -> None:
    assert set(REPLAYS) == set(EXPECTED)


if __name__ == "__main__":
    verdicts = {name: judge(replay) for name, replay in REPLAYS.items()}
    lines = [f"{json.dumps(name)}: {json.dumps(verdict)}" for name, verdict in verdicts.items()]
    (FOLDER / "replayed_verdicts.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
