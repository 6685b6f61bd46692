"""Spreads are told apart from build orders, and what was measured is found again and gone on with."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from benchmarks.baselines.store import load_run, read_baseline
from benchmarks.errors import AxisError, StatisticsError, SuiteError
from benchmarks.gate.times import estimate_overhead
from benchmarks.protocols import Launcher
from benchmarks.records import Aspect, Block, BlockRequest, BlockSummary, Environment, Question
from benchmarks.studies.spreads import (
    estimate_half_width,
    estimate_scatter,
    estimate_serial_correlation,
    list_null_cases,
    load_spreads,
    main,
    measure_case,
    render_spreads,
)
from tests.examples import make_block, make_block_summary, make_case, make_environment

NULL_CASE = make_case(null=True)

TITLES = [
    "case",
    "core",
    "blocks",
    "wall SD %",
    "wall SD within orders %",
    "wall build order %",
    "CPU SD %",
    "CPU SD within orders %",
    "CPU build order %",
    "take-down control ms",
    "take-down weighted ms",
    "wall s per block",
    "timed share",
    "95 % half width at first %",
]


class FakeLauncher:
    """Measures blocks of 10 rounds in which both arms take 1 ms, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[BlockRequest]] = []

    def run_blocks(self, requests: Sequence[BlockRequest]) -> list[Block | SuiteError]:
        self.asked.append(list(requests))
        return [
            make_block([10**6] * 10, [10**6] * 10, weighted_built_first=request.weighted_built_first)
            for request in requests
        ]

    def describe_environment(self) -> Environment:
        return make_environment()


def make_blocks(log_ratios: Sequence[float], make: Callable[[int], bool | None]) -> list[BlockSummary]:
    return [make_block_summary(value, weighted_built_first=make(index)) for index, value in enumerate(log_ratios)]


def test_the_build_order_is_an_effect_and_no_spread() -> None:
    """Orders 2 % apart; within each ±0.1 %: s² = 4 * 0.001² / 2, and the effect's error s √(1/2 + 1/2) = s."""
    scatter = estimate_scatter([0.011, -0.009, 0.009, -0.011], [True, False, True, False])
    within = math.sqrt(2.0) * 0.001
    assert scatter.residual_sd == pytest.approx(within)
    assert scatter.residuals == pytest.approx([0.001, 0.001, -0.001, -0.001])
    assert scatter.as_is_sd == pytest.approx(float(np.std([0.011, -0.009, 0.009, -0.011], ddof=1)))
    assert scatter.order_effect is not None
    assert scatter.order_effect.estimate == pytest.approx(0.02)
    assert scatter.order_effect.standard_error == pytest.approx(within)


def test_where_each_arm_has_a_process_of_its_own_there_is_no_order() -> None:
    scatter = estimate_scatter([0.01, -0.01, 0.02, -0.02], [None] * 4)
    assert scatter.order_effect is None
    assert scatter.residual_sd == pytest.approx(scatter.as_is_sd)


def test_too_few_blocks_are_refused() -> None:
    with pytest.raises(StatisticsError, match="at least 4 blocks, got 3"):
        estimate_scatter([0.0, 0.1, 0.2], [True, False, True])
    with pytest.raises(StatisticsError, match="more than 2 blocks"):
        estimate_half_width(0.01, blocks=2, kinds=2)


@pytest.mark.parametrize("blocks", [4, 5, 6])
def test_the_half_width_is_that_of_the_interval_over_as_many_blocks(blocks: int) -> None:
    """The suite's own interval over blocks of the same spread, with the degrees of freedom that it gives them."""
    measured = make_blocks(np.random.default_rng(1).normal(0.0, 0.01, blocks).tolist(), lambda index: index % 2 == 0)
    interval = estimate_overhead(measured, Aspect.OVERHEAD).estimate_interval(0.95)
    scatter = estimate_scatter([block.log_ratio for block in measured], [b.weighted_built_first for b in measured])
    half_width = estimate_half_width(scatter.residual_sd, blocks=blocks, kinds=2)
    assert half_width == pytest.approx(math.log(interval.upper / interval.lower) / 2.0)


def test_moods_that_outlast_a_block_show_in_neighbours_and_independent_blocks_show_none() -> None:
    """Series of 12 blocks: independent ones, and ones that keep 0.6 of what the block before was."""
    rng = np.random.default_rng(2)
    orders = [index % 2 == 0 for index in range(12)]
    independent, moody = [], []
    for _ in range(60):
        draws = rng.normal(0.0, 0.005, 12)
        independent.append(estimate_scatter(draws, orders).residuals)
        for index in range(1, 12):
            draws[index] += 0.6 * draws[index - 1]
        moody.append(estimate_scatter(draws, orders).residuals)
    none, some = estimate_serial_correlation(independent), estimate_serial_correlation(moody)
    assert none is not None
    assert some is not None
    assert none.count == some.count == 60 * 11
    assert none.standard_error == pytest.approx(1.0 / math.sqrt(660))
    assert abs(none.estimate) < 3 * none.standard_error
    # Less than 0.6, since the mean of twelve blocks takes some of the mood with it.
    assert some.estimate > 0.3


