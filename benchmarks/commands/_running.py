"""How does a command end? With 0, or with 1 after one line that says what was expected, what came, and the remedy."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks.errors import SuiteError


def run_command(work: Callable[[], None]) -> int:
    """Do the work and return the exit status of the command."""
    try:
        work()
    except SuiteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
