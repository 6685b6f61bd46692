"""A stored run is shown as its end showed it, in any form; one without a summary gets one made of its cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.baselines.store import EXTRA_INFO_KEY, RUN_KEY, SUMMARY_KEY
from benchmarks.commands import report
from benchmarks.commands.merge import merge_runs
from benchmarks.records import Json
from benchmarks.reports.summary import Summary
from tests.plugin.conftest import RunSuite, run_suite
from tests.plugin.fakes import FakeLauncher, fail_block

pytest_plugins = ["pytester"]

__all__ = ["run_suite"]  # a fixture is found by its name

_RECORDED = Path(report.__file__).parents[1] / "baselines" / "recorded"
_METHODS = ("test_step_time.py", "--method", "loop_graph,loop_jit")


@pytest.fixture
def shown(run_suite: RunSuite) -> str:
    """Save a run as `run.json`, one case of which could not be measured, and return what its end showed."""
    launcher = FakeLauncher(0.05, before_block=fail_block("loop_jit", at=0))
    arguments = (*_METHODS, "--benchmark-json=run.json", "--summary=summary.md", "--seed=3")
    _, _, rest = run_suite(*arguments, launcher=launcher).stdout.str().partition(" sample weighting =")
    return rest.partition("\n")[2].partition("\n====")[0]


def rewrite(**values: Any) -> None:
    """Change what `run.json` says of itself."""
    run = json.loads(Path("run.json").read_text())
    run[RUN_KEY].update(values)
    Path("run.json").write_text(json.dumps(run))


def show(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert report.main(["run.json", *arguments]) == 0
    return capsys.readouterr().out


def test_a_stored_run_is_shown_as_its_end_showed_it(shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(capsys) == f"{shown}\n"
    assert "Repeat it: pytest -p benchmarks.plugin test_step_time.py" in shown


def test_the_markdown_of_a_stored_run_is_that_of_its_summary_file(shown: str, tmp_path: Path) -> None:
    for option in (f"--markdown={tmp_path / 'a.md'}", f"--report=markdown={tmp_path / 'b.md'}"):
        assert report.main(["run.json", option]) == 0
    assert {(tmp_path / name).read_text() for name in ("a.md", "b.md")} == {Path("summary.md").read_text()}


def test_a_run_that_was_saved_without_a_summary_gets_one(shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As older versions saved it: the same but for what only the run knew."""
    rewrite(**{SUMMARY_KEY: None})
    text = show(capsys)
    assert "This summary was made from the stored cases: the run was saved without one." in text
    assert "Sweep quick; data, weights and models from seed 3, orders from seed 3." in text
    missing = set(shown.splitlines()) - set(text.splitlines())
    assert [line for line in missing if not line.startswith(("Repeat it: ", "loop_jit  "))] == []
    assert "FAILED          step_time[mlp-depth2-batch256-loop_jit]: the block was killed" in text


def test_a_summary_that_cannot_be_read_is_made_anew_and_says_so(shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(**{SUMMARY_KEY: {"verses": []}})
    assert (
        "This summary was made from the stored cases: a summary: expected no field 'verses', "
        "got a list of 0; record the run again."
    ) in show(capsys)


def test_a_case_that_cannot_be_read_is_named(shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = json.loads(Path("run.json").read_text())
    run[RUN_KEY][SUMMARY_KEY] = None
    run["benchmarks"][0]["extra_info"][EXTRA_INFO_KEY]["verdict"] = {"outcome": "SO SO"}
    Path("run.json").write_text(json.dumps(run))
    text = show(capsys)
    assert "step_time[mlp-depth2-batch256-loop_graph-null] cannot be read: a case report, verdict.outcome" in text


def test_what_an_older_run_did_not_store_is_not_shown(shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = json.loads(Path("run.json").read_text())
    del run[RUN_KEY][SUMMARY_KEY]
    for benchmark in run["benchmarks"]:
        for name in ("cpu_overhead_ratio", "position_ratio", "timed_share", "verdict", "changes"):
            del benchmark["extra_info"][EXTRA_INFO_KEY][name]
    Path("run.json").write_text(json.dumps(run))
    rows = [line for line in show(capsys).splitlines() if " ms " in line]
    assert rows
    assert not [row for row in rows if "HELD" in row]
    numbers = [line.replace("HELD", "").replace("FAILED", "").split() for line in shown.splitlines() if " ms " in line]
    assert [row.split() for row in rows] == numbers, "processor time is computed anew"


def test_joined_shards_have_a_summary_of_all_their_cases(
    run_suite: RunSuite, capsys: pytest.CaptureFixture[str]
) -> None:
    shards: list[Json] = []
    for number in (1, 2):
        run_suite(*_METHODS, f"--shard={number}/2", "--benchmark-json=shard.json")
        shards.append(json.loads(Path("shard.json").read_text()))
    Path("run.json").write_text(json.dumps(merge_runs(shards)))
    text = show(capsys)
    assert [line.split()[0] for line in text.splitlines() if " ms " in line] == [
        "loop_graph-null",
        "loop_graph",
        "loop_jit-null",
        "loop_jit",
    ]


@pytest.mark.parametrize("path", sorted(_RECORDED.rglob("*.json")), ids=lambda path: path.name)
def test_a_recorded_baseline_can_be_shown(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main([str(path)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Does sample weighting slow TensorFlow training here, or cost it memory?\n")
    assert "cannot be read" not in text
    rows = [line for line in text.splitlines() if " us " in line or " ms " in line]
    assert not [row for row in rows if row.split()[6:7] == ["-"]], "processor time is known block by block"


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["missing.json"], 1, "run: expected the file of a stored run, got 'missing.json' "),
        (["other.json"], 1, "expected a run recorded by this suite, got one with 0 benchmarks and none of them its "),
        (["run.json", "--report=verse=a.md"], 2, "--report: expected one of the reports terminal, markdown, got 'ver"),
        (["run.json", "--report=markdown"], 2, "--report: expected NAME=FILE, got 'markdown'; write for example "),
        (["run.json", "--report=markdown=no/a.md"], 2, "--report: expected a file in a folder that exists, got "),
        (["run.json", "--markdown=missing/a.md"], 2, "--markdown: expected a file in a folder that exists, got "),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    shown: str, arguments: list[str], status: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.json").write_text(json.dumps({"machine_info": {}, "benchmarks": []}))
    capsys.readouterr()
    assert report.main(arguments) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(reason)


def test_a_run_without_a_case_that_can_be_read_is_refused_with_the_remedy(
    shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = json.loads(Path("run.json").read_text())
    run[RUN_KEY][SUMMARY_KEY] = None
    for benchmark in run["benchmarks"]:
        benchmark["extra_info"][EXTRA_INFO_KEY]["schema_version"] = 1
    Path("run.json").write_text(json.dumps(run))
    capsys.readouterr()
    assert report.main(["run.json"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("the stored run has schema version 1, this suite reads 2; record the baseline again")


def test_the_stored_summary_is_a_record(shown: str) -> None:
    stored = json.loads(Path("run.json").read_text())[RUN_KEY][SUMMARY_KEY]
    assert Summary.from_json(stored).provenance.sweep == "quick"
