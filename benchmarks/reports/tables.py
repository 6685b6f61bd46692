"""How is what a summary shows laid out? Sections with tables and lists of cells that are text, drawn by each report.

A case is named by what differs between the rows of its table; what all rows share is in the table's title. Leaves out:
what is in a table (`sections`), and how it is drawn.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmarks.records import Environment, Interval, Outcome
from benchmarks.records.blocks import OpCounts
from benchmarks.units import format_overhead

if TYPE_CHECKING:
    from benchmarks.reports.summary import Statement  # slow to import, and a running suite needs none

NOTHING = "-"
"""What stands in a cell without a value."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cells as they are read; the columns `numbers` are aligned to the right."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: range


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Tables on one subject, with what to know before them, and how to read them."""

    heading: str
    before: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    listings: tuple[Statement, ...] = ()
    legend: tuple[str, ...] = ()


def make_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], numbers: range) -> Table:
    """Return a table of cases.

    Args:
        title: of the table, without what all cases share.
        headers: of its columns.
        rows: each begins with the `params_id` of its case, or with nothing where it goes on with the case before.
        numbers: the columns that are aligned to the right.
    """
    title, names = name_rows(title, [first for first, *_ in rows if first])
    named = tuple((names.get(first, first), *cells) for first, *cells in rows)
    return Table(title=title, headers=tuple(headers), rows=named, numbers=numbers)


def pad_columns(lines: Sequence[Sequence[str]], numbers: range, least_width: int = 0) -> list[list[str]]:
    """Return the cells of a table with blanks, so that those of a column are as wide as its widest.

    Args:
        lines: cells, as many in each.
        numbers: the columns that are aligned to the right.
        least_width: of a column.
    """
    widths = [max(least_width, *map(len, column)) for column in zip(*lines, strict=True)]
    return [
        [
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in lines
    ]


def name_versions(environment: Environment) -> str:
    """Return what a target is made of: `TensorFlow 2.21.0, Keras 3.15.1, NumPy 2.4.6, Python 3.11.7`.

    Beside Keras stands whether it compiles with XLA where it is not told, in runs that know.
    """
    chosen = f" (jit_compile={environment.jit_compile} by default)" if environment.jit_compile else ""
    return (
        f"TensorFlow {environment.tensorflow}, Keras {environment.keras}{chosen}, NumPy {environment.numpy}, "
        f"Python {environment.python}"
    )


def name_target(environment: Environment) -> str:
    """Return what a target is made of and where it runs: its versions, and `CPU, AMD EPYC, 2 cores`."""
    place = f"{environment.device}, {environment.cpu_model}, {environment.cores} cores"
    return f"{name_versions(environment)}; {place}"


def name_rows(title: str, params_ids: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return the title with what all rows share, and by the id of each row what it is called without that.

    Args:
        title: of the table.
        params_ids: of its rows, such as `mlp-depth2-batch256-loop_graph-null`; only axes before the method are shared.
    """
    parts = {params_id: params_id.split("-") for params_id in params_ids}
    axes = zip(*(each[: -2 if each[-1] == "null" else -1] for each in parts.values()), strict=False)
    shared = [values[0] for values in itertools.takewhile(lambda values: len(set(values)) == 1, axes)]
    named = f"{title[0].upper()}{title[1:]}" + (f" ({'-'.join(shared)})" if shared else "")
    return named, {params_id: "-".join(each[len(shared) :]) for params_id, each in parts.items()}


def name_outcome(outcome: Outcome | None) -> str:
    """Return the word of a verdict; empty where nothing was judged."""
    return "" if outcome is None else outcome.value


def format_bounds(interval: Interval) -> str:
    """Write the bounds of an interval: `+2.0 % to +4.2 %`; one block alone has none."""
    if math.isinf(interval.upper):
        return "unknown"
    return f"{format_overhead(interval.lower)} to {format_overhead(interval.upper)}"


def format_half_width(interval: Interval | None) -> str:
    """Write a ratio with half the width of its interval: `+1.2 % ± 0.4 %`."""
    if interval is None:
        return NOTHING
    half_width = (interval.upper - interval.lower) / 2.0
    known = f"{100.0 * half_width:.1f} %" if math.isfinite(half_width) else "?"
    return f"{format_overhead(interval.estimate)} ± {known}"


def format_slope(slope: Interval) -> str:
    """Write a cost per sample with its interval: `+4.02 (+3.98 to +4.06)`."""
    return f"{slope.estimate:+.2f} ({slope.lower:+.2f} to {slope.upper:+.2f})"


def list_op_types(difference: OpCounts) -> list[str]:
    """Return what differs by op type in words, the largest first: `+2 Mul`, `+1 Cast`, `-1 Sum`."""
    ranked = sorted(difference.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    return [f"{count:+d} {name}" for name, count in ranked]


def describe_op_types(difference: OpCounts) -> str:
    """Return a difference in words, the largest first: `+2 Mul, +1 Cast, -1 Sum`; `none` where there is none."""
    return ", ".join(list_op_types(difference)) or "none"
