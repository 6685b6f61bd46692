"""What are all the figures of a history? A table per quantity: a row per method and arm, a column per version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.baselines.lines import group_by_key
from benchmarks.records import Aspect
from benchmarks.reports.history.tracks import ASPECTS, FAMILY_ALPHA_TOLD, History, Row
from benchmarks.reports.markdown import render_table
from benchmarks.reports.tables import NOTHING

_LEGEND = (
    "Each value ± half the width of its 95 % interval: of an overhead in percentage points (+3 % ± 1 % is +2 to +4 %), "
    "of other times and of peaks in percent of the value. The overhead is weighted ÷ control of times and peaks, and "
    "weighted - control of retained bytes and counts. ▲ and ▼ mark a change against the version before that is beyond "
    f"noise, at an error level of {FAMILY_ALPHA_TOLD} for all of it together. Times of all versions were measured "
    "together in each round, so that a change between two of them can be surer than either interval."
)


def render_values(history: History, heading: str) -> str:
    """Return the tables of all values under headings that begin like `heading`, `##` or deeper, as Markdown."""
    tables = group_by_key((row.title, row) for row in history.rows)
    parts = [part for title, rows in tables.items() for part in (f"{heading} {title}", _render(rows, history))]
    return "\n\n".join([_LEGEND, *parts])


def _render(rows: Sequence[Row], history: History) -> str:
    versions = history.axis.versions
    lines = [[row.label, aspect.value, *_render_points(row, aspect, versions)] for row in rows for aspect in ASPECTS]
    return render_table(["method", "of", *versions], lines)


def _render_points(row: Row, aspect: Aspect, versions: Sequence[str]) -> Iterator[str]:
    """Yield the value of each version with half the width of its interval, and a mark where it changed."""
    for version in versions:
        if version not in row.tracks[aspect].points:
            yield NOTHING
            continue
        parts = (row.write_value(aspect, version), row.write_spread(aspect, version), row.mark(aspect, version))
        yield " ".join(filter(None, parts))
