"""A change is weighting's doing or not, its cause is what became of graph and traces, and a note is about one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from benchmarks.errors import RecordError
from benchmarks.methods import METHODS
from benchmarks.records import HistoryEntry, Question
from benchmarks.reports.history.changes import (
    UNCHANGED_CAUSE,
    Passage,
    Whose,
    assign_notes,
    list_passages,
    load_notes,
)
from benchmarks.reports.history.tracks import estimate_history
from tests.reports.history.example_histories import Planted, make_example_case, make_history

STEP = make_example_case(Question.STEP_TIME)
GRAPH = make_example_case(Question.TRAINING_GRAPH)

SLOWER_WEIGHTS = Planted(question=Question.STEP_TIME, since="2.16", factor=1.1)
SLOWER_ARMS = Planted(question=Question.STEP_TIME, since="2.16", factor=1.4, both_arms=True)


def list_causes(entries: list[HistoryEntry], whose: Whose = Whose.WEIGHTING) -> list[str]:
    return [group.cause for passage in list_passages(estimate_history(entries), whose) for group in passage.groups]


def test_an_overhead_that_changed_is_weightings_doing_and_arms_alike_are_not() -> None:
    for planted, whose, other in (
        (SLOWER_WEIGHTS, Whose.WEIGHTING, Whose.BOTH_ARMS),
        (SLOWER_ARMS, Whose.BOTH_ARMS, Whose.WEIGHTING),
    ):
        history = estimate_history(make_history([STEP], [planted]))
        (passage,) = list_passages(history, whose)
        assert (passage.before, passage.now) == ("2.15", "2.16")
        assert list_passages(history, other) == ()


def test_noise_is_nobodys_doing() -> None:
    history = estimate_history(make_history([STEP, GRAPH]))
    assert not any(list_passages(history, whose) for whose in Whose)


def test_bytes_and_counts_that_both_arms_gain_are_not_weightings_doing() -> None:
    peak, retained = make_example_case(Question.PEAK_MEMORY), make_example_case(Question.RETAINED_MEMORY)
    alike = [
        Planted(question=Question.PEAK_MEMORY, since="2.15", factor=1.2, both_arms=True),
        Planted(question=Question.RETAINED_MEMORY, since="2.15", extra=65536.0, both_arms=True),
    ]
    history = estimate_history(make_history([peak, retained], alike))
    assert list_passages(history, Whose.WEIGHTING) == ()
    (passage,) = list_passages(history, Whose.BOTH_ARMS)
    assert sum(len(group.changes) for group in passage.groups) == 3
    weighted_alone = [dataclasses.replace(plan, both_arms=False) for plan in alike]
    (passage,) = list_passages(estimate_history(make_history([peak, retained], weighted_alone)), Whose.WEIGHTING)
    assert sum(len(group.changes) for group in passage.groups) == 3


def test_where_graph_and_traces_are_as_before_the_reader_is_sent_elsewhere() -> None:
    assert list_causes(make_history([STEP, GRAPH], [SLOWER_WEIGHTS])) == [UNCHANGED_CAUSE]


def test_where_no_graph_was_read_that_is_said() -> None:
    assert list_causes(make_history([STEP], [SLOWER_WEIGHTS])) == ["no graph was read of these methods"]


@pytest.mark.parametrize("method", [name for name, entry in METHODS.items() if entry.steps_of == "fit_dataset"])
def test_arrays_train_with_the_graph_of_datasets(method: str) -> None:
    arrays = make_example_case(Question.STEP_TIME, method)
    assert list_causes(make_history([arrays, GRAPH], [SLOWER_WEIGHTS])) == [UNCHANGED_CAUSE]


@pytest.mark.parametrize("method", ["loop_graph", "of_another_version"])
def test_a_method_has_the_graph_of_no_other_unless_the_registry_says_so(method: str) -> None:
    case = make_example_case(Question.STEP_TIME, method)
    causes = list_causes(make_history([case, GRAPH], [SLOWER_WEIGHTS]))
    assert causes == ["no graph was read of these methods"]


def test_of_a_graph_five_op_types_are_named_and_the_others_counted() -> None:
    ops = {"2.16": {"MatMul": 6, "AddV2": 7, "Cast": 5, "NoOp": 4, "Prod": 3, "Rank": 2, "Size": 1, "_Arg": 1}}
    (cause,) = list_causes(make_history([STEP, GRAPH], [SLOWER_ARMS], op_types=ops), Whose.BOTH_ARMS)
    assert cause == (
        "the graph of both arms changed by `+7 AddV2`, `+5 Cast`, `+4 NoOp`, `+3 Prod`, `+2 Rank` and 2 other op types"
    )


def test_what_weighting_adds_to_the_graph_is_told_apart_from_what_both_arms_have() -> None:
    planted = [SLOWER_WEIGHTS, Planted(question=Question.TRAINING_GRAPH, since="2.16", extra=-1.0)]
    ops = {"2.16": {"MatMul": 7}}
    causes = list_causes(make_history([STEP, GRAPH], planted, op_types=ops))
    assert causes == ["what weighting adds to the graph changed by `-1 Mul`"]
    (cause,) = list_causes(make_history([STEP, GRAPH], [SLOWER_WEIGHTS], op_types=ops))
    assert cause == "the graph of both arms changed by `+1 MatMul`"


def test_another_number_of_traces_is_a_cause() -> None:
    entries = []
    for entry in make_history([STEP, GRAPH], [SLOWER_WEIGHTS]):
        readings = entry.readings
        if readings is not None and entry.version in {"2.16", "2.17"}:
            values = {**readings.weighted.values, "first_pass_traces": 3.0}
            weighted = dataclasses.replace(readings.weighted, values=values)
            entries.append(dataclasses.replace(entry, readings=dataclasses.replace(readings, weighted=weighted)))
        else:
            entries.append(entry)
    assert list_causes(entries) == ["traces of the first pass went from 2 to 2 and 3 with weights"]


def test_a_version_that_lacks_a_case_is_stepped_over() -> None:
    entries = [entry for entry in make_history([STEP], [SLOWER_WEIGHTS]) if entry.version != "2.15"]
    (passage,) = list_passages(estimate_history(entries), Whose.WEIGHTING)
    assert passage.title == "2.14 → 2.16"


def make_passage(before: str, now: str, whose: Whose = Whose.WEIGHTING) -> Passage:
    return Passage(before=before, now=now, whose=whose, groups=())


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "notes.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_section_is_named_by_the_versions_however_the_arrow_is_written(tmp_path: Path) -> None:
    text = (
        "# For editors\n\nWrite below.\n\n## 2.12 -> 2.13\n\nOne.\n\nTwo.\n\n## 2.15 to 2.16/3.0, both arms\nThree.\n"
        "## 2.16→2.17\n"
    )
    assert load_notes(write(tmp_path, text)) == {
        "2.12 → 2.13": "One.\n\nTwo.",
        "2.15 → 2.16/3.0, both arms": "Three.",
        "2.16 → 2.17": "",
    }


def test_a_file_without_sections_has_no_notes(tmp_path: Path) -> None:
    assert load_notes(write(tmp_path, "Nothing yet.\n")) == {}


def test_two_sections_of_one_title_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "## 2.12 -> 2.13\nOne.\n## 2.12 → 2.13\nTwo.\n")
    with pytest.raises(RecordError, match=r"got '## 2\.12 → 2\.13' twice; join them$"):
        load_notes(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"expected a file of notes, got '.*absent\.md' \(No such file"):
        load_notes(tmp_path / "absent.md")
    path = tmp_path / "notes.md"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RecordError, match=r"\(no UTF-8\); name another"):
        load_notes(path)


def test_a_note_belongs_to_the_first_passage_between_its_versions() -> None:
    weighting, both = make_passage("2.12", "2.13"), make_passage("2.12", "2.13", Whose.BOTH_ARMS)
    notes = {"2.12 → 2.13": "Ours.", "2.12 → 2.13, both arms": "Theirs."}
    assert assign_notes(notes, (weighting, both)) == notes
    assert assign_notes({"2.12 → 2.13": "x"}, (both,)) == {"2.12 → 2.13, both arms": "x"}
    assert assign_notes(notes, (both,)) == {"2.12 → 2.13, both arms": "Ours.\n\nTheirs."}


@pytest.mark.parametrize("title", ["2.13 → 2.14", "2.12", "2.12 → 2.13, both arms"])
def test_a_note_on_no_change_is_refused_with_the_changes_there_are(title: str) -> None:
    with pytest.raises(RecordError, match=rf"\('2\.12 → 2\.13'\), got one on '{title}'; correct its heading"):
        assign_notes({title: "x"}, (make_passage("2.12", "2.13"),))


def test_a_page_without_changes_takes_no_notes() -> None:
    with pytest.raises(RecordError, match=r"a change of this page \(none\), got one on"):
        assign_notes({"2.12 → 2.13": "x"}, ())
