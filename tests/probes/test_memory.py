"""Peaks of resident memory are seen, by the kernel's mark where there is one and by sampling elsewhere.

Peaks of tensors are read device by device, and a device without statistics says so in TensorFlow's words. A GPU is read
through the same calls; the CPU stands for it here.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.probes import _memory

MIB = 2**20

_LONGEST_WAIT_S = 30.0


def touch(count: int) -> bytearray:
    """Return that many bytes, every page of them written to."""
    return bytearray(b"\x01" * count)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the kernel keeps no high-water mark here")
def test_memory_that_came_and_went_is_in_the_rise() -> None:
    with _memory.watch_peak() as watch:
        held = touch(50 * MIB)
        del held
    assert 50 * MIB <= watch.rise_bytes < 150 * MIB


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the kernel keeps no high-water mark here")
def test_an_earlier_peak_is_not() -> None:
    del (held := touch(80 * MIB))[:]
    del held
    with _memory.watch_peak() as watch:
        pass
    assert watch.rise_bytes < 20 * MIB


@pytest.mark.parametrize("missing", ["_CLEAR_REFS", "_STATUS"])
def test_without_the_kernels_mark_a_thread_samples(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """As on other systems, or where /proc may not be written."""
    monkeypatch.setattr(_memory, missing, Path("/no/such/file"))
    process = psutil.Process()
    with _memory.watch_peak() as watch:
        before = process.memory_info().rss
        held = touch(50 * MIB)
        deadline = time.monotonic() + _LONGEST_WAIT_S
        while watch._peak_bytes < before + 40 * MIB and time.monotonic() < deadline:  # type: ignore[attr-defined]
            time.sleep(0.001)
        del held
    assert watch.rise_bytes >= 30 * MIB


def test_the_level_is_psutils() -> None:
    assert _memory.read_resident_bytes() == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)


def test_where_the_c_library_is_another_nothing_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoGlibc:
        def __init__(self, name: None) -> None:
            pass

    monkeypatch.setattr("ctypes.CDLL", NoGlibc)
    _memory.keep_large_arrays_apart()
    _memory.settle()


pytestmark = pytest.mark.tensorflow


def load() -> Any:
    return importlib.import_module("benchmarks.probes._memory")


def test_the_first_cpu_is_a_device() -> None:
    assert "CPU:0" in load().find_devices()


def test_a_device_without_statistics_is_told_and_left_out() -> None:
    """As every CPU is whose allocator was not set up to keep any: that of this process."""
    memory = load()
    problem = memory.find_problem("CPU:0")
    assert problem.startswith("CPU:0 keeps no allocator statistics: ")
    assert "\n" not in problem
    memory.reset_peaks(["CPU:0"])
    assert memory.read_peaks(["CPU:0"]) == {}


def test_devices_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = load()
    reset: list[str] = []
    peaks = {"GPU:0": 100, "GPU:1": 200}

    def get_memory_info(device: str) -> dict[str, int]:
        if device not in peaks:
            raise ValueError(f"Allocator stats not available for device '{device}'\nmore")
        return {"current": 0, "peak": peaks[device]}

    experimental = memory.tf.config.experimental
    monkeypatch.setattr(experimental, "get_memory_info", get_memory_info)
    monkeypatch.setattr(memory.tf, "device", contextlib.nullcontext)
    monkeypatch.setattr(experimental, "reset_memory_stats", reset.append)
    devices = ("CPU:0", "GPU:0", "GPU:1")
    memory.reset_peaks(devices)
    assert reset == ["GPU:0", "GPU:1"]
    assert memory.read_peaks(devices) == peaks
    assert memory.find_problem("CPU:0").endswith("Allocator stats not available for device 'CPU:0'")
