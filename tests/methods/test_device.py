"""A step is waited for on a GPU, and nowhere else."""

from __future__ import annotations

import importlib

import pytest

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize(("gpus", "waits"), [([], False), (["GPU:0"], True)])
def test_only_a_gpu_is_waited_for(gpus: list[str], monkeypatch: pytest.MonkeyPatch, *, waits: bool) -> None:
    tf = importlib.import_module("tensorflow")
    module = importlib.import_module("benchmarks.methods._device")
    calls: list[str] = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus if kind == "GPU" else ["CPU:0"])
    monkeypatch.setattr(tf.test.experimental, "sync_devices", lambda: calls.append("waited"))
    module.find_device_wait()()
    assert calls == ["waited"] * waits
