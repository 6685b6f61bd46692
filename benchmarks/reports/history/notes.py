"""What did people write about a change? A Markdown file beside the page, which survives that the page is written anew.

Each section is about one passage and named as on the page: `## 2.12 → 2.13`, or `## 2.12 → 2.13, both arms`; `to` and
`->` will do for the arrow. Without the suffix it belongs to the first passage between the two versions. What stands
above the first section is for those who edit the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.errors import RecordError
from benchmarks.reports.history.changes import Passage, Whose

_SECTION = re.compile(r"^## +(.*?)\s*$", re.MULTILINE)

_ARROW = re.compile(r"\s*(?:→|->| to )\s*")

_BOTH_ARMS = f", {Whose.BOTH_ARMS.value}"


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
        found = title if title in titles else f"{title}{_BOTH_ARMS}"
        if found not in titles:
            there = ", ".join(f"'{known}'" for known in titles) or "none"
            raise RecordError(
                f"notes: expected each to be about a change of this page ({there}), got one on '{title}'; correct its "
                "heading, or remove it"
            )
        assigned[found] = "\n\n".join(filter(None, (assigned.get(found), text)))
    return assigned
