"""What do all workloads have in common? The recipe of their labels and weights, one loss, and two optimizers.

Weights by sample and by class have a mean of 1.0 over the samples, so that a weighted loss is of the same size as an
unweighted one and both arms train alike. Loss and optimizers are as Keras users write them. Leaves out: features and
models, which belong to the model family.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.protocols import Samples

CLASS_COUNT = 10
"""Classes of every workload: as many as the usual small image sets have."""

_ZERO_SHARE = 0.1
"""Part of the samples with weight 0, as masks and padding make them; kernels must not profit from all being equal."""

_WEIGHT_SPREAD = 0.5
"""The other weights lie this far around 1 before they are scaled."""


def weight_samples(features: NDArray[np.float32], labels: NDArray[np.int32], generator: np.random.Generator) -> Samples:
    """Return the samples with weights of their own and weights by class.

    A tenth of the samples, rounded down, has weight 0. The weight of a class is inverse to how often it occurs,
    samples / (classes that occur * samples of the class), scikit-learn's `balanced`; a class that does not occur
    has weight 1.

    Args:
        features: float32 [samples, ...].
        labels: int32 [samples], from 0 to CLASS_COUNT - 1.
        generator: draws the weights.
    """
    sample_count = len(labels)
    weights = generator.uniform(1.0 - _WEIGHT_SPREAD, 1.0 + _WEIGHT_SPREAD, sample_count)
    weights[generator.permutation(sample_count)[: int(_ZERO_SHARE * sample_count)]] = 0.0
    weights /= weights.mean()
    counts = np.bincount(labels, minlength=CLASS_COUNT)
    present = int(np.count_nonzero(counts))
    return Samples(
        features=features,
        labels=labels,
        weights=weights.astype(np.float32),
        class_weight={
            number: sample_count / (present * int(count)) if count else 1.0 for number, count in enumerate(counts)
        },
    )


def draw_labels(scores: NDArray[np.float64], noise: float, generator: np.random.Generator) -> NDArray[np.int32]:
    """Return the class with the highest score after normal noise is added to all of them.

    Args:
        scores: float64 [samples, CLASS_COUNT], a teacher's.
        noise: standard deviation of the noise, on the scale of the scores.
        generator: draws the noise.
    """
    noisy = scores + generator.normal(scale=noise, size=scores.shape)
    return np.asarray(noisy.argmax(axis=1), dtype=np.int32)


class OptimizerKind(str, Enum):
    """Adam, which most people use, and SGD, beside which the cost of weighting is the largest share."""

    ADAM = "adam"
    SGD = "sgd"


def build_optimizer(kind: OptimizerKind) -> Any:
    """Return a fresh Keras optimizer with Keras' default settings."""
    return tf.keras.optimizers.Adam() if kind is OptimizerKind.ADAM else tf.keras.optimizers.SGD()


def build_loss(reduction: str) -> Any:
    """Return the cross-entropy of int32 labels [batch] and logits [batch, classes].

    Args:
        reduction: `none` or `sum_over_batch_size`, which Keras 2 and 3 both know.
    """
    return tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)


def seed_kernel(seed: int, layer: int) -> Any:
    """Return the Glorot initializer of one layer's kernel, drawn from the model's seed and the layer's number."""
    return tf.keras.initializers.GlorotUniform(seed=_LAYERS_AT_MOST * seed + layer)


_LAYERS_AT_MOST = 1000
"""Distance between the kernel seeds of two models; no sweep goes this deep."""
