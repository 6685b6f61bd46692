"""A history measures what is missing, in turns over the versions, and goes on where it stopped."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.baselines.lines import append_line, load_history
from benchmarks.commands import history
from benchmarks.errors import BlockError
from benchmarks.launch.targets import Target
from benchmarks.records import Block, BlockRequest, Meeting, Question
from benchmarks.reports.history.versions import parse_versions
from tests.plugin.fakes import FakeLauncher
from tests.reports.history.example_histories import Planted, make_example_case, make_history


@pytest.fixture
def launchers(monkeypatch: pytest.MonkeyPatch) -> list[FakeLauncher]:
    """Fake targets in the place of built ones; each that is launched is listed."""
    made: list[FakeLauncher] = []

    def launch(target: Target, limits: object, **options: object) -> FakeLauncher:
        made.append(FakeLauncher(run_seed=len(made)))
        return made[-1]

    monkeypatch.setattr(history, "build_target", lambda requirement: Target(interpreter=Path(requirement)))
    monkeypatch.setattr("benchmarks.launch.launcher.ServerLauncher", launch)
    return made


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Where blocks are written down; there are none yet."""
    return tmp_path / "raw.jsonl"


def count_measured(launchers: list[FakeLauncher]) -> int:
    return sum(len(launcher.requests) + len(launcher.read_requests) for launcher in launchers)


def test_each_case_is_measured_in_each_version_and_written_down(launchers: list[FakeLauncher], raw: Path) -> None:
    history.measure_history(parse_versions("2.14,2.15"), 2, raw)
    entries = load_history(raw)
    assert len(entries) == 2 * 2 * len(history.list_cases())
    assert {entry.version for entry in entries} == {"2.14", "2.15"}
    assert all(launcher.closed for launcher in launchers)


def test_versions_take_turns_within_a_round(launchers: list[FakeLauncher], raw: Path) -> None:
    history.measure_history(parse_versions("2.13,2.14,2.15"), 1, raw)
    versions = [entry.version for entry in load_history(raw)]
    assert all(set(versions[start : start + 3]) == {"2.13", "2.14", "2.15"} for start in range(0, len(versions), 3))


def test_what_is_written_down_is_not_measured_again(launchers: list[FakeLauncher], raw: Path) -> None:
    history.measure_history(parse_versions("2.14"), 1, raw)
    first = count_measured(launchers)
    history.measure_history(parse_versions("2.14"), 2, raw)
    assert count_measured(launchers) == 2 * first


