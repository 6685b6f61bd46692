"""Each command ends a misuse in one line that says what was expected, what came and the remedy, with status 2."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.commands import CommandParser, bisect, build_target, history, run_command
from benchmarks.errors import TargetError

COMMANDS = ["bisect", "build_target", "convergence", "history", "merge", "report"]

ROOT = Path(__file__).parents[2]

GOOD_BAD = ("--good", "2.15.1", "--bad", "2.17.1")


@pytest.fixture(autouse=True)
def nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a misused command asks a package index, builds something or measures."""

    def begin(*arguments: object, **options: object) -> None:
        pytest.fail(f"began with {arguments}")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("subprocess.run", begin)
    for module in (bisect, build_target, history):
        monkeypatch.setattr(module, "build_target", begin)


def misuse(capsys: pytest.CaptureFixture[str], command: str, *arguments: str) -> str:
    """Return the one line that a misused command ends with."""
    assert importlib.import_module(f"benchmarks.commands.{command}").main(arguments) == 2
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert not told.out
    return line


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_missing_and_what_is_unknown_is_told_with_where_to_look(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    look = f"; see python -m benchmarks.commands.{command} --help"
    missing = misuse(capsys, command)
    assert missing.startswith("the following arguments are required: ")
    assert missing.endswith(look)
    given = {
        "bisect": GOOD_BAD,
        "build_target": ("keras",),
        "convergence": ("--raw", "raw"),
        "history": ("--raw", "raw"),
        "merge": ("a", "--output", "b"),
        "report": ("a",),
    }
    assert misuse(capsys, command, *given[command], "--colour") == f"unrecognized arguments: --colour{look}"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--question", "colour"), "--question: expected one of step_time, *, got 'colour'; choose one of them"),
        (("--method", "loop_jot"), "--method: expected one of fit_array, *, got 'loop_jot'; choose one of them"),
        (("--workload", "rnn"), "--workload: expected one of mlp, *, got 'rnn'; choose one of them"),
        (("--aspect", "both"), "--aspect: expected one of overhead, *, got 'both'; choose one of them"),
        (("--depth", "0"), "--depth: expected a whole number from 1 to *, got '0'; write for example --depth 2"),
        (("--depth",), "--depth: expected one argument; see python -m benchmarks.commands.bisect --help"),
        (("--batch-size", "-3"), "--batch-size: expected a whole number from 1 to *, got '-3'; write *"),
        (("--batch-size", "²"), "--batch-size: expected a whole number from 1 to *, got '²'; *"),
        (("--tolerance", "5"), "--tolerance: expected a percentage such as 2% or +10%, got '5'; write a number *"),
        (("--batch-size", "32,64"), "--batch-size: expected one value, got '32,64'; search once for each"),
        (("--depth", ","), "--depth: expected at least one value, got ','; write for example 2,8"),
        (("--dataset-size", "1e2"), "batch size: expected at most the dataset size 100, got 256; choose a smaller *"),
        (("--dataset-size", "8"), "batch size: expected at most the dataset size 8, got 256; choose a smaller *"),
        (("--question", "epoch_time"), "epoch_time: expected a dataset size, got none; pass --dataset-size"),
        (("--good", "2.15.x"), "release: expected a version, got '2.15.x'; write for example 2.15.1"),
        (("--good", "2.18"), "releases: expected the good one before the bad one, got 2.18 and 2.17.1; swap them"),
        (("--bad", "2.15.1.0"), "releases: expected the good one before the bad one, got 2.15.1 and 2.15.1.0; *"),
    ],
)
def test_a_bisection_refuses_before_it_asks_for_releases(
    arguments: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = misuse(capsys, "bisect", *GOOD_BAD, *arguments)
    pytest.LineMatcher([told]).fnmatch_lines([line])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("--versions", "2.15,2.x"),
            "--versions: expected newest, released, keras, or versions *, got '2.15,2.x'; write for *",
        ),
        (("--versions", ""), "--versions: expected newest, released, keras, or versions apart by commas, got ''; *"),
        (("--rounds", "many"), "--rounds: expected a whole number of at least 1, got 'many'; write it in digits"),
        (("--raw", "no/raw.jsonl"), "--raw: expected a file in a folder that exists, got 'no/raw.jsonl'; make no *"),
        (("--table", "no/t.md"), "--table: expected a file in a folder that exists, got 'no/t.md'; make no first"),
        (("--values", "no/v.md"), "--values: expected a file in a folder that exists, got 'no/v.md'; make no first"),
        (
            ("--notes", "n.md"),
            "--notes: expected a file of notes, got 'n.md' (No such file or directory); name another",
        ),
        (("--picture", "p.gif"), "--picture: expected a file that ends in .svg or .png, got 'p.gif'; rename it"),
        (("--only-render",), "--raw: expected a history to render, got nothing in raw.jsonl; measure some first"),
    ],
)
def test_a_history_refuses_before_it_measures(
    arguments: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = misuse(capsys, "history", "--raw", "raw.jsonl", *arguments)
    pytest.LineMatcher([told]).fnmatch_lines([line])


def test_a_picture_needs_matplotlib_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    told = misuse(capsys, "history", "--raw", "raw.jsonl", "--picture", "p.svg")
    assert told == "--picture: expected matplotlib to draw with, got none; pip install --group history"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("--data", "iris"),
            "--data: expected some of digits, breast_cancer, synthetic, got 'iris'; choose among them",
        ),
        (("--seeds", "0"), "--seeds: expected a whole number of at least 1, got '0'; write it in digits"),
        (("--epochs", "1"), "--epochs: expected at least 2, got 1; what a pass takes is known from the second on"),
        (("--epochs", "ten"), "--epochs: expected a whole number of at least 1, got 'ten'; write it in digits"),
        (("--raw", "no/raw.jsonl"), "--raw: expected a file in a folder that exists, got 'no/raw.jsonl'; make no *"),
        (("--page", "no/p.md"), "--page: expected a file in a folder that exists, got 'no/p.md'; make no first"),
        (
            ("--target", "no/python"),
            "--target: target: expected a Python interpreter with TensorFlow, got 'no/python'*",
        ),
        (("--picture", "p.gif"), "--picture: expected a file that ends in .svg or .png, got 'p.gif'; rename it"),
        (("--only-render",), "--raw: expected trainings to tell of, got none in raw.jsonl; measure some first"),
    ],
)
def test_convergence_refuses_before_it_trains(
    arguments: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = misuse(capsys, "convergence", "--raw", "raw.jsonl", *arguments)
    pytest.LineMatcher([told]).fnmatch_lines([line])


@pytest.mark.parametrize(
    ("option", "line"),
    [
        (
            ("--picture", "p.svg"),
            "--picture: expected matplotlib to draw with, got none; pip install --group convergence",
        ),
        (
            ("--data", "breast_cancer"),
            "--data: expected scikit-learn, which has breast_cancer, got none; pip install --group convergence, *",
        ),
    ],
)
def test_convergence_says_which_package_is_missing_before_it_trains(
    option: tuple[str, str], line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    told = misuse(capsys, "convergence", "--raw", "raw.jsonl", *option)
    pytest.LineMatcher([told]).fnmatch_lines([line])


def test_a_target_of_nothing_is_not_built(capsys: pytest.CaptureFixture[str]) -> None:
    told = misuse(capsys, "build_target", " ")
    assert told == "requirement: expected pip requirements, got ' '; write for example tensorflow-cpu==2.20.0"


def test_work_that_does_not_succeed_ends_in_one_line_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    def work(options: object) -> None:
        raise TargetError("no network\nat all")

    assert run_command(CommandParser("bisect", ""), [], work) == 1
    assert capsys.readouterr().err == "no network at all\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_no_error(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"benchmarks.commands.{command}").main(["--help"])
    assert ended.value.code == 0
    assert f"python -m benchmarks.commands.{command}" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_ends_a_command_without_a_traceback() -> None:
    """As `| head -1` does; the pipe is closed before anything is written to it."""
    (recorded,) = (ROOT / "benchmarks" / "baselines" / "recorded").glob("*/0001_gate.json")
    command = [sys.executable, "-m", "benchmarks.commands.report", str(recorded)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (1, b"")
