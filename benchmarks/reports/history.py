"""How is a history told? A table with a row per quantity and a column per version, and a picture of the same lines.

A change between two neighbouring versions that is beyond noise is marked, with what became of the graph beside it.
Leaves out: the measuring (`benchmarks.commands.history`). The picture needs matplotlib, which nothing else does.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.version import Version

from benchmarks.errors import StatisticsError
from benchmarks.records import BlockSummary, Case, HistoryEntry, Interval, Question, ReadBlock
from benchmarks.records.blocks import describe_op_types, subtract_op_types
from benchmarks.records.quantities import (
    FIRST_PASS_TRACES,
    OPTIMISED_NODES,
    PASS_PEAK_RESIDENT,
    PASS_PEAK_TENSORS,
    name_reading,
)
from benchmarks.reports.markdown import render_table
from benchmarks.stats.lines import Track, estimate_track
from benchmarks.units import format_bytes, format_duration, format_overhead

_FAMILY_ALPHA = 0.05
"""The error level of all changes of a history together."""

_TENSORS = name_reading(PASS_PEAK_TENSORS.name, "CPU:0")
_RESIDENT = PASS_PEAK_RESIDENT.name

_NOTHING = "-"

_PLOTS_PER_ROW = 3

_LEGEND = (
    "Each value ± half the width of its 95 % interval: of an overhead in percentage points (+3 % ± 1 % is +2 to +4 %), "
    "of all else in percent of the value; ▲ and ▼ mark a change against the version before it that is beyond noise, "
    f"at an error level of {_FAMILY_ALPHA:.0%} for the whole table. Times of all versions were measured "
    "together in each round, so that a change between two of them can be surer than either interval."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Quantity:
    """A quantity of a case: its name, the arm it is of (empty for both), how its value is found and written.

    `is_overhead` marks a ratio that is written as a percentage.
    """

    name: str
    arm: str = ""
    find: Callable[[HistoryEntry], float | None]
    write: Callable[[float], str]
    is_overhead: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A quantity of a method through the versions."""

    quantity: _Quantity
    method: str
    track: Track


def _list_versions(entries: Sequence[HistoryEntry]) -> list[str]:
    """Return the versions that were asked for, `2.16` or `2.16/3.3`: the oldest TensorFlow first, then by Keras."""
    return sorted({entry.version for entry in entries}, key=lambda name: [Version(part) for part in name.split("/")])


def _estimate_lines(entries: Sequence[HistoryEntry]) -> list[_Line]:
    """Return each quantity of each case through the versions."""
    versions = _list_versions(entries)
    wanted = [(case, quantity) for case in dict.fromkeys(entry.case for entry in entries) for quantity in _list(case)]
    alpha = _FAMILY_ALPHA / max(1, len(wanted) * (len(versions) - 1))
    lines = []
    for case, quantity in wanted:
        values = {
            version: {
                (entry.number, entry.occasion): value
                for entry in entries
                if entry.case == case and entry.version == version and (value := quantity.find(entry)) is not None
            }
            for version in versions
        }
        name = ", ".join(filter(None, (quantity.name, quantity.arm, case.method)))
        track = estimate_track(name, values, alpha, together=case.question.is_timed)
        if track.points:
            lines.append(_Line(quantity=quantity, method=case.method, track=track))
    return lines


def _list(case: Case) -> Iterator[_Quantity]:
    """Yield the quantities of a case."""
    if case.question.is_timed:
        name = "step time" if case.question is Question.STEP_TIME else "start-up at 1e5 samples"
        yield _Quantity(
            name=f"overhead of {name}",
            find=_of_block(lambda block: math.exp(block.log_ratio)),
            write=format_overhead,
            is_overhead=True,
        )
        for arm in ("control", "weighted"):
            yield _Quantity(name=name, arm=arm, find=_of_median(arm), write=format_duration)
        return
    for arm in ("control", "weighted"):
        if case.question is Question.PEAK_MEMORY:
            yield _Quantity(name="peak tensors", arm=arm, find=_of_arm(arm, _TENSORS), write=format_bytes)
            yield _Quantity(name="peak resident", arm=arm, find=_of_arm(arm, _RESIDENT), write=format_bytes)
        else:
            yield _Quantity(name="graph nodes", arm=arm, find=_of_arm(arm, OPTIMISED_NODES.name), write="{:.0f}".format)


