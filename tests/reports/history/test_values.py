"""All values stand in a table per quantity, with a mark where one changed."""

from __future__ import annotations

from benchmarks.records import Question
from benchmarks.reports.history.tracks import estimate_history
from benchmarks.reports.history.values import render_values
from tests.reports.history.example_histories import Planted, make_example_case, make_history


def test_a_change_is_marked_where_it_came() -> None:
    cases = [make_example_case(Question.STEP_TIME), make_example_case(Question.TRAINING_GRAPH)]
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
