"""Servers are told from their blocks; cold starts are measured in either way by turns, and told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.records import Json, Question
from benchmarks.studies.processes import main, measure_in_turns, render_servers, render_starts
from tests.examples import make_block, make_case

CASE = make_case(question=Question.STARTUP_TIME, dataset_size=512, null=True)


def test_servers_that_lie_apart_are_told_from_blocks_that_do() -> None:
    alike = render_servers(np.array([[1.0, 3.0], [2.0, 2.0]]))
    apart = render_servers(np.array([[1.0, 1.0], [3.0, 3.0]]))
    assert "the blocks of one server 1.00; of the servers' means 0.00, where 0.71 would follow" in alike
    assert "the blocks of one server 0.00; of the servers' means 1.41, where 0.00 would follow" in apart


def read_row(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_pairs_of_rounds_are_measured_in_turns_in_either_way() -> None:
    together: list[list[str]] = []

    def run_children(jobs: Sequence[Json]) -> list[Json]:
        together.append([job["arm"] for job in jobs])
        return [{"wall_ns": 100, "cpu_ns": 90, "takedown_ns": 0} for _ in jobs]

    starts = measure_in_turns(CASE, 7, run_children)
    assert {at_once: len(blocks) for at_once, blocks in starts.items()} == {False: 4, True: 4}
    for blocks in starts.values():
        assert [sum(block.weighted_first) for block in blocks] == [1] * 4, "a round in either order"
    at_once = [arms for arms in together if len(arms) == 2]
    alone = [arms for arms in together if len(arms) == 1]
    assert (len(at_once), len(alone)) == (8, 16)
    first = {len(arms) for arms in together[:6]}
    assert first == {1, 2}, "the first blocks are one of either way"


def test_each_way_has_its_spread_its_mean_and_its_time() -> None:
    """Weighted ÷ control of 1 and of 1.21: logarithms of 0 and 19.06 %, SD 13.48 %, mean 9.53 %."""
    apart = make_block([10**8, 10**8], [10**8, 121 * 10**6], wall_ns=2 * 10**9)
    alike = make_block([10**8, 10**8], [10**8, 10**8], wall_ns=10**9)
    table = render_starts({CASE: {False: [apart], True: [alike, alike]}})
    header, _, one_by_one, at_once = map(read_row, table.splitlines())
    assert header == [
        "case",
        "arms start",
        "rounds",
        "wall SD %",
        "wall mean %",
        "CPU SD %",
        "CPU mean %",
        "control ms",
        "control CPU ms",
        "s per round",
    ]
    assert one_by_one[1:] == ["one after the other", "2", *["13.5", "+9.5 ± 9.5"] * 2, "100", "100", "1.00"]
    assert at_once[1:] == ["at the same time", "4", *["0.0", "+0.0 ± 0.0"] * 2, "100", "100", "0.50"]


def test_one_round_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["starts", "--rounds", "1"])
    assert "expected at least 2, got 1" in capsys.readouterr().err
