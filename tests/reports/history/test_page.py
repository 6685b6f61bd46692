"""A page tells weighting's doing first, then what both arms did alike, each with what became of the graph."""

from __future__ import annotations

import dataclasses
import re

import pytest

from benchmarks.errors import RecordError
from benchmarks.records import HistoryEntry, Question
from benchmarks.reports.history.page import Links, render_page, render_values
from benchmarks.reports.history.tracks import estimate_history
from tests.reports.history.example_histories import (
    READ_ROUNDS,
    TIME_ROUNDS,
    Planted,
    make_example_case,
    make_history,
    make_large_history,
)

STEP = make_example_case(Question.STEP_TIME)
GRAPH = make_example_case(Question.TRAINING_GRAPH)

SLOWER_WEIGHTS = Planted(question=Question.STEP_TIME, since="2.16", factor=1.1)
SLOWER_ARMS = Planted(question=Question.STEP_TIME, since="2.16", factor=1.4, both_arms=True)

WEIGHTING, BOTH_ARMS = "## Changes of what weighting costs", "## Changes of training itself"


def render(entries: list[HistoryEntry], notes: dict[str, str] | None = None, **links: str) -> str:
    return render_page(estimate_history(entries), Links(**links), notes or {})


def find_section(page: str, heading: str) -> str:
    """Return what stands under a heading of the page, the headings below it included."""
    return page.partition(f"\n{heading}\n")[2].partition("\n## ")[0]


def test_a_change_of_the_overhead_is_told_first_with_the_values_of_both_arms() -> None:
    page = render(make_history([STEP, GRAPH], [SLOWER_WEIGHTS]))
    section = find_section(page, WEIGHTING)
    assert "\n### 2.15 → 2.16\n" in section
    (line,) = [line for line in section.splitlines() if line.startswith("| step time")]
    _, quantity, method, overhead, change, control, weighted, _ = [cell.strip() for cell in line.split("|")]
    assert (quantity, method) == ("step time", "fit_dataset")
    assert overhead.startswith("+5.")
    assert " → +15." in overhead or " → +16." in overhead
    assert change.startswith(("▲ +10.", "▲ +9."))
    assert "% to +" in change
    assert " → " in control
    assert " → " in weighted
    assert "### " not in find_section(page, BOTH_ARMS)
    assert "\n- 2.15 → 2.16: overhead of step time with `fit_dataset` +" in page


def test_a_change_of_both_arms_alike_is_no_doing_of_weighting() -> None:
    page = render(make_history([STEP, GRAPH], [SLOWER_ARMS]))
    assert "### " not in find_section(page, WEIGHTING)
    section = find_section(page, BOTH_ARMS)
    assert "\n### 2.15 → 2.16, both arms\n" in section
    (line,) = [line for line in section.splitlines() if line.startswith("| step time")]
    assert line.count("▲") == 2
    assert "- What weighting costs changed nowhere beyond noise." in page
    assert "- Training itself, with or without weights: 2.15 → 2.16 (1 quantity)" in page


def test_noise_is_not_told_and_what_did_not_change_is_named_in_one_line() -> None:
    loop = make_example_case(Question.STEP_TIME, "loop_graph")
    page = render(make_history([STEP, loop, GRAPH]))
    assert "### 2." not in page
    assert "▲ +" not in page
    assert "▼ -" not in page
    assert "- What weighting costs changed nowhere beyond noise." in page
    assert "- Training itself changed nowhere beyond noise." in page
    assert "The overhead did not change beyond noise in 5 of 5 quantities: step time with every method; traces" in page


def test_of_what_did_not_change_those_are_named_that_are_fewer() -> None:
    methods = ("fit_dataset", "fit_packed", "loop_graph")
    cases = [make_example_case(Question.STEP_TIME, method) for method in methods]
    one = [dataclasses.replace(SLOWER_WEIGHTS, method="loop_graph")]
    assert "in 2 of 3 quantities: step time with every method but `loop_graph`." in render(make_history(cases, one))
    two = [*one, dataclasses.replace(SLOWER_WEIGHTS, method="fit_packed")]
    assert "in 1 of 3 quantities: step time with `fit_dataset`." in render(make_history(cases, two))


def test_changes_of_one_cause_stand_under_one_sentence() -> None:
    methods = ("fit_dataset", "fit_packed")
    cases = [
        make_example_case(question, method)
        for question in (Question.STEP_TIME, Question.TRAINING_GRAPH)
        for method in methods
    ]
    planted = [SLOWER_WEIGHTS, Planted(question=Question.TRAINING_GRAPH, since="2.16", extra=2.0)]
    section = find_section(render(make_history(cases, planted)), WEIGHTING)
    assert section.count("What weighting adds to the graph changed by `+2 Mul`.") == 1
    table = section.partition("`+2 Mul`.")[2]
    assert table.count("| fit_dataset ") == table.count("| fit_packed ") == 2
    assert "+3 → +5" in table


def test_a_note_stands_under_the_heading_of_its_change() -> None:
    page = render(make_history([STEP, GRAPH], [SLOWER_WEIGHTS]), {"2.15 → 2.16": "Keras 3 came.\n\nUse `loop_graph`."})
    assert "### 2.15 → 2.16\n\nKeras 3 came.\n\nUse `loop_graph`.\n\nGraph and traces as before" in page


def test_a_note_on_no_change_is_refused_in_one_line() -> None:
    with pytest.raises(RecordError) as refused:
        render(make_history([STEP], [SLOWER_WEIGHTS]), {"2.14 → 2.15": "Nothing of note."})
    assert str(refused.value) == (
        "notes: expected each to be about a change of this page ('2.15 → 2.16'), got one on '2.14 → 2.15'; correct its "
        "heading, or remove it"
    )


