"""A history measures what is missing, in turns over the versions, and goes on where it stopped."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.commands import history
from benchmarks.commands.history import SETS, name_requirement, parse_versions
from benchmarks.errors import AxisError, BlockError
from benchmarks.launch.targets import Target
from benchmarks.records import Block, BlockRequest, Meeting, Question
from tests.plugin.fakes import FakeLauncher


@pytest.fixture
def launchers(monkeypatch: pytest.MonkeyPatch) -> list[FakeLauncher]:
    """Fake targets in the place of built ones; each that is launched is listed."""
    made: list[FakeLauncher] = []

    def launch(target: Target, limits: object, proven: object) -> FakeLauncher:
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
    entries = history.load_history(raw)
    assert len(entries) == 2 * 2 * len(history.list_cases())
    assert {entry.version for entry in entries} == {"2.14", "2.15"}
    assert all(launcher.closed for launcher in launchers)


def test_versions_take_turns_within_a_round(launchers: list[FakeLauncher], raw: Path) -> None:
    history.measure_history(parse_versions("2.13,2.14,2.15"), 1, raw)
    versions = [entry.version for entry in history.load_history(raw)]
    assert all(set(versions[start : start + 3]) == {"2.13", "2.14", "2.15"} for start in range(0, len(versions), 3))


def test_what_is_written_down_is_not_measured_again(launchers: list[FakeLauncher], raw: Path) -> None:
    history.measure_history(parse_versions("2.14"), 1, raw)
    first = count_measured(launchers)
    history.measure_history(parse_versions("2.14"), 2, raw)
    assert count_measured(launchers) == 2 * first


def test_counts_and_bytes_get_fewer_rounds_than_times(launchers: list[FakeLauncher], raw: Path) -> None:
    history.measure_history(parse_versions("2.14"), 5, raw)
    counted = Counter(entry.case.question for entry in history.load_history(raw))
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


def test_what_failed_is_measured_again_and_forgotten(
    launchers: list[FakeLauncher], raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(launcher: FakeLauncher, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        raise BlockError("the block was killed")

    with monkeypatch.context() as broken:
        broken.setattr(FakeLauncher, "run_block", fail)
        history.measure_history(parse_versions("2.14"), 1, raw)
    timed = [case for case in history.list_cases() if case.question.is_timed]
    assert sum(entry.failed == "the block was killed" for entry in history.load_history(raw)) == len(timed)
    history.measure_history(parse_versions("2.14"), 1, raw)
    assert not any(entry.failed for entry in history.load_history(raw))
    assert len(history.load_history(raw)) == len(history.list_cases())


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
    first = {entry.occasion for entry in history.load_history(raw) if entry.case.question.is_timed}
    history.measure_history(parse_versions("2.14,2.15,2.16"), 1, raw)
    timed = [entry for entry in history.load_history(raw) if entry.case.question.is_timed]
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
    steps = [entry for entry in history.load_history(raw) if entry.case.question is Question.STEP_TIME]
    assert steps
    assert all(entry.failed and "expected no tracing" in entry.failed for entry in steps)


def test_a_line_that_was_torn_by_an_interruption_is_measured_again(launchers: list[FakeLauncher], raw: Path) -> None:
    history.measure_history(parse_versions("2.14"), 1, raw)
    whole = raw.read_bytes()
    raw.write_bytes(whole[:-20])
    history.measure_history(parse_versions("2.14"), 1, raw)
    assert len(raw.read_bytes().splitlines()) == len(whole.splitlines())
    assert len(history.load_history(raw)) == len(history.list_cases())


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
    assert "\n| quantity" in text


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
    assert {entry.version for entry in history.load_history(raw)} == {"2.16", "2.16/3.3"}


def test_a_version_is_written_with_a_stroke_and_a_tensorflow_alone_takes_the_newest_keras() -> None:
    assert parse_versions("2.15, 2.16/3.3,2.15") == ("2.15", "2.16/3.3")
    assert name_requirement("2.15") == "tensorflow-cpu==2.15.*"
    assert name_requirement("2.16/3.3") == "tensorflow-cpu==2.16.* keras==3.3.*"


def test_a_set_has_a_name() -> None:
    assert parse_versions("newest")[::9] == ("2.12", "2.21")
    assert parse_versions("released")[3:5] == ("2.15/2.15", "2.16/3.0")
    assert parse_versions("keras")[::15] == ("2.16/3.0", "2.16/3.15")


@pytest.mark.parametrize("text", ["", "2.x", "2.15/", "2.15/3.x", "2.15,,2.16", "all"])
def test_what_names_no_version_is_refused_with_the_sets_there_are(text: str) -> None:
    with pytest.raises(AxisError, match=f"^expected {', '.join(SETS)}, or versions apart by commas, got"):
        parse_versions(text)
