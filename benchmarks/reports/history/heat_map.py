"""Which quantity changed in which version? A row per quantity and method, a column per version, a colour per change.

A change that is beyond noise fills its cell and has its number in it; any other is a small square. So neither needs
its colour to be told apart, and the colours (ColorBrewer's RdBu) differ for colour-blind people too.

Source: M. Harrower and C. A. Brewer, ColorBrewer.org, The Cartographic Journal 40 (2003).
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.baselines.lines import group_by_key
from benchmarks.records import Aspect
from benchmarks.reports.history.tracks import Row
from benchmarks.reports.history.versions import Axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BOUNDS: tuple[float, ...] = (0.01, 0.03, 0.10, 0.30)
"""Changes from which on the colour is the next stronger one, upwards and downwards, as fractions."""

_FALLS = ("#2166ac", "#4393c3", "#92c5de", "#d1e5f0")
_RISES = ("#fddbc7", "#f4a582", "#d6604d", "#b2182b")
_COLOURS = (*_FALLS, "#f7f7f7", *_RISES)
"""From the largest falls, over what is less than the first bound, to the largest rises."""

_DARK = frozenset({"#2166ac", "#4393c3", "#d6604d", "#b2182b"})
"""Colours on which a number is white."""

_INK, _FAINT, _PALE = "#1f2328", "#59636e", "#c4cbd2"

_READING = (
    "Each column is the change against the version to its left. A full cell with its number: beyond noise. A small "
    "square: within it.\nThe colour of a count is its change as a part of the weighted arm's count; of retained bytes, "
    "4 KiB per epoch are taken for 1%."
)

_CELL_IN, _VALUE_IN, _LETTER_IN = 0.52, 0.85, 0.066
_MARGIN_IN, _HEADER_IN, _HEADING_IN = 0.12, 1.6, 0.32
_LINE_IN, _HALF_LINE_IN, _GAP_IN = 0.2, 0.15, 0.05
_LEGEND_IN = 0.8
"""Sizes of what is drawn, in inches; a letter's is its width in the size of labels."""

_SMALL = 0.34
"""Part of its cell that the square of a change within noise takes."""

_LEAST_WIDTH_IN, _LEAST_LETTERS = 8.6, 12
"""So that heading and legend have room where there are few versions, and methods of short names."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """What a heat map shows: one line in each row for each of its aspects, and what is written above it."""

    aspects: tuple[Aspect, ...]
    title: str
    reading: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A change into a version: its colour, and the number in it where it is beyond noise, which is empty elsewhere."""

    colour: str
    number: str


def make_cell(row: Row, aspect: Aspect, version: str) -> Cell | None:
    """Return how a change is shown; None where there is nothing to compare."""
    step = row.find_step(aspect, version)
    if step is None:
        return None
    share = row.estimate_share(aspect, version)
    strength = bisect.bisect_right(BOUNDS, abs(share))
    return Cell(
        colour=_COLOURS[len(BOUNDS) + (strength if share > 0.0 else -strength)],
        number=row.form.write_brief(step.change.estimate) if step.is_sure else "",
    )


