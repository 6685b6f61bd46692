"""How is a history told? A page: how it was measured, what weighting costs more or less since when, then both arms.

A change between two neighbouring versions that is beyond noise is told with what became of the graph, and with what
people wrote about it. All figures stand in tables below, or in a file of their own. Leaves out: the pictures
(`pictures`).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.baselines.lines import group_by_key
from benchmarks.records import Aspect
from benchmarks.reports.history.changes import Group, Passage, RowChange, Whose, assign_notes, list_passages
from benchmarks.reports.history.tracks import ARMS, ASPECTS, FAMILY_ALPHA_TOLD, History, Row
from benchmarks.reports.markdown import render_table

_MOST_ROWS = 12
"""A table of more is folded under a line that sums it up."""

_MOST_IN_SHORT = 3
"""How many changes between two versions are named where all is told in short."""

_METHOD = (
    "Each method of weighting trained with weights, the weighted arm, and on the same path without, its control. The "
    "overhead is what weighting adds: weighted ÷ control of times and of peaks of memory, weighted - control of counts "
    "and of retained bytes. Each version is held against the one before it. What is called a change here is beyond "
    f"noise: were there none at all, a page like this would name one with a probability of {FAMILY_ALPHA_TOLD} at most."
)

_WEIGHTING = (
    "Here the overhead itself changed. In the tables the change is that of the overhead, with its 95 % interval. An "
    "overhead also falls, in percent, where the control got slower and the weights take as long as before: the values "
    "of both arms stand beside it."
)

_BOTH_ARMS = (
    "Here an arm changed and the overhead did not, beyond noise: training itself got slower, faster, larger or "
    "smaller, with weights or without, and nothing shows that it is weighting's doing. ▲ and ▼ mark the arms whose own "
    "change is beyond noise, at the level of the whole page, which is stricter than that of one 95 % interval."
)

_VALUES = (
    "Each value ± half the width of its 95 % interval: of an overhead in percentage points (+3 % ± 1 % is +2 to +4 %), "
    "of other times and of peaks in percent of the value. The overhead is weighted ÷ control of times and peaks, and "
    "weighted - control of retained bytes and counts. ▲ and ▼ mark a change against the version before that is beyond "
    f"noise, at an error level of {FAMILY_ALPHA_TOLD} for all of it together. Times of all versions were measured "
    "together in each round, so that a change between two of them can be surer than either interval."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Files beside the page, as seen from it; None where there is none."""

    overheads: str | None = None
    arms: str | None = None
    lines: str | None = None
    values: str | None = None


def render_page(history: History, links: Links, notes: Mapping[str, str]) -> str:
    """Return the page as Markdown.

    Args:
        history: what was measured, at least one entry.
        links: the pictures, and the file of all values, without which they stand folded on the page.
        notes: what people wrote about changes, by the title of the passage.

    Raises:
        RecordError: when a note is about no change of this page.
    """
    weighting, both_arms = (list_passages(history, whose) for whose in Whose)
    assigned = assign_notes(notes, (*weighting, *both_arms))
    overheads = _draw(links.overheads, "Heat map: changes of the overhead by version")
    arms = _draw(links.arms, "Heat map: changes of control and weighted arm by version")
    lines = _draw(links.lines, "What changed, version by version, with intervals")
    parts = [
        f"# What weighting costs, from {history.axis.span}",
        _METHOD,
        _render_circumstances(history),
        fold("The versions, and what was trained", _render_versions(history), _render_cases(history)),
        "## In short",
        _render_short(weighting, both_arms),
        "## Changes of what weighting costs",
        _WEIGHTING,
        overheads,
        _describe_unchanged(history.rows, (Aspect.OVERHEAD,), "The overhead did not change"),
        *(part for passage in weighting for part in _render_passage(passage, assigned.get(passage.title, ""))),
        "## Changes of training itself",
        _BOTH_ARMS,
        fold("Heat map of both arms", arms) if arms else "",
        _describe_unchanged(history.rows, ARMS, "Neither arm changed"),
        *(part for passage in both_arms for part in _render_passage(passage, assigned.get(passage.title, ""))),
        *(["## Version by version", fold("Lines of all that changed, with 95 % intervals", lines)] if lines else []),
        "## All values",
        f"They stand in [{links.values}]({links.values})."
        if links.values
        else fold("Tables", render_values(history, "###")),
        *_render_failures(history),
    ]
    return "\n\n".join(filter(None, parts))


