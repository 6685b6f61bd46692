"""How is a run ended from outside? By SIGTERM or SIGHUP as by Ctrl-C: what was measured is told and saved.

A process that is told to end by its service, its scheduler or its closing terminal would otherwise die at once, with
hours of blocks, and leave its targets' processes behind. A signal that was ignored before, as under nohup, stays so.
"""

from __future__ import annotations

import functools
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType

import pytest

_Handler = Callable[[int, FrameType | None], object] | int

_SIGNALS = ("SIGTERM", "SIGHUP")


class Stopper:
    """Raises KeyboardInterrupt on the first signal; those that come while the run ends are not to interrupt that."""

    def __init__(self) -> None:
        """Wait for a signal."""
        self._ending = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        del frame
        if not self._ending:
            self._ending = True
            raise KeyboardInterrupt(signal.Signals(number).name)

    def note_ending(self) -> None:
        """Let no signal interrupt from now on."""
        self._ending = True


_STOPPER = pytest.StashKey[Stopper]()


def pytest_configure(config: pytest.Config) -> None:
    """Handle the signals until the session is over; only the main thread can."""
    stopper = config.stash[_STOPPER] = Stopper()
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
        before = signal.getsignal(number)
        if before is None or before is signal.SIG_IGN:  # None: set by what is not Python
            continue
        signal.signal(number, stopper)
        config.add_cleanup(functools.partial(_restore, number, before))


def _restore(number: int, handler: _Handler) -> None:
    """Let a signal be handled as before the session."""
    signal.signal(number, handler)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Let the run be saved and told in peace: a cancelled workflow sends SIGINT, and SIGTERM seconds later."""
    session.config.stash[_STOPPER].note_ending()
    return (yield)
