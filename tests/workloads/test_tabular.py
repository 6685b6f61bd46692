"""Categories come from one vocabulary, and their gradients are sparse."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from benchmarks.workloads import load_workload

pytestmark = pytest.mark.tensorflow


def test_samples_and_logits_have_the_documented_shapes_and_types() -> None:
    workload = load_workload("tabular")
    samples = workload.make_samples(50, seed=0)
    assert samples.features.shape == (50, 8)
    assert samples.features.dtype == np.int32
    assert samples.features.min() >= 0
    assert samples.features.max() < 100_000
    assert workload.build_model(2, seed=0)(samples.features).shape == (50, 10)


def test_frequent_categories_are_few_and_rare_ones_many() -> None:
    features = load_workload("tabular").make_samples(5000, seed=0).features
    _, counts = np.unique(features, return_counts=True)
    assert counts.max() > 1000
    assert np.count_nonzero(counts == 1) > 1000


def test_the_gradient_of_the_embedding_is_sparse() -> None:
    tf = importlib.import_module("tensorflow")
    workload = load_workload("tabular")
    samples = workload.make_samples(20, seed=0)
    model = workload.build_model(1, seed=0)
    with tf.GradientTape() as tape:
        losses = workload.make_loss("none")(samples.labels, model(samples.features, training=True))
    gradients = tape.gradient(losses, model.trainable_variables)
    assert isinstance(gradients[0], tf.IndexedSlices)
