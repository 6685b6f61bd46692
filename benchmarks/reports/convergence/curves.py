"""How do survival curves look? A panel for each setting: the share of seeds that have yet to reach a target, by epoch.

A row of panels for each data set and optimizer, learning rates from left to right. A curve that ends above 0 is of an
arm some of whose trainings never got there. Needs matplotlib.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.baselines.lines import group_by_key
from benchmarks.records import Arm
from benchmarks.reports.convergence.comparisons import Comparison, Convergence, Target
from benchmarks.reports.convergence.wording import TITLES, write_finding
from benchmarks.reports.figures import make_figure, save_figure
from benchmarks.stats.survival import estimate_curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH_IN, _HEIGHT_IN, _HEADER_IN = 3.2, 1.9, 0.4
"""Sizes of a panel with all about it, and of the line above all, in inches."""

_LOOKS: Mapping[Arm, dict[str, Any]] = {
    Arm.CONTROL: {"color": "#2166ac", "linestyle": "--"},
    Arm.WEIGHTED: {"color": "#b35806", "linestyle": "-"},
}
"""Blue and orange, as in the history; dashes tell them apart without colours."""


def plan_curves(path: Path) -> dict[Target, Path]:
    """Return the file of each target's picture: that of recalls at `path`, that of losses beside it."""
    return {Target.RECALL: path, Target.LOSS: path.with_stem(f"{path.stem}-{Target.LOSS.value}")}


def draw_curves(convergence: Convergence, path: Path) -> None:
    """Draw the pictures of both targets.

    Raises:
        StatisticsError: when matplotlib is not installed.
    """
    for target, place in plan_curves(path).items():
        figure = make_figure("convergence")
        _draw(figure, convergence.list_of(target), convergence.epochs, TITLES[target])
        save_figure(figure, place)


def _draw(figure: Figure, comparisons: Sequence[Comparison], epochs: int, title: str) -> None:
    rows = list(group_by_key(((each.setting.data, each.setting.optimizer), each) for each in comparisons).values())
    columns = max(map(len, rows))
    figure.set_size_inches(_WIDTH_IN * columns, _HEADER_IN + _HEIGHT_IN * len(rows))
    grid = figure.subplots(len(rows), columns, squeeze=False, sharex=True, sharey=True)
    for panels, row in zip(grid, rows, strict=True):
        for panel, comparison in zip(panels, row, strict=False):
            _draw_panel(panel, comparison, epochs)
        for panel in panels[len(row) :]:
            panel.set_visible(False)
        panels[0].set_ylabel("yet to reach it", fontsize=7)
    for panel in grid[-1]:
        panel.set_xlabel("epoch", fontsize=7)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.tight_layout(rect=(0.0, 0.0, 1.0, 1.0 - _HEADER_IN / (_HEADER_IN + _HEIGHT_IN * len(rows))))
    figure.legend(handles, labels, loc="upper left", ncols=2, fontsize=8, frameon=False)
    figure.suptitle(title, x=0.99, horizontalalignment="right", fontsize=9)


def _draw_panel(panel: Any, comparison: Comparison, epochs: int) -> None:
    for arm, look in _LOOKS.items():
        curve = estimate_curve(comparison.epochs.durations[arm])
        panel.step(
            [0.0, *curve.times, float(epochs)],
            [1.0, *curve.share, curve.share[-1]],
            where="post",
            linewidth=1.2,
            label=arm.value,
            **look,
        )
    panel.set_title(f"{comparison.setting}: {write_finding(comparison.epochs)}", fontsize=7.5)
    panel.set_ylim(-0.03, 1.03)
    panel.set_xlim(0.0, epochs)
    panel.tick_params(labelsize=6.5)
    panel.spines[["top", "right"]].set_visible(False)
