"""How is a picture begun and written? On a white ground, so that it can be read on a dark page, and the same each time.

Needs matplotlib, which nothing but pictures does, and which is loaded when one is begun. Leaves out: what is on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import StatisticsError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 150
"""Dots per inch where a picture is made of dots."""


def make_figure(group: str) -> Figure:
    """Return an empty figure.

    Args:
        group: the dependency group that brings matplotlib to whoever draws this.

    Raises:
        StatisticsError: when matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - wanted for pictures alone
    except ImportError as error:
        raise StatisticsError(f"a picture: expected matplotlib, got {error}; pip install --group {group}") from error
    return Figure(facecolor="white")


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure so that the same data write the same file, and its letters as text."""
    import matplotlib as mpl  # noqa: PLC0415 - as above

    with mpl.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "none"}):
        figure.savefig(path, dpi=_DPI, metadata={"Date": None} if path.suffix == ".svg" else None)
