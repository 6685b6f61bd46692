"""A heat map marks what is beyond noise by more than a colour, and only what changed is drawn."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.errors import StatisticsError
from benchmarks.records import Aspect, Question
from benchmarks.reports.history.heat_map import make_cell
from benchmarks.reports.history.pictures import Pictures, draw_pictures, plan_pictures
from benchmarks.reports.history.tracks import History, estimate_history
from tests.reports.history.example_histories import Planted, make_example_case, make_history

STEP = make_example_case(Question.STEP_TIME)
RETAINED = make_example_case(Question.RETAINED_MEMORY)

SLOWER_WEIGHTS = Planted(question=Question.STEP_TIME, since="2.16", factor=1.1)
FASTER_ARMS = Planted(question=Question.STEP_TIME, since="2.16", factor=0.5, both_arms=True)

WHITE, STRONG_RED, STRONGEST_RED, STRONGEST_BLUE = "#f7f7f7", "#f4a582", "#b2182b", "#2166ac"


def make(*planted: Planted) -> History:
    return estimate_history(make_history([STEP, RETAINED], planted))


def test_a_change_beyond_noise_has_its_number_and_its_colour() -> None:
    row = make(SLOWER_WEIGHTS).rows[0]
    cell = make_cell(row, Aspect.OVERHEAD, "2.16")
    assert cell is not None
    assert cell.number in {"+9.8%", "+9.9%", "+10%"}
    assert cell.colour in {STRONG_RED, "#d6604d"}
    unchanged = make_cell(row, Aspect.OVERHEAD, "2.15")
    assert unchanged is not None
    assert (unchanged.number, unchanged.colour) == ("", WHITE)
    assert make_cell(row, Aspect.OVERHEAD, "2.14") is None


def test_falls_are_blue_and_retained_bytes_have_a_scale_of_their_own() -> None:
    history = make(FASTER_ARMS, Planted(question=Question.RETAINED_MEMORY, since="2.16", extra=2.0**20))
    fall = make_cell(history.rows[0], Aspect.CONTROL, "2.16")
    assert fall is not None
    assert (fall.number[:2], fall.colour) == ("-5", STRONGEST_BLUE)
    leak = make_cell(history.rows[1], Aspect.OVERHEAD, "2.16")
    assert leak is not None
    assert (leak.number[:4], leak.number[-3:], leak.colour) == ("+102", "KiB", STRONGEST_RED)


def test_only_what_changed_is_drawn() -> None:
    path = Path("docs/h.svg")
    assert plan_pictures(make(), path) == Pictures()
    assert plan_pictures(make(FASTER_ARMS), path) == Pictures(
        arms=Path("docs/h-arms.svg"), lines=Path("docs/h-lines.svg")
    )
    assert plan_pictures(make(SLOWER_WEIGHTS), path) == Pictures(
        overheads=path, arms=Path("docs/h-arms.svg"), lines=Path("docs/h-lines.svg")
    )


def test_the_same_history_draws_the_same_pictures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install --group history")
    history = make(SLOWER_WEIGHTS)
    pictures = plan_pictures(history, tmp_path / "h.svg")
    drawn = []
    for _ in range(2):
        draw_pictures(history, pictures)
        drawn.append({path.name: path.read_bytes() for path in tmp_path.iterdir()})
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == {"h.svg", "h-arms.svg", "h-lines.svg"}
    text = drawn[0]["h.svg"].decode()
    assert "fit_dataset" in text
    assert "+10%" in text or "+9." in text


def test_without_matplotlib_it_is_said_how_to_have_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(StatisticsError, match=r"expected matplotlib, got .*; pip install --group history"):
        draw_pictures(make(), Pictures(lines=tmp_path / "h.svg"))
