"""Shards share the cases out evenly, each case in one of them, and a null case with those it vouches for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.methods import METHODS
from benchmarks.plugin.sharding import divide
from tests.plugin.conftest import RunSuite

pytest_plugins = ["pytester"]


@given(st.dictionaries(st.text(min_size=1), st.floats(0.1, 100.0), max_size=40), st.integers(1, 8))
def test_every_name_is_in_one_part_and_no_part_is_dearer_than_the_cheapest_by_more_than_one_name(
    costs: dict[str, float], count: int
) -> None:
    parts = divide(costs, count)
    assert sorted(name for part in parts for name in part) == sorted(costs)
    totals = [sum(costs[name] for name in part) for part in parts]
    assert max(totals) - min(totals) <= max(costs.values(), default=0.0) + 1e-9


def list_cases(result: pytest.RunResult) -> list[str]:
    return re.findall(r"::(test_\w+\[\S+\])", result.stdout.str())


def test_the_shards_of_a_sweep_are_the_sweep(run_suite: RunSuite) -> None:
    whole = list_cases(run_suite("--collect-only", "-q", "--sweep", "gate"))
    shards = [list_cases(run_suite("--collect-only", "-q", "--sweep", "gate", "--shard", f"{k}/3")) for k in (1, 2, 3)]
    assert sorted(case for shard in shards for case in shard) == sorted(whole)
    assert all(len(shard) > len(whole) / 6 for shard in shards)


def test_a_null_case_stays_with_its_methods(run_suite: RunSuite) -> None:
    shared = {"fit_class_weight": "fit_array", "fit_class_weight_dataset": "fit_dataset"}
    seen = set()
    for k in (1, 2, 3, 4):
        cases = set(list_cases(run_suite("--collect-only", "-q", "--shard", f"{k}/4")))
        for case in cases:
            if "-null" not in case:
                sizes, _, method = case.removesuffix("]").rpartition("-")
                assert f"{sizes}-{shared.get(method, method)}-null]" in cases
                seen.add(method)
    assert seen == {*METHODS}


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "1/0", "-1/2"])
def test_a_shard_that_makes_no_sense_ends_the_run_in_one_line(run_suite: RunSuite, text: str) -> None:
    result = run_suite("--collect-only", f"--shard={text}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --shard: expected K/N with K from 1 to N, got '{text}'*"])


def test_the_sizes_of_a_method_stay_together(run_suite: RunSuite) -> None:
    """A cost per sample is a slope over them."""
    sizes = ("test_peak_memory.py", "--dataset-size", "1e4,1e5,1e6")
    for k in (1, 2):
        cases = set(list_cases(run_suite("--collect-only", "-q", *sizes, "--shard", f"{k}/2")))
        assert cases
        assert all(case.replace("size10000-", "size1000000-") in cases for case in cases)
