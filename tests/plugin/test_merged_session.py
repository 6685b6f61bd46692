"""Shards that sessions measured are joined, and the next session is held against what they became."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.baselines.store import check_run, read_baseline
from benchmarks.commands import merge
from tests.plugin.conftest import RunSuite
from tests.plugin.fakes import FakeLauncher, fail_block

pytest_plugins = ["pytester"]

_CASES = (
    "test_step_time.py",
    "test_peak_memory.py",
    "test_training_graph.py",
    "--method",
    "fit_array,fit_dataset",
    "--dataset-size",
    "1e4,1e5",
)


def load(path: Path) -> dict[str, Any]:
    """Return a saved run."""
    run: dict[str, Any] = json.loads(path.read_text())
    return run


def measure_shards(run_suite: RunSuite, folder: Path, **values: Any) -> list[Path]:
    """Measure the cases in two shards, on a fake target with these values, and return their files."""
    paths = [folder / "1.json", folder / "2.json"]
    for number, path in enumerate(paths, start=1):
        launcher = FakeLauncher(0.02, run_seed=number, **values)
        run_suite(*_CASES, "--blocks", "12", "--shard", f"{number}/2", f"--benchmark-json={path}", launcher=launcher)
    return paths


def test_a_run_is_held_against_merged_shards_in_all_its_cases(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    shards = measure_shards(run_suite, pytester.path)
    assert merge.main([*map(str, shards), "--output", str(pytester.path / "merged.json")]) == 0
    result = run_suite(
        *_CASES, "--benchmark-compare=merged.json", "--strict-verdicts", launcher=FakeLauncher(0.02, run_seed=3)
    )
    merged = load(pytester.path / "merged.json")
    result.assert_outcomes(passed=len(merged["benchmarks"]))
    lines = [line for line in result.outlines if line.lstrip().startswith("[") and "fit_" in line]
    assert len(lines) == len(merged["benchmarks"])
    assert [line for line in lines if "  HELD  " not in line] == []


def test_what_was_measured_in_shards_is_in_the_merged_run(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    parts = list(map(load, measure_shards(run_suite, pytester.path, before_block=fail_block("fit_dataset", at=1))))
    assert all(part["benchmarks"] for part in parts)
    merge.main([str(pytester.path / "1.json"), str(pytester.path / "2.json"), "--output", "merged.json"])
    merged = load(pytester.path / "merged.json")
    check_run(merged, "the merged run")
    stored = read_baseline(merged)
    assert stored.measurements == {
        case_id: measurement for part in parts for case_id, measurement in read_baseline(part).measurements.items()
    }
    assert not stored.unreadable
    told = [part["sample_weighting_run"] for part in parts]
    assert merged["sample_weighting_run"]["sample_costs"] == [cost for part in told for cost in part["sample_costs"]]
    failed = {case_id: reason for part in told for case_id, reason in part["failed_cases"].items()}
    assert list(failed) == ["step_time[mlp-depth2-batch256-fit_dataset]"]
    assert merged["sample_weighting_run"]["failed_cases"] == failed
    assert merged["machine_info"] == parts[0]["machine_info"]
    assert merged["commit_info"] == parts[0]["commit_info"]


def test_costs_per_sample_are_those_of_a_run_in_one_piece(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    """The sizes of a method stay in one shard, and so its slopes are fitted there as they would be in the whole run."""
    run_suite(*_CASES, "--blocks", "12", "--benchmark-json=whole.json", launcher=FakeLauncher(0.02))
    shards = measure_shards(run_suite, pytester.path)
    merge.main([*map(str, shards), "--output", "merged.json"])

    def list_fitted(name: str) -> list[tuple[str, str, list[int]]]:
        costs = load(pytester.path / name)["sample_weighting_run"]["sample_costs"]
        return sorted((cost["case_name"], cost["key"], cost["sizes"]) for cost in costs)

    whole = list_fitted("whole.json")
    assert {name for name, _, _ in whole} == {"mlp-depth2-batch512-fit_array", "mlp-depth2-batch512-fit_dataset"}
    assert {tuple(sizes) for _, _, sizes in whole} == {(10_000, 100_000)}
    assert list_fitted("merged.json") == whole
    assert all(load(shard)["sample_weighting_run"]["sample_costs"] for shard in shards), "each shard has its own"
