"""Join the shards of a sweep into one run.

    python -m benchmarks.commands.merge shard1.json shard2.json --output all.json

The result is a run like any other: pytest-benchmark compares with it, and the suite judges against it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.baselines.merging import merge_runs
from benchmarks.baselines.store import check_run_file
from benchmarks.commands._running import run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Merge the files named on the command line; return 0, or 1 after one line that says why not."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.commands.merge", description="Join shards into one run."
    )
    parser.add_argument("shards", nargs="+", type=Path, help="files that --benchmark-json wrote, one per shard")
    parser.add_argument("--output", type=Path, required=True, help="file to write")
    options = parser.parse_args(arguments)
    return run_command(lambda: merge_files(options.shards, options.output))


def merge_files(shards: Sequence[Path], output: Path) -> None:
    """Read the shards and write the run they are parts of.

    Raises:
        BaselineError: when a file is no run, or they are not the shards of one.
    """
    for path in shards:
        check_run_file(path)
    merged = merge_runs([json.loads(path.read_text(encoding="utf-8")) for path in shards])
    output.write_text(json.dumps(merged, indent=4) + "\n", encoding="utf-8")
    print(f"{output}: {len(merged['benchmarks'])} cases of {len(shards)} shards")


if __name__ == "__main__":
    sys.exit(main())
