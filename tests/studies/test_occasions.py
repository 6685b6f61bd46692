"""The shift of an occasion is found as it was drawn, and none is found where there was none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.baselines.lines import append_line
from benchmarks.errors import StatisticsError
from benchmarks.records import Aspect
from benchmarks.studies.occasions import collect_means, estimate_occasion_sd, main, render_occasions
from benchmarks.studies.verify_gate import CaseBlocks, RunRecord

CASES = [f"step_time[case{number}{null}]" for number in range(4) for null in ("", "-null")]


def make_run(blocks: Mapping[str, CaseBlocks]) -> RunRecord:
    return RunRecord(began="", wall_s=1.0, load_average=0.0, exit_status=0, verdicts={}, blocks=blocks)


def make_case_blocks(log_ratios: Sequence[float]) -> CaseBlocks:
    """Return blocks of alternating build order whose processor time varies half as much."""
    return CaseBlocks(
        log_ratios=tuple(log_ratios),
        cpu_log_ratios=tuple(value / 2.0 for value in log_ratios),
        weighted_built_first=tuple(index % 2 == 0 for index in range(len(log_ratios))),
    )


def draw_runs(occasion_sd: float, *, runs: int, blocks: int = 6, seed: int = 1) -> list[RunRecord]:
    """Return runs of all cases, each shifted in each run; blocks spread by 0.5 %, build orders lie 1 % apart."""
    rng = np.random.default_rng(seed)
    orders = np.array([0.005 if index % 2 == 0 else -0.005 for index in range(blocks)])
    return [
        make_run(
            {
                case_id: make_case_blocks(
                    (occasion_sd * rng.standard_normal() + orders + 0.005 * rng.standard_normal(blocks)).tolist()
                )
                for case_id in CASES
            }
        )
        for _ in range(runs)
    ]


def estimate(runs: Sequence[RunRecord], aspect: Aspect = Aspect.OVERHEAD) -> tuple[float, float, float]:
    found = estimate_occasion_sd(list(collect_means(runs, aspect).values()))
    return found.lower, found.estimate, found.upper


def test_the_spread_of_occasions_is_found_as_it_was_drawn() -> None:
    """8 cases in 40 runs: the estimate's own standard error is about 0.004 / sqrt(2 * 312) * 1.25 = 0.0002."""
    lower, found, upper = estimate(draw_runs(0.004, runs=40))
    assert found == pytest.approx(0.004, abs=0.0006)
    assert 0.003 < lower < found < upper < 0.005
    assert estimate(draw_runs(0.004, runs=40), Aspect.CPU)[1] == pytest.approx(found / 2.0)


def test_the_interval_covers_what_was_drawn_about_as_often_as_it_says() -> None:
    """A bootstrap over ten runs is rough: 85 % at least, where 95 % are meant."""
    covered = 0
    for seed in range(40):
        lower, _, upper = estimate(draw_runs(0.004, runs=10, seed=seed))
        covered += lower <= 0.004 <= upper
    assert covered >= 34


def test_where_occasions_do_not_differ_the_shift_is_next_to_nothing() -> None:
    lower, found, _ = estimate(draw_runs(0.0, runs=30))
    assert lower == 0.0
    assert found < 0.001


def test_the_formula_is_the_variance_of_the_means_less_their_squared_errors() -> None:
    """Runs at 0, 1 and 2 %, each ± 0.1 % within its orders: 1e-4 less 4 * 0.001² / 2 / 4 = 5e-7."""
    within = (0.001, 0.001, -0.001, -0.001)
    runs = [make_run({CASES[0]: make_case_blocks([level + value for value in within])}) for level in (0.0, 0.01, 0.02)]
    assert estimate(runs)[1] == pytest.approx((1e-4 - 5e-7) ** 0.5)


@pytest.mark.parametrize("with_values", [0, 2])
def test_too_few_runs_are_told_in_one_line(
    with_values: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Runs from before values were kept, and those with a planted fault, do not count."""
    path = tmp_path / "runs.jsonl"
    for record in [*draw_runs(0.004, runs=with_values), make_run({}), make_run({})]:
        append_line(path, record)
    with pytest.raises(SystemExit, match=rf"expected at least 3 runs .*, got {with_values}; "):
        main([str(path)])


def test_cases_of_one_block_tell_nothing() -> None:
    runs = [make_run({CASES[0]: make_case_blocks([0.01])}) for _ in range(3)]
    with pytest.raises(StatisticsError, match="several blocks in each of at least 3 runs"):
        estimate(runs)


def test_the_table_pools_by_question_and_says_the_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs may lie in several files, and a case that is in few of the runs is left out of the pools."""
    runs = draw_runs(0.01, runs=12)
    rare = make_run({**runs[0].blocks, "epoch_time[rare]": make_case_blocks([0.0, 0.01, 0.0, 0.02])})
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    append_line(one, rare)
    for record in runs[1:]:
        append_line(two, record)
    main([str(one), str(two)])
    told = capsys.readouterr().out
    pooled = [line.split("|")[1:4] for line in told.splitlines() if line.startswith("| step_time ")]
    assert [[cell.strip() for cell in cells] for cells in pooled] == [
        ["step_time", "null cases", "4"],
        ["step_time", "all cases", "8"],
    ]
    assert "step_time: occasion_sd=0.0" in told.splitlines()[-1]
    assert "epoch_time: " not in told
    assert "no shift was shown" in render_occasions(draw_runs(0.0, runs=12))