def _of_block(find: Callable[[BlockSummary], float]) -> Callable[[HistoryEntry], float | None]:
    return lambda entry: None if entry.block is None else find(entry.block)


def _of_median(arm: str) -> Callable[[HistoryEntry], float | None]:
    return _of_block(lambda block: block.control_median_ns if arm == "control" else block.weighted_median_ns)


def _of_arm(arm: str, key: str) -> Callable[[HistoryEntry], float | None]:
    def find(entry: HistoryEntry) -> float | None:
        return None if entry.readings is None else getattr(entry.readings, arm).values.get(key)

    return find


def render_page(entries: Sequence[HistoryEntry], picture: str | None) -> str:
    """Return the table with a heading, how it came about, and the picture if there is one, as a Markdown page.

    Args:
        entries: what was measured.
        picture: the picture's path as seen from the page; None where there is none.
    """
    if not entries:
        return render_history(entries)
    versions = _list_versions(entries)
    environments = {entry.version: entry.environment for entry in entries}
    known = environments[versions[-1]]
    times, peaks, graphs = (
        max((1 + entry.number for entry in entries if _find_kind(entry) is kind), default=0)
        for kind in (None, Question.PEAK_MEMORY, Question.TRAINING_GRAPH)
    )
    rows = [
        [environment.tensorflow, environment.keras, environment.numpy]
        for environment in (environments[version] for version in versions)
    ]
    how = (
        "Measured by `python -m benchmarks.commands.history` in rounds, in each of which all versions take turns: "
        f"{times} of times, {peaks} of peaks and {graphs} of graphs, on {known.cores} cores of an {known.cpu_model} "
        f"with Python {known.python}. MLPs of depth 2, batches of 256 (peaks: 512), 100,000 samples where a size "
        "matters."
    )
    parts = [
        f"# What weighting costs, from TensorFlow {versions[0]} to {versions[-1]}",
        how,
        render_table(["TensorFlow", "Keras", "NumPy"], rows),
        "" if picture is None else f"![Each quantity by version]({picture})",
        render_history(entries),
    ]
    return "\n\n".join(filter(None, parts))


def _find_kind(entry: HistoryEntry) -> Question | None:
    """Return the question of an entry; None of any that is timed."""
    return None if entry.case.question.is_timed else entry.case.question


def render_history(entries: Sequence[HistoryEntry]) -> str:
    """Return the table of all quantities by version, the changes that are beyond noise, and what failed."""
    if not entries:
        return "Nothing was measured."
    versions = _list_versions(entries)
    lines = _estimate_lines(entries)
    rows = [[line.track.name, *(_render_point(line, version) for version in versions)] for line in lines]
    table = render_table(["quantity", *versions], rows)
    changes = [text for line in lines for text in _render_changes(line, entries)]
    failed = sorted({f"- {entry.case.case_id} on {entry.version}: {entry.failed}" for entry in entries if entry.failed})
    parts = [
        table,
        _LEGEND,
        "\n".join(changes) or "No change between neighbouring versions is beyond noise.",
        "\n".join(["Not measured:", *failed]) if failed else "",
    ]
    return "\n\n".join(filter(None, parts))


def _render_point(line: _Line, version: str) -> str:
    """Write a value with half the width of its interval, and a mark where it changed."""
    point = line.track.points.get(version)
    if point is None:
        return _NOTHING
    changes = line.track.changes
    mark = "" if version not in changes else " ▲" if changes[version] > 1.0 else " ▼"
    return f"{line.quantity.write(point.estimate)}{_render_spread(line, point)}{mark}"


def _render_spread(line: _Line, point: Interval) -> str:
    """Write half the width of an interval, as the legend says; nothing where there is no width."""
    width = point.upper - point.lower
    if width == float("inf") or not width:
        return ""
    return f" ± {50.0 * width / (1.0 if line.quantity.is_overhead else point.estimate):.1f} %"


