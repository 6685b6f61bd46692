"""What is started inside a target? A server that imports TensorFlow once, or one job where fork is not to be had.

It reads JSON requests from its input and writes JSON replies to what was its output; everything TensorFlow prints goes
to the error output. The target is checked before anything else of this suite is imported, so that an interpreter that
lacks something is told of in one line.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

_OLDEST_PYTHON = (3, 10)

_REQUIRED = ("numpy", "psutil", "tensorflow")


def main(arguments: list[str]) -> int:
    """Serve until the input ends, or do one job; return the exit status.

    Args:
        arguments: `--serve fork`, `--serve fresh` or `--one-job`.
    """
    reply_fd = os.dup(1)
    os.dup2(2, 1)
    if arguments == ["--one-job"]:
        from benchmarks.blocks.jobs import do_job  # noqa: PLC0415 - needs a target that has been checked
        from benchmarks.blocks.supervise import answer  # noqa: PLC0415

        job = json.loads(sys.stdin.readline())
        answer(lambda: do_job(job), reply_fd)
        return 0
    if arguments not in (["--serve", "fork"], ["--serve", "fresh"]):
        sys.stderr.write(f"expected --serve fork, --serve fresh or --one-job, got {arguments}\n")
        return 2
    with os.fdopen(reply_fd, "w", encoding="utf-8") as replies:

        def send(reply: dict[str, Any]) -> None:
            print(json.dumps(reply), file=replies, flush=True)

        problem = _find_problem()
        if problem:
            send({"error": problem, "kind": "TargetError"})
            return 1
        from benchmarks.blocks.serving import introduce, serve  # noqa: PLC0415 - needs a target that has been checked

        send({"result": introduce().to_json()})
        serve(sys.stdin, send, fork=arguments[1] == "fork")
    return 0


def _find_problem() -> str:
    """Import what a target needs; say what it lacks, empty where it has everything."""
    if sys.version_info < _OLDEST_PYTHON:
        return f"expected Python 3.10 or newer, got {sys.version.split()[0]}; choose another interpreter"
    for name in _REQUIRED:
        try:
            importlib.import_module(name)
        except ImportError as error:  # noqa: PERF203 - three rounds, and each names what it lacks
            return (
                f"expected an interpreter with TensorFlow, but it cannot import {name} ({error}); install it there, "
                f"for example with `{sys.executable} -m pip install tensorflow numpy psutil`"
            )
    # tensorflow loads Keras on first use: done here, it is inherited by every child instead of loaded in each.
    _ = importlib.import_module("tensorflow").keras.Model
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
