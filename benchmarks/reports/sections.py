"""Which tables does a summary make, and how are they read? The same ones for every report that shows text.

Leaves out: how a table is drawn, which each report does in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks.baselines.lines import group_by_key
from benchmarks.records import Aspect, Outcome, Question
from benchmarks.records.quantities import (
    GRAPH_NODES,
    OPTIMISED_NODES,
    Unit,
    find_quantity,
    list_quantities,
    title_reading,
)
from benchmarks.reports.sentences import DOUBTED
from benchmarks.reports.summary import QuantityRow, SampleCost, Statement, Summary, TimeRow, Topic
from benchmarks.reports.tables import (
    NOTHING,
    Section,
    Table,
    describe_op_types,
    format_bounds,
    format_half_width,
    format_slope,
    make_table,
    name_outcome,
    name_versions,
)
from benchmarks.units import (
    format_bytes,
    format_duration,
    format_extra_bytes,
    format_extra_duration,
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

_PROJECTED_SAMPLES = (10**6, 10**8, 10**9)

_ON_TIMES = "Times are medians per step; a start-up is one step. Overhead 0 % means that weighting is free."

_ON_PROCESSOR_TIME = (
    "'in processor time' is the overhead in the time of all threads: what weighting costs where a free core hides it."
)

_ON_NULL_CASES = "-null marks a null case, control against control, whose overhead should be 0 %."

_ON_BYTES = (
    "Bytes are medians over blocks, each arm in a process of its own; resident bytes are above the level before."
)

_ON_COUNTS = "Counts are control → weighted. Nodes are those of the training step; what has no column is 0 or unread."


def make_sections(summary: Summary) -> list[Section]:
    """Return all that a summary has to show in tables, without sections that would be empty."""
    costs = group_by_key((cost.unit, cost) for cost in summary.sample_costs)
    sections = [
        _make_times(summary),
        _make_bytes(summary),
        _make_counts(summary),
        *(_make_sample_costs(costs[unit]) for unit in Unit if unit in costs),
        _make_changes(summary),
    ]
    return [section for section in sections if section.tables or section.listings]


def _make_times(summary: Summary) -> Section:
    """Return a table for each question that is timed."""
    by_question = group_by_key((row.case.question, row) for row in summary.times)
    measured = [row for row in summary.times if row.overhead_ratio is not None]
    legend = [_ON_TIMES, _ON_PROCESSOR_TIME] if measured else []
    legend += [_ON_NULL_CASES] if any(row.case.null for row in measured) else []
    return Section(
        heading="Times",
        tables=tuple(_make_time_table(each, by_question[each]) for each in Question if each in by_question),
        legend=(*legend, *summary.list_remarks(Topic.TIMES)),
    )


def _make_time_table(question: Question, rows: Sequence[TimeRow]) -> Table:
    """Return the table of one question; it has verdicts where any case of it was judged."""
    judged = any(row.outcome is not None for row in rows)
    headers = ("case", "control", "weighted", "overhead", "95 % interval", "in processor time")
    cells = [
        (row.case.params_id, *_list_time_cells(row), *([name_outcome(row.outcome)] if judged else [])) for row in rows
    ]
    return make_table(question.row.title, (*headers, *(["verdict"] if judged else [])), cells, numbers=range(1, 6))


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
    rows = group_by_key((row.case.question, row) for row in summary.quantities if row.unit is Unit.BYTES)
    missing = tuple(
        f"{each.case.case_id}, {title_reading(each.key)}: {each.reason}"
        for each in summary.missing
        if find_quantity(each.key).in_bytes
    )
    return Section(
        heading="Bytes",
        tables=tuple(_make_byte_table(question, found) for question, found in rows.items()),
        legend=(_ON_BYTES,),
        listings=(_make_listing("Not read", missing),) if missing else (),
    )


def _make_byte_table(question: Question, rows: Sequence[QuantityRow]) -> Table:
    """Return the table of one question: a row per case and quantity, which names the case and its verdict once."""
    shared = any(find_quantity(row.key).is_compared for row in rows)  # of what is retained a share says nothing
    cells = []
    for row, before in zip(rows, [None, *rows], strict=False):
        first = before is None or before.case != row.case
        share = format_percent(row.difference / row.control) if row.control > 0.0 else NOTHING
        cells.append(
            (
                row.case.params_id if first else "",
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
    numbers = range(2, len(headers))
    return make_table(question.row.title, (*headers, "range over blocks", "verdict"), cells, numbers=numbers)


def _format_range(row: QuantityRow) -> str:
    """Write the least and the greatest of the differences."""
    if row.least_difference == row.greatest_difference:
        return "the same in each" if row.blocks > 1 else "1 block"
    return f"{format_extra_bytes(row.least_difference)} to {format_extra_bytes(row.greatest_difference)}"


def _make_counts(summary: Summary) -> Section:
    """Return the table of counts, a row per case, and by which operations the graphs differ, cases alike together."""
    by_case = group_by_key((row.case, row) for row in summary.quantities if row.unit is Unit.COUNT)
    if not by_case:
        return Section(heading="Counts")
    question = next(iter(by_case)).question
    seen = {row.key for rows in by_case.values() for row in rows if row.control or row.weighted}
    counts = [count for count in list_quantities(question) if count.is_brief or count.name in seen]
    missing = {each.case: each.reason for each in summary.missing}
    cells = []
    differences = []
    for case, rows in by_case.items():
        found = {row.key: row for row in rows}
        pairs = (
            f"{each.control:.0f} → {each.weighted:.0f}" if (each := found.get(count.name)) is not None else NOTHING
            for count in counts
        )
        cells.append((case.params_id, *pairs, name_outcome(rows[0].outcome)))
        differences.append(missing.get(case) or _explain_nodes(found))
    headers = ("case", *(count.short for count in counts), "verdict")
    table = make_table(question.row.title, headers, cells, numbers=range(1, 1 + len(counts)))
    alike = group_by_key((text, name) for text, (name, *_) in zip(differences, table.rows, strict=True) if text)
    entries = tuple(f"{', '.join(names)}: {text}" for text, names in alike.items())
    return Section(
        heading="Counts",
        tables=(table,),
        legend=(_ON_COUNTS,),
        listings=(_make_listing("By op type, weighted - control", entries),) if entries else (),
    )


def _explain_nodes(found: Mapping[str, QuantityRow]) -> str:
    """Return by which operations the graphs of a case differ, whose counts these are by key; empty where none do."""
    before, after = (found[key].op_types if key in found else {} for key in (GRAPH_NODES.name, OPTIMISED_NODES.name))
    if not before and not after:
        return ""
    return f"{describe_op_types(before)}; after optimisation: {describe_op_types(after)}"


def _make_sample_costs(costs: Sequence[SampleCost]) -> Section:
    """Return the table of some costs per sample, all in one unit, with their projections."""
    unit = costs[0].unit
    in_bytes = unit is Unit.BYTES
    format_extra = format_extra_bytes if in_bytes else format_extra_duration
    cells = [
        (
            cost.case_name,
            title_reading(cost.key) if in_bytes else Question(cost.key).row.title,
            f"{cost.control.slope.estimate:.2f}",
            f"{cost.weighted.slope.estimate:.2f}",
            format_slope(cost.extra.slope),
            *([str(cost.predicted_bytes)] if in_bytes else []),
            *(format_extra(cost.extra.predict(samples)) for samples in _PROJECTED_SAMPLES),
        )
        for cost in costs
    ]
    headers = (
        *(f"{unit.value} per sample", "reading" if in_bytes else "time", "control", "weighted"),
        *("weighting (95 % interval)", *(["by dtype"] if in_bytes else [])),
        *(f"at {samples:.0e}".replace("e+0", "e") for samples in _PROJECTED_SAMPLES),
    )
    title = f"what one more sample costs, in {'bytes' if in_bytes else 'nanoseconds'}"
    table = make_table(title, headers, cells, numbers=range(2, len(headers)))
    write = format_bytes if in_bytes else format_duration
    return Section(heading="Growth", tables=(table,), legend=tuple(_explain_sample_costs(costs, write)))


def _explain_sample_costs(costs: Sequence[SampleCost], write: Callable[[float], str]) -> Iterator[str]:
    """Yield how to read the table of the costs in one unit."""
    *smaller, largest_size = (f"{size:,}" for size in costs[0].sizes)
    yield (
        f"Lines through {', '.join(smaller)} and {largest_size} samples; the columns 'at' are projections of what "
        "weighting adds, not measurements."
    )
    if costs[0].unit is Unit.BYTES:
        yield "By dtype: one copy of the weights."
    if any(cost.extra.slope.lower <= 0.0 <= cost.extra.slope.upper for cost in costs):
        yield "Where an interval spans 0, no cost per sample was shown, and what is projected of it is noise."
    largest = max(costs, key=lambda cost: abs(cost.extra.intercept))
    yield f"Weighting adds {write(largest.extra.intercept)} at most whatever the size."


def _make_changes(summary: Summary) -> Section:
    """Return what differs between two targets: a table for each question that is timed, and lists of all changes."""
    told = summary.provenance
    before = [f"This target:  {name_versions(environment)}" for environment in told.targets]
    asked = f" ({told.against})" if told.against else ""
    before += [f"Other target: {name_versions(environment)}{asked}" for environment in told.other_targets]
    compared = (row for row in summary.changes if row.case.question.is_timed and row.changes)
    tables = []
    for question, rows in group_by_key((row.case.question, row) for row in compared).items():
        cells = []
        for row in rows:
            ratios = {change.aspect: change.change_ratio for change in row.changes}
            changes = (format_half_width(ratios.get(aspect)) for aspect in Aspect)
            cells.append((row.case.params_id, *changes, name_outcome(row.outcome)))
        headers = ("case", *_ASPECT_HEADERS.values(), "verdict")
        tables.append(make_table(f"change of {question.row.title}", headers, cells, numbers=range(1, 5)))
    return Section(
        heading="The other target",
        before=(*before, "A change is this target ÷ the other one; both were measured in turns, block by block."),
        tables=tuple(tables),
        listings=tuple(_list_changes(summary)) if summary.changes else (),
    )


def _list_changes(summary: Summary) -> Iterator[Statement]:
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
            yield _make_listing(title, entries)
    graphs = tuple(
        f"{each.case_id}, {each.arm.value}: {each.nodes_there} → {each.nodes_here} nodes; "
        f"{describe_op_types(each.op_types)}"
        for each in summary.graph_changes
    )
    if graphs:
        yield _make_listing("Other graph", graphs)


def _make_listing(title: str, entries: Sequence[str]) -> Statement:
    """Return a title that counts its entries, and the entries."""
    return Statement(text=f"{title}: {len(entries) or 'nothing'}", details=tuple(entries))
