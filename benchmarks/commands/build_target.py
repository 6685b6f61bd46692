"""Build the environment of a TensorFlow version and print its interpreter, for `--target`.

python -m benchmarks.commands.build_target "tensorflow-cpu==2.19.1"
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.commands import CommandParser, MisuseError, refuse, run_command
from benchmarks.launch.targets import build_target


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what the command line names; return 0, or 1 or 2 after one line that says why not."""
    parser = CommandParser("build_target", "Build a target.")
    parser.add_argument("requirement", type=_read, help="pip requirements, apart by blanks, as one argument")
    return run_command(parser, arguments, lambda options: print(build_target(options.requirement).interpreter))


@refuse
def _read(text: str) -> str:
    if not text.strip():
        raise MisuseError(f"expected pip requirements, got {text!r}; write for example tensorflow-cpu==2.20.0")
    return text


if __name__ == "__main__":
    sys.exit(main())
