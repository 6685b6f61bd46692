"""A session over several dataset sizes shows what a further sample costs at start-up, and saves it."""

from __future__ import annotations

import json

import pytest

from tests.plugin.conftest import RunSuite
from tests.plugin.fakes import FakeLauncher

pytest_plugins = ["pytester"]

_SIZES = ("--dataset-size", "1e4,1e5")


def test_what_a_sample_costs_at_start_up_is_shown_and_saved(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    arguments = ("test_startup_time.py", "--method", "fit_array", *_SIZES, "--benchmark-json=run.json")
    result = run_suite(*arguments, launcher=FakeLauncher(0.05))
    result.stdout.fnmatch_lines(
        ["ns per sample *time *at 1e9", "fit_array *start-up time *", "Lines through 10,000 and 100,000 samples*"]
    )
    result.stdout.no_fnmatch_line("bytes per sample *")
    (cost,) = json.loads((pytester.path / "run.json").read_text())["sample_weighting_run"]["sample_costs"]
    assert (cost["key"], cost["unit"], cost["sizes"]) == ("startup_time", "ns", [10_000, 100_000])
    assert cost["extra"]["slope"]["lower"] <= cost["extra"]["slope"]["estimate"] <= cost["extra"]["slope"]["upper"]


def test_one_size_has_no_cost_per_sample(run_suite: RunSuite) -> None:
    result = run_suite("test_startup_time.py", "--method", "fit_array", "--dataset-size", "1e4")
    result.stdout.no_fnmatch_line("ns per sample *")
