"""Survival curves are drawn for both targets, the same each time; without matplotlib it is said how to have it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.errors import StatisticsError
from benchmarks.reports.convergence.comparisons import compare_arms
from benchmarks.reports.convergence.curves import draw_curves
from tests.reports.convergence.example_trainings import NEVER, make_blocks


def test_the_same_trainings_draw_the_same_pictures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install --group convergence")
    convergence = compare_arms(make_blocks([NEVER, 6, 7], [2, 3, 4]))
    drawn = []
    for _ in range(2):
        draw_curves(convergence, tmp_path / "c.svg")
        drawn.append({path.name: path.read_bytes() for path in tmp_path.iterdir()})
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == {"c.svg", "c-loss.svg"}
    assert "synthetic, Adam at 0.01: not shown" in drawn[0]["c.svg"].decode()


def test_without_matplotlib_it_is_said_how_to_have_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(StatisticsError, match=r"expected matplotlib, got .*; pip install --group convergence"):
        draw_curves(compare_arms(make_blocks([2], [2])), tmp_path / "c.svg")
