"""Shards are joined where they are parts of one run, and refused with the reason where they are not."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.baselines.merging import merge_runs
from benchmarks.baselines.schema import EXTRA_INFO_KEY, RUN_KEY
from benchmarks.commands import merge
from benchmarks.errors import BaselineError
from benchmarks.records import Json
from tests.examples import make_environment

_STATS = dict.fromkeys(("min", "max", "mean", "median", "iqr", "stddev", "ops", "rounds", "iterations"), 1.0)


def make_shard(number: int, *names: str, count: int = 2) -> Json:
    environment = make_environment().to_json()
    return {
        "machine_info": {},
        "commit_info": {"id": "abc", "dirty": False},
        "benchmarks": [
            {
                "fullname": name,
                "stats": {**_STATS, "outliers": "0;0"},
                "extra_info": {EXTRA_INFO_KEY: {"environment": environment}},
            }
            for name in names
        ],
        RUN_KEY: {"profile": "gate", "seed": 1, "shard": f"{number}/{count}", "failed_cases": {}, "sample_costs": []},
    }


def test_two_shards_become_one_run() -> None:
    first, second = make_shard(1, "c", "a"), make_shard(2, "b")
    second[RUN_KEY]["failed_cases"] = {"d": "killed"}
    merged = merge_runs([first, second])
    assert [benchmark["fullname"] for benchmark in merged["benchmarks"]] == ["a", "b", "c"]
    assert merged[RUN_KEY]["failed_cases"] == {"d": "killed"}
    assert merged[RUN_KEY]["shard"] is None


def change(shard: Json, *path: Any, to: Any) -> Json:
    changed = copy.deepcopy(shard)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return changed


_SECOND = make_shard(2, "b")
_ENVIRONMENT = ("benchmarks", 0, "extra_info", EXTRA_INFO_KEY, "environment")


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (change(_SECOND, "commit_info", "id", to="def"), "expected the same commit in all, got abc and def"),
        (change(_SECOND, "commit_info", "dirty", to=True), "got as committed and uncommitted changes"),
        (
            change(_SECOND, *_ENVIRONMENT, "tensorflow", to="2.20.0"),
            "expected the same tensorflow in all, got 2.20.0 and",
        ),
        (change(_SECOND, *_ENVIRONMENT, "keras", to="3.0.0"), "expected the same keras in all"),
        (change(_SECOND, RUN_KEY, "profile", to="full"), "expected the same sweep in all, got gate and full"),
        (change(_SECOND, RUN_KEY, "seed", to=9), "expected the same seed in all"),
        (change(_SECOND, RUN_KEY, "shard", to="2/3"), "expected parts of one division, got 1/2, 2/3"),
        (change(_SECOND, RUN_KEY, "shard", to="1/2"), "expected all 2, but 2/2 is missing"),
        (make_shard(2, "a"), "expected each case once, got a twice"),
        ({"benchmarks": []}, "expected runs saved by this suite"),
        (change(_SECOND, RUN_KEY, to=[]), "expected runs saved by this suite, got another file"),
        (change(_SECOND, "benchmarks", 0, to=3), "got one with damaged benchmarks; measure it again"),
        (change(_SECOND, "benchmarks", 0, "fullname", to=None), "got one with damaged benchmarks"),
        (change(_SECOND, "benchmarks", 0, "extra_info", to=[1]), "got one with damaged benchmarks"),
        (change(_SECOND, "commit_info", to=[1]), "got one with damaged commit_info"),
        (change(_SECOND, RUN_KEY, "shard", to="two"), "got one with damaged shard"),
        (change(_SECOND, RUN_KEY, "shard", to="2/1000000000"), "got one with damaged shard"),
        (change(_SECOND, RUN_KEY, "failed_cases", to=[1]), "got one with damaged failed_cases"),
        (change(_SECOND, RUN_KEY, "sample_costs", to=3), "got one with damaged sample_costs"),
        (change(_SECOND, RUN_KEY, "seed", to=[]), "expected the same seed in all, got 1 and a list of 0"),
    ],
)
def test_what_does_not_belong_together_is_refused(second: Json, reason: str) -> None:
    with pytest.raises(BaselineError, match=reason):
        merge_runs([make_shard(1, "a"), second])


def test_another_processor_is_no_reason() -> None:
    """Shards run on several machines of a matrix; ratios, bytes and counts are compared across them."""
    merge_runs([make_shard(1, "a"), change(_SECOND, *_ENVIRONMENT, "cpu_model", to="another")])


def test_none_at_all_is_refused() -> None:
    with pytest.raises(BaselineError, match="expected at least one"):
        merge_runs([])


def test_the_command_writes_a_run_or_says_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / "1.json", tmp_path / "2.json"]
    for path, shard in zip(paths, (make_shard(1, "a"), _SECOND), strict=True):
        path.write_text(json.dumps(shard))
    output = tmp_path / "all.json"
    assert merge.main([*map(str, paths), "--output", str(output)]) == 0
    assert len(json.loads(output.read_text())["benchmarks"]) == 2
    assert merge.main([str(paths[0]), "--output", str(output)]) == 1
    assert "2/2 is missing" in capsys.readouterr().err
    assert merge.main([str(tmp_path / "no.json"), "--output", str(output)]) == 1