def fold(summary: str, *parts: str) -> str:
    """Return Markdown that is shown when somebody opens it."""
    return "\n\n".join([f"<details><summary>{summary}</summary>", *parts, "</details>"])


def _draw(link: str | None, alternative: str) -> str:
    return "" if link is None else f"![{alternative}]({link})"


def _render_circumstances(history: History) -> str:
    """Write by what, on which machine and in how many rounds it was measured."""
    environment = history.entries[-1].environment
    rounds = []
    for question, found in group_by_key((entry.case.question, entry) for entry in history.entries).items():
        count = max(1 + entry.number for entry in found)
        few = " (too few to show a change)" if count == 1 and question.row.fresh_blocks else ""
        rounds.append(f"{count} of {question.row.title}{few}")
    return (
        f"Measured by `python -m benchmarks.commands.history` on {environment.cores} cores of an "
        f"{environment.cpu_model} with Python {environment.python}, in rounds in each of which all versions take "
        f"turns: {', '.join(rounds)}. {history.axis.explanation}"
    )


def _render_versions(history: History) -> str:
    """Return what each version is made of."""
    environments = {entry.version: entry.environment for entry in history.entries}
    rows = [
        [version, environments[version].tensorflow, environments[version].keras, environments[version].numpy]
        for version in history.axis.versions
    ]
    return render_table(["version", "TensorFlow", "Keras", "NumPy"], rows)


def _render_cases(history: History) -> str:
    """Return what was trained to answer each question."""
    cases = dict.fromkeys(row.case for row in history.rows)
    alike = group_by_key(
        ((case.question, case.workload, case.depth, case.batch_size, case.dataset_size), case) for case in cases
    )
    rows = [
        [question.row.title, workload, str(depth), str(batch), "" if size is None else f"{size:,}", str(len(found))]
        for (question, workload, depth, batch, size), found in alike.items()
    ]
    return render_table(["question", "workload", "depth", "batch size", "samples", "methods"], rows)


def _render_short(weighting: Sequence[Passage], both_arms: Sequence[Passage]) -> str:
    """Return a line per passage of weighting's doing, and one on all of the others."""
    lines = [f"- {passage.before} → {passage.now}: {_name_largest(passage)}" for passage in weighting]
    if not lines:
        lines.append("- What weighting costs changed nowhere beyond noise.")
    counts = [f"{passage.before} → {passage.now} ({_count(passage)})" for passage in both_arms]
    if counts:
        lines.append(f"- Training itself, with or without weights: {', '.join(counts)}")
    else:
        lines.append("- Training itself changed nowhere beyond noise.")
    return "\n".join(lines)


def _name_largest(passage: Passage) -> str:
    """Return the largest changes of the overhead in words, and how many others there are."""
    changes = [change for group in passage.groups for change in group.changes]
    changes.sort(key=lambda change: -abs(change.row.estimate_share(Aspect.OVERHEAD, change.now)))
    told = [
        f"overhead of {change.row.title} with `{change.row.label}` {_write_change_alone(change, Aspect.OVERHEAD)}"
        for change in changes[:_MOST_IN_SHORT]
    ]
    others = len(changes) - len(told)
    return "; ".join([*told, *([f"and {others} more"] if others else [])])


def _write_change_alone(change: RowChange, aspect: Aspect) -> str:
    return change.row.form.write_change(change.row.tracks[aspect].steps[change.now].change.estimate)


def _count(passage: Passage) -> str:
    quantities = sum(len(group.changes) for group in passage.groups)
    return f"{quantities} quantit{'y' if quantities == 1 else 'ies'}"


