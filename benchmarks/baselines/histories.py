"""What is written down of a history? The blocks and readings of each version, a line each (`baselines.lines`).

Leaves out: how they are measured (`benchmarks.commands.history`), and what they say (`benchmarks.reports.history`).
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.baselines.lines import load_lines
from benchmarks.records import Case, HistoryEntry


def load_history(raw: Path) -> list[HistoryEntry]:
    """Return what is written down; an absent file holds nothing. What failed counts until it was measured later.

    Raises:
        RecordError: when a line is not one that a history wrote.
    """
    return list({find_place(entry): entry for entry in load_lines(raw, HistoryEntry)}.values())


def find_place(entry: HistoryEntry) -> tuple[str, Case, int]:
    """Return what an entry is of: version, case and number of the block."""
    return entry.version, entry.case, entry.number
