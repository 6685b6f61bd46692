"""The perceptron's data can be learnt by it, and a seed decides data and initial weights."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.workloads import load_workload

pytestmark = pytest.mark.tensorflow


def test_samples_have_the_documented_shapes_and_types() -> None:
    samples = load_workload("mlp").make_samples(50, seed=0)
    assert samples.features.shape == (50, 32)
    assert samples.features.dtype == np.float32
    assert samples.labels.shape == (50,)
    assert samples.labels.dtype == np.int32
    assert samples.weights.shape == (50,)
    assert samples.weights.dtype == np.float32
    assert sorted(samples.class_weight) == list(range(10))


def test_the_seed_decides_the_samples() -> None:
    workload = load_workload("mlp")
    first, again, other = (workload.make_samples(50, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.features, again.features)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert not np.array_equal(first.features, other.features)


def test_a_linear_model_learns_most_labels_and_not_all() -> None:
    """The teacher is linear and its labels are noisy; the most frequent class makes up less than a quarter."""
    samples = load_workload("mlp").make_samples(4000, seed=0)
    targets = np.eye(10)[samples.labels]
    scores = samples.features @ np.linalg.lstsq(samples.features, targets, rcond=None)[0]
    assert 0.5 < np.mean(scores.argmax(axis=1) == samples.labels) < 0.95
    assert targets.mean(axis=0).max() < 0.25


@pytest.mark.parametrize("depth", [1, 3])
def test_the_model_has_as_many_hidden_layers_as_asked_for(depth: int) -> None:
    model = load_workload("mlp").build_model(depth, seed=0)
    assert model.count_params() == 32 * 64 + 64 + (depth - 1) * (64 * 64 + 64) + 64 * 10 + 10
    assert model(np.zeros((5, 32), np.float32)).shape == (5, 10)


def test_the_seed_decides_the_initial_weights_of_every_layer() -> None:
    workload = load_workload("mlp")
    first, again, other = (workload.build_model(2, seed=seed).get_weights() for seed in (1, 1, 2))
    for one, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert one.ndim == 1 or not np.array_equal(one, different)


@pytest.mark.parametrize(("name", "optimizer"), [("mlp", "Adam"), ("mlp_sgd", "SGD")])
def test_the_variants_differ_in_their_optimizer(name: str, optimizer: str) -> None:
    assert type(load_workload(name).make_optimizer()).__name__ == optimizer


def test_the_loss_is_one_value_per_sample_or_their_mean() -> None:
    workload = load_workload("mlp")
    labels, logits = np.array([0, 1], np.int32), np.zeros((2, 10), np.float32)
    # The cross-entropy of ten equal logits is ln 10, which they get for any label.
    np.testing.assert_allclose(workload.make_loss("none")(labels, logits), np.log([10, 10]), rtol=1e-6)
    assert float(workload.make_loss("sum_over_batch_size")(labels, logits)) == pytest.approx(np.log(10), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [("mlp_momentum", "SGD"), ("mlp_adamw", "AdamW"), ("mlp_adagrad", "Adagrad"), ("mlp_rmsprop", "RMSprop")],
)
def test_every_optimizer_is_kerass(name: str, optimizer: str) -> None:
    assert type(load_workload(name).make_optimizer()).__name__ == optimizer


def test_momentum_is_more_than_none() -> None:
    assert load_workload("mlp_momentum").make_optimizer().momentum == 0.9
    assert load_workload("mlp_sgd").make_optimizer().momentum == 0.0


def test_hidden_layers_compute_in_bfloat16_and_logits_are_float32() -> None:
    model = load_workload("mlp_bfloat16").build_model(2, seed=0)
    assert [layer.compute_dtype for layer in model.layers[1:]] == ["bfloat16", "bfloat16", "float32"]
    assert {str(variable.dtype).partition("'")[0] for variable in model.trainable_variables} == {"float32"}


def test_batch_normalisation_stands_before_each_activation() -> None:
    kinds = [type(layer).__name__ for layer in load_workload("mlp_batchnorm").build_model(2, seed=0).layers]
    assert kinds[1:] == ["Dense", "BatchNormalization", "ReLU"] * 2 + ["Dense"]


def test_two_outputs_share_the_hidden_layers_and_have_labels_weights_and_losses_of_their_own() -> None:
    workload = load_workload("mlp_two_outputs")
    samples = workload.make_samples(50, seed=0)
    assert list(samples.labels) == list(samples.weights) == ["first", "second"]
    assert not np.array_equal(samples.labels["first"], samples.labels["second"])
    assert not np.array_equal(samples.weights["first"], samples.weights["second"])
    model = workload.build_model(2, seed=0)
    assert model.count_params() == 32 * 64 + 64 + 64 * 64 + 64 + 2 * (64 * 10 + 10)
    assert {name: logits.shape for name, logits in model(samples.features).items()} == {
        "first": (50, 10),
        "second": (50, 10),
    }
    kernels = [layer.get_weights()[0] for layer in model.layers[-2:]]
    assert not np.array_equal(*kernels)
    assert list(workload.make_loss("none")) == ["first", "second"]