def test_counts_and_bytes_get_fewer_rounds_than_times(launchers: list[FakeLauncher], raw: Path) -> None:
    history.measure_history(parse_versions("2.14"), 5, raw)
    counted = Counter(entry.case.question for entry in load_history(raw))
    cases = Counter(case.question for case in history.list_cases())
    rounds = {question: counted[question] // cases[question] for question in cases}
    assert rounds == {
        Question.STEP_TIME: 5,
        Question.EPOCH_TIME: 5,
        Question.EVALUATION_TIME: 5,
        Question.STARTUP_TIME: 5,
        Question.PEAK_MEMORY: 3,
        Question.RETAINED_MEMORY: 3,
        Question.TRAINING_GRAPH: 2,
    }


def test_what_failed_is_measured_again_where_that_is_asked_for_and_then_forgotten(
    launchers: list[FakeLauncher], raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(launcher: FakeLauncher, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        raise BlockError("the block was killed")

    with monkeypatch.context() as broken:
        broken.setattr(FakeLauncher, "run_block", fail)
        history.measure_history(parse_versions("2.14"), 1, raw)
    timed = [case for case in history.list_cases() if case.question.is_timed]
    assert sum(entry.failed == "the block was killed" for entry in load_history(raw)) == len(timed)
    written = load_history(raw)
    history.measure_history(parse_versions("2.14"), 1, raw)
    assert load_history(raw) == written
    history.measure_history(parse_versions("2.14"), 1, raw, retry_failed=True)
    assert not any(entry.failed for entry in load_history(raw))
    assert len(load_history(raw)) == len(history.list_cases())


@pytest.mark.parametrize(
    ("here", "written", "message"),
    [
        (
            "AMD EPYC",
            "another processor",
            (
                "expected blocks of this machine (AMD EPYC, 2 cores, Python 3.11), got some of another "
                "(another processor, 2 cores, Python 3.11); name another file with --raw"
            ),
        ),
        (
            '"keras": "3.15.1"',
            '"keras": "3.14.0"',
            "as 2.14, got some of TensorFlow 2.21.0, Keras 3.14.0",
        ),
    ],
    ids=["another machine", "other packages under the same version"],
)
def test_blocks_of_elsewhere_are_not_gone_on_with(
    launchers: list[FakeLauncher],
    raw: Path,
    capsys: pytest.CaptureFixture[str],
    here: str,
    written: str,
    message: str,
) -> None:
    history.measure_history(parse_versions("2.14"), 1, raw)
    raw.write_text(raw.read_text().replace(here, written))
    assert history.main(["--versions", "2.14", "--rounds", "2", "--raw", str(raw)]) == 1
    assert message in capsys.readouterr().err


def test_a_further_version_is_timed_together_with_the_others(launchers: list[FakeLauncher], raw: Path) -> None:
    history.measure_history(parse_versions("2.14,2.15"), 1, raw)
    first = {entry.occasion for entry in load_history(raw) if entry.case.question.is_timed}
    history.measure_history(parse_versions("2.14,2.15,2.16"), 1, raw)
    timed = [entry for entry in load_history(raw) if entry.case.question.is_timed]
    assert {entry.version for entry in timed} == {"2.14", "2.15", "2.16"}
    assert len({(entry.case, entry.occasion) for entry in timed}) == len({entry.case for entry in timed})
    read = sum(len(launcher.read_requests) for launcher in launchers)
    untimed = [case for case in history.list_cases() if not case.question.is_timed]
    assert read == 2 * 3 * len(untimed), "bytes and counts of another day are as good"
    assert first, "an occasion is written down"


def test_a_block_that_traced_while_it_was_timed_has_failed(
    launchers: list[FakeLauncher], raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "benchmarks.launch.launcher.ServerLauncher", lambda *_, **__: FakeLauncher(traces_while_timed=1)
    )
    history.measure_history(parse_versions("2.14"), 1, raw)
    steps = [entry for entry in load_history(raw) if entry.case.question is Question.STEP_TIME]
    assert steps
    assert all(entry.failed and "expected no tracing" in entry.failed for entry in steps)


def test_a_line_that_was_torn_by_an_interruption_is_measured_again(launchers: list[FakeLauncher], raw: Path) -> None:
    history.measure_history(parse_versions("2.14"), 1, raw)
    whole = raw.read_bytes()
    raw.write_bytes(whole[:-20])
    history.measure_history(parse_versions("2.14"), 1, raw)
    assert len(raw.read_bytes().splitlines()) == len(whole.splitlines())
    assert len(load_history(raw)) == len(history.list_cases())


def test_a_torn_line_is_named(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw.write_text('{"version": "2.1\n')
    assert history.main(["--only-render", "--raw", str(raw)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{raw}, line 1: expected a history entry" in line


def test_the_command_writes_its_table(launchers: list[FakeLauncher], raw: Path, tmp_path: Path) -> None:
    table = tmp_path / "history.md"
    assert history.main(["--versions", "2.14,2.15", "--rounds", "2", "--raw", str(raw), "--table", str(table)]) == 0
    text = table.read_text()
    assert text.startswith("# What weighting costs, from TensorFlow 2.14 to 2.15\n")
    assert "<details><summary>Tables</summary>" in text
    assert "\n| method " in text


def write_raw(tmp_path: Path) -> Path:
    """A raw file in which the overhead of a step rises in 2.16."""
    planted = [Planted(question=Question.STEP_TIME, since="2.16", factor=1.1)]
    for entry in make_history([make_example_case(Question.STEP_TIME)], planted):
        append_line(tmp_path / "raw.jsonl", entry)
    return tmp_path / "raw.jsonl"


def test_values_and_notes_have_files_of_their_own(tmp_path: Path) -> None:
    table, values, notes = (tmp_path / name for name in ("history.md", "values.md", "notes.md"))
    notes.write_text("## 2.15 to 2.16\n\nKeras 3 came.\n", encoding="utf-8")
    given = ["--raw", write_raw(tmp_path), "--table", table, "--values", values, "--notes", notes]
    assert history.main(["--only-render", *map(str, given)]) == 0
    assert "### 2.15 → 2.16\n\nKeras 3 came.\n" in table.read_text(encoding="utf-8")
    assert "[values.md](values.md)" in table.read_text(encoding="utf-8")
    assert values.read_text(encoding="utf-8").startswith("# All values, from TensorFlow 2.14 to 2.17\n\n")


def test_a_note_on_no_change_is_refused_in_one_line_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, notes = tmp_path / "history.md", tmp_path / "notes.md"
    notes.write_text("## 2.14 to 2.15\n\nNothing of note.\n", encoding="utf-8")
    given = ["--raw", write_raw(tmp_path), "--table", table, "--notes", notes]
    assert history.main(["--only-render", *map(str, given)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("notes: expected each to be about a change of this page ('2.15 → 2.16'), got one on '2.14")
    assert not table.exists()


def test_of_a_raw_file_those_versions_are_rendered_that_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--only-render", "--raw", str(write_raw(tmp_path))]
    assert history.main(given) == 0
    assert capsys.readouterr().out.startswith("# What weighting costs, from TensorFlow 2.14 to 2.17\n")
    assert history.main([*given, "--versions", "2.14,2.16"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# What weighting costs, from TensorFlow 2.14 to 2.16\n")
    assert "### 2.14 → 2.16" in printed


def test_pictures_are_drawn_beside_each_other_and_linked(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install --group history")
    table, folder = tmp_path / "history.md", tmp_path / "pictures"
    folder.mkdir()
    given = ["--raw", write_raw(tmp_path), "--table", table, "--picture", folder / "h.svg"]
    assert history.main(["--only-render", *map(str, given)]) == 0
    for path in folder.iterdir():
        assert f"(pictures/{path.name})" in table.read_text(encoding="utf-8")
    assert len(list(folder.iterdir())) == 3


def test_a_pair_of_versions_is_measured_in_an_environment_of_both(
    launchers: list[FakeLauncher], raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []

    def build(requirement: str) -> Target:
        built.append(requirement)
        return Target(interpreter=Path("python"))

    monkeypatch.setattr(history, "build_target", build)
    history.measure_history(parse_versions("2.16/3.3,2.16"), 1, raw)
    assert built == ["tensorflow-cpu==2.16.* keras==3.3.*", "tensorflow-cpu==2.16.*"]
    assert {entry.version for entry in load_history(raw)} == {"2.16", "2.16/3.3"}
