"""How is a history drawn? One small plot per quantity and method, versions from left to right.

Leaves out: the table (`history`). Needs matplotlib, which nothing else of the suite does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import StatisticsError
from benchmarks.records import HistoryEntry
from benchmarks.reports.history import Line, estimate_lines, list_versions

_PLOTS_PER_ROW = 3


def draw_history(entries: Sequence[HistoryEntry], path: Path) -> None:
    """Draw one small plot per quantity and method, both arms in it, versions from left to right, with intervals.

    A dotted line stands before a version in which the quantity changed beyond noise.

    Raises:
        StatisticsError: when matplotlib is not installed, or there is nothing to draw.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - wanted for pictures alone
        from matplotlib import pyplot as plt  # noqa: PLC0415
    except ImportError as error:
        raise StatisticsError(f"a picture: expected matplotlib, got {error}; pip install --group history") from error
    lines = estimate_lines(entries)
    if not lines:
        raise StatisticsError("a picture: expected something to draw, got no blocks; measure some")
    mpl.use("agg")
    versions = list_versions(entries)
    panels = list(dict.fromkeys(line.panel for line in lines))
    rows = -(-len(panels) // _PLOTS_PER_ROW)
    figure, grid = plt.subplots(rows, _PLOTS_PER_ROW, figsize=(15, 2.8 * rows), squeeze=False)
    for plot, panel in zip(grid.flat, panels, strict=False):
        drawn = [line for line in lines if line.panel == panel]
        for index, line in enumerate(drawn):
            _draw_line(plot, line, versions, shift=0.12 * (index - (len(drawn) - 1) / 2.0))
        if len(drawn) > 1:
            plot.legend(fontsize=7)
        plot.set_title(panel, fontsize=9)
        plot.set_xticks(range(len(versions)), versions, fontsize=8)
        plot.yaxis.set_major_formatter(lambda value, _, write=drawn[0].write: write(value))
        plot.tick_params(axis="y", labelsize=8)
        plot.margins(y=0.25)
    for plot in list(grid.flat)[len(panels) :]:
        plot.set_visible(False)
    figure.tight_layout()
    with mpl.rc_context({"svg.hashsalt": path.stem}):  # the same blocks draw the same file
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)


def _draw_line(plot: Any, line: Line, versions: Sequence[str], *, shift: float) -> None:
    """Draw a line with its intervals, moved aside by `shift` of a version so that two arms do not hide each other."""
    points = line.track.points
    places = [versions.index(version) + shift for version in points]
    estimates = [point.estimate for point in points.values()]
    known = [point if math.isfinite(point.upper) else None for point in points.values()]
    errors = [
        [0.0 if point is None else point.estimate - point.lower for point in known],
        [0.0 if point is None else point.upper - point.estimate for point in known],
    ]
    plot.errorbar(places, estimates, yerr=errors, marker="o", markersize=4, capsize=2, linewidth=1, label=line.label)
    for version in line.track.changes:
        plot.axvline(versions.index(version) - 0.5, linestyle=":", linewidth=1, color="grey")