def _render_changes(line: _Line, entries: Sequence[HistoryEntry]) -> Iterator[str]:
    """Yield a sentence per marked change, with what became of the graph."""
    versions = list(line.track.points)
    for version, ratio in line.track.changes.items():
        before = versions[versions.index(version) - 1]
        graphs = _find_graphs(entries, line.method)
        graph = ""
        if before in graphs and version in graphs:
            graph = f"; graph: {_describe_graph_change(graphs[before], graphs[version])}"
        yield f"- {line.track.name}: {format_overhead(ratio)} from {before} to {version}{graph}"


def _find_graphs(entries: Sequence[HistoryEntry], method: str) -> Mapping[str, ReadBlock]:
    """Return the graphs that were read of a method by version; `fit_array` trains with that of `fit_dataset`."""
    wanted = "fit_dataset" if method == "fit_array" else method
    return {
        entry.version: entry.readings
        for entry in entries
        if entry.readings is not None and entry.case.question is Question.TRAINING_GRAPH and entry.case.method == wanted
    }


def _describe_graph_change(before: ReadBlock, now: ReadBlock) -> str:
    """Return by op type what the weighted step's optimised graph gained, and its traces where they differ."""
    types_now, types_before = (block.weighted.op_types.get(OPTIMISED_NODES.name, {}) for block in (now, before))
    traces = [block.weighted.values.get(FIRST_PASS_TRACES.name) for block in (before, now)]
    told = "" if traces[0] == traces[1] else f", traces {traces[0]:.0f} → {traces[1]:.0f}"
    difference = subtract_op_types(types_now, types_before)
    return f"{describe_op_types(difference) if difference else 'as before'}{told}"


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
    lines = _estimate_lines(entries)
    if not lines:
        raise StatisticsError("a picture: expected something to draw, got no blocks; measure some")
    mpl.use("agg")
    versions = _list_versions(entries)
    panels: dict[str, list[_Line]] = {}
    for line in lines:
        panels.setdefault(f"{line.quantity.name}, {line.method}", []).append(line)
    rows = -(-len(panels) // _PLOTS_PER_ROW)
    figure, grid = plt.subplots(rows, _PLOTS_PER_ROW, figsize=(15, 2.8 * rows), squeeze=False)
    for plot, (panel, drawn) in zip(grid.flat, panels.items(), strict=False):
        for index, line in enumerate(drawn):
            _draw_line(plot, line, versions, shift=0.12 * (index - (len(drawn) - 1) / 2.0))
        if len(drawn) > 1:
            plot.legend(fontsize=7)
        plot.set_title(panel, fontsize=9)
        plot.set_xticks(range(len(versions)), versions, fontsize=8)
        plot.yaxis.set_major_formatter(lambda value, _, write=drawn[0].quantity.write: write(value))
        plot.tick_params(axis="y", labelsize=8)
        plot.margins(y=0.25)
    for plot in list(grid.flat)[len(panels) :]:
        plot.set_visible(False)
    figure.tight_layout()
    with mpl.rc_context({"svg.hashsalt": path.stem}):  # the same blocks draw the same file
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)


def _draw_line(plot: Any, line: _Line, versions: Sequence[str], *, shift: float) -> None:
    """Draw a line with its intervals, moved aside by `shift` of a version so that two arms do not hide each other."""
    points = line.track.points
    places = [versions.index(version) + shift for version in points]
    estimates = [point.estimate for point in points.values()]
    known = [point if math.isfinite(point.upper) else None for point in points.values()]
    errors = [
        [0.0 if point is None else point.estimate - point.lower for point in known],
        [0.0 if point is None else point.upper - point.estimate for point in known],
    ]
    plot.errorbar(
        places, estimates, yerr=errors, marker="o", markersize=4, capsize=2, linewidth=1, label=line.quantity.arm
    )
    for version in line.track.changes:
        plot.axvline(versions.index(version) - 0.5, linestyle=":", linewidth=1, color="grey")
