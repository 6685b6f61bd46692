"""The answer names all that costs, with bounds that hold together, and remarks what a reader has to know beside it.

With two targets there is an answer on what changed; nothing is remarked where there is nothing.
"""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import pytest

from benchmarks.records import CaseReport, Outcome, Plant, Question
from benchmarks.reports.sentences import (
    answer_on_changes,
    answer_on_costs,
    answer_on_time,
    describe_compared,
    describe_lacking,
    list_run_remarks,
    list_time_remarks,
    list_warnings,
)
from benchmarks.reports.summary import AnswerText, RunFacts
from tests.examples import make_environment, make_read_block
from tests.reports.example_reports import COSTLY, FREE, make_graph, make_null, make_read, make_timed, summarise

NOTHING, SOME, MUCH = 0.0, math.log(1.031), math.log(1.08)

SIZED: dict[str, Any] = {"dataset_size": 10_000}


def report(method: str, log_ratio: float | None, outcome: Outcome | None = None, **values: Any) -> CaseReport:
    """Return a report whose eight blocks lie within 0.1 % of a log-ratio; without one nothing could be measured."""
    return make_timed(method, log_ratio, deviations=(-0.001, 0.001) * 4, outcome=outcome, **values)


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


def take_down(measured: CaseReport, control_ns: float, weighted_ns: float) -> CaseReport:
    """Return a report whose calls took so long to return."""
    assert measured.measurement is not None
    blocks = tuple(
        dataclasses.replace(block, control_takedown_ns=control_ns, weighted_takedown_ns=weighted_ns)
        for block in measured.measurement.blocks
    )
    return dataclasses.replace(measured, measurement=dataclasses.replace(measured.measurement, blocks=blocks))


def test_a_null_case_that_is_open_or_was_not_measured_warns_without_accusing_the_measurement() -> None:
    reports = [
        make_null("fit_dataset", Outcome.HELD),
        make_null("loop_jit", Outcome.UNDECIDED),
        make_null("loop_graph", Outcome.FAILED, None),
    ]
    assert list(list_warnings(reports)) == [
        (
            "WARNING: these null cases did not show that identical arms come out alike: "
            "step_time[mlp-depth2-batch256-loop_jit-null]"
        ),
        (
            "WARNING: these null cases could not be measured, so nothing checks the measurement beside them: "
            "step_time[mlp-depth2-batch256-loop_graph-null]"
        ),
    ]


def test_null_cases_that_held_warn_of_nothing() -> None:
    assert not list(list_warnings([make_null("fit_dataset", Outcome.HELD), make_timed("fit_dataset", COSTLY)]))


def test_what_a_pass_takes_to_return_after_its_training_is_told_beside_epoch_time_alone() -> None:
    """Medians over the blocks of all weighted cases; null cases are left out."""
    sized: dict[str, Any] = {"question": Question.EPOCH_TIME, "dataset_size": 10_000}
    steps = take_down(make_timed("loop_graph", FREE), 9e6, 9e6)
    remarks = list_time_remarks(
        [
            take_down(make_timed("fit_dataset", FREE, null=True, **sized), 7e6, 8e6),
            take_down(make_timed("fit_dataset", FREE, **sized), 1e6, 2e6),
            steps,
        ]
    )
    assert (
        "After the last step of a pass, its call waits for the threads of its pipeline: 1.00 ms in the median control, "
        "2.00 ms in the median weighted arm. Epoch time leaves that out."
    ) in remarks
    assert not [remark for remark in list_time_remarks([steps]) if "After the last step" in remark]


def test_a_comparison_of_all_cases_needs_no_word() -> None:
    assert describe_compared(RunFacts()) == ""
    assert describe_compared(RunFacts(selected_cases=3)) == ""


def test_a_comparison_of_no_case_names_the_remedy_and_one_of_some_the_reasons() -> None:
    left_out = {"it is new; record it": 1, "it failed; see below": 2}
    assert describe_compared(RunFacts(selected_cases=4, left_out=left_out)) == (
        "Compared 1 of 4 cases; 2: it failed; 1: it is new."
    )
    assert describe_compared(RunFacts(selected_cases=3, left_out=left_out)) == (
        "Compared 0 of 3 cases, and so this run fails; 2: it failed; see below; 1: it is new; record it."
    )


def test_the_run_as_a_whole_is_told_in_a_line_each() -> None:
    facts = RunFacts(
        neighbours=(12, 7),
        plant=Plant(step_fraction=0.1),
        places={"baseline": (make_environment(jit_compile="True"), make_environment(tensorflow="2.20.0", cores=4))},
        removed=tuple(f"case {number:02}" for number in range(12)),
        strict_verdicts=True,
        notes=("as it is",),
    )
    assert list(list_run_remarks(facts, [make_timed("loop_graph", FREE)])) == [
        "WARNING: another run of this suite was measuring on this machine (pid 7, 12); times of both suffer",
        "A fault was planted on purpose (weighted arms +10.0% slower); nothing here is a finding.",
        (
            "The baseline was recorded elsewhere (tensorflow: 2.20.0 stored, 2.21.0 now; cores: 4 stored, 2 now): "
            "overheads, bytes and counts are compared, absolute times are not."
        ),
        "as it is",
        (
            "12 cases of the baseline are not in this run's sweep: case 00, case 01, case 02, case 03, case 04, "
            "case 05, case 06, case 07, case 08, case 09, …; --strict-verdicts fails the run for that"
        ),
    ]


def test_what_the_anchor_lacks_is_counted_and_listed_by_reason() -> None:
    causes: dict[str, str | list[str]] = {f"case {number:02}": "not in it; record it again" for number in range(12)}
    causes["graph"] = ["graph_nodes", "first_pass_traces"]
    (remark,) = describe_lacking(causes, 20)
    assert remark == (
        "The anchor lacks 13 of 20 cases, and what it lacks is judged against the baseline alone: case 00, case 01, "
        "case 02, case 03, case 04, case 05, case 06, case 07, case 08, case 09, … (not in it); graph (no graph nodes "
        "of the step and no traces in the first pass)"
    )
    assert list(describe_lacking({}, 20)) == []
