"""Peaks are read device by device, and a device without statistics says so in TensorFlow's words.

A GPU is read through the same calls; the CPU stands for it here.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

import pytest

pytestmark = pytest.mark.tensorflow


def load() -> Any:
    return importlib.import_module("benchmarks.probes.peak_memory")


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
