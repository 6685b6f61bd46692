"""Peaks are read device by device, and a device without statistics says so in TensorFlow's words.

A GPU is read through the same calls; the CPU stands for it here.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from benchmarks.protocols import Samples, TrainingArm
from benchmarks.records import Arm, Question, ReadRequest, Stretch
from tests.examples import make_case
from tests.probes.fake_arm import STEPS_PER_PASS, FakeArm

pytestmark = pytest.mark.tensorflow


def load() -> Any:
    return importlib.import_module("benchmarks.probes.peak_memory")


def test_the_first_cpu_is_a_device() -> None:
    assert "CPU:0" in load().find_devices()


def test_a_device_that_does_not_count_small_tensors_is_told() -> None:
    """As every CPU is whose allocator was not set up to: that of this process, which may count large tensors alone."""
    memory = load()
    large = memory.tf.ones([2**20])
    problem = memory.find_problem("CPU:0")
    del large
    assert problem.startswith("CPU:0 keeps no allocator statistics: ")
    assert "\n" not in problem


class FakeStatistics:
    """Stands for TensorFlow's allocators: two GPUs that count, a CPU that cannot, and one that says the same always."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tensorflow = load().tf
        self.current = {"GPU:0": 1000, "GPU:1": 2000, "oneDNN": 10**6}
        self.peaks = dict(self.current)
        self.reset: list[str] = []
        experimental = self.tensorflow.config.experimental
        monkeypatch.setattr(experimental, "get_memory_info", self.get_memory_info)
        monkeypatch.setattr(experimental, "reset_memory_stats", self.reset_memory_stats)
        monkeypatch.setattr(self.tensorflow, "device", self.hold_on)

    def get_memory_info(self, device: str) -> dict[str, int]:
        if device not in self.current:
            raise ValueError(f"Allocator stats not available for device '{device}'\nmore")
        return {"current": self.current[device], "peak": self.peaks[device]}

    def reset_memory_stats(self, device: str) -> None:
        self.reset.append(device)
        self.peaks[device] = self.current[device]

    @contextlib.contextmanager
    def hold_on(self, device: str) -> Iterator[None]:
        """Count one tensor that is made on this device, and never freed."""
        yield
        self.hold(device.removeprefix("/"), 256)

    def hold(self, device: str, count: int) -> None:
        if device.startswith("GPU"):
            self.current[device] += count
            self.peaks[device] = max(self.peaks[device], self.current[device])


def test_why_a_device_has_no_statistics_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeStatistics(monkeypatch)
    memory = load()
    assert memory.find_problem("GPU:0") is None
    told = "CPU:0 keeps no allocator statistics: Allocator stats not available for device 'CPU:0'"
    assert memory.find_problem("CPU:0") == told
    told = "oneDNN keeps no allocator statistics: it says 1000000 bytes with a small tensor and without it"
    assert memory.find_problem("oneDNN") == told


@pytest.mark.parametrize(("stretch", "held"), [(Stretch.PASS, STEPS_PER_PASS * 100), (Stretch.STEP, 3 * 100 + 100)])
def test_devices_are_read_one_by_one_and_one_without_statistics_is_left_out(
    stretch: Stretch, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step holds 100 bytes more; before the one that is read there are three, until two in a row did not trace."""
    memory = load()
    fake = FakeStatistics(monkeypatch)
    monkeypatch.setattr(memory, "find_devices", lambda: ("CPU:0", "GPU:0", "GPU:1"))

    class HoldingArm(FakeArm):
        def _step(self) -> None:
            super()._step()
            fake.hold("GPU:1", 100)

    class Factory:
        def make_samples(self, sample_count: int) -> Samples:
            nothing = np.zeros(sample_count)
            return Samples(features=nothing, labels=nothing, weights=nothing, class_weight={})

        def build_arm(self, samples: Samples) -> TrainingArm:
            return HoldingArm()

    case = make_case(question=Question.PEAK_MEMORY, dataset_size=1024)
    readings = memory.PEAK_MEMORY.read_arm(ReadRequest(case=case, arm=Arm.CONTROL, seed=1, stretch=stretch), Factory())
    assert fake.reset == ["GPU:0", "GPU:1"]
    name = f"{stretch.value}_peak_tensor_bytes"
    assert {key: value for key, value in readings.values.items() if key.startswith(name)} == {
        f"{name}[GPU:0]": 1000 + 256,
        f"{name}[GPU:1]": 2000 + 256 + held,
    }
    assert readings.missing == {f"{name}[CPU:0]": memory.find_problem("CPU:0")}
