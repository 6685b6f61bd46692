"""Sequences have one label, or one for each time step with a weight of its own, and networks that fit them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.workloads import WORKLOADS, load_workload

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize(
    ("name", "labels", "logits"),
    [("gru", (50,), (50, 10)), ("gru_steps", (50, 16), (50, 16, 10)), ("transformer", (50,), (50, 10))],
)
def test_samples_and_logits_have_the_documented_shapes(
    name: str, labels: tuple[int, ...], logits: tuple[int, ...]
) -> None:
    workload = load_workload(name)
    samples = workload.make_samples(50, seed=0)
    assert samples.features.shape == (50, 16, 8)
    assert samples.labels.shape == samples.weights.shape == labels
    assert workload.build_model(2, seed=0)(samples.features).shape == logits
    assert bool(WORKLOADS[name].without_class_weights) is (len(labels) == 2)


def test_the_ends_of_sequences_have_weight_zero_and_nothing_else_has() -> None:
    weights = load_workload("gru_steps").make_samples(200, seed=0).weights
    assert weights.mean(dtype=np.float64) == pytest.approx(1.0, abs=1e-6)
    padding = np.count_nonzero(weights == 0.0, axis=1)
    assert set(padding.tolist()) == {0, 1, 2, 3}
    for row, count in zip(weights, padding, strict=True):
        assert np.all(row[: len(row) - count] > 0.0)


def test_the_seed_decides_samples_and_initial_weights() -> None:
    workload = load_workload("transformer")
    first, again, other = (workload.make_samples(20, seed=seed).labels for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    one, same = (workload.build_model(1, seed=1).get_weights() for _ in range(2))
    for left, right in zip(one, same, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("name", ["gru", "gru_steps"])
def test_labels_follow_the_walk(name: str) -> None:
    """A linear model on where each walk has come to finds most of them; the most frequent class few."""
    samples = load_workload(name).make_samples(2000, seed=0)
    walks = np.cumsum(samples.features, axis=1)
    reached = walks.reshape(-1, 8) if samples.labels.ndim == 2 else walks[:, -1]
    labels = samples.labels.ravel()
    targets = np.eye(10)[labels]
    scores = reached @ np.linalg.lstsq(reached, targets, rcond=None)[0]
    assert np.mean(scores.argmax(axis=1) == labels) > 0.4
    assert targets.mean(axis=0).max() < 0.3
