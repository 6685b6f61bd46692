"""Is another run of this suite measuring on this machine? Runs leave marks by which they notice each other.

Each run holds a lock that bears its process id while it measures, and leaves its id with those that it finds; a lock
goes with its process, however that ends. Two runs slow each other down, and not evenly: that is told, and no reason to
end. The marks lie in the user's cache (`SAMPLE_WEIGHTING_CACHE` names another folder), so that runs of other users, or
with another folder, are not seen.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from benchmarks.launch.targets import find_cache
from benchmarks.plugin.run import find_run
from benchmarks.reports.progress import describe_neighbours

_LOCK = ".lock"
_MET = ".met"

_PATIENCE_S = 1.0
"""Another run holds a lock that is not its own for as long as it takes to see that nobody else does."""


class Neighbours:
    """The other runs on this machine, as one of them sees them."""

    def __init__(self, folder: Path, pid: int | None = None) -> None:
        """Leave no mark yet.

        Args:
            folder: where runs leave their marks; it is made if need be.
            pid: of the process that measures; None for this one.
        """
        self._folder = folder
        self._pid = os.getpid() if pid is None else pid
        self._lock = FileLock(self._find(self._pid, _LOCK))
        self._met: set[int] = set()

    def begin(self) -> set[int]:
        """Leave the mark of this run, and return the process ids of those that measure now."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._find(self._pid, _MET).unlink(missing_ok=True)  # of an earlier process with the same id
        with contextlib.suppress(Timeout):
            self._lock.acquire(timeout=_PATIENCE_S)
        self._met = self._find_others()
        for pid in self._met:
            with self._find(pid, _MET).open("a", encoding="utf-8") as file:
                file.write(f"{self._pid}\n")
        return set(self._met)

    def end(self) -> set[int]:
        """Take the mark away, and return the process ids of all that measured in the meantime."""
        told = self._find(self._pid, _MET)
        if told.exists():
            self._met |= {int(line) for line in told.read_text(encoding="utf-8").split() if line.isdecimal()}
            told.unlink()
        self._find(self._pid, _LOCK).unlink(missing_ok=True)
        self._lock.release()
        return set(self._met)

    def _find_others(self) -> set[int]:
        """Return the process ids of other runs, and clear away what those left that were killed."""
        others: set[int] = set()
        for path in self._folder.glob(f"*{_LOCK}"):
            if not path.stem.isdecimal() or int(path.stem) == self._pid:
                continue
            try:
                with FileLock(path).acquire(timeout=0):
                    path.unlink(missing_ok=True)
                    path.with_suffix(_MET).unlink(missing_ok=True)
            except Timeout:
                others.add(int(path.stem))
        return others

    def _find(self, pid: int, suffix: str) -> Path:
        """Return the file that a run has or is told something by."""
        return self._folder / f"{pid}{suffix}"


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Leave a mark while cases are measured, and tell a person who waits for them that they are not alone."""
    run = find_run(session.config)
    swept = any(item.get_closest_marker("sweep") is not None for item in session.items)
    if not swept or session.config.option.collectonly or run.skipping:
        return (yield)
    neighbours = Neighbours(find_cache() / "measuring")
    # A cache that cannot be written is told where something is to be built in it.
    with contextlib.suppress(OSError):
        others = neighbours.begin()
        reporter: pytest.TerminalReporter | None = session.config.pluginmanager.get_plugin("terminalreporter")
        if others and reporter is not None:
            reporter.write_line(describe_neighbours(others, "is"), yellow=True)
    try:
        return (yield)
    finally:
        with contextlib.suppress(OSError):
            run.neighbours = neighbours.end()
