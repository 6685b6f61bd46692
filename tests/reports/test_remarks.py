"""Warnings and remarks name what a reader of the numbers has to know, and nothing where there is nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

from benchmarks.records import CaseReport, Outcome, Plant, Question
from benchmarks.reports.remarks import (
    RunFacts,
    describe_compared,
    describe_lacking,
    list_run_remarks,
    list_time_remarks,
    list_warnings,
)
from tests.reports.example_reports import COSTLY, FREE, make_null, make_timed


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
        elsewhere={"baseline": ("cores: 4 stored, 2 now",)},
        removed=tuple(f"case {number:02}" for number in range(12)),
        strict_verdicts=True,
        notes=("as it is",),
    )
    assert list(list_run_remarks(facts, [make_timed("loop_graph", FREE)])) == [
        "WARNING: another run of this suite was measuring on this machine (pid 7, 12); times of both suffer",
        "A fault was planted on purpose (weighted arms +10.0% slower); nothing here is a finding.",
        (
            "The baseline was recorded elsewhere (cores: 4 stored, 2 now): overheads, bytes and counts are compared, "
            "absolute times are not."
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
