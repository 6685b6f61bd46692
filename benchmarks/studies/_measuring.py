"""What do studies that measure share? Their cases, and a core kept busy."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.cases import parse_axis
from benchmarks.records import Case, Question
from benchmarks.sweeps import Profile, expand


def list_cases(question: Question, methods: str) -> list[Case]:
    """Return the quick sweep's cases of these methods, null cases first."""
    asked = expand(question, Profile.QUICK, {"method": parse_axis("method", methods)})
    return [case for case in asked if isinstance(case, Case)]


@contextlib.contextmanager
def keep_a_core_busy(*, busy: bool) -> Iterator[None]:
    """Run another process that never waits, for as long as the context lasts."""
    if not busy:
        yield
        return
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()
