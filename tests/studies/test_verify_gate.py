"""The verification of the gate counts the verdicts of whole runs, and keeps what their blocks gave."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.baselines.lines import append_line, load_lines
from benchmarks.baselines.store import EXTRA_INFO_KEY, to_extra_info
from benchmarks.records import CaseReport
from benchmarks.studies.verify_gate import (
    CaseBlocks,
    RunRecord,
    do_run,
    keeps_values,
    read_blocks,
    read_verdicts,
    render_records,
)
from tests.examples import EXAMPLE_CASE, make_block_summary, make_case_report, make_measurement


def test_verdicts_are_read_from_junit_xml(tmp_path: Path) -> None:
    path = tmp_path / "run.xml"
    path.write_text(
        "<testsuites><testsuite><testcase name='a'><properties><property name='verdict' value='HELD'/></properties>"
        "</testcase><testcase name='b'/></testsuite></testsuites>"
    )
    assert read_verdicts(path) == {"a": "HELD", "b": "measured"}


def test_runs_are_counted_by_verdict(tmp_path: Path) -> None:
    record = make_run({}, verdicts={"a": "HELD"})
    red = dataclasses.replace(record, exit_status=1, verdicts={"a": "REGRESSED"})
    path = tmp_path / "runs.jsonl"
    path.write_text("".join(json.dumps(dataclasses.asdict(each)) + "\n" for each in (record, red)))
    assert load_lines(path, RunRecord) == [record, red]
    table = render_records(load_lines(path, RunRecord))
    assert "green" in table
    assert "red" in table
    assert table.splitlines()[-1].replace(" ", "") == "|a|1|1|"


def test_records_from_before_values_were_kept_still_load(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text(
        '{"began": "then", "wall_s": 404.5, "load_average": 0.4, "exit_status": 0, "verdicts": {"a": "HELD"}}'
    )
    (record,) = load_lines(path, RunRecord)
    assert (record.counts, record.blocks) == ({}, {})


def make_run(blocks: dict[str, CaseBlocks], verdicts: dict[str, str] | None = None) -> RunRecord:
    return RunRecord(
        began="2026-01-01T00:00:00+00:00",
        wall_s=60.0,
        load_average=0.1,
        exit_status=0,
        verdicts=verdicts or {},
        blocks=blocks,
    )


def describe_run(report: CaseReport) -> str:
    """Return the JSON of a run with this case and a benchmark of somebody else."""
    stored = [{"name": "a", "extra_info": {EXTRA_INFO_KEY: to_extra_info(report)}}, {"name": "b", "extra_info": {}}]
    return json.dumps({"benchmarks": stored})


class FakePytest:
    """Stands for the run of the suite: one case HELD, its values saved where they are asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def run(self, command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        self.asked = command
        options = dict(word.split("=", maxsplit=1) for word in command if word.startswith("--") and "=" in word)
        properties = "<properties><property name='verdict' value='HELD'/></properties>"
        Path(options["--junitxml"]).write_text(f"<testsuite><testcase name='a'>{properties}</testcase></testsuite>")
        if "--benchmark-json" in options:
            Path(options["--benchmark-json"]).write_text(describe_run(make_case_report(make_measurement())))
        return subprocess.CompletedProcess(command, returncode=1)


@pytest.mark.parametrize("planted", [False, True], ids=["unchanged", "planted"])
def test_a_run_is_recorded_with_its_counts_and_without_values_where_a_fault_is_planted(
    planted: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakePytest()
    monkeypatch.setattr("benchmarks.studies.verify_gate.subprocess.run", fake.run)
    arguments = ["-k", "step_time", *(["--plant", "step=+5%"] if planted else [])]
    record = do_run(arguments)
    assert fake.asked[-len(arguments) :] == arguments
    assert (record.exit_status, record.verdicts, record.counts) == (1, {"a": "HELD"}, {"HELD": 1})
    assert list(record.blocks) == ([] if planted else [EXAMPLE_CASE.case_id])


def test_the_values_of_a_run_are_kept_by_case_and_found_again(tmp_path: Path) -> None:
    """From pytest-benchmark's own JSON, in which cases of bytes and counts, and of others, are as well."""
    summaries = tuple(
        make_block_summary(0.01 + 1e-9, cpu_log_ratio=0.02, weighted_built_first=b) for b in (True, False)
    )
    measurement = dataclasses.replace(make_measurement(), blocks=summaries)
    path = tmp_path / "run.json"
    path.write_text(describe_run(make_case_report(measurement)))
    blocks = read_blocks(path)
    expected = CaseBlocks(log_ratios=(0.01, 0.01), cpu_log_ratios=(0.02, 0.02), weighted_built_first=(True, False))
    assert blocks == {EXAMPLE_CASE.case_id: expected}
    append_line(tmp_path / "runs.jsonl", make_run(blocks))
    assert load_lines(tmp_path / "runs.jsonl", RunRecord) == [make_run(blocks)]


@pytest.mark.parametrize("content", [None, "{", '{"benchmarks": []}'], ids=["absent", "torn", "empty"])
def test_a_run_that_saved_nothing_has_no_values(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    assert read_blocks(tmp_path / "run.json") == {}


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["-k", "step_time", "--benchmark-compare=0001"], True),
        (["--plant", "step=+5%"], False),
        (["--plant=step=+5%"], False),
        (["--benchmark-json=mine.json"], False),
    ],
)
def test_values_are_not_asked_for_where_a_fault_is_planted_or_they_go_elsewhere(
    arguments: list[str],
    kept: bool,  # noqa: FBT001
) -> None:
    assert keeps_values(arguments) is kept
