"""Which TensorFlow environment is measured? An interpreter, checked before anything is asked of it.

It runs the code of this checkout of the suite, or of another one, which is known by its worker: what is started inside
a target.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from pathlib import Path

from benchmarks.errors import TargetError

WORKERS: tuple[str, ...] = ("benchmarks.target.worker", "benchmarks.blocks.worker")
"""Modules that are started inside a target: this checkout's own, then those of checkouts that had it elsewhere."""

_WORKER_FILES = {module: Path(*module.split(".")).with_suffix(".py") for module in WORKERS}

KNOWN_TARGETS = (
    "an interpreter, pip requirements, or the folder of a checkout of this suite, which is known by "
    + " or ".join(str(file) for file in _WORKER_FILES.values())
)
"""What a text may name that says what to measure, for messages."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A TensorFlow environment, named by its Python interpreter.

    `root` is another checkout of this suite whose code is to be measured there; None means this one. `worker` is the
    module of that checkout that is started. `layout` is the number of the fixed layout that its processes have, 0 and
    up: the seed of their hashes, with addresses that are not drawn where the system allows it; with None each draws its
    own.
    """

    interpreter: Path
    root: Path | None = None
    worker: str = WORKERS[0]
    layout: int | None = None

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return str(self.interpreter) if self.root is None else f"{self.root} on {self.interpreter}"


def find_target(text: str | None) -> Target:
    """Return the target that `text` names; None means the interpreter this process runs on.

    Args:
        text: the path of an interpreter, or the name of one on the PATH.

    Raises:
        TargetError: when there is no such program.
    """
    if text is None:
        return Target(interpreter=Path(sys.executable))
    found = shutil.which(os.path.expanduser(text))  # noqa: PTH111 - which takes and gives text
    if found is None:
        raise TargetError(
            f"target: expected a Python interpreter with TensorFlow, got {text!r}, which is not a program; "
            "pass its path, for example --target .venv/bin/python"
        )
    return Target(interpreter=Path(found).absolute())


def find_checkout(folder: Path, interpreter: Path) -> Target:
    """Return the target that measures the code of another checkout of this suite.

    Args:
        folder: the checkout.
        interpreter: what it is measured on.

    Raises:
        TargetError: when the folder is not one.
    """
    for module, file in _WORKER_FILES.items():
        if (folder / file).is_file():
            return Target(interpreter=interpreter, root=folder.resolve(), worker=module)
    raise TargetError(
        f"target: expected {KNOWN_TARGETS}, got the folder {str(folder)!r}, which has none; name the folder that holds "
        "`benchmarks`, in a version of this suite that has a worker there"
    )
