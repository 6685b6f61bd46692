"""Notes are sections of a Markdown file, each about one change of the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import RecordError
from benchmarks.reports.history.changes import Passage, Whose
from benchmarks.reports.history.notes import assign_notes, load_notes


def make_passage(before: str, now: str, whose: Whose = Whose.WEIGHTING) -> Passage:
    return Passage(before=before, now=now, whose=whose, groups=())


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "notes.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_section_is_named_by_the_versions_however_the_arrow_is_written(tmp_path: Path) -> None:
    text = (
        "# For editors\n\nWrite below.\n\n## 2.12 -> 2.13\n\nOne.\n\nTwo.\n\n## 2.15 to 2.16/3.0, both arms\nThree.\n"
        "## 2.16→2.17\n"
    )
    assert load_notes(write(tmp_path, text)) == {
        "2.12 → 2.13": "One.\n\nTwo.",
        "2.15 → 2.16/3.0, both arms": "Three.",
        "2.16 → 2.17": "",
    }


def test_a_file_without_sections_has_no_notes(tmp_path: Path) -> None:
    assert load_notes(write(tmp_path, "Nothing yet.\n")) == {}


def test_two_sections_of_one_title_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "## 2.12 -> 2.13\nOne.\n## 2.12 → 2.13\nTwo.\n")
    with pytest.raises(RecordError, match=r"got '## 2\.12 → 2\.13' twice; join them$"):
        load_notes(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"expected a file of notes, got '.*absent\.md' \(No such file"):
        load_notes(tmp_path / "absent.md")
    path = tmp_path / "notes.md"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RecordError, match=r"\(no UTF-8\); name another"):
        load_notes(path)


def test_a_note_belongs_to_the_first_passage_between_its_versions() -> None:
    weighting, both = make_passage("2.12", "2.13"), make_passage("2.12", "2.13", Whose.BOTH_ARMS)
    notes = {"2.12 → 2.13": "Ours.", "2.12 → 2.13, both arms": "Theirs."}
    assert assign_notes(notes, (weighting, both)) == notes
    assert assign_notes({"2.12 → 2.13": "x"}, (both,)) == {"2.12 → 2.13, both arms": "x"}
    assert assign_notes(notes, (both,)) == {"2.12 → 2.13, both arms": "Ours.\n\nTheirs."}


@pytest.mark.parametrize("title", ["2.13 → 2.14", "2.12", "2.12 → 2.13, both arms"])
def test_a_note_on_no_change_is_refused_with_the_changes_there_are(title: str) -> None:
    with pytest.raises(RecordError, match=rf"\('2\.12 → 2\.13'\), got one on '{title}'; correct its heading"):
        assign_notes({title: "x"}, (make_passage("2.12", "2.13"),))


def test_a_page_without_changes_takes_no_notes() -> None:
    with pytest.raises(RecordError, match=r"a change of this page \(none\), got one on"):
        assign_notes({"2.12 → 2.13": "x"}, ())
