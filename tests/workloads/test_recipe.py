"""Weights of both kinds have a mean of 1.0, some are 0, and a seed decides them."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.protocols import Samples

pytestmark = pytest.mark.tensorflow

CLASS_COUNT = 10


def recipe() -> Any:
    return importlib.import_module("benchmarks.workloads._recipe")


def weight(labels: NDArray[np.int32], seed: int = 0) -> Samples:
    samples: Samples = recipe().weight_samples(
        np.zeros((len(labels), 1), np.float32), labels, np.random.default_rng(seed)
    )
    return samples


LABELS = np.repeat(np.arange(CLASS_COUNT, dtype=np.int32), np.arange(1, 2 * CLASS_COUNT, 2))
"""100 samples: 1 of class 0, 3 of class 1, up to 19 of class 9."""


def test_sample_weights_have_a_mean_of_one_and_a_tenth_of_them_is_zero() -> None:
    weights = weight(LABELS).weights
    assert weights.dtype == np.float32
    assert weights.mean(dtype=np.float64) == pytest.approx(1.0, abs=1e-6)
    assert np.count_nonzero(weights == 0.0) == 10
    assert weights.min() >= 0.0


def test_class_weights_have_a_mean_of_one_over_the_samples_and_favour_the_rare() -> None:
    class_weight = weight(LABELS).class_weight
    assert np.mean([class_weight[int(label)] for label in LABELS]) == pytest.approx(1.0)
    # 100 / (10 * 1) and 100 / (10 * 19): scikit-learn's `balanced`.
    assert class_weight[0] == pytest.approx(10.0)
    assert class_weight[9] == pytest.approx(100 / 190)


def test_a_class_that_does_not_occur_has_weight_one() -> None:
    class_weight = weight(np.array([0, 0, 0, 1], np.int32)).class_weight
    assert class_weight == {0: pytest.approx(2 / 3), 1: 2.0} | dict.fromkeys(range(2, CLASS_COUNT), 1.0)


def test_a_single_sample_keeps_its_weight() -> None:
    np.testing.assert_array_equal(weight(np.array([3], np.int32)).weights, [1.0])


def test_the_seed_decides_the_weights() -> None:
    np.testing.assert_array_equal(weight(LABELS, seed=1).weights, weight(LABELS, seed=1).weights)
    assert not np.array_equal(weight(LABELS, seed=1).weights, weight(LABELS, seed=2).weights)


def test_labels_follow_the_highest_score_where_there_is_no_noise() -> None:
    labels = recipe().draw_labels(np.array([[0.0, 2.0, 1.0], [3.0, 2.0, 1.0]]), 0.0, np.random.default_rng(0))
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, [1, 0])


def test_outputs_have_weights_of_their_own_and_no_class_weights() -> None:
    generator = np.random.default_rng(0)
    samples = recipe().weight_samples(np.zeros((100, 1), np.float32), {"a": LABELS, "b": LABELS}, generator)
    for weights in samples.weights.values():
        assert weights.mean(dtype=np.float64) == pytest.approx(1.0, abs=1e-6)
        assert np.count_nonzero(weights == 0.0) == 10
    assert not np.array_equal(samples.weights["a"], samples.weights["b"])
    assert samples.class_weight == {}


def test_ten_classes_are_all() -> None:
    assert recipe().CLASS_COUNT == CLASS_COUNT
