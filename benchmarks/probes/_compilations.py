"""How often has XLA compiled something? The modules that it writes to a folder before it optimises them, counted.

Nothing that Python can read counts them: TensorFlow's own counter of XLA's work has no reader there
(`tensorflow.python.eager.monitoring` reads only what it has created itself), and a compiler's text
(`experimental_get_compiler_ir`) is made anew for each question. XLA's dump is written before a compilation returns, one
file with this name for each, with the same name in all versions from TensorFlow 2.12 to 2.21.
Source: https://openxla.org/xla/hlo_dumps (XLA_FLAGS=--xla_dump_to).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

_FLAGS_VARIABLE = "XLA_FLAGS"

_MODULES = "*before_optimizations.txt"


@contextlib.contextmanager
def count_compilations() -> Iterator[Callable[[], int]]:
    """Yield what returns how often XLA has compiled since; to be used once in a process, before XLA's first work.

    XLA reads its flags once. Flags that are set already are kept, but for the folder.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = os.environ.get(_FLAGS_VARIABLE, "")
        os.environ[_FLAGS_VARIABLE] = f"{given} --xla_dump_to={folder} --xla_dump_hlo_as_text".strip()
        yield lambda: len(list(Path(folder).glob(_MODULES)))
