"""Join the shards of a sweep into one run, if they are parts of the same thing.

    python -m benchmarks.commands.merge shard1.json shard2.json --output all.json

The result is a run like any other: pytest-benchmark compares with it, and the suite judges against it. It is written
whole or not at all. Refused are shards of different code, of different TensorFlow, Keras or NumPy, of another sweep or
seed, a case that is in two of them, and a shard that is missing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.baselines.store import EXTRA_INFO_KEY, RUN_KEY, SUMMARY_KEY, load_run
from benchmarks.commands import CommandParser, read_place, run_command, write_whole
from benchmarks.errors import BaselineError
from benchmarks.records import Json
from benchmarks.records.json_form import describe_value

_SHARD = re.compile(r"[1-9][0-9]{0,3}/[1-9][0-9]{0,3}")
"""The form of a shard's name, of at most 9,999."""


def merge_runs(runs: Sequence[Json]) -> Json:
    """Return one run with the benchmarks of all shards, sorted by name.

    Args:
        runs: the JSON of each shard, as pytest-benchmark wrote it for this suite.

    Raises:
        BaselineError: when they are not the shards of one sweep of one code; the message says what differs.
    """
    if not runs:
        raise BaselineError("shards: expected at least one, got none; name the files of all shards")
    for run in runs:
        _check_shape(run)
    commits = [run.get("commit_info") or {} for run in runs]
    _check_same("commit", [commit.get("id") for commit in commits])
    states = ["uncommitted changes" if commit.get("dirty") else "as committed" for commit in commits]
    _check_same("state of the code", states)
    _check_same("sweep", [run[RUN_KEY].get("profile") for run in runs])
    _check_same("seed", [run[RUN_KEY].get("seed") for run in runs])
    for name in ("tensorflow", "keras", "numpy"):
        versions = sorted(str(environment.get(name)) for run in runs for environment in _list_environments(run))
        _check_same(name, versions, "measure them with one version")
    _check_complete(runs)
    _check_disjoint(runs)
    return {
        **runs[0],
        "benchmarks": sorted(
            (benchmark for run in runs for benchmark in run["benchmarks"]), key=lambda benchmark: benchmark["fullname"]
        ),
        RUN_KEY: {
            **runs[0][RUN_KEY],
            "shard": None,
            "failed_cases": {
                case: reason for run in runs for case, reason in (run[RUN_KEY].get("failed_cases") or {}).items()
            },
            "sample_costs": [cost for run in runs for cost in (run[RUN_KEY].get("sample_costs") or [])],
            SUMMARY_KEY: None,  # that of one shard says nothing of the others; a new one is made of the cases
        },
    }


def _check_shape(run: Json) -> None:
    """Refuse what is not a run of this suite, or is a damaged one."""
    if not isinstance(run.get("benchmarks"), list) or not isinstance(run.get(RUN_KEY), dict):
        raise BaselineError("shards: expected runs saved by this suite, got another file; name those of the shards")
    told = run[RUN_KEY]
    shard = told.get("shard")
    sound = {
        "benchmarks": all(
            isinstance(each, dict)
            and isinstance(each.get("fullname"), str)
            and isinstance(each.get("extra_info") or {}, dict)
            for each in run["benchmarks"]
        ),
        "commit_info": isinstance(run.get("commit_info") or {}, dict),
        "shard": shard is None or (isinstance(shard, str) and _SHARD.fullmatch(shard) is not None),
        "failed_cases": isinstance(told.get("failed_cases") or {}, dict),
        "sample_costs": isinstance(told.get("sample_costs") or [], list),
    }
    for part, is_sound in sound.items():
        if not is_sound:
            raise BaselineError(
                f"shards: expected runs saved by this suite, got one with damaged {part}; measure it again"
            )


def _check_same(what: str, values: Sequence[Any], remedy: str = "measure them again from one checkout") -> None:
    """Refuse runs that differ in this."""
    found = [value for number, value in enumerate(values) if value not in values[:number]]
    if len(found) > 1:
        told = " and ".join(value if isinstance(value, str) else describe_value(value) for value in found)
        raise BaselineError(f"shards: expected the same {what} in all, got {told}; {remedy}")


def _list_environments(run: Json) -> Iterator[Json]:
    """Yield where each of the suite's own benchmarks was measured."""
    for benchmark in run["benchmarks"]:
        stored = (benchmark.get("extra_info") or {}).get(EXTRA_INFO_KEY)
        if isinstance(stored, dict) and isinstance(stored.get("environment"), dict):
            yield stored["environment"]


def _check_complete(runs: Sequence[Json]) -> None:
    """Refuse runs that say of themselves that they are shards of which others are missing or doubled."""
    named = [run[RUN_KEY].get("shard") for run in runs]
    shards = [name for name in named if name]
    if not shards:
        return
    counts = {name.partition("/")[2] for name in shards}
    if len(counts) > 1 or len(shards) < len(named):
        raise BaselineError(
            f"shards: expected parts of one division, got {', '.join(str(name) for name in named)}; name all of one run"
        )
    count = int(counts.pop())
    missing = sorted(set(range(1, count + 1)) - {int(name.partition("/")[0]) for name in shards})
    if missing:
        listed = ", ".join(f"{number}/{count}" for number in missing)
        raise BaselineError(f"shards: expected all {count}, but {listed} is missing; name its file too")


def _check_disjoint(runs: Sequence[Json]) -> None:
    """Refuse runs that share a case."""
    seen: set[str] = set()
    for run in runs:
        names = {str(benchmark["fullname"]) for benchmark in run["benchmarks"]}
        doubled = sorted(names & seen)
        if doubled:
            raise BaselineError(f"shards: expected each case once, got {doubled[0]} twice; name each shard once")
        seen |= names


def main(arguments: Sequence[str] | None = None) -> int:
    """Merge the files named on the command line; return 0, or 1 or 2 after one line that says why not."""
    parser = CommandParser("merge", "Join shards into one run.")
    parser.add_argument("shards", nargs="+", type=Path, help="files that --benchmark-json wrote, one per shard")
    parser.add_argument("--output", type=read_place, required=True, help="file to write")
    return run_command(parser, arguments, _merge)


def _merge(options: argparse.Namespace) -> None:
    """Read the shards and write the run they are parts of."""
    merged = merge_runs([load_run(path, "shard") for path in options.shards])
    write_whole(options.output, json.dumps(merged, indent=4) + "\n", "--output")
    print(f"{options.output}: {len(merged['benchmarks'])} cases of {len(options.shards)} shards")


if __name__ == "__main__":
    sys.exit(main())
