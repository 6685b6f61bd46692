"""Join the shards of a sweep into one run.

    python -m benchmarks.commands.merge shard1.json shard2.json --output all.json

The result is a run like any other: pytest-benchmark compares with it, and the suite judges against it. It is written
whole or not at all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.baselines.merging import merge_runs
from benchmarks.baselines.store import load_run
from benchmarks.commands import CommandParser, read_place, run_command, write_whole


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
