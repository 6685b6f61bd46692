"""The loss that `fit` shows for packed weights is that of all samples of the epoch, times their weights."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from benchmarks.protocols import Task
from tests.methods.make_task import make_task

pytestmark = pytest.mark.tensorflow

SAMPLES, BATCH_SIZE = 20, 8
"""The last batch has 4 samples: a mean of batches' means would not be the mean of the samples."""


def show_loss(task: Task, *, weighted: bool) -> float:
    """Return the loss that `fit` shows for an epoch in which nothing is learnt."""
    tf = importlib.import_module("tensorflow")
    packed_model: Any = importlib.import_module("benchmarks.methods.fit_custom").PackedModel
    samples = task.samples
    backbone = task.workload.build_model(task.depth, task.seed)
    model = packed_model(backbone, task.workload.make_loss("none"), weighted=weighted)
    model.compile(optimizer=tf.keras.optimizers.SGD(learning_rate=0.0))
    inputs = (samples.features, samples.weights) if weighted else samples.features
    dataset = tf.data.Dataset.from_tensor_slices((inputs, samples.labels)).batch(task.batch_size)
    (loss,) = model.fit(dataset, verbose=0).history["loss"]
    return float(loss)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_shown_is_the_mean_over_samples(*, weighted: bool) -> None:
    task = make_task(samples=SAMPLES, batch_size=BATCH_SIZE)
    logits = task.workload.build_model(task.depth, task.seed)(task.samples.features)
    losses = np.asarray(task.workload.make_loss("none")(task.samples.labels, logits))
    expected = np.mean(task.samples.weights * losses) if weighted else np.mean(losses)
    assert show_loss(task, weighted=weighted) == pytest.approx(float(expected), rel=1e-5)
