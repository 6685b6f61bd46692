"""What changed in a history is in the gate, with what changed as the reason; so is a case of each entry point."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.baselines.lines import append_line
from benchmarks.commands import history
from benchmarks.gate_methods import MOST_GATE_SECONDS
from benchmarks.methods import METHODS
from benchmarks.records import Aspect, Case, Question
from benchmarks.reports.history.tracks import estimate_history
from benchmarks.studies import gate_sweep
from benchmarks.studies.gate_sweep import (
    Change,
    choose_cases,
    explain_kept,
    list_changes,
    list_evident_methods,
    list_gate,
    main,
    render_study,
)
from benchmarks.sweeps import GATE_AXES, expand_products, find_gate_axes
from tests.reports.history.example_histories import Planted, make_history

STEP, STARTUP, RETAINED = Question.STEP_TIME, Question.STARTUP_TIME, Question.RETAINED_MEMORY

RECORD = Path(__file__).parents[2] / "docs" / "records" / "gate_sweep.md"


def make_gate_case(question: Question, method: str) -> Case:
    """Return the case of a method as the gate sweep asks it."""
    axes = dataclasses.replace(GATE_AXES[question], method=(method,))
    (case,) = (case for case in expand_products(question, (axes,), {}) if isinstance(case, Case) and not case.null)
    return case


def find_changes(cases: Sequence[Case], *planted: Planted) -> tuple[Change, ...]:
    """Return what a history of these cases shows."""
    return list_changes(estimate_history(make_history(cases, planted)))


FLOAT64 = make_gate_case(STEP, "fit_dataset_float64")
COLUMN = make_gate_case(STEP, "fit_dataset_column")
GENERATOR = make_gate_case(STARTUP, "fit_generator")


def test_without_a_history_the_rule_gives_one_case_for_each_entry_point_and_what_is_kept() -> None:
    choice = choose_cases(())
    expected = {case for question in GATE_AXES for case in expand_products(question, find_gate_axes(question, ()), {})}
    assert set(choice.cases) == expected
    weighted = {case for case in choice.cases if not case.null}
    assert all(case in choice.required or explain_kept(case) for case in weighted)
    assert choice.required[make_gate_case(STARTUP, "fit_sequence")] == [
        "stands for fit on an object that makes batches"
    ]
    assert make_gate_case(STARTUP, "fit_generator") not in weighted


def test_noise_is_no_evidence() -> None:
    assert find_changes([FLOAT64, COLUMN, GENERATOR]) == ()


def test_a_change_of_what_weighting_adds_is_found_with_its_place_and_size() -> None:
    changes = find_changes([FLOAT64, COLUMN], Planted(question=STEP, method=FLOAT64.method, since="2.16", factor=1.1))
    assert {(change.case, change.aspect) for change in changes} == {
        (FLOAT64, Aspect.OVERHEAD),
        (FLOAT64, Aspect.WEIGHTED),
    }
    assert {(change.before, change.now) for change in changes} == {("2.15", "2.16")}
    assert all(change.share == pytest.approx(0.1, abs=0.02) for change in changes)
    (told,) = (change.describe() for change in changes if change.aspect is Aspect.OVERHEAD)
    assert told.startswith("overhead of step time from 2.15 to 2.16 by +")


def test_a_case_with_evidence_is_held_stands_for_its_entry_point_and_brings_its_null_case() -> None:
    changes = find_changes(
        [FLOAT64, GENERATOR],
        Planted(question=STEP, method=FLOAT64.method, since="2.16", factor=1.1),
        Planted(question=STARTUP, method=GENERATOR.method, since="2.15", factor=1.5, both_arms=True),
    )
    assert {question: methods for question, methods in list_evident_methods(changes).items() if methods} == {
        STEP: ("fit_dataset_float64",),
        STARTUP: ("fit_generator",),
    }
    before, after = choose_cases(()), choose_cases(changes)
    stands, changed = after.required[FLOAT64]
    assert stands == "stands for fit on a dataset"
    assert changed.startswith("changed: overhead of step time from 2.15 to 2.16 by +")
    assert changed.endswith(", and 1 more")  # the weighted arm
    arms = after.required[GENERATOR][1]
    assert arms.startswith(("changed: control of start-up", "changed: weighted arm of start-up"))
    assert "from 2.14 to 2.15 by +" in arms
    # fit_generator takes the place of fit_sequence, with a null case of its own; fit_dataset_float64 shares one.
    assert after.seconds - before.seconds == STEP.row.case_seconds
    assert make_gate_case(STARTUP, "fit_sequence") not in after.cases


def test_changes_of_bytes_are_told_in_bytes() -> None:
    case = make_gate_case(RETAINED, "fit_validation")
    changes = find_changes([case], Planted(question=RETAINED, since="2.17", extra=65536.0))
    assert (
        choose_cases(changes)
        .required[case][1]
        .startswith("changed: overhead of resident bytes retained per epoch from 2.16 to 2.17 by +6")
    )


def test_a_null_case_is_no_evidence() -> None:
    null = dataclasses.replace(make_gate_case(STEP, "loop_graph"), null=True)
    assert find_changes([null], Planted(question=STEP, since="2.16", factor=1.5)) == ()


def test_a_case_of_other_sizes_is_held_too_and_named_apart() -> None:
    deep = dataclasses.replace(COLUMN, depth=16)
    entries = make_history([deep], [Planted(question=STEP, since="2.16", factor=1.1)])
    changes = list_changes(estimate_history(entries))
    assert list_evident_methods(changes)[STEP] == ()
    assert deep in choose_cases(changes).required
    assert choose_cases(changes).seconds == choose_cases(()).seconds + 2 * STEP.row.case_seconds
    told = render_study([estimate_history(entries)])
    assert told.endswith(f"To be entered in `GATE_VARIANTS`: {deep.case_id}.")


def test_histories_of_several_axes_are_joined() -> None:
    histories = [
        estimate_history(make_history([case], [Planted(question=STEP, since="2.16", factor=1.1)]))
        for case in (FLOAT64, COLUMN)
    ]
    told = render_study(histories)
    assert "Question.STEP_TIME: ('fit_dataset_float64', 'fit_dataset_column')," in told
    assert told.count("overhead of step time from 2.15 to 2.16 by +") == 4  # what changed, and why it is held


def test_what_did_not_change_is_listed_as_well() -> None:
    told = render_study([estimate_history(make_history([COLUMN, FLOAT64], []))])
    (row,) = (line for line in told.splitlines() if COLUMN.case_id in line)
    assert [cell.strip() for cell in row.split("|")[1:-1]] == [COLUMN.case_id, "", ""]


def test_a_gate_that_would_take_too_long_is_told_with_what_only_the_arms_have_shown() -> None:
    asked = [
        make_gate_case(question, name)
        for question in (Question.EPOCH_TIME, STARTUP)
        for name, entry in METHODS.items()
        if question.value not in entry.without
    ]
    planted = [Planted(question=case.question, since="2.16", factor=2.0, both_arms=True) for case in asked[:1]]
    planted += [Planted(question=STARTUP, since="2.16", factor=2.0, both_arms=True)]
    changes = find_changes(asked, *planted)
    assert choose_cases(changes).seconds > MOST_GATE_SECONDS
    told = render_study([estimate_history(make_history(asked, planted))])
    assert "s too long.** Without the cases in which nothing but the arms changed it would be" in told
    assert f"cases in {choose_cases(()).seconds:.0f} s." in told


def test_what_has_no_reason_any_more_is_to_be_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = (*list_gate(), COLUMN)
    monkeypatch.setattr(gate_sweep, "list_gate", lambda: gate)
    (row,) = (line for line in render_study([]).splitlines() if COLUMN.case_id in line)
    assert "nothing: take it out" in row
    assert render_study([]).count("nothing: take it out") == 1


def test_files_are_read_and_what_cannot_be_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "history.jsonl"
    for entry in make_history([FLOAT64], [Planted(question=STEP, since="2.16", factor=1.1)]):
        append_line(path, entry)
    main([str(path)])
    assert "Question.STEP_TIME: ('fit_dataset_float64',)," in capsys.readouterr().out
    with pytest.raises(SystemExit, match="a history: expected something that was measured, got nothing"):
        main([str(tmp_path / "absent.jsonl")])


def test_a_history_measures_its_cases_as_the_gate_asks_them() -> None:
    assert [case for case in history.list_cases() if case != make_gate_case(case.question, case.method)] == []


def test_the_record_names_every_case_of_the_gate() -> None:
    """It is to be printed anew where the gate changes, with the histories that the change rests on."""
    record = RECORD.read_text(encoding="utf-8")
    assert [case.case_id for case in list_gate() if not case.null and f"| {case.case_id} " not in record] == []
