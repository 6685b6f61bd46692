"""Live progress, and the time a run will still take."""

from __future__ import annotations

import dataclasses
import math

import pytest

from benchmarks.records import Interval, Outcome, Plant, Question
from benchmarks.reports.running import (
    Progress,
    RemainingTime,
    describe_run,
    render_blank_line,
    render_finished_line,
    render_live_line,
    summarise_readings,
)
from tests.examples import make_read_block
from tests.reports.example_reports import make_graph

PROGRESS = Progress(
    case_number=3,
    case_count=25,
    case_id="step_time[mlp-depth2-batch256-loop_graph]",
    blocks_done=2,
    blocks_planned=4,
    overhead_ratio=Interval(estimate=1.006, lower=1.001, upper=1.011, confidence=0.95),
    remaining_seconds=200.0,
)

LIVE = "[ 3/25] step_time[mlp-depth2-batch256-loop_graph]  block 3 of about 4  +0.6 % ± 0.5 %  3:20 left"


def test_a_live_line_replaces_the_one_before_it_and_blanks_its_rest() -> None:
    assert render_live_line(PROGRESS, width=110) == f"\r{LIVE:<109}"


@pytest.mark.parametrize("width", [0, 1, 2, 40, len(LIVE), len(LIVE) + 1])
def test_a_live_line_never_fills_the_last_column(width: int) -> None:
    line = render_live_line(PROGRESS, width)
    assert line.startswith("\r")
    assert len(line) - 1 == max(width - 1, 0)
    assert line.endswith("left" if width > len(LIVE) else "…" if width > 1 else "\r")


def test_a_blank_line_wipes_and_returns() -> None:
    assert render_blank_line(5) == "\r    \r"


def test_a_log_gets_one_line_for_a_finished_case() -> None:
    finished = dataclasses.replace(PROGRESS, blocks_done=4, outcome=Outcome.HELD)
    assert render_finished_line(finished) == (
        "[ 3/25] step_time[mlp-depth2-batch256-loop_graph]  +0.6 % ± 0.5 %  HELD  4 blocks  3:20 left"
    )


def test_what_is_not_known_is_said() -> None:
    unknown = dataclasses.replace(PROGRESS, blocks_done=0, overhead_ratio=None, remaining_seconds=None)
    assert render_live_line(unknown, width=200).rstrip() == (
        "\r[ 3/25] step_time[mlp-depth2-batch256-loop_graph]  block 1 of about 4  no estimate yet  time left unknown"
    )
    failed = dataclasses.replace(unknown, outcome=Outcome.FAILED)
    assert render_finished_line(failed) == (
        "[ 3/25] step_time[mlp-depth2-batch256-loop_graph]  no estimate  FAILED  0 blocks  time left unknown"
    )


def test_one_block_has_an_estimate_without_a_width() -> None:
    single = Interval(estimate=1.006, lower=0.0, upper=math.inf, confidence=0.95)
    line = render_finished_line(dataclasses.replace(PROGRESS, blocks_done=1, overhead_ratio=single))
    assert line.endswith("loop_graph]  +0.6 % ± ?  1 block  3:20 left")


def test_a_live_line_counts_no_block_beyond_those_planned() -> None:
    assert "block 4 of about 4" in render_live_line(dataclasses.replace(PROGRESS, blocks_done=4), width=200)


class FakeClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_ns = 7_000_000_000

    def __call__(self) -> int:
        return self.now_ns

    def pass_seconds(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def run_case(remaining: RemainingTime, clock: FakeClock, question: Question, seconds: float) -> None:
    remaining.begin_case(question)
    clock.pass_seconds(seconds)
    remaining.end_case()


def test_no_time_is_told_before_the_first_case_has_ended() -> None:
    clock = FakeClock()
    remaining = RemainingTime(clock, {Question.STEP_TIME: 2})
    assert remaining.estimate_seconds() is None
    remaining.begin_case(Question.STEP_TIME)
    clock.pass_seconds(10)
    assert remaining.estimate_seconds() is None


def test_cases_ahead_take_as_long_as_those_of_their_question_did() -> None:
    clock = FakeClock()
    remaining = RemainingTime(clock, {Question.STEP_TIME: 4, Question.STARTUP_TIME: 3})
    run_case(remaining, clock, Question.STEP_TIME, 8)
    run_case(remaining, clock, Question.STEP_TIME, 12)
    assert remaining.estimate_seconds() == 2 * 10 + 3 * 10  # no start-up yet: the average of all cases
    run_case(remaining, clock, Question.STARTUP_TIME, 40)
    assert remaining.estimate_seconds() == 2 * 10 + 2 * 40


def test_the_current_case_counts_for_what_is_left_of_it_and_never_below_zero() -> None:
    clock = FakeClock()
    remaining = RemainingTime(clock, {Question.STEP_TIME: 3})
    run_case(remaining, clock, Question.STEP_TIME, 10)
    remaining.begin_case(Question.STEP_TIME)
    clock.pass_seconds(4)
    assert remaining.estimate_seconds() == 6 + 10
    clock.pass_seconds(60)
    assert remaining.estimate_seconds() == 10


def test_a_finished_run_has_nothing_left() -> None:
    clock = FakeClock()
    remaining = RemainingTime(clock, {Question.STEP_TIME: 1})
    run_case(remaining, clock, Question.STEP_TIME, 10)
    remaining.end_case()
    assert remaining.estimate_seconds() == 0


def test_what_was_read_of_a_finished_case_is_told_in_a_few_words() -> None:
    assert summarise_readings([make_read_block("pass_peak_tensor_bytes", 2**20, 2**21)]) == "tensors +1.00 MiB"
    assert summarise_readings([make_graph()]) == "+0 traces after warm-up, +2 nodes"
    assert summarise_readings([make_read_block("retained_bytes_per_epoch", 0, 10)]) == "retained per epoch +10 B"


def test_a_run_begins_with_what_is_measured_and_a_planted_fault_stands_out() -> None:
    bare = describe_run(sweep="quick", target="/usr/bin/python", against=None, anchor=None, plant=None)
    assert bare == "sample weighting: sweep quick, target /usr/bin/python"
    whole = describe_run(sweep="gate", target="py", against="old", anchor="a.json", plant=Plant(step_fraction=0.1))
    assert whole == (
        "sample weighting: sweep gate, target py, against old, anchor a.json, PLANTED: weighted arms +10.0% slower"
    )
