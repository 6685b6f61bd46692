"""An exception that strikes in the midst of waiting, as Ctrl-C and pytest-timeout do."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator


class TimeIsUpError(Exception):
    """What is raised."""


@contextlib.contextmanager
def raised_after(seconds: float, error: BaseException) -> Iterator[None]:
    """Raise an error wherever this thread is when the time is up."""

    def strike(number: int, frame: object) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