def _describe_unchanged(rows: Sequence[Row], aspects: Sequence[Aspect], told_first: str) -> str:
    """Return one line on how many rows did not change in any of these aspects, and which."""
    told = []
    total = 0
    for title, found in group_by_key((row.title, row) for row in rows).items():
        changed = [f"`{row.label}`" for row in found if row.list_changed(aspects)]
        unchanged = [f"`{row.label}`" for row in found if not row.list_changed(aspects)]
        total += len(unchanged)
        if not changed:
            told.append(f"{title} with every method")
        elif len(changed) < len(unchanged):
            told.append(f"{title} with every method but {', '.join(changed)}")
        elif unchanged:
            told.append(f"{title} with {', '.join(unchanged)}")
    if not told:
        return ""
    return f"{told_first} beyond noise in {total} of {len(rows)} quantities: {'; '.join(told)}."


def _render_passage(passage: Passage, note: str) -> Iterator[str]:
    """Yield the paragraphs on all changes between two versions."""
    yield f"### {passage.title}"
    yield note
    for group in passage.groups:
        yield f"{group.cause[0].upper()}{group.cause[1:]}."
        render = _render_overheads if passage.whose is Whose.WEIGHTING else _render_arms
        table = render(group.changes)
        if len(group.changes) <= _MOST_ROWS:
            yield table
        else:
            yield fold(_sum_up(group, Aspect.OVERHEAD if passage.whose is Whose.WEIGHTING else Aspect.WEIGHTED), table)


def _render_overheads(changes: Sequence[RowChange]) -> str:
    """Return a table of changes of the overhead, with the values of both arms beside them."""
    rows = [
        [
            change.row.title,
            change.row.label,
            _write_values(change, Aspect.OVERHEAD),
            change.row.write_change(Aspect.OVERHEAD, change.now),
            *(_write_values(change, arm) for arm in ARMS),
        ]
        for change in changes
    ]
    return render_table(["quantity", "method", "overhead", "its change", "control", "weighted arm"], rows)


def _render_arms(changes: Sequence[RowChange]) -> str:
    """Return a table of changes of the arms."""
    rows = [
        [
            change.row.title,
            change.row.label,
            *itertools.chain.from_iterable(
                (_write_values(change, arm), change.row.write_change(arm, change.now)) for arm in ARMS
            ),
        ]
        for change in changes
    ]
    return render_table(["quantity", "method", "control", "its change", "weighted arm", "its change"], rows)


def _write_values(change: RowChange, aspect: Aspect) -> str:
    return f"{change.row.write_value(aspect, change.before)} → {change.row.write_value(aspect, change.now)}"


def _sum_up(group: Group, aspect: Aspect) -> str:
    """Return how many methods changed in each quantity, and from which to which change: what a folded table says."""
    told = []
    for title, found in group_by_key((change.row.title, change) for change in group.changes).items():
        ranked = sorted(found, key=lambda change: change.row.tracks[aspect].steps[change.now].change.estimate)
        ends = dict.fromkeys(_write_change_alone(change, aspect) for change in (ranked[0], ranked[-1]))
        told.append(f"{title} with {len(found)} method{'s' if len(found) > 1 else ''}: {' to '.join(ends)}")
    whose = "overhead" if aspect is Aspect.OVERHEAD else "weighted arm"
    return f"{len(group.changes)} quantities ({whose}): {'; '.join(told)}"


def _render_failures(history: History) -> Iterator[str]:
    """Yield what could not be measured, in which versions, and why."""
    failed = group_by_key(
        ((entry.case.case_id, entry.failed), entry.version) for entry in history.entries if entry.failed
    )
    if not failed:
        return
    rows = [
        [case_id, ", ".join(version for version in history.axis.versions if version in found), reason]
        for (case_id, reason), found in failed.items()
    ]
    yield "## Not measured"
    yield render_table(["case", "versions", "why"], rows)


def render_values(history: History, heading: str) -> str:
    """Return the tables of all values under headings that begin like `heading`, `##` or deeper, as Markdown.

    One per quantity: a row per method and arm, a column per version.
    """
    tables = group_by_key((row.title, row) for row in history.rows)
    parts = [part for title, rows in tables.items() for part in (f"{heading} {title}", _render_points(rows, history))]
    return "\n\n".join([_VALUES, *parts])


def _render_points(rows: Sequence[Row], history: History) -> str:
    versions = history.axis.versions
    lines = [
        [row.label, aspect.value, *(row.write_point(aspect, version) for version in versions)]
        for row in rows
        for aspect in ASPECTS
    ]
    return render_table(["method", "of", *versions], lines)
