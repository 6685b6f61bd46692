"""Which pictures does a history have, in which files, and how do lines run through the versions?

Two heat maps (`heat_map`), and small plots: one for the overhead of a row, or for both of its arms. In these, versions
run from left to right, each value with its 95 % interval. A dotted line stands before a version in which the quantity
changed beyond noise.

Each picture shows only what changed beyond noise, and is drawn only where there is such a thing. All have a white
ground of their own, on which they can be read on a dark page too. Needs matplotlib, which nothing else does.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.records import Aspect, Interval
from benchmarks.reports.figures import make_figure, save_figure
from benchmarks.reports.history.heat_map import HeatMap, draw_heat_map
from benchmarks.reports.history.tracks import ARMS, ASPECTS, History, Row
from benchmarks.reports.history.versions import Axis
from benchmarks.stats.lines import Scale

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OVERHEADS = HeatMap(
    aspects=(Aspect.OVERHEAD,),
    title="What weighting adds: how the overhead changed",
    reading="The overhead is weighted ÷ control; of counts and retained bytes it is weighted - control.",
)

_ARMS = HeatMap(
    aspects=ARMS,
    title="Training itself: how both arms changed",
    reading="Upper half of a row: the control, which has no weights. Lower half: the weighted arm.",
)

_PLOTS_PER_ROW = 4

_PLOT_WIDTH_IN, _PLOT_HEIGHT_IN, _HEADER_IN = 3.2, 2.1, 0.35
_LEFT_IN, _RIGHT_IN, _TITLE_IN, _TICKS_IN = 0.75, 0.1, 0.42, 0.38
"""Sizes of a plot with all about it, of the line above all, and of what is about the axes of a plot, in inches."""

_COLOURS = {Aspect.OVERHEAD: "#5e3c99", Aspect.CONTROL: "#2166ac", Aspect.WEIGHTED: "#b35806"}
_MARKERS = {Aspect.OVERHEAD: "o", Aspect.CONTROL: "s", Aspect.WEIGHTED: "^"}
"""Purple, blue and orange, which colour-blind people tell apart; so do the markers."""

_CHANGE = {"linestyle": ":", "linewidth": 1, "color": "#59636e"}

_APART = 0.12
"""How far the two arms stand aside from their version, so that they do not hide each other."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The files of the pictures; None where nothing changed of what they would show."""

    overheads: Path | None = None
    arms: Path | None = None
    lines: Path | None = None


def plan_pictures(history: History, path: Path) -> Pictures:
    """Return which pictures there are to draw: that of overheads at `path`, the others beside it."""
    return Pictures(
        overheads=path if _list_changed(history, (Aspect.OVERHEAD,)) else None,
        arms=path.with_stem(f"{path.stem}-arms") if _list_changed(history, ARMS) else None,
        lines=path.with_stem(f"{path.stem}-lines") if _list_changed(history, ASPECTS) else None,
    )


def draw_pictures(history: History, pictures: Pictures) -> None:
    """Draw the pictures that are planned.

    Raises:
        StatisticsError: when matplotlib is not installed.
    """
    for heat_map, path in ((_OVERHEADS, pictures.overheads), (_ARMS, pictures.arms)):
        if path is not None:
            figure = make_figure("history")
            draw_heat_map(figure, heat_map, _list_changed(history, heat_map.aspects), history.axis)
            save_figure(figure, path)
    if pictures.lines is not None:
        figure = make_figure("history")
        _draw_lines(figure, _list_changed(history, ASPECTS), history.axis)
        save_figure(figure, pictures.lines)


def _list_changed(history: History, aspects: Sequence[Aspect]) -> list[Row]:
    return [row for row in history.rows if row.list_changed(aspects)]


def _draw_lines(figure: Figure, rows: Sequence[Row], axis: Axis) -> None:
    """Draw a plot of the overhead where that changed, and one of both arms where one of them did."""
    panels = [(row, aspects) for row in rows for aspects in ((Aspect.OVERHEAD,), ARMS) if row.list_changed(aspects)]
    lines = -(-len(panels) // _PLOTS_PER_ROW)
    width, height = _PLOT_WIDTH_IN * _PLOTS_PER_ROW, _HEADER_IN + _PLOT_HEIGHT_IN * lines
    figure.set_size_inches(width, height)
    figure.subplots_adjust(
        left=_LEFT_IN / width,
        right=1.0 - _RIGHT_IN / width,
        top=1.0 - (_HEADER_IN + _TITLE_IN) / height,
        bottom=_TICKS_IN / height,
        wspace=(_LEFT_IN + _RIGHT_IN) / (_PLOT_WIDTH_IN - _LEFT_IN - _RIGHT_IN),
        hspace=(_TITLE_IN + _TICKS_IN) / (_PLOT_HEIGHT_IN - _TITLE_IN - _TICKS_IN),
    )
    grid = figure.subplots(lines, _PLOTS_PER_ROW, squeeze=False)
    for plot, (row, aspects) in zip(grid.flat, panels, strict=False):
        _draw_panel(plot, row, aspects, axis)
    for plot in list(grid.flat)[len(panels) :]:
        plot.set_visible(False)
    drawn = {
        label: handle for plot in grid.flat for handle, label in zip(*plot.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        drawn.values(), drawn, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=4, fontsize=8, frameon=False
    )


def _draw_panel(plot: Any, row: Row, aspects: Sequence[Aspect], axis: Axis) -> None:
    """Draw these aspects of a row."""
    versions = axis.versions
    is_overhead = Aspect.OVERHEAD in aspects
    write = row.form.write_overhead if is_overhead else row.form.write
    zero = 1.0 if is_overhead and row.form.scale is Scale.RATIO else 0.0
    unit = 1.0 if zero else row.form.unit
    for index, aspect in enumerate(aspects):
        shift = _APART * (index - (len(aspects) - 1) / 2.0)
        points = {versions.index(version) + shift: point for version, point in row.tracks[aspect].points.items()}
        _draw_points(plot, points, aspect, zero=zero, unit=unit)
    for version in row.list_changed(aspects):
        plot.axvline(versions.index(version) - 0.5, label="a change beyond noise", **_CHANGE)
    what = "overhead of " if is_overhead else ""
    plot.set_title(f"{what}{row.title},\n{row.label}", fontsize=7.5)
    labels = [axis.label(version).partition("\n")[0] for version in versions]
    plot.set_xticks(range(len(versions)), labels, fontsize=6.5, rotation=90)
    plot.locator_params(axis="y", nbins=4)
    plot.yaxis.set_major_formatter(lambda value, _: write(zero + unit * value))
    plot.tick_params(axis="y", labelsize=6.5)
    plot.set_xlim(-0.5, len(versions) - 0.5)
    plot.margins(y=0.2)
    plot.spines[["top", "right"]].set_visible(False)


def _draw_points(plot: Any, points: Mapping[float, Interval], aspect: Aspect, *, zero: float, unit: float) -> None:
    """Draw a line through values by place, less `zero` and in `unit`, with their intervals where these are limited."""
    spreads = [
        (0.0, 0.0)
        if math.isinf(point.upper)
        else ((point.estimate - point.lower) / unit, (point.upper - point.estimate) / unit)
        for point in points.values()
    ]
    plot.errorbar(
        list(points),
        [(point.estimate - zero) / unit for point in points.values()],
        yerr=list(zip(*spreads, strict=True)),
        marker=_MARKERS[aspect],
        color=_COLOURS[aspect],
        markersize=3.5,
        linewidth=1,
        label=aspect.value,
    )
