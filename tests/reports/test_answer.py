"""The answer names all that costs, with bounds that hold together; with two targets there is one on what changed."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import pytest

from benchmarks.records import CaseReport, Outcome, Question, Verdict
from benchmarks.reports.answer import answer_on_changes, answer_on_costs, answer_on_time
from benchmarks.reports.summary import AnswerText
from tests.examples import make_case, make_comparison, make_measurement, make_read_block
from tests.reports.example_reports import make_graph, make_read, summarise

NOTHING, SOME, MUCH = 0.0, math.log(1.031), math.log(1.08)

SIZED: dict[str, Any] = {"dataset_size": 10_000}


def report(method: str, log_ratio: float | None, outcome: Outcome | None = None, **values: Any) -> CaseReport:
    """Return a report whose eight blocks lie within 0.1 % of a log-ratio; without one nothing could be measured."""
    case = make_case(method=method, depth=2, **values)
    log_ratios = [] if log_ratio is None else [log_ratio + jitter for jitter in (-0.001, 0.001) * 4]
    compared = make_comparison() if outcome is Outcome.FAILED and log_ratio is not None else None
    return CaseReport(
        case=case,
        measurement=None if log_ratio is None else make_measurement(case, log_ratios),
        overhead_ratio=None,
        position_ratio=None,
        timed_share=None,
        verdict=None if outcome is None else Verdict(outcome=outcome, reason="as told", comparison=compared),
    )


def null(method: str, outcome: Outcome, **values: Any) -> CaseReport:
    return report(method, NOTHING, outcome, null=True, **values)


def list_lines(answer: AnswerText) -> list[str]:
    """Return the lines of an answer, without its question."""
    told = [line for statement in answer.statements for line in (statement.text, *statement.details)]
    return [*told, *filter(None, [answer.how_sure])]


def matches(pattern: str, *reports: CaseReport) -> bool:
    """Whether the answer on these reports is as the pattern, in which `#` stands for a percentage."""
    text = " ".join(list_lines(answer_on_time(reports)))
    wanted = re.escape(pattern).replace(r"\#", r"[+-]\d+\.\d %")
    assert re.fullmatch(wanted, text), text
    return True


LEAST_HOLDS = " Of the times, all figures after 'at least' hold together with 95 % confidence."
LIMITS_HOLD = " Of the times, all figures after 'no more than' hold together with 95 % confidence."
BOTH_HOLD = f"{LEAST_HOLDS[:-1]}, and so do all after 'no more than'."


def test_all_that_costs_is_named_the_dearest_first() -> None:
    assert matches(
        "Yes: step time rises by +8.0 % (at least #) with loop_jit, by +3.1 % (at least #) with loop_graph, "
        f"and by no more than # with the 1 other method measured.{BOTH_HOLD}",
        report("fit_dataset", NOTHING),
        report("loop_graph", SOME),
        report("loop_jit", MUCH),
    )


def test_an_answer_without_a_cost_says_how_small_it_must_be() -> None:
    assert matches(
        f"No cost was shown: step time rises by no more than # with any of 2 methods.{LIMITS_HOLD}",
        report("fit_dataset", NOTHING),
        report("loop_jit", -0.002),
    )


def test_each_question_has_a_sentence_and_those_with_a_cost_come_first() -> None:
    assert matches(
        "Yes: epoch time rises by +8.0 % (at least #) with fit_dataset, by +3.1 % (at least #) with fit_array. Step "
        "time rises by no more than # with the 1 method measured. Start-up time rises by no more than # with the 1 "
        f"method measured.{BOTH_HOLD}",
        report("fit_array", NOTHING, question=Question.STARTUP_TIME, **SIZED),
        report("fit_array", SOME, question=Question.EPOCH_TIME, **SIZED),
        report("fit_dataset", MUCH, question=Question.EPOCH_TIME, **SIZED),
        report("fit_dataset", NOTHING),
    )


def test_the_whole_case_is_named_where_methods_were_measured_at_several_sizes() -> None:
    assert matches(
        "Yes: step time rises by +8.0 % (at least #) with mlp-depth2-batch32-fit_dataset, by +3.1 % (at least #) with "
        f"mlp-depth2-batch256-fit_dataset.{LEAST_HOLDS}",
        report("fit_dataset", SOME),
        report("fit_dataset", MUCH, batch_size=32),
    )


def test_a_single_block_tells_nothing() -> None:
    whole = report("fit_dataset", SOME)
    assert whole.measurement is not None
    single = dataclasses.replace(
        whole, measurement=dataclasses.replace(whole.measurement, blocks=whole.measurement.blocks[:1])
    )
    assert matches("Not known: step time was measured in too few blocks to say.", single)
    assert matches(
        "No cost was shown: step time rises by no more than # with the 1 method measured, and nothing is known of 1 "
        f"more, with too few blocks.{LIMITS_HOLD}",
        single,
        report("loop_graph", NOTHING),
    )


def test_where_there_is_no_answer_it_says_why() -> None:
    assert matches("Not known: no weighted case could be measured.", report("fit_dataset", None))
    assert matches("Not asked: all cases were null cases.", null("fit_dataset", Outcome.HELD))
    assert matches(
        "Not known: where a weighted case was measured, its null case came out different.",
        report("fit_dataset", SOME),
        null("fit_dataset", Outcome.FAILED),
    )


def test_a_null_case_that_is_off_takes_every_method_with_that_control_out() -> None:
    assert matches(
        f"Yes: step time rises by +3.1 % (at least #) with loop_jit.{LEAST_HOLDS}",
        null("fit_dataset", Outcome.FAILED),
        report("fit_dataset", MUCH),
        report("fit_class_weight_dataset", MUCH),
        report("loop_jit", SOME),
    )
    assert matches(
        f"Yes: step time rises by +8.0 % (at least #) with fit_dataset.{LEAST_HOLDS}",
        null("fit_dataset", Outcome.FAILED),
        report("fit_dataset", SOME),
        report("fit_dataset", MUCH, batch_size=32),
    ), "it vouches for its own sizes alone"


def test_a_null_case_that_could_not_be_measured_takes_no_method_out() -> None:
    assert matches(
        f"Yes: step time rises by +8.0 % (at least #) with fit_dataset.{LEAST_HOLDS}",
        report("fit_dataset", None, Outcome.FAILED, null=True),
        report("fit_dataset", MUCH),
    )


def test_many_cases_that_cost_are_listed() -> None:
    assert list_lines(answer_on_time([report(method, MUCH) for method in _METHODS]))[:-1] == [
        "Yes: step time rises with all 4 methods.",
        *(f"by +8.0 % (at least +7.9 %) with {method}" for method in _METHODS),
    ]


_METHODS = ("fit_dataset", "fit_packed", "loop_graph", "loop_jit")


def test_the_answer_names_the_most_that_was_read() -> None:
    blocks = [make_read_block("pass_peak_tensor_bytes", 20e6, 21e6)] * 3
    reports = [make_read(Question.PEAK_MEMORY, *blocks), make_read(Question.TRAINING_GRAPH, make_graph())]
    answer = answer_on_costs(reports, summarise(reports).quantities)
    assert list_lines(answer) == [
        "In bytes and counts:",
        "+5.0 % peak tensor bytes of a pass at most, with mlp-depth4-batch256-size100000-loop_graph",
        "no traces after warm-up",
        "+2 graph nodes of the step at most, with mlp-depth4-batch256-loop_graph",
    ], "no time was asked for"


def judged(outcome: Outcome, **values: Any) -> CaseReport:
    return report("fit_dataset", SOME, outcome, **values)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([Outcome.HELD, Outcome.IMPROVED], "Not shown in any of 2 cases."),
        ([Outcome.REGRESSED, Outcome.HELD, Outcome.FAILED], "Yes: 1 of 3 cases; 1 FAILED."),
        ([Outcome.UNDECIDED, Outcome.UNDECIDED], "Not shown in any of 2 cases; 2 UNDECIDED."),
    ],
)
def test_a_run_against_another_target_has_one_answer(outcomes: list[Outcome], expected: str) -> None:
    reports = [judged(outcome) for outcome in outcomes]
    answer = answer_on_changes(reports, "tensorflow-cpu==2.20.0")
    assert answer is not None
    assert answer.question == "Is anything slower or larger here than in tensorflow-cpu==2.20.0?"
    assert list_lines(answer) == [expected]
    assert answer_on_changes(reports, None) is None


def test_without_a_weighted_case_that_was_compared_the_answer_is_not_known() -> None:
    outcomes = (Outcome.NOT_COMPARABLE, Outcome.FAILED)
    reports = [*(judged(outcome) for outcome in outcomes), judged(Outcome.HELD, null=True)]
    answer = answer_on_changes(reports, "tensorflow-cpu==2.20.0")
    assert answer is not None
    assert list_lines(answer) == ["Not known: no weighted case was compared; 1 NOT COMPARABLE; 1 FAILED."]
