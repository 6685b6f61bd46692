"""How is a history told? A table with a row per quantity and a column per version, and the changes beyond noise.

A change between two neighbouring versions that is beyond noise is marked, with what became of the graph beside it.
Leaves out: the measuring (`benchmarks.commands.history`) and the picture (`history_picture`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tabulate import tabulate

from benchmarks.records import HistoryEntry, Interval, Question, ReadBlock
from benchmarks.records.quantities import FIRST_PASS_TRACES, OPTIMISED_NODES
from benchmarks.records.readings import describe_op_types, subtract_op_types
from benchmarks.reports.history_lines import FAMILY_ALPHA, Line, estimate_lines, list_versions
from benchmarks.units import format_overhead

_NOTHING = "-"

_LEGEND = (
    "Each value ± half the width of its 95 % interval: of an overhead in percentage points (+3 % ± 1 % is +2 to +4 %), "
    "of all else in percent of the value; ▲ and ▼ mark a change against the version before it that is beyond noise, "
    f"at an error level of {FAMILY_ALPHA:.0%} for the whole table. Times of all versions were measured "
    "together in each round, so that a change between two of them can be surer than either interval."
)


def render_page(entries: Sequence[HistoryEntry], picture: str | None) -> str:
    """Return the table with a heading, how it came about, and the picture if there is one, as a Markdown page.

    Args:
        entries: what was measured.
        picture: the picture's path as seen from the page; None where there is none.
    """
    if not entries:
        return render_history(entries)
    versions = list_versions(entries)
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
        tabulate(rows, headers=["TensorFlow", "Keras", "NumPy"], tablefmt="github", disable_numparse=True),
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
    versions = list_versions(entries)
    lines = estimate_lines(entries)
    rows = [[line.track.name, *(_render_point(line, version) for version in versions)] for line in lines]
    table = tabulate(rows, headers=["quantity", *versions], tablefmt="github", disable_numparse=True)
    changes = [text for line in lines for text in _render_changes(line, entries)]
    failed = sorted({f"- {entry.case.case_id} on {entry.version}: {entry.failed}" for entry in entries if entry.failed})
    parts = [
        table,
        _LEGEND,
        "\n".join(changes) or "No change between neighbouring versions is beyond noise.",
        "\n".join(["Not measured:", *failed]) if failed else "",
    ]
    return "\n\n".join(filter(None, parts))


def _render_point(line: Line, version: str) -> str:
    """Write a value with half the width of its interval, and a mark where it changed."""
    point = line.track.points.get(version)
    if point is None:
        return _NOTHING
    changes = line.track.changes
    mark = "" if version not in changes else " ▲" if changes[version] > 1.0 else " ▼"
    return f"{line.write(point.estimate)}{_render_spread(line, point)}{mark}"


def _render_spread(line: Line, point: Interval) -> str:
    """Write half the width of an interval, as the legend says; nothing where there is no width."""
    width = point.upper - point.lower
    if width == float("inf") or not width:
        return ""
    return f" ± {50.0 * width / (1.0 if line.is_overhead else point.estimate):.1f} %"


def _render_changes(line: Line, entries: Sequence[HistoryEntry]) -> Iterator[str]:
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
