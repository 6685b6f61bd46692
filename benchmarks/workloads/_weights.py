"""Which weights do the samples get? The same recipe for every workload, whatever its features are.

Both kinds of weights have a mean of 1.0 over the samples, so that a weighted loss is of the same size as an
unweighted one and both arms train alike. Leaves out: features and labels, which belong to the model family.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.protocols import Samples

CLASS_COUNT = 10
"""Classes of every workload: as many as the usual small image sets have."""

_ZERO_SHARE = 0.1
"""Part of the samples with weight 0, as masks and padding make them; kernels must not profit from all being equal."""

_WEIGHT_SPREAD = 0.5
"""The other weights lie this far around 1 before they are scaled."""


def weight_samples(features: NDArray[Any], labels: NDArray[np.int32], generator: np.random.Generator) -> Samples:
    """Return the samples with weights of their own and weights by class.

    A tenth of the samples, rounded down, has weight 0; where each time step has a label, the ends of sequences have, a
    tenth of all steps in the mean. The weight of a class is inverse to how often it occurs, labels / (classes that
    occur * labels of the class), scikit-learn's `balanced`; a class that does not occur has weight 1.

    Args:
        features: float32 or int32 [samples, ...].
        labels: int32 [samples] or [samples, time], from 0 to CLASS_COUNT - 1.
        generator: draws the weights.
    """
    weights = generator.uniform(1.0 - _WEIGHT_SPREAD, 1.0 + _WEIGHT_SPREAD, labels.shape)
    if labels.ndim == 1:
        weights[generator.permutation(labels.size)[: int(_ZERO_SHARE * labels.size)]] = 0.0
    else:
        time_steps = labels.shape[1]
        padding = generator.integers(0, round(2 * _ZERO_SHARE * time_steps), len(labels), endpoint=True)
        weights[np.arange(time_steps) >= time_steps - padding[:, np.newaxis]] = 0.0
    weights /= weights.mean()
    counts = np.bincount(labels.ravel(), minlength=CLASS_COUNT)
    present = int(np.count_nonzero(counts))
    return Samples(
        features=features,
        labels=labels,
        weights=weights.astype(np.float32),
        class_weight={
            number: labels.size / (present * int(count)) if count else 1.0 for number, count in enumerate(counts)
        },
    )


def draw_labels(scores: NDArray[np.float64], noise: float, generator: np.random.Generator) -> NDArray[np.int32]:
    """Return the class with the highest score after normal noise is added to all of them.

    Args:
        scores: float64 [..., CLASS_COUNT], a teacher's.
        noise: standard deviation of the noise, on the scale of the scores.
        generator: draws the noise.
    """
    noisy = scores + generator.normal(scale=noise, size=scores.shape)
    return np.asarray(noisy.argmax(axis=-1), dtype=np.int32)
