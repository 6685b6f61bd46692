"""A question is one row: it is found by its name, written as it, and all that is known of it follows from the row."""

from __future__ import annotations

import json

import pytest

from benchmarks.errors import StatisticsError
from benchmarks.questions import Question, find_block_timing


@pytest.mark.parametrize("question", Question)
def test_a_question_is_found_by_its_name_and_written_as_it(question: Question) -> None:
    assert question.row.name == question.value == question.name.lower()
    assert Question(question.value) is question is Question(question)
    assert f"{question}" == str(question) == question.value
    assert json.loads(json.dumps({question: question})) == {question.value: question.value}


def test_an_unknown_name_is_no_question() -> None:
    with pytest.raises(ValueError, match="wait"):
        Question("wait")


def test_what_is_timed_and_what_is_sized_follows_from_the_rows() -> None:
    times = [question.value for question in Question if question.is_timed]
    assert times == ["step_time", "epoch_time", "evaluation_time", "startup_time"]
    assert [question.value for question in Question if not question.needs_dataset_size] == [
        "step_time",
        "training_graph",
    ]


def test_a_block_can_be_asked_to_take_longer_and_one_that_is_not_timed_has_no_plan() -> None:
    assert find_block_timing(Question.STEP_TIME, None) is Question.STEP_TIME.row.block
    longer = find_block_timing(Question.STEP_TIME, 2.5)
    assert (longer.timed_budget_ns, longer.min_rounds, longer.enough_rounds) == (2_500_000_000, 50, None)
    with pytest.raises(StatisticsError, match="peak_memory: expected a question that is timed"):
        find_block_timing(Question.PEAK_MEMORY, None)
