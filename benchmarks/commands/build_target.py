"""Build the environment of a TensorFlow version and print its interpreter, for `--target`.

python -m benchmarks.commands.build_target "tensorflow-cpu==2.19.1"
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.commands._running import run_command
from benchmarks.launch.environments import build_target


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what the command line names; return 0, or 1 after one line that says why not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commands.build_target", description="Build a target.")
    parser.add_argument("requirement", help="pip requirements, apart by blanks, as one argument")
    options = parser.parse_args(arguments)
    return run_command(lambda: print(build_target(options.requirement).interpreter))


if __name__ == "__main__":
    sys.exit(main())