def test_a_long_table_is_folded_under_what_it_sums_up_to() -> None:
    methods = ("fit_dataset", "fit_packed", "fit_jit", "fit_no_jit", "loop_graph", "loop_eager", "loop_jit")
    cases = [
        make_example_case(question, method)
        for question in (Question.STEP_TIME, Question.EPOCH_TIME)
        for method in methods
    ]
    slower = [SLOWER_ARMS, dataclasses.replace(SLOWER_ARMS, question=Question.EPOCH_TIME)]
    section = find_section(render(make_history(cases, slower)), BOTH_ARMS)
    assert "<details><summary>14 quantities (weighted arm): step time with 7 methods: +" in section
    assert "; epoch time with 7 methods: +" in section


def test_a_history_of_every_method_and_question_is_still_short() -> None:
    versions = ["2.15/2.15", "2.16/3.0", "2.17/3.4", "2.18/3.6"]
    page = render(make_large_history(versions), values="values.md")
    weighting, both_arms = find_section(page, WEIGHTING), find_section(page, BOTH_ARMS)
    assert re.findall(r"^### (.*)$", weighting, re.MULTILINE) == [
        "2.15/2.15 → 2.16/3.0",
        "2.17/3.4 → 2.18/3.6",
    ]
    assert re.findall(r"^### (.*)$", both_arms, re.MULTILINE) == ["2.16/3.0 → 2.17/3.4, both arms"]
    assert both_arms.count("op type") == 1, "a difference of graphs is written once"
    open_lines = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL).splitlines()
    assert len(open_lines) < 100


def test_how_it_was_measured_is_told_by_question() -> None:
    page = render(make_history([STEP, GRAPH]))
    assert page.startswith("# What weighting costs, from TensorFlow 2.14 to 2.17\n")
    assert f"{TIME_ROUNDS} of step time, {READ_ROUNDS} of training graph. Each TensorFlow has the newest" in page
    assert "on 2 cores of an AMD EPYC with Python 3.11.7" in page
    assert "| 2.16    | 2.16.0     | 3.15.0 | 2.4.6 |" in page
    assert "| step time      | mlp      | 2     | 256        |         | 1       |" in page


def test_a_history_of_keras_is_told_as_one() -> None:
    versions = ("2.16/3.2", "2.16/3.9", "2.16/3.10", "2.16")
    page = render(make_history([STEP], [dataclasses.replace(SLOWER_WEIGHTS, since="2.16/3.10")], versions=versions))
    assert page.startswith("# What weighting costs, from Keras 3.2 to the newest\n")
    assert "`2.16/3.2` is TensorFlow 2.16 with Keras 3.2." in page
    assert "\n### 2.16/3.9 → 2.16/3.10\n" in page


def test_all_values_are_folded_or_in_a_file_of_their_own() -> None:
    entries = make_history([STEP])
    assert "<details><summary>Tables</summary>" in find_section(render(entries), "## All values")
    beside = find_section(render(entries, values="values.md"), "## All values")
    assert beside.strip() == "They stand in [values.md](values.md)."


def test_pictures_stand_where_they_are_linked() -> None:
    page = render(make_history([STEP], [SLOWER_WEIGHTS]), overheads="h.svg", arms="h-arms.svg", lines="h-lines.svg")
    assert "(h.svg)" in find_section(page, WEIGHTING)
    assert "(h-arms.svg)" in find_section(page, BOTH_ARMS)
    assert "(h-lines.svg)" in find_section(page, "## Version by version")
    assert ".svg" not in render(make_history([STEP], [SLOWER_WEIGHTS]))


def test_what_could_not_be_measured_is_told_once_with_its_versions() -> None:
    entries = make_history([STEP])
    failed = [
        dataclasses.replace(entry, block=None, failed="it crashed")
        for entry in entries
        if entry.version in {"2.15", "2.17"}
    ]
    kept = [entry for entry in entries if entry.version not in {"2.15", "2.17"}]
    page = render([*kept, *failed])
    lines = [line for line in page.splitlines() if "it crashed" in line]
    assert len(lines) == 1
    assert STEP.case_id in lines[0].replace("\\", "")
    assert "| 2.15, 2.17 |" in lines[0]


def test_a_change_is_marked_where_it_came() -> None:
    cases = [STEP, GRAPH]
    planted = [Planted(question=Question.STEP_TIME, since="2.16", factor=1.4, both_arms=True)]
    text = render_values(estimate_history(make_history(cases, planted)), "##")
    assert "\n## step time\n" in text
    assert "\n## traces in the first pass\n" in text
    header, _, overhead, control, weighted = text.partition("## step time\n\n")[2].splitlines()[:5]
    assert [cell.strip() for cell in header.split("|")] == ["", "method", "of", "2.14", "2.15", "2.16", "2.17", ""]
    assert "▲" not in overhead
    for line in (control, weighted):
        assert [("▲" in cell) for cell in line.split("|")[3:7]] == [False, False, True, False]
        assert " ms ± " in line


def test_what_a_version_lacks_is_a_dash() -> None:
    entries = [entry for entry in make_history([make_example_case(Question.STEP_TIME)]) if entry.version != "2.15"]
    other = make_history([make_example_case(Question.STEP_TIME, "loop_graph")])
    text = render_values(estimate_history([*entries, *other]), "##")
    (line,) = [line for line in text.splitlines() if line.startswith("| fit_dataset | control")]
    assert line.split("|")[4].strip() == "-"


def test_one_round_of_times_is_said_to_show_no_change() -> None:
    entries = [entry for entry in make_history([STEP, GRAPH], [SLOWER_ARMS]) if entry.number == 0]
    assert "1 of step time (too few to show a change), 1 of training graph." in render(entries)
