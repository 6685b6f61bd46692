"""How does a long measurement go on where it stopped? Each part of it is a record, a line of JSON written as it comes.

A line that a process was writing when it was ended has no end and is no JSON: it is taken for not there, and the next
line takes its place. Of a history, the blocks and readings of each version lie so. Leaves out: what a line holds, which
its record says, and what is missing yet.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, TypeVar

from benchmarks.errors import RecordError
from benchmarks.records import Case, HistoryEntry
from benchmarks.records.json_form import JsonRecord

_Record = TypeVar("_Record", bound=JsonRecord)
_Item = TypeVar("_Item")
_Key = TypeVar("_Key")

_NO_JSON = (ValueError, RecursionError)
"""What `json` raises: the latter of brackets nested thousands deep."""


def load_lines(path: Path, record: type[_Record]) -> list[_Record]:
    """Return the records in a file, in their order; an absent file holds none.

    Args:
        path: the file, which is read and not mended.
        record: what each line is one of.

    Raises:
        RecordError: when a whole line is no such record, or the file cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RecordError(f"{path}: expected a file of JSON lines, got {error.strerror}; name another file") from error
    *lines, last = content.split(b"\n")
    if _is_whole(last):
        lines.append(last)
    return [_read_line(line, record, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]


def append_line(path: Path, record: JsonRecord) -> None:
    """Add a record to a file at once, in place of a last line that was left half written.

    Raises:
        RecordError: when the file cannot be written.
    """
    line = json.dumps(record.to_json()).encode() + b"\n"
    try:
        with path.open("a+b") as file:
            _mend_end(file)
            file.write(line)
    except OSError as error:
        raise RecordError(
            f"{path}: expected a file that can be written, got {error.strerror}; make room, or name another file"
        ) from error


def load_history(path: Path) -> list[HistoryEntry]:
    """Return what is written down of a history; an absent file holds nothing.

    Of what was written twice the last counts, so that what failed counts until it was measured later.

    Raises:
        RecordError: when a line is not one that a history wrote.
    """
    return list({find_place(entry): entry for entry in load_lines(path, HistoryEntry)}.values())


def find_place(entry: HistoryEntry) -> tuple[str, Case, int]:
    """Return what an entry is of: version, case and number of the block."""
    return entry.version, entry.case, entry.number


def group_by_key(pairs: Iterable[tuple[_Key, _Item]]) -> dict[_Key, list[_Item]]:
    """Return the items of each key; keys and items keep their order."""
    groups: dict[_Key, list[_Item]] = {}
    for key, item in pairs:
        groups.setdefault(key, []).append(item)
    return groups


def _read_line(line: bytes, record: type[_Record], place: str) -> _Record:
    try:
        return record.from_json(json.loads(line))
    except (*_NO_JSON, RecordError) as error:
        raise RecordError(
            f"{place}: expected {record.json_name}, got something else ({type(error).__name__}: {error}); remove that "
            "line, and it is measured again"
        ) from error


def _is_whole(line: bytes) -> bool:
    """Whether a line without an end lacks nothing else: the beginning of a JSON object never is one itself."""
    try:
        json.loads(line)
    except _NO_JSON:
        return False
    return True


def _mend_end(file: BinaryIO) -> None:
    """Make the file end in a whole line: cut off what is half of one, and end what lacks its end alone."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return
    file.seek(size - 1)
    if file.read() == b"\n":
        return
    file.seek(0)
    last = file.read().rpartition(b"\n")[2]
    if _is_whole(last):
        file.write(b"\n")
    else:
        file.truncate(size - len(last))
