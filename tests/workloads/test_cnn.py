"""The convolutional network's data can be learnt from averages over the image, and a seed decides everything."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.workloads import load_workload

pytestmark = pytest.mark.tensorflow


def test_samples_have_the_documented_shapes_and_types() -> None:
    samples = load_workload("cnn").make_samples(20, seed=0)
    assert samples.features.shape == (20, 12, 12, 1)
    assert samples.features.dtype == np.float32
    assert samples.labels.shape == (20,)
    assert samples.labels.dtype == np.int32


def test_the_seed_decides_the_samples() -> None:
    workload = load_workload("cnn")
    first, again, other = (workload.make_samples(20, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.features, again.features)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert not np.array_equal(first.features, other.features)


def test_how_strong_the_textures_are_tells_most_labels_and_not_all() -> None:
    """The strength of each texture, measured over the whole image, is what the linear teacher judges by."""
    samples = load_workload("cnn").make_samples(4000, seed=0)
    images = samples.features[..., 0]
    checks = np.array([1, -1] * 6, np.float32)
    upright, level = np.broadcast_to(checks, (12, 12)), np.broadcast_to(checks[:, np.newaxis], (12, 12))
    textures = np.stack([np.ones((12, 12), np.float32), upright, level, upright * level])
    strengths = np.tensordot(images, textures, axes=([1, 2], [1, 2])) / 144
    inputs = np.column_stack([strengths, strengths**2, np.ones(len(strengths))])
    targets = np.eye(10)[samples.labels]
    scores = inputs @ np.linalg.lstsq(inputs, targets, rcond=None)[0]
    accuracy = np.mean(scores.argmax(axis=1) == samples.labels)
    assert targets.mean(axis=0).max() + 0.1 < accuracy < 0.95


@pytest.mark.parametrize("depth", [1, 3])
def test_the_model_has_as_many_hidden_layers_as_asked_for(depth: int) -> None:
    model = load_workload("cnn").build_model(depth, seed=0)
    assert model.count_params() == 9 * 8 + 8 + (depth - 1) * (9 * 8 * 8 + 8) + 8 * 10 + 10
    assert model(np.zeros((5, 12, 12, 1), np.float32)).shape == (5, 10)


def test_the_seed_decides_the_initial_weights() -> None:
    workload = load_workload("cnn")
    first, again, other = (workload.build_model(2, seed=seed).get_weights() for seed in (1, 1, 2))
    for one, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert one.ndim == 1 or not np.array_equal(one, different)


@pytest.mark.parametrize(("name", "optimizer"), [("cnn", "Adam"), ("cnn_sgd", "SGD")])
def test_the_variants_differ_in_their_optimizer(name: str, optimizer: str) -> None:
    assert type(load_workload(name).make_optimizer()).__name__ == optimizer


@pytest.mark.parametrize(("name", "side"), [("cnn", 12), ("cnn32", 32), ("cnn128", 128)])
def test_images_have_the_side_that_the_name_says(name: str, side: int) -> None:
    workload = load_workload(name)
    assert workload.make_samples(3, seed=0).features.shape == (3, side, side, 1)
    assert workload.build_model(1, seed=0).input_shape == (None, side, side, 1)
