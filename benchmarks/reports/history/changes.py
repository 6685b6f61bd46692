"""Whose doing is a change, what became of the graph, and what did people write about it?

Changes of one cause between two versions make a group. It is weighting's doing where what weighting adds changed beyond
noise. Where an arm changed and that did not, training itself changed, with weights or without, or nothing more was
shown. A cause is what became of the graph of the training step by op type, and of the traces of the first pass.

Why TensorFlow or Keras did it, people write into a Markdown file beside the page, which survives that the page is
written anew. Each section of it is about one passage and named as on the page: `## 2.12 → 2.13`, or
`## 2.12 → 2.13, both arms`; `to` and `->` will do for the arrow. Without the suffix it belongs to the first passage
between the two versions. What stands above the first section is for those who edit the file.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path

from benchmarks.baselines.lines import group_by_key
from benchmarks.errors import RecordError
from benchmarks.methods import METHODS
from benchmarks.records import Aspect, Question, ReadBlock
from benchmarks.records.blocks import OpCounts, subtract_op_types
from benchmarks.records.quantities import FIRST_PASS_TRACES, OPTIMISED_NODES
from benchmarks.reports.history.tracks import ASPECTS, History, Row
from benchmarks.reports.tables import list_op_types

_MOST_OP_TYPES = 5
"""How many op types are named of a graph's change, those of the most nodes."""

UNCHANGED_CAUSE: str = "graph and traces as before: look at Python or a kernel with `--explain`"

_UNREAD_CAUSE = "no graph was read of these methods"

_SECTION = re.compile(r"^## +(.*?)\s*$", re.MULTILINE)

_ARROW = re.compile(r"\s*(?:→|->| to )\s*")


