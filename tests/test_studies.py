"""The studies cut, count and keep what they measured correctly; they are run for real by hand."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.baselines.lines import append_line, load_lines
from benchmarks.baselines.store import EXTRA_INFO_KEY, to_extra_info
from benchmarks.errors import RecordError
from benchmarks.records import Block, CaseReport
from benchmarks.studies.estimators import BlocksLine, cut_block, list_rows, load_blocks, render_arms, render_targets
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
from tests.examples import make_block as make_raw_block

_SECOND_NS = 1_000_000_000


def make_block(rounds: int = 40, overhead: float = 0.05, seed: int = 1) -> Block:
    """Return a block of 50 ms slices that took 2 s to set up."""
    slice_ns = _SECOND_NS // 20
    weighted_ns = round(slice_ns * (1.0 + overhead))
    wall_ns = 2 * _SECOND_NS + rounds * (slice_ns + weighted_ns)
    return make_raw_block([slice_ns] * rounds, [weighted_ns] * rounds, seed=seed, wall_ns=wall_ns)


def test_a_block_cut_short_is_as_if_it_had_been_stopped_there() -> None:
    cut = cut_block(make_block(overhead=0.0), _SECOND_NS)
    assert len(cut.control_slice_ns) == 10
    assert cut.wall_ns == 3 * _SECOND_NS
    assert cut_block(make_block(), 100 * _SECOND_NS) == make_block()


def test_the_number_of_blocks_that_fit_follows_from_their_wall_time() -> None:
    rows = list(list_rows([make_block(overhead=0.0), make_block(overhead=0.0)], _SECOND_NS))
    assert {row["blocks in 20 s"] for row in rows} == {"6"}  # 20 s of blocks of 3 s
    told = {(row["mean log-ratio %"], row["SD over blocks %"], row["half width %"]) for row in rows}
    assert told == {("+0.00", "0.00", "±0.00")}


def test_blocks_measured_before_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "blocks.jsonl"
    assert load_blocks(path) == {}
    lines = [json.dumps({"case_id": "a", "blocks": [make_block(seed=seed).to_json()]}) for seed in (1, 2)]
    path.write_text("\n".join(lines))
    assert load_blocks(path) == {("a", 0): [(make_block(seed=1),), (make_block(seed=2),)]}
    told = render_arms(load_blocks(path), _SECOND_NS)
    assert "a, 2 blocks" in told
    assert told.count("| trimmed_mean_of_pairs ") == 2  # cut to half a second and to a second


@pytest.mark.parametrize(
    "line",
    [
        '{"case_id": "a", "blo',
        '{"case_id": "a"}',
        '{"case_id": "a", "blocks": [1]}',
        '{"case_id": "a", "blocks": []}',
        "[]",
    ],
)
def test_a_line_that_is_torn_or_of_something_else_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "blocks.jsonl"
    append_line(path, BlocksLine(case_id="a", blocks=(make_block(),)))
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(RecordError, match=r"blocks\.jsonl, line 2: expected a line of this study.* remove that line"):
        load_blocks(path)


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


def test_pairs_of_targets_are_found_again_and_told_by_length_of_turn(tmp_path: Path) -> None:
    def make_line(factor: int) -> str:
        block = make_block()
        slower = dataclasses.replace(block, control_slice_ns=tuple(factor * ns for ns in block.control_slice_ns))
        return json.dumps({"case_id": "step_time[x]", "turn_ms": 10, "blocks": [block.to_json(), slower.to_json()]})

    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(make_line(factor) for factor in (1, 1, 2)))
    row = render_targets(load_blocks(path)).splitlines()[-1]
    # log 2 in one of three pairs: its standard deviation is log 2 / sqrt 3.
    assert [cell.strip() for cell in row.split("|")[1:-1]] == ["step_time[x]", "10 ms", "3", *["40.0"] * 4]
