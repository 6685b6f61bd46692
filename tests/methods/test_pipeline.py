"""The pipeline hands out all samples in order, the smaller last batch too; a step is waited for on a GPU alone."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from tests.methods.make_task import make_task

pytestmark = pytest.mark.tensorflow


def test_all_samples_come_in_order() -> None:
    pipeline = importlib.import_module("benchmarks.methods._steps")
    arrays = (np.arange(10, dtype=np.float32), np.arange(10, dtype=np.int32))
    batches = [features.numpy() for features, _ in pipeline.build_pipeline(arrays, 4)]
    assert [len(batch) for batch in batches] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(batches), arrays[0])


@pytest.mark.parametrize(("samples", "steps"), [(16, 2), (17, 3), (8, 1), (1, 1)])
def test_a_smaller_last_batch_is_a_step_too(samples: int, steps: int) -> None:
    pipeline = importlib.import_module("benchmarks.methods._steps")
    assert pipeline.count_steps(make_task(samples=samples).samples, 8) == steps


@pytest.mark.parametrize(("gpus", "waits"), [([], False), (["GPU:0"], True)])
def test_only_a_gpu_is_waited_for(gpus: list[str], monkeypatch: pytest.MonkeyPatch, *, waits: bool) -> None:
    tf = importlib.import_module("tensorflow")
    module = importlib.import_module("benchmarks.methods._steps")
    calls: list[str] = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus if kind == "GPU" else ["CPU:0"])
    monkeypatch.setattr(tf.test.experimental, "sync_devices", lambda: calls.append("waited"))
    module.find_device_wait()()
    assert calls == ["waited"] * waits
