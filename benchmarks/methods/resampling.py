"""What people use instead of weights: `model.fit` on a dataset that draws the samples of some classes more often.

A class is drawn as often as its weight says: with n_c samples of weight w_c it makes up n_c w_c / sum_k n_k w_k of what
is drawn. The expectation of the unweighted loss over what is drawn is then the loss with these weights of classes; one
step is an unweighted step on other samples. A pass draws as many samples as there are, so that it has as many steps.

- `fit_rejection_resample`: `tf.data.Dataset.rejection_resample`, which goes round the samples and drops some.
- `fit_sample_from_datasets`: `tf.data.Dataset.sample_from_datasets`, from a dataset of each class that goes round it.
- `fit_oversampled_indices`: numbers of samples, drawn with replacement in NumPy, and the arrays of those samples.

The control is `model.fit` on a dataset of the samples as they are. None shuffles. All draw with a fixed seed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.methods._fit import FitArguments, FitMethod
from benchmarks.methods._steps import build_pipeline
from benchmarks.methods.fit_datasets import hand_over_batches
from benchmarks.protocols import Method, Samples

_SEED = 1

Draw = Callable[[Samples, int], Any]
"""Makes a dataset of batches of so many drawn samples."""


def find_shares(samples: Samples) -> NDArray[np.float64]:
    """Return how large a part of what is drawn each class is to be, float64 [classes], of sum 1."""
    counts = np.bincount(samples.labels, minlength=max(samples.class_weight) + 1)
    weights = np.array([samples.class_weight.get(number, 1.0) for number in range(len(counts))])
    return np.asarray(counts * weights / (counts @ weights), dtype=np.float64)


def draw_by_rejection(samples: Samples, batch_size: int) -> Any:
    """Return what rejection leaves of the samples, gone round without end."""
    found = np.bincount(samples.labels, minlength=max(samples.class_weight) + 1) / len(samples.labels)
    resampled = (
        tf.data.Dataset.from_tensor_slices((samples.features, samples.labels))
        .repeat()
        .rejection_resample(
            lambda _, label: label,
            target_dist=find_shares(samples).astype(np.float32),
            initial_dist=found.astype(np.float32),
            seed=_SEED,
        )
        .map(lambda _, sample: sample)
    )
    return resampled.take(len(samples.labels)).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def draw_from_datasets(samples: Samples, batch_size: int) -> Any:
    """Return what is drawn from a dataset of each class."""
    shares = find_shares(samples)
    drawn = np.flatnonzero(shares)
    classes = [
        tf.data.Dataset.from_tensor_slices((samples.features[places], samples.labels[places])).repeat()
        for places in (np.flatnonzero(samples.labels == number) for number in drawn)
    ]
    mixed = tf.data.Dataset.sample_from_datasets(classes, weights=shares[drawn], seed=_SEED)
    return mixed.take(len(samples.labels)).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def draw_indices(samples: Samples, batch_size: int) -> Any:
    """Return the samples of numbers that are drawn beforehand."""
    weights = np.array([samples.class_weight.get(label, 1.0) for label in samples.labels.tolist()])
    count = len(samples.labels)
    indices = np.random.default_rng(_SEED).choice(count, size=count, p=weights / weights.sum())
    return build_pipeline((samples.features[indices], samples.labels[indices]), batch_size)


def _hand_over(samples: Samples, *, weighted: bool, batch_size: int, draw: Draw) -> FitArguments:
    """Return a dataset of (x, y): of drawn samples, or of all as they are."""
    if not weighted:
        return hand_over_batches(samples, weighted=False, batch_size=batch_size)
    return {"x": draw(samples, batch_size)}


def make_resampling(name: str, draw: Draw) -> Method:
    """Return the method that draws samples so."""
    return FitMethod(name=name, hand_over=functools.partial(_hand_over, draw=draw))


RESAMPLING: Mapping[str, Method] = MappingProxyType(
    {
        name: make_resampling(name, draw)
        for name, draw in (
            ("fit_rejection_resample", draw_by_rejection),
            ("fit_sample_from_datasets", draw_from_datasets),
            ("fit_oversampled_indices", draw_indices),
        )
    }
)
