"""Which TensorFlow environment is measured? An interpreter, checked before anything is asked of it."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from pathlib import Path

from benchmarks.errors import TargetError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A TensorFlow environment, named by its Python interpreter.

    `root` is another checkout of this suite whose code is to be measured there; None means this one.
    """

    interpreter: Path
    root: Path | None = None


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
