"""An exception that strikes in the midst of waiting, as Ctrl-C and pytest-timeout do."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path


class TimeIsUpError(Exception):
    """What is raised."""


@contextlib.contextmanager
def interrupted_when_there_are(*files: Path) -> Iterator[None]:
    """Raise TimeIsUpError in this thread, wherever it is then, as soon as all these files exist."""

    def strike(number: int, frame: object) -> None:
        raise TimeIsUpError

    def watch(waiting: int) -> None:
        while not all(file.exists() for file in files):
            time.sleep(0.01)
        signal.pthread_kill(waiting, signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, strike)
    watcher = threading.Thread(target=watch, args=[threading.get_ident()], daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)
