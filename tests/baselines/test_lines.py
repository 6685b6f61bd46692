"""What is written line by line is found again, a line that was being written when all ended is not missed for."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import ClassVar

import pytest

from benchmarks.baselines.lines import append_line, group_by_key, load_history, load_lines
from benchmarks.errors import RecordError
from benchmarks.records import Question
from benchmarks.records.json_form import JsonRecord
from tests.reports.history.example_histories import make_example_case, make_history


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Note(JsonRecord):
    """A record of this test."""

    json_name: ClassVar[str] = "a note"

    number: int
    text: str = ""


ONE, TWO, THREE = (Note(number=number, text="æ\u2028\n") for number in (1, 2, 3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "notes.jsonl"


def test_records_come_back_in_their_order(path: Path) -> None:
    assert load_lines(path, Note) == []
    for note in (ONE, TWO):
        append_line(path, note)
    assert load_lines(path, Note) == [ONE, TWO]
    assert len(path.read_bytes().splitlines()) == 2


def test_a_line_torn_at_any_place_is_not_there_and_its_place_is_taken(path: Path) -> None:
    append_line(path, ONE)
    whole = path.read_bytes()
    for length in range(1, len(whole) - 1):
        torn = whole + whole[:length]
        path.write_bytes(torn)
        assert load_lines(path, Note) == [ONE]
        assert path.read_bytes() == torn, "who reads does not write"
        append_line(path, TWO)
        assert load_lines(path, Note) == [ONE, TWO]


def test_a_first_line_that_is_torn_leaves_nothing(path: Path) -> None:
    path.write_text('{"num')
    assert load_lines(path, Note) == []
    append_line(path, ONE)
    assert load_lines(path, Note) == [ONE]


def test_a_last_line_that_lacks_nothing_but_its_end_is_kept(path: Path) -> None:
    append_line(path, ONE)
    path.write_bytes(path.read_bytes().rstrip())
    assert load_lines(path, Note) == [ONE]
    append_line(path, TWO)
    assert load_lines(path, Note) == [ONE, TWO]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"num', r"JSONDecodeError: .*"),
        (b"", r"JSONDecodeError: .*"),
        (b"\xff", r"UnicodeDecodeError: .*"),
        (b"[" * 100_000, r"RecursionError: .*"),
        (b"[]", r"RecordError: a note: expected an object, got a list of 0; .*"),
        (b'{"text": ""}', r"RecordError: a note: expected a field 'number', .*"),
        (b'{"number": 1, "colour": 2}', r"RecordError: a note: expected no field 'colour', got 2; .*"),
    ],
    ids=["torn", "empty", "no text", "nested", "a list", "short", "of something else"],
)
def test_a_whole_line_that_is_no_record_is_named_with_the_remedy(path: Path, line: bytes, reason: str) -> None:
    append_line(path, ONE)
    with path.open("ab") as file:
        file.write(line + b"\n")
    append_line(path, TWO)
    told = rf"notes\.jsonl, line 2: expected a note, got something else \({reason}\); remove that line, and it is"
    with pytest.raises(RecordError, match=told):
        load_lines(path, Note)


def test_a_record_that_lacks_its_end_and_is_of_something_else_is_named_too(path: Path) -> None:
    path.write_text(json.dumps({"hue": 1}))
    with pytest.raises(RecordError, match="line 1: expected a note"):
        load_lines(path, Note)


def test_a_place_that_is_no_file_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"expected a file of JSON lines, got .*; name another file"):
        load_lines(tmp_path, Note)
    with pytest.raises(RecordError, match=r"expected a file that can be written, got .*; make room, or name another"):
        append_line(tmp_path / "absent" / "notes.jsonl", THREE)


def test_of_a_history_what_failed_counts_until_it_was_measured_later(path: Path) -> None:
    entries = make_history([make_example_case(Question.STEP_TIME)], versions=["2.15", "2.16"])
    failed = dataclasses.replace(entries[0], block=None, failed="it crashed")
    append_line(path, failed)
    assert load_history(path) == [failed]
    for entry in entries:
        append_line(path, entry)
    assert load_history(path) == entries


def test_what_is_read_is_grouped_in_the_order_it_came() -> None:
    groups = group_by_key([("b", 1), ("a", 2), ("b", 3)])
    assert list(groups.items()) == [("b", [1, 3]), ("a", [2])]
