"""How is a history told? One table and one picture: a row, and a small plot, per quantity, a column per version.

A change between two neighbouring versions that is beyond noise is marked, with what became of the graph beside it.
Leaves out: the measuring (`benchmarks.commands.history`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tabulate import tabulate

from benchmarks.errors import StatisticsError
from benchmarks.records import BlockSummary, Case, HistoryEntry, Interval, Question, ReadBlock
from benchmarks.stats.histories import Track, estimate_track
from benchmarks.stats.op_types import describe_op_types, subtract_op_types
from benchmarks.units import format_bytes, format_duration, format_overhead

_FAMILY_ALPHA = 0.05
_PLOTS_PER_ROW = 3
_NOTHING = "-"

_LEGEND = (
    "Each value with half the width of its 95 % interval; ▲ and ▼ mark a change against the version before it that is "
    f"beyond noise, at an error level of {_FAMILY_ALPHA:.0%} for the whole table."
)

_TENSORS = "pass_peak_tensor_bytes[CPU:0]"
_NODES = "optimised_graph_nodes"

_Quantity = tuple[str, Callable[[HistoryEntry], float | None], Callable[[float], str]]


def render_history(entries: Sequence[HistoryEntry]) -> str:
    """Return the table of all quantities by version, the changes that are beyond noise, and what failed."""
    if not entries:
        return "Nothing was measured."
    versions = _list_versions(entries)
    tracks = _estimate_tracks(entries)
    rows = [
        [track.name, *(_render_point(track, version, format_value) for version in versions)]
        for track, format_value in tracks
    ]
    table = tabulate(rows, headers=["quantity", *versions], tablefmt="github", disable_numparse=True)
    changes = [line for track, _ in tracks for line in _render_changes(track, entries)]
    failed = sorted({f"- {entry.case.case_id} on {entry.version}: {entry.failed}" for entry in entries if entry.failed})
    parts = [
        table,
        _LEGEND,
        "\n".join(changes) or "No change between neighbouring versions is beyond noise.",
        "\n".join(["Not measured:", *failed]) if failed else "",
    ]
    return "\n\n".join(filter(None, parts))


def draw_history(entries: Sequence[HistoryEntry], path: Path) -> None:
    """Draw one small plot per quantity, versions from left to right, with intervals.

    Raises:
        StatisticsError: when matplotlib is not installed, or there is nothing to draw.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - wanted for pictures alone
        from matplotlib import pyplot as plt  # noqa: PLC0415
    except ImportError as error:
        raise StatisticsError(f"a picture: expected matplotlib, got {error}; pip install --group history") from error
    tracks = _estimate_tracks(entries)
    if not tracks:
        raise StatisticsError("a picture: expected something to draw, got no blocks; measure some")
    mpl.use("agg")
    versions = _list_versions(entries)
    rows = -(-len(tracks) // _PLOTS_PER_ROW)
    figure, grid = plt.subplots(rows, _PLOTS_PER_ROW, figsize=(15, 2.8 * rows), squeeze=False)
    for plot, (track, format_value) in zip(grid.flat, tracks, strict=False):
        places = [versions.index(version) for version in track.points]
        points = list(track.points.values())
        errors = [
            [max(point.estimate - point.lower, 0.0) if point.lower > float("-inf") else 0.0 for point in points],
            [max(point.upper - point.estimate, 0.0) if point.upper < float("inf") else 0.0 for point in points],
        ]
        plot.errorbar(places, [point.estimate for point in points], yerr=errors, marker="o", capsize=3, linewidth=1)
        for version in track.changes:
            plot.axvline(versions.index(version) - 0.5, linestyle=":", linewidth=1, color="grey")
        plot.set_title(track.name, fontsize=9)
        plot.set_xticks(range(len(versions)), versions, fontsize=8)
        plot.yaxis.set_major_formatter(lambda value, _, write=format_value: write(value))
        plot.tick_params(axis="y", labelsize=8)
        plot.margins(y=0.25)
    for plot in list(grid.flat)[len(tracks) :]:
        plot.set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _list_versions(entries: Sequence[HistoryEntry]) -> list[str]:
    """Return the versions that were asked for, oldest first."""
    return sorted({entry.version for entry in entries}, key=lambda version: [int(part) for part in version.split(".")])


def _estimate_tracks(entries: Sequence[HistoryEntry]) -> list[tuple[Track, Callable[[float], str]]]:
    """Return the track of each quantity and how its values are written."""
    versions = _list_versions(entries)
    wanted = [(case, quantity) for case in dict.fromkeys(entry.case for entry in entries) for quantity in _list(case)]
    alpha = _FAMILY_ALPHA / max(1, len(wanted) * (len(versions) - 1))
    tracks = []
    for case, (name, find, format_value) in wanted:
        values = {
            version: [
                value
                for entry in entries
                if entry.case == case and entry.version == version and (value := find(entry)) is not None
            ]
            for version in versions
        }
        track = estimate_track(f"{name}, {case.method}", values, alpha)
        if track.points:
            tracks.append((track, format_value))
    return tracks


def _list(case: Case) -> Iterator[_Quantity]:
    """Yield the quantities of a case: name, how a value is found, and how it is written."""
    if case.question.is_timed:
        name = "step time" if case.question is Question.STEP_TIME else "start-up at 1e5 samples"
        yield f"overhead of {name}", _of_block(lambda block: math.exp(block.log_ratio)), format_overhead
        yield f"{name}, control", _of_block(lambda block: block.control_median_ns), format_duration
        yield f"{name}, weighted", _of_block(lambda block: block.weighted_median_ns), format_duration
    elif case.question is Question.PEAK_MEMORY:
        yield "peak tensors, control", _of_arm("control", _TENSORS), format_bytes
        yield "peak tensors, weighted", _of_arm("weighted", _TENSORS), format_bytes
    else:
        yield "graph nodes, control", _of_arm("control", _NODES), _format_count
        yield "graph nodes, weighted", _of_arm("weighted", _NODES), _format_count


def _of_block(find: Callable[[BlockSummary], float]) -> Callable[[HistoryEntry], float | None]:
    return lambda entry: None if entry.block is None else find(entry.block)


def _of_arm(arm: str, key: str) -> Callable[[HistoryEntry], float | None]:
    def find(entry: HistoryEntry) -> float | None:
        return None if entry.readings is None else getattr(entry.readings, arm).values.get(key)

    return find


def _format_count(value: float) -> str:
    return f"{value:.0f}"


def _render_point(track: Track, version: str, format_value: Callable[[float], str]) -> str:
    """Write a value with half the width of its interval, and a mark where it changed."""
    point = track.points.get(version)
    if point is None:
        return _NOTHING
    mark = "" if version not in track.changes else " ▲" if track.changes[version] > 1.0 else " ▼"
    return f"{format_value(point.estimate)}{_render_spread(point)}{mark}"


def _render_spread(point: Interval) -> str:
    """Write half the width of an interval in percent of its estimate; nothing where there is no width."""
    width = point.upper - point.lower
    if width == float("inf") or not width:
        return ""
    return f" ± {50.0 * width / point.estimate:.1f} %"


def _render_changes(track: Track, entries: Sequence[HistoryEntry]) -> Iterator[str]:
    """Yield one line per marked change, with what became of the graph."""
    versions = _list_versions(entries)
    method = track.name.rpartition(", ")[2]
    for version, ratio in track.changes.items():
        before = versions[versions.index(version) - 1]
        graphs = _find_graphs(entries, method)
        graph = ""
        if before in graphs and version in graphs:
            graph = f"; graph: {_describe_graph_change(graphs[before], graphs[version])}"
        yield f"- {track.name}: {format_overhead(ratio)} from {before} to {version}{graph}"


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
    types = subtract_op_types(now.weighted.op_types.get(_NODES, {}), before.weighted.op_types.get(_NODES, {}))
    traces = [block.weighted.values.get("first_pass_traces") for block in (before, now)]
    told = "" if traces[0] == traces[1] else f", traces {traces[0]:.0f} → {traces[1]:.0f}"
    return f"{describe_op_types(types)}{told}"
