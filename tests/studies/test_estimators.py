"""The study of estimators cuts and counts blocks, and finds again what it measured before."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from benchmarks.baselines.lines import append_line
from benchmarks.errors import RecordError
from benchmarks.records import Block
from benchmarks.studies.estimators import BlocksLine, cut_block, list_rows, load_blocks, render_arms, render_targets
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
