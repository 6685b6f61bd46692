"""Join the shards of a sweep into one run.

    python -m benchmarks.commands.merge shard1.json shard2.json --output all.json

The result is a run like any other: pytest-benchmark compares with it, and the suite judges against it. It is written
whole or not at all.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.baselines.merging import merge_runs
from benchmarks.baselines.store import load_run
from benchmarks.commands._running import run_command
from benchmarks.errors import BaselineError


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
        BaselineError: when a file is no run, they are not the shards of one, or the result cannot be written.
    """
    if output.is_dir() or not output.parent.is_dir():
        raise BaselineError(
            f"--output: expected a file in a folder that exists, got {str(output)!r}; make {output.parent} first"
        )
    merged = merge_runs([load_run(path, "shard") for path in shards])
    _write_whole(output, json.dumps(merged, indent=4) + "\n")
    print(f"{output}: {len(merged['benchmarks'])} cases of {len(shards)} shards")


def _write_whole(path: Path, text: str) -> None:
    """Write a file beside its place and move it there, so that nobody finds half of it."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as error:
        raise BaselineError(
            f"--output: expected a file that can be written, got {str(path)!r} ({error.strerror}); name another"
        ) from error
    finally:
        half.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