def draw_heat_map(figure: Figure, heat_map: HeatMap, rows: Sequence[Row], axis: Axis) -> None:
    """Draw rows that changed, in groups by quantity, with their values in the first and the last version."""
    groups = group_by_key((row.title, row) for row in rows)
    line_in = _LINE_IN if len(heat_map.aspects) == 1 else _HALF_LINE_IN
    lines_in = line_in * len(heat_map.aspects)
    labels_in = _MARGIN_IN + _LETTER_IN * max(_LEAST_LETTERS, *(len(row.label) for row in rows)) + _GAP_IN
    cells_in = labels_in + _VALUE_IN
    width = max(_LEAST_WIDTH_IN, cells_in + _CELL_IN * (len(axis.versions) - 1) + _VALUE_IN + _MARGIN_IN)
    height = _HEADER_IN + _HEADING_IN * len(groups) + (lines_in + _GAP_IN) * len(rows) + _MARGIN_IN
    figure.set_size_inches(width, height)
    plot = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0.0, width), ylim=(height, 0.0))
    plot.set_axis_off()
    canvas = _Canvas(plot=plot, axis=axis, cells_in=cells_in, line_in=line_in)
    canvas.draw_header(heat_map)
    top = _HEADER_IN
    for title, group in groups.items():
        plot.text(_MARGIN_IN, top + _HEADING_IN - 2.0 * _GAP_IN, title, fontsize=9, fontweight="bold", color=_INK)
        top += _HEADING_IN
        for row in group:
            canvas.write(labels_in, top + lines_in / 2.0, row.label, align="right")
            for aspect in heat_map.aspects:
                canvas.draw_line(row, aspect, top)
                top += line_in
            top += _GAP_IN


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Canvas:
    """What is drawn on, in inches from the upper left corner: cells begin at `cells_in`, a line is `line_in` high."""

    plot: Any
    axis: Axis
    cells_in: float
    line_in: float

    def write(self, left: float, middle: float, text: str, *, align: str = "center", colour: str = _INK) -> None:
        """Write a label with its middle at this height."""
        self.plot.text(left, middle, text, fontsize=8, color=colour, ha=align, va="center")

    def draw_header(self, heat_map: HeatMap) -> None:
        """Draw the title, how to read the picture, what the colours mean, and the versions over their columns."""
        self.plot.text(_MARGIN_IN, 0.26, heat_map.title, fontsize=11, fontweight="bold", color=_INK)
        self.write(_MARGIN_IN, 0.42, heat_map.reading, align="left", colour=_FAINT)
        self.write(_MARGIN_IN, 0.66, _READING, align="left", colour=_FAINT)
        self._draw_legend()
        self.write(self.cells_in - _VALUE_IN, _HEADER_IN - 0.12, self.axis.names, align="right", colour=_FAINT)
        for column, version in enumerate(self.axis.versions[1:]):
            self.write(self._find_middle(column), _HEADER_IN - 0.12, self.axis.label(version))
        first, last = (self.axis.label(version) for version in (self.axis.versions[0], self.axis.versions[-1]))
        self.write(self.cells_in - _VALUE_IN / 2.0, _HEADER_IN - 0.12, f"value in\n{_name(first)}", colour=_FAINT)
        right = self._find_middle(len(self.axis.versions) - 1) + (_VALUE_IN - _CELL_IN) / 2.0
        self.write(right, _HEADER_IN - 0.12, f"value in\n{_name(last)}", colour=_FAINT)

    def _draw_legend(self) -> None:
        """Draw a square of each colour with what it stands for."""
        percents = [f"{bound:.0%}" for bound in BOUNDS]
        steps = [*(f"{low} to {high}" for low, high in itertools.pairwise(percents)), f"{percents[-1]} or more"]
        texts = [*(f"-{text}" for text in reversed(steps)), f"less than {percents[0]}", *(f"+{text}" for text in steps)]
        for index, (colour, text) in enumerate(zip(_COLOURS, texts, strict=True)):
            left = _MARGIN_IN + _LEGEND_IN * index
            self._fill(left, 0.86, _LEGEND_IN, 0.15, colour)
            self.plot.text(left + _LEGEND_IN / 2.0, 1.09, text, fontsize=6, color=_INK, ha="center")

    def draw_line(self, row: Row, aspect: Aspect, top: float) -> None:
        """Draw the changes of an aspect, between its first and its last value."""
        versions = self.axis.versions
        middle = top + self.line_in / 2.0
        points = row.tracks[aspect].points
        if versions[0] in points:
            text = row.write_value(aspect, versions[0])
            self.plot.text(self.cells_in - _GAP_IN, middle, text, fontsize=7, color=_FAINT, ha="right", va="center")
        for column, version in enumerate(versions[1:]):
            self._draw_cell(make_cell(row, aspect, version), column, top)
        if versions[-1] in points:
            text = row.write_value(aspect, versions[-1])
            left = self._find_middle(len(versions) - 1) - _CELL_IN / 2.0 + _GAP_IN
            self.plot.text(left, middle, text, fontsize=7, color=_FAINT, ha="left", va="center")

    def _draw_cell(self, cell: Cell | None, column: int, top: float) -> None:
        """Draw one change: its cell full with a number, or a small square, or a dot where nothing was compared."""
        centre, middle = self._find_middle(column), top + self.line_in / 2.0
        if cell is None:
            self.plot.text(centre, middle, "·", fontsize=7, color=_FAINT, ha="center", va="center")
        elif cell.number:
            self._fill(centre - _CELL_IN / 2.0, top, _CELL_IN, self.line_in, cell.colour, edge=_INK)
            ink = "white" if cell.colour in _DARK else _INK
            self.plot.text(
                centre,
                middle,
                cell.number,
                fontsize=6.5,
                fontweight="bold",
                color=ink,
                ha="center",
                va="center_baseline",
            )
        else:
            side = _SMALL * self.line_in
            self._fill(centre - side / 2.0, middle - side / 2.0, side, side, cell.colour, edge=_PALE)

    def _fill(self, left: float, top: float, width: float, height: float, colour: str, *, edge: str = _FAINT) -> None:
        from matplotlib.patches import Rectangle  # noqa: PLC0415 - wanted for pictures alone

        self.plot.add_patch(
            Rectangle((left, top), width, height, clip_on=False, facecolor=colour, edgecolor=edge, linewidth=0.5)
        )

    def _find_middle(self, column: int) -> float:
        return self.cells_in + (column + 0.5) * _CELL_IN


def _name(label: str) -> str:
    """Return the label of a version on one line."""
    return label.replace("\n", "/")
