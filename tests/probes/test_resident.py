"""Peaks of resident memory are seen, by the kernel's mark where there is one and by sampling elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from benchmarks.probes import _resident

MIB = 2**20

_LONGEST_WAIT_S = 30.0


def touch(count: int) -> bytearray:
    """Return that many bytes, every page of them written to."""
    return bytearray(b"\x01" * count)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the kernel keeps no high-water mark here")
def test_memory_that_came_and_went_is_in_the_rise() -> None:
    with _resident.watch_peak() as watch:
        held = touch(50 * MIB)
        del held
    assert 50 * MIB <= watch.rise_bytes < 150 * MIB


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the kernel keeps no high-water mark here")
def test_an_earlier_peak_is_not() -> None:
    del (held := touch(80 * MIB))[:]
    del held
    with _resident.watch_peak() as watch:
        pass
    assert watch.rise_bytes < 20 * MIB


@pytest.mark.parametrize("missing", ["_CLEAR_REFS", "_STATUS"])
def test_without_the_kernels_mark_a_thread_samples(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """As on other systems, or where /proc may not be written."""
    monkeypatch.setattr(_resident, missing, Path("/no/such/file"))
    process = psutil.Process()
    with _resident.watch_peak() as watch:
        before = process.memory_info().rss
        held = touch(50 * MIB)
        deadline = time.monotonic() + _LONGEST_WAIT_S
        while watch._peak_bytes < before + 40 * MIB and time.monotonic() < deadline:  # type: ignore[attr-defined]
            time.sleep(0.001)
        del held
    assert watch.rise_bytes >= 30 * MIB


def test_the_level_is_psutils() -> None:
    assert _resident.read_resident_bytes() == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)


def test_where_the_c_library_is_another_nothing_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoGlibc:
        def __init__(self, name: None) -> None:
            pass

    monkeypatch.setattr("ctypes.CDLL", NoGlibc)
    _resident.keep_large_arrays_apart()
    _resident.settle()
