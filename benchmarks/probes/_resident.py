"""How much memory is resident, and how high was it in between? Bytes of this process, with no peak missed on Linux.

Linux keeps the high-water mark itself (`VmHWM`), and writing 5 to `/proc/self/clear_refs` sets it back to the present
level, so that no peak falls between two samples. Elsewhere a thread samples psutil's resident set size, which can miss
a peak shorter than its interval.

Two habits of glibc's malloc would blur bytes. Memory that was freed but is still held would hide later growth, so it is
given back first (`malloc_trim`). And the size from which an allocation gets pages of its own grows as memory is freed:
then a large array now and then lies at a multiple of 64 bytes, TensorFlow uses it in place instead of copying it, and
its allocator never hears of it (peaks of `fit` were seen to lack one copy of the data in up to every third process). A
fixed size keeps large arrays on pages of their own (`mallopt`), where both are as in a young process.
Source: https://www.kernel.org/doc/html/latest/filesystems/proc.html (clear_refs); mallopt(3), malloc_trim(3).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psutil

_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
_RESET_HIGH_WATER_MARK = "5"
_BYTES_PER_KIB = 1024

_M_MMAP_THRESHOLD = -3
_OWN_PAGES_FROM_BYTES = 128 * 1024
"""glibc's number of that parameter, and the value that it has in a young process."""

_SAMPLE_INTERVAL_S = 0.002
"""Where peaks are sampled: short beside a pass, long beside one look (20 us)."""


def keep_large_arrays_apart() -> None:
    """Fix the size from which malloc gives an allocation pages of its own, where the C library is glibc.

    To be called before the first large array is made.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES_FROM_BYTES)


class PeakWatch(Protocol):
    """The resident memory of this process over a stretch of work."""

    @property
    def rise_bytes(self) -> int:
        """How far the peak was above the level before, once the work is done."""


class _KernelWatch:
    """Reads the kernel's own high-water mark."""

    def __init__(self) -> None:
        _CLEAR_REFS.write_text(_RESET_HIGH_WATER_MARK, encoding="ascii")
        self._before_bytes = _read_status("VmHWM")
        self.rise_bytes = 0

    def stop(self) -> None:
        self.rise_bytes = max(_read_status("VmHWM") - self._before_bytes, 0)


class _SamplingWatch:
    """Samples the resident set size in a thread."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before_bytes = self._process.memory_info().rss
        self._peak_bytes = self._before_bytes
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        self.rise_bytes = 0

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._look()
        self.rise_bytes = self._peak_bytes - self._before_bytes

    def _sample(self) -> None:
        while not self._stopped.wait(_SAMPLE_INTERVAL_S):
            self._look()

    def _look(self) -> None:
        self._peak_bytes = max(self._peak_bytes, self._process.memory_info().rss)


@contextlib.contextmanager
def watch_peak() -> Iterator[PeakWatch]:
    """Watch the resident memory during the `with` block; `rise_bytes` is known after it."""
    settle()
    watch: _KernelWatch | _SamplingWatch
    try:
        watch = _KernelWatch()
    except (OSError, LookupError):
        watch = _SamplingWatch()
    yield watch
    watch.stop()


def settle() -> None:
    """Free what nothing refers to, and give freed memory back to the system where the C library can."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def read_resident_bytes() -> int:
    """Return the resident memory of this process, after freeing what can be freed."""
    settle()
    return int(psutil.Process().memory_info().rss)


def _read_status(field: str) -> int:
    """Return a field of the process' status in bytes.

    Raises:
        LookupError: when the kernel does not have it.
    """
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        name, _, rest = line.partition(":")
        if name == field:
            return int(rest.split()[0]) * _BYTES_PER_KIB
    raise LookupError(f"{_STATUS} has no {field}")
