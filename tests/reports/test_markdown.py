"""A page has headings and tables that GitHub reads: the answer first, then what is red, each text as it is."""

from __future__ import annotations

import dataclasses
import re

from benchmarks.records import Outcome
from benchmarks.reports.markdown import render_markdown, render_table
from benchmarks.reports.summary import Provenance, Summary
from tests.reports.example_reports import COSTLY, FREE, make_null, make_startup, make_timed, summarise

_SLOWER = make_timed("fit_dataset", COSTLY, outcome=Outcome.REGRESSED, reason="changed by |+3.0 %|")


def render(*reports: object, **facts: object) -> str:
    return render_markdown(summarise(reports, **facts))  # type: ignore[arg-type]


def list_headings(page: str) -> list[str]:
    return [line.lstrip("# ") for line in page.splitlines() if line.startswith("#")]


def read_table(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, as GitHub splits them."""
    _, _, rest = page.partition(f" {heading}\n\n")
    lines = rest.partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_answer_comes_first_then_what_is_red_then_tables_remarks_and_provenance() -> None:
    page = render(
        _SLOWER,
        make_timed("loop_graph", FREE, outcome=Outcome.UNDECIDED, reason="open"),
        make_startup(1_000),
        make_startup(9_000),
        notes=("as it is",),
        provenance=Provenance(sweep="gate", seed=1, command="pytest benchmarks"),
    )
    assert list_headings(page) == [
        "Sample weighting in TensorFlow",
        "Does sample weighting slow TensorFlow training here, or cost it memory?",
        "Red verdicts",
        "Times",
        "Step time (mlp-depth2-batch256)",
        "Start-up time (mlp-depth4-batch32)",
        "Growth",
        "What one more sample costs, in nanoseconds (mlp-depth4-batch32)",
        "Other verdicts",
        "Remarks",
        "Where and how it was measured",
    ]
    assert "\n- as it is\n" in page
    assert page.endswith("|\n")


def test_a_table_has_as_many_cells_in_each_line_and_numbers_to_the_right() -> None:
    header, rule, row = read_table(render(make_timed("loop_graph", COSTLY)), "Step time (mlp-depth2-batch256)")
    assert header == ["case", "control", "weighted", "overhead", "95 % interval", "in processor time"]
    assert [cell.endswith(":") for cell in rule] == [False, True, True, True, True, True]
    assert all(re.fullmatch(r"-{3,}:?|-{2,}:", cell) for cell in rule)
    assert row == ["loop_graph", "1.00 ms", "1.03 ms", "+3.1 %", "+2.0 % to +4.2 %", "+4.1 % ± 1.1 %"]


def test_a_bar_in_a_text_does_not_end_its_cell() -> None:
    assert read_table(render(_SLOWER), "Red verdicts")[2] == [
        "REGRESSED",
        "step_time[mlp-depth2-batch256-fit_dataset]",
        r"changed by \|+3.0 %\|",
    ]


def test_what_markdown_would_take_for_its_own_is_shown_as_it_is() -> None:
    page = render(notes=("a*b* `c` <module> __init__ step_time \\ x &lt; two\nlines",))
    assert r"- a\*b\* \`c\` &lt;module> \_\_init\_\_ step_time \\ x &amp;lt; two lines" in page


def test_warnings_stand_before_the_numbers() -> None:
    page = render(make_null("loop_graph", Outcome.FAILED), make_timed("loop_graph", COSTLY))
    assert "\n\n> WARNING: this run's own measurement is not to be trusted" in page.partition("## Times")[0]


def test_what_is_red_is_explained_here_too() -> None:
    page = render(dataclasses.replace(_SLOWER, explanation="step_time[x]: what it is made of\n  +1 | Mul"))
    assert "\n## What an overhead is made of\n\n```text\nstep_time[x]: what it is made of\n  +1 | Mul\n```\n" in page


def test_nothing_is_an_empty_page() -> None:
    assert render_markdown(Summary()) == ""


def test_a_table_can_be_read_without_being_rendered() -> None:
    assert render_table(("a", "number"), [("long|er", "1")], range(1, 2)) == (
        "| a        | number |\n"
        "| -------- | -----: |\n"
        "| long\\|er |      1 |"
    )  # fmt: skip
