"""Which tables does a summary make, and how are they read? The same ones for every report that shows text.

Leaves out: how a table is drawn, which each report does in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.records import Aspect, Case, Outcome, Question
from benchmarks.records.blocks import describe_op_types
from benchmarks.records.quantities import (
    GRAPH_NODES,
    OPTIMISED_NODES,
    Unit,
    find_quantity,
    list_quantities,
    title_reading,
)
from benchmarks.reports.answer import DOUBTED
from benchmarks.reports.growth import make_sample_cost_section
from benchmarks.reports.summary import QuantityRow, Summary, TimeRow, Topic
from benchmarks.reports.tables import (
    NOTHING,
    Listing,
    Section,
    Table,
    format_bounds,
    format_half_width,
    name_outcome,
    name_rows,
    name_versions,
)
from benchmarks.units import (
    format_bytes,
    format_duration,
    format_extra_bytes,
    format_overhead,
    format_percent,
)

_ASPECT_HEADERS = {
    Aspect.OVERHEAD: "overhead",
    Aspect.CPU: "in processor time",
    Aspect.CONTROL: "control",
    Aspect.WEIGHTED: "weighted arm",
}

_LIST_TITLES = {
    Outcome.REGRESSED: "Slower or larger here",
    Outcome.IMPROVED: "Faster or smaller here",
    Outcome.UNDECIDED: "Undecided",
}


_ON_TIMES = "Times are medians per step; a start-up is one step. Overhead 0 % means that weighting is free."

_ON_PROCESSOR_TIME = (
    "'in processor time' is the overhead in the time of all threads: what weighting costs where a free core hides it."
)

_ON_NULL_CASES = "-null marks a null case, control against control, whose overhead should be 0 %."

_ON_BYTES = (
    "Bytes are medians over blocks, each arm in a process of its own; resident bytes are above the level before."
)

_ON_COUNTS = "Counts are control → weighted; nodes are those of the training step, before and after optimisation."


def make_sections(summary: Summary) -> list[Section]:
    """Return all that a summary has to show in tables, without sections that would be empty."""
    costs = [[cost for cost in summary.sample_costs if cost.unit is unit] for unit in Unit]
    sections = [
        _make_times(summary),
        _make_bytes(summary),
        _make_counts(summary),
        *(make_sample_cost_section(alike) for alike in costs if alike),
        _make_changes(summary),
    ]
    return [section for section in sections if section.tables or section.listings]


def _make_times(summary: Summary) -> Section:
    """Return a table for each question that is timed."""
    tables = []
    for question in Question:
        rows = [row for row in summary.times if row.case.question is question]
        if rows:
            tables.append(_make_time_table(question.row.title, rows))
    measured = [row for row in summary.times if row.overhead_ratio is not None]
    legend = [_ON_TIMES, _ON_PROCESSOR_TIME] if measured else []
    legend += [_ON_NULL_CASES] if any(row.case.null for row in measured) else []
    return Section(heading="Times", tables=tuple(tables), legend=(*legend, *summary.list_remarks(Topic.TIMES)))


def _make_time_table(title: str, rows: Sequence[TimeRow]) -> Table:
    """Return the table of one question; it has verdicts where any case of it was judged."""
    title, names = name_rows(title, [row.case.params_id for row in rows])
    judged = any(row.outcome is not None for row in rows)
    return Table(
        title=title,
        headers=(
            *("case", "control", "weighted", "overhead", "95 % interval", "in processor time"),
            *(["verdict"] if judged else []),
        ),
        rows=tuple(
            (names[row.case.params_id], *_list_time_cells(row), *([name_outcome(row.outcome)] if judged else []))
            for row in rows
        ),
        numbers=range(1, 6),
    )


def _list_time_cells(row: TimeRow) -> list[str]:
    """Return the numbers of a timed case."""
    if row.overhead_ratio is None or row.control_ns is None or row.weighted_ns is None:
        return [NOTHING] * 5
    return [
        format_duration(row.control_ns),
        format_duration(row.weighted_ns),
        format_overhead(row.overhead_ratio.estimate),
        format_bounds(row.overhead_ratio),
        format_half_width(row.cpu_overhead_ratio),
    ]


def _make_bytes(summary: Summary) -> Section:
    """Return a table for each question whose answer is bytes, and what could not be read of any question."""
    rows = [row for row in summary.quantities if row.unit is Unit.BYTES]
    missing = tuple(
        f"{each.case.case_id}, {title_reading(each.key)}: {each.reason}"
        for each in summary.missing
        if find_quantity(each.key).in_bytes
    )
    return Section(
        heading="Bytes",
        tables=tuple(
            _make_byte_table(question.row.title, [row for row in rows if row.case.question is question])
            for question in dict.fromkeys(row.case.question for row in rows)
        ),
        legend=(_ON_BYTES,),
        listings=(Listing(title="Not read", entries=missing),) if missing else (),
    )


def _make_byte_table(title: str, rows: Sequence[QuantityRow]) -> Table:
    """Return the table of one question: a row per case and quantity, which names the case and its verdict once."""
    title, names = name_rows(title, [row.case.params_id for row in rows])
    shared = any(find_quantity(row.key).is_compared for row in rows)  # of what is retained a share says nothing
    cells = []
    for row, before in zip(rows, [None, *rows], strict=False):
        first = before is None or before.case != row.case
        share = format_percent(row.difference / row.control) if row.control > 0.0 else NOTHING
        cells.append(
            (
                names[row.case.params_id] if first else "",
                title_reading(row.key),
                format_bytes(row.control),
                format_bytes(row.weighted),
                format_extra_bytes(row.difference),
                *([share] if shared else []),
                _format_range(row),
                name_outcome(row.outcome) if first else "",
            )
        )
    headers = ("case", "reading", "control", "weighted", "difference", *(["in %"] if shared else []))
    return Table(
        title=title,
        headers=(*headers, "range over blocks", "verdict"),
        rows=tuple(cells),
        numbers=range(2, len(headers)),
    )


def _format_range(row: QuantityRow) -> str:
    """Write the least and the greatest of the differences."""
    if row.least_difference == row.greatest_difference:
        return "the same in each" if row.blocks > 1 else "1 block"
    return f"{format_extra_bytes(row.least_difference)} to {format_extra_bytes(row.greatest_difference)}"


def _make_counts(summary: Summary) -> Section:
    """Return the table of counts, a row per case, and by which operations the graphs differ, cases alike together."""
    rows = [row for row in summary.quantities if row.unit is Unit.COUNT]
    if not rows:
        return Section(heading="Counts")
    title, names = name_rows(rows[0].case.question.row.title, [row.case.params_id for row in rows])
    counts = list_quantities(rows[0].case.question)
    by_case: dict[Case, dict[str, QuantityRow]] = {}
    for row in rows:
        by_case.setdefault(row.case, {})[row.key] = row
    missing = {each.case: each.reason for each in summary.missing}
    cells = []
    alike: dict[str, list[str]] = {}
    for case, found in by_case.items():
        name = names[case.params_id]
        pairs = (
            f"{each.control:.0f} → {each.weighted:.0f}" if (each := found.get(count.name)) is not None else NOTHING
            for count in counts
        )
        cells.append((name, *pairs, name_outcome(next(iter(found.values())).outcome)))
        alike.setdefault(missing.get(case) or _explain_nodes(found), []).append(name)
    entries = tuple(f"{', '.join(like)}: {text}" for text, like in alike.items() if text)
    return Section(
        heading="Counts",
        tables=(
            Table(
                title=title,
                headers=("case", *(count.short for count in counts), "verdict"),
                rows=tuple(cells),
                numbers=range(1, 1 + len(counts)),
            ),
        ),
        legend=(_ON_COUNTS,),
        listings=(Listing(title="By op type, weighted - control", entries=entries),) if entries else (),
    )


def _explain_nodes(found: Mapping[str, QuantityRow]) -> str:
    """Return by which operations the graphs of a case differ; empty where they are alike.

    Args:
        found: the counts of the case by key.
    """
    before, after = (found[key].op_types if key in found else {} for key in (GRAPH_NODES.name, OPTIMISED_NODES.name))
    if not before and not after:
        return ""
    return f"{describe_op_types(before)}; after optimisation: {describe_op_types(after)}"


def _make_changes(summary: Summary) -> Section:
    """Return what differs between two targets: a table for each question that is timed, and lists of all changes."""
    provenance = summary.provenance
    before = [f"This target:  {name_versions(environment)}" for environment in provenance.targets]
    asked = f" ({provenance.against})" if provenance.against else ""
    before += [f"Other target: {name_versions(environment)}{asked}" for environment in provenance.other_targets]
    tables = []
    for question in dict.fromkeys(row.case.question for row in summary.changes if row.case.question.is_timed):
        compared = [row for row in summary.changes if row.case.question is question and row.changes]
        title, names = name_rows(f"change of {question.row.title}", [row.case.params_id for row in compared])
        cells = []
        for row in compared:
            ratios = {change.aspect: change.change_ratio for change in row.changes}
            changes = (format_half_width(ratios.get(aspect)) for aspect in Aspect)
            cells.append((names[row.case.params_id], *changes, name_outcome(row.outcome)))
        headers = ("case", *_ASPECT_HEADERS.values(), "verdict")
        if cells:
            tables.append(Table(title=title, headers=headers, rows=tuple(cells), numbers=range(1, 5)))
    return Section(
        heading="The other target",
        before=(*before, "A change is this target ÷ the other one; both were measured in turns, block by block."),
        tables=tuple(tables),
        listings=tuple(_list_changes(summary)) if summary.changes else (),
    )


def _list_changes(summary: Summary) -> Iterator[Listing]:
    """Yield what got slower, what got faster, what stayed open, and which graphs changed; null cases are not told."""
    believed = [row for row in summary.changes if not row.case.null and row.outcome not in DOUBTED]
    for outcome, title in _LIST_TITLES.items():
        entries = [
            f"{row.case.case_id} ({change.brief})"
            for row in believed
            for change in row.changes
            if change.outcome is outcome
        ]
        if entries or outcome is not Outcome.UNDECIDED:
            yield Listing(title=title, entries=tuple(entries))
    graphs = tuple(
        f"{each.case_id}, {each.arm.value}: {each.nodes_there} → {each.nodes_here} nodes; "
        f"{describe_op_types(each.op_types)}"
        for each in summary.graph_changes
    )
    if graphs:
        yield Listing(title="Other graph", entries=graphs)
