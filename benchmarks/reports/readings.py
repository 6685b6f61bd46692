"""What was read besides times? Tables of bytes, traces and graph nodes, and their part of the answer.

Leaves out: every judgement, and costs per sample (`growth`). A difference is weighted - control; percentages are of the
control.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterator, Sequence

from tabulate import tabulate

from benchmarks.records import CaseReport, Question, ReadBlock
from benchmarks.records.quantities import (
    GRAPH_NODES,
    OPTIMISED_NODES,
    Rule,
    find_quantity,
    list_quantities,
    title_reading,
)
from benchmarks.records.readings import describe_op_types, subtract_op_types
from benchmarks.units import format_bytes, format_extra_bytes, format_percent

_NOTHING = "-"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A report that holds readings."""

    report: CaseReport
    blocks: tuple[ReadBlock, ...]

    def find_extra(self, key: str) -> float:
        """Return the median difference of the blocks."""
        return statistics.median(block.find_extra(key) for block in self.blocks)

    def find_control(self, key: str) -> float:
        """Return the control's median."""
        return statistics.median(block.control.values[key] for block in self.blocks)

    def find_share(self, key: str) -> float | None:
        """Return the median difference as a fraction of the control; None where the control has nothing."""
        control = self.find_control(key)
        return self.find_extra(key) / control if control else None


def summarise_readings(blocks: Sequence[ReadBlock]) -> str:
    """Return the differences of a case in a few words, for the line of a finished case."""
    words = []
    for key in blocks[0].list_keys():
        quantity = find_quantity(key)
        if quantity.is_brief:
            words.append(quantity.describe_extra(statistics.median(block.find_extra(key) for block in blocks)))
    return ", ".join(words) or "nothing could be read"


def render_reading_tables(reports: Sequence[CaseReport]) -> list[str]:
    """Return the tables of what was read, with a remark on how to read them; empty where nothing was."""
    read = _select(reports)
    memory = [entry for entry in read if entry.report.case.question is not Question.TRAINING_GRAPH]
    graphs = [entry for entry in read if entry.report.case.question is Question.TRAINING_GRAPH]
    return [*([_render_memory(memory)] if memory else []), *([_render_graphs(graphs)] if graphs else [])]


def describe_readings(reports: Sequence[CaseReport]) -> Iterator[str]:
    """Yield the clauses of the answer on bytes and counts: the most that any weighted case has beside its control."""
    weighted = [entry for entry in _select(reports) if not entry.report.case.null]
    keys = list(dict.fromkeys(key for entry in weighted for key in entry.blocks[0].list_keys()))
    for key in keys:
        entries = [entry for entry in weighted if all(key in block.list_keys() for block in entry.blocks)]
        quantity = find_quantity(key)
        if not quantity.is_brief:
            continue
        if quantity.rule is Rule.BYTES:
            shares = {entry.report.case.params_id: share for entry in entries if (share := entry.find_share(key))}
            if shares:
                worst = max(shares, key=lambda name: shares[name])
                yield f"{title_reading(key)} change by {format_percent(shares[worst])} at most, with {worst}"
        elif quantity.rule is Rule.NONE:
            tracing = [entry.report.case.params_id for entry in entries if entry.find_extra(key) > 0]
            yield f"traces after warm-up: {', '.join(tracing) if tracing else 'none'}"
        elif quantity is GRAPH_NODES:
            worst_entry = max(entries, key=lambda entry: entry.find_extra(key))
            extra = worst_entry.find_extra(key)
            yield f"the training step gets {extra:+.0f} graph nodes at most, with {worst_entry.report.case.params_id}"


def _select(reports: Sequence[CaseReport]) -> list[_Read]:
    """Return the reports with readings."""
    return [
        _Read(report=report, blocks=report.measurement.readings)
        for report in reports
        if report.measurement is not None and report.measurement.readings
    ]


def _render_memory(entries: Sequence[_Read]) -> str:
    """Return the table of bytes: one row per case and quantity."""
    rows = []
    for entry in entries:
        name, verdict = entry.report.case.case_id, _name_verdict(entry.report)
        for key in entry.blocks[0].list_keys():
            if not all(key in block.list_keys() for block in entry.blocks):
                continue
            share = entry.find_share(key) if find_quantity(key).is_compared else None
            rows.append(
                [
                    name,
                    title_reading(key),
                    format_bytes(entry.find_control(key)),
                    format_bytes(statistics.median(block.weighted.values[key] for block in entry.blocks)),
                    format_extra_bytes(entry.find_extra(key)),
                    _NOTHING if share is None else format_percent(share),
                    _format_range([block.find_extra(key) for block in entry.blocks]),
                    verdict,
                ]
            )
            name = verdict = ""
        rows.extend(
            [name, title_reading(key), _NOTHING, _NOTHING, _NOTHING, _NOTHING, reason, ""]
            for key, reason in _list_missing(entry).items()
        )
    headers = ["case", "bytes", "control", "weighted", "difference", "", "range over blocks", "verdict"]
    remark = (
        "Bytes are medians over blocks, each arm in a process of its own; resident bytes are above the level before."
    )
    return f"{_tabulate(rows, headers)}\n\n{remark}"


def _render_graphs(entries: Sequence[_Read]) -> str:
    """Return the table of counts: one row per case."""
    counts = list_quantities(Question.TRAINING_GRAPH)
    rows = []
    for entry in entries:
        block = entry.blocks[0]
        weighted, control = block.weighted, block.control
        types = subtract_op_types(
            weighted.op_types.get(OPTIMISED_NODES.name, {}), control.op_types.get(OPTIMISED_NODES.name, {})
        )
        cells = [
            f"{control.values[key]:.0f} → {weighted.values[key]:.0f}"
            if key in control.values and key in weighted.values
            else _NOTHING
            for key in (quantity.name for quantity in counts)
        ]
        if GRAPH_NODES.name in weighted.missing:
            difference = weighted.missing[GRAPH_NODES.name]
        else:
            before = subtract_op_types(weighted.op_types[GRAPH_NODES.name], control.op_types.get(GRAPH_NODES.name, {}))
            difference = f"before: {describe_op_types(before)}; after: {describe_op_types(types)}"
        rows.append([entry.report.case.case_id, *cells, _name_verdict(entry.report), difference])
    headers = ["case", *(quantity.short for quantity in counts), "verdict", "op types"]
    remark = "Counts are control → weighted; op types are weighted - control, before and after graph optimisation."
    return f"{_tabulate(rows, headers)}\n\n{remark}"


def _list_missing(entry: _Read) -> dict[str, str]:
    """Return why a reading is not there, by key."""
    return {**entry.blocks[0].control.missing, **entry.blocks[0].weighted.missing}


def _name_verdict(report: CaseReport) -> str:
    return "" if report.verdict is None else report.verdict.outcome.value


def _format_range(values: Sequence[float]) -> str:
    """Write the least and the greatest of the differences."""
    if min(values) == max(values):
        return "the same in each" if len(values) > 1 else "1 block"
    return f"{format_extra_bytes(min(values))} to {format_extra_bytes(max(values))}"


def _tabulate(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> str:
    """Return a table without blanks at the ends of its lines."""
    table = tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True)
    return "\n".join(line.rstrip() for line in table.splitlines())