def test_blocks_that_do_not_vary_have_no_correlation() -> None:
    assert estimate_serial_correlation([np.zeros(5), np.array([0.1])]) is None


def test_the_null_cases_of_the_gate_sweep_are_measured_at_its_sizes() -> None:
    cases = list_null_cases(["step_time", "epoch_time", "startup_time"], None)
    assert all(case.null for case in cases)
    assert {case.method for case in cases if case.question is Question.STEP_TIME} == {
        "fit_dataset",
        "loop_graph",
        "loop_eager",
    }
    starts = [(case.method, case.dataset_size) for case in cases if case.question is Question.STARTUP_TIME]
    assert starts == [("fit_array", 100_000), ("loop_graph", 100_000), ("fit_array", 1_000_000)]
    assert {case.method for case in list_null_cases(["epoch_time"], ["loop_graph"])} == {"loop_graph"}


def test_what_cannot_be_measured_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(AxisError, match="in the gate sweep, got loop_none"):
        list_null_cases(["step_time"], ["loop_none"])
    for questions in ("peak_memory", "step"):
        with pytest.raises(SystemExit, match="--questions: expected some of step_time"):
            main(["--questions", questions, "--file", str(tmp_path / "spreads.jsonl")])


def test_blocks_are_written_as_they_come_two_at_a_time_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "spreads.jsonl"
    launcher = FakeLauncher()
    measure_case(cast("Launcher", launcher), NULL_CASE, 3, path, busy=False)
    assert [len(requests) for requests in launcher.asked] == [2, 1]
    measure_case(cast("Launcher", launcher), NULL_CASE, 4, path, busy=False)
    measure_case(cast("Launcher", launcher), NULL_CASE, 4, path, busy=False)
    measure_case(cast("Launcher", launcher), NULL_CASE, 2, path, busy=True)
    spreads = load_spreads(path)
    assert {key: len(blocks) for key, blocks in spreads.items()} == {(NULL_CASE, False): 4, (NULL_CASE, True): 2}
    orders = [block.weighted_built_first for block in spreads[NULL_CASE, False]]
    assert orders in ([True, False, True, False], [False, True, False, True])


def test_a_case_is_a_row_with_its_spreads_in_percent() -> None:
    blocks = make_blocks([0.011, -0.009, 0.009, -0.011], lambda index: index % 2 == 0)
    blocks = [
        dataclasses.replace(block, cpu_log_ratio=0.0, control_takedown_ns=2e6, weighted_takedown_ns=3e6)
        for block in blocks
    ]
    first_blocks = NULL_CASE.question.row.first_blocks
    # Two orders that lie 0.1 % to either side: the spread within them is √2 * 0.1 %.
    half_width = estimate_half_width(math.sqrt(2.0) * 0.001, blocks=first_blocks, kinds=2)
    told = render_spreads({(NULL_CASE, True): blocks, (NULL_CASE, False): blocks[:2]})
    row = next(line for line in told.splitlines() if NULL_CASE.case_id in line)
    cells = dict(zip(TITLES, (cell.strip() for cell in row.split("|")[1:-1]), strict=True))
    assert cells == {
        "case": NULL_CASE.case_id,
        "core": "busy",
        "blocks": "4",
        "wall SD %": "1.16",
        "wall SD within orders %": "0.14",
        "wall build order %": "+2.00 ± 0.14",
        "CPU SD %": "0.00",
        "CPU SD within orders %": "0.00",
        "CPU build order %": "+0.00 ± 0.00",
        "take-down control ms": "2.00",
        "take-down weighted ms": "3.00",
        "wall s per block": "4.0",
        "timed share": "50%",
        "95 % half width at first %": f"±{100.0 * half_width:.2f} ({first_blocks} blocks)",
    }
    assert [cell.strip() for cell in told.splitlines()[0].split("|")[1:-1]] == TITLES
    assert "Cases of fewer than 4 blocks are left out: 1." in told
    assert "step_time, busy" in told


def test_what_is_in_a_file_is_rendered_without_measuring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spreads.jsonl"
    measure_case(cast("Launcher", FakeLauncher()), NULL_CASE, 4, path, busy=False)
    capsys.readouterr()
    main(["--only-render", "--file", str(path)])
    assert NULL_CASE.case_id in capsys.readouterr().out


def test_the_spreads_of_a_stored_run_are_those_of_its_timed_cases(capsys: pytest.CaptureFixture[str]) -> None:
    (recorded,) = (Path(__file__).parents[2] / "benchmarks" / "baselines" / "recorded").glob("*/0001_gate.json")
    main(["--run", str(recorded)])
    rows = [line for line in capsys.readouterr().out.splitlines() if "_time[" in line]
    expected = [case for case in read_baseline(load_run(recorded)).measurements if "_time[" in case]
    assert [row.split("|")[1].strip() for row in rows] == expected