class Whose(str, Enum):
    """Whose doing a change is."""

    WEIGHTING = "weighting"
    BOTH_ARMS = "both arms"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A row that changed beyond noise from the version `before` to `now`, and whose doing that is."""

    row: Row
    before: str
    now: str
    whose: Whose


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Changes of one cause: `cause` says what became of graph and traces."""

    cause: str
    changes: tuple[RowChange, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """All changes between two versions that are the doing of one: its groups, the largest first."""

    before: str
    now: str
    whose: Whose
    groups: tuple[Group, ...]

    @property
    def title(self) -> str:
        """What is written above it: `2.12 → 2.13`, or `2.12 → 2.13, both arms`."""
        suffix = "" if self.whose is Whose.WEIGHTING else f", {self.whose.value}"
        return f"{self.before} → {self.now}{suffix}"


def list_passages(history: History, whose: Whose) -> tuple[Passage, ...]:
    """Return the passages between versions in which there are changes of this kind, in the order of the versions."""
    graphs = _read_graphs(history)
    changes = [change for row in history.rows for change in _find_changes(row) if change.whose is whose]
    found = group_by_key(((change.before, change.now), change) for change in changes)
    versions = history.axis.versions
    passages = []
    for before, now in sorted(found, key=lambda pair: (versions.index(pair[1]), versions.index(pair[0]))):
        causes = group_by_key((_describe_cause(change, graphs), change) for change in found[before, now])
        groups = [Group(cause=cause, changes=tuple(grouped)) for cause, grouped in causes.items()]
        groups.sort(key=lambda group: -len(group.changes))
        passages.append(Passage(before=before, now=now, whose=whose, groups=tuple(groups)))
    return tuple(passages)


def _find_changes(row: Row) -> Iterator[RowChange]:
    """Yield the changes of a row, one for each version in which an aspect of it changed beyond noise."""
    for version in row.list_changed():
        steps = {aspect: step for aspect in ASPECTS if (step := row.find_step(aspect, version)) is not None}
        is_weighting = Aspect.OVERHEAD in steps and steps[Aspect.OVERHEAD].is_sure
        yield RowChange(
            row=row,
            before=next(iter(steps.values())).before,
            now=version,
            whose=Whose.WEIGHTING if is_weighting else Whose.BOTH_ARMS,
        )


_Place = tuple[str, str, int, str]
"""A version and whose graph it is: workload, depth and method."""


def _read_graphs(history: History) -> Mapping[_Place, ReadBlock]:
    """Return the graphs that were read."""
    return {
        (entry.version, entry.case.workload, entry.case.depth, entry.case.method): entry.readings
        for entry in history.entries
        if entry.case.question is Question.TRAINING_GRAPH and entry.readings is not None
    }


def _describe_cause(change: RowChange, graphs: Mapping[_Place, ReadBlock]) -> str:
    """Return what became of graph and traces, in words; equal where it is the same."""
    case = change.row.case
    entry = METHODS.get(case.method)  # none of a method that another version of the suite had
    steps_of = None if entry is None else entry.steps_of
    for method in (case.method,) if steps_of is None else (case.method, steps_of):
        before, now = (
            graphs.get((version, case.workload, case.depth, method)) for version in (change.before, change.now)
        )
        if before is not None and now is not None:
            return _describe_graphs(before, now, change.whose)
    return _UNREAD_CAUSE


def _describe_graphs(before: ReadBlock, now: ReadBlock, whose: Whose) -> str:
    """Return what became of the graphs of both arms, and of the traces of the first pass."""
    extra = subtract_op_types(_find_extra(now), _find_extra(before))
    shared = subtract_op_types(_find_op_types(now), _find_op_types(before))
    told = []
    if extra:
        told.append(f"what weighting adds to the graph changed by {_name_op_types(extra)}")
    if shared and (whose is Whose.BOTH_ARMS or not extra):
        told.append(f"the graph of both arms changed by {_name_op_types(shared)}")
    traces = [_describe_traces(block) for block in (before, now)]
    if traces[0] != traces[1]:
        told.append(f"traces of the first pass went from {traces[0]} to {traces[1]}")
    return "; ".join(told) or UNCHANGED_CAUSE


def _find_op_types(block: ReadBlock) -> OpCounts:
    return block.control.op_types.get(OPTIMISED_NODES.name, {})


def _find_extra(block: ReadBlock) -> OpCounts:
    return block.find_extra_op_types(OPTIMISED_NODES.name)


def _name_op_types(difference: OpCounts) -> str:
    """Return a difference by op type in words: the largest by name, and how many others there are."""
    names = list_op_types(difference)
    others = len(names) - _MOST_OP_TYPES
    told = ", ".join(f"`{name}`" for name in names[:_MOST_OP_TYPES])
    return told if others <= 0 else f"{told} and {others} other op type{'s' if others > 1 else ''}"


def _describe_traces(block: ReadBlock) -> str:
    """Return how often either arm was traced: `2`, or `2 and 3 with weights` where they differ."""
    control, weighted = (arm.values.get(FIRST_PASS_TRACES.name, 0.0) for arm in (block.control, block.weighted))
    return f"{control:.0f}" if control == weighted else f"{control:.0f} and {weighted:.0f} with weights"


def load_notes(path: Path) -> dict[str, str]:
    """Return the text of each section by its title, written with the arrow.

    Raises:
        RecordError: when the file cannot be read, or a title is there twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise RecordError(f"expected a file of notes, got {str(path)!r} ({reason}); name another") from error
    notes: dict[str, str] = {}
    for title, body in _split(text):
        if title in notes:
            raise RecordError(f"{path}: expected one section of each title, got '## {title}' twice; join them")
        notes[title] = body
    return notes


def _split(text: str) -> list[tuple[str, str]]:
    """Return title and text of each section; what stands above the first is left out."""
    _, *parts = _SECTION.split(text)
    return [(_ARROW.sub(" → ", title), body.strip()) for title, body in zip(parts[::2], parts[1::2], strict=True)]


def assign_notes(notes: Mapping[str, str], passages: Sequence[Passage]) -> dict[str, str]:
    """Return the text of each note by the title of the passage it belongs to.

    Args:
        notes: texts by title.
        passages: of a page, in their order: those of weighting's doing first.

    Raises:
        RecordError: when a note belongs to none of them.
    """
    titles = [passage.title for passage in passages]
    assigned: dict[str, str] = {}
    for title, text in notes.items():
        found = title if title in titles else f"{title}, {Whose.BOTH_ARMS.value}"
        if found not in titles:
            there = ", ".join(f"'{known}'" for known in titles) or "none"
            raise RecordError(
                f"notes: expected each to be about a change of this page ({there}), got one on '{title}'; correct its "
                "heading, or remove it"
            )
        assigned[found] = "\n\n".join(filter(None, (assigned.get(found), text)))
    return assigned
