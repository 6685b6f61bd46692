"""Which pictures does a history have, and in which files? Two heat maps, and lines through the versions.

Each shows only what changed beyond noise, and is drawn only where there is such a thing. All have a white ground of
their own, on which they can be read on a dark page too. Needs matplotlib, which nothing else does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from benchmarks.records import Aspect
from benchmarks.reports.figures import make_figure, save_figure
from benchmarks.reports.history.heat_map import HeatMap, draw_heat_map
from benchmarks.reports.history.line_plots import draw_lines
from benchmarks.reports.history.tracks import ARMS, ASPECTS, History, Row

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
        draw_lines(figure, _list_changed(history, ASPECTS), history.axis)
        save_figure(figure, pictures.lines)


def _list_changed(history: History, aspects: Sequence[Aspect]) -> list[Row]:
    return [row for row in history.rows if row.list_changed(aspects)]
