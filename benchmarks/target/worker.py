"""What is started inside a target? A server that imports TensorFlow once, or one job where fork is not to be had.

It reads JSON requests from its input and writes JSON replies to what was its output; everything TensorFlow prints goes
to the error output. The target is checked before anything else of this suite is imported, so that an interpreter that
lacks something is told of in one line.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import sys
from typing import Any

FIXED_ADDRESSES_VARIABLE = "SAMPLE_WEIGHTING_FIXED_ADDRESSES"
"""Set in the environment of a worker whose address space is not to be drawn."""

_ADDR_NO_RANDOMIZE = 0x0040000
"""Linux: an address space that is not drawn; see personality(2). It is kept over execve and fork."""

_OLDEST_PYTHON = (3, 10)

_REQUIRED = ("numpy", "psutil", "tensorflow")


def main(arguments: list[str]) -> int:
    """Serve until the input ends, or do one job; return the exit status.

    Args:
        arguments: `--serve fork`, `--serve fresh` or `--one-job`.
    """
    if os.environ.pop(FIXED_ADDRESSES_VARIABLE, None) is not None and _fix_addresses():
        os.execv(sys.executable, [sys.executable, "-m", __spec__.name, *arguments])  # noqa: S606 - itself
    reply_fd = os.dup(1)
    os.dup2(2, 1)
    if arguments == ["--one-job"]:
        from benchmarks.target.jobs import do_job  # noqa: PLC0415 - needs a target that has been checked
        from benchmarks.target.supervise import answer  # noqa: PLC0415

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
        from benchmarks.target.serving import introduce, serve  # noqa: PLC0415 - needs a target that has been checked

        send({"result": introduce().to_json()})
        if arguments[1] == "fork":
            gc.collect()
            gc.freeze()  # a child's collections then pass over what the imports left: 5 instead of 90 ms each
        serve(sys.stdin, send, fork=arguments[1] == "fork")
    return 0


def _fix_addresses() -> bool:
    """Have addresses no longer drawn from the next program on; return whether that was new and the system allows it."""
    if sys.platform != "linux":
        return False
    personality = ctypes.CDLL(None).personality
    now: int = personality(0xFFFFFFFF)
    return not now & _ADDR_NO_RANDOMIZE and personality(now | _ADDR_NO_RANDOMIZE) != -1


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
