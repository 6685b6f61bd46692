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

from benchmarks.methods._fit import FitArguments, FitMethod, tabulate_class_weights
from benchmarks.methods._steps import build_pipeline
from benchmarks.methods.fit_datasets import hand_over_batches
from benchmarks.protocols import Method, Samples

_SEED = 1

_ABSENT = 1e-12
"""The part of a class that has no sample: TensorFlow divides one distribution by the other, and none of it is drawn."""

Draw = Callable[[Samples, int], Any]
"""Makes a dataset of batches of so many drawn samples."""


def draw_by_rejection(samples: Samples, batch_size: int) -> Any:
    """Return what rejection leaves of the samples, gone round without end."""
    weights = tabulate_class_weights(samples)
    found = np.bincount(samples.labels, minlength=len(weights)) / len(samples.labels)
    resampled = (
        tf.data.Dataset.from_tensor_slices((samples.features, samples.labels))
        .repeat()
        .rejection_resample(
            lambda _, label: tf.cast(label, tf.int32),
            target_dist=np.maximum(found * weights / (found @ weights), _ABSENT).astype(np.float32),
            initial_dist=np.maximum(found, _ABSENT).astype(np.float32),
            seed=_SEED,
        )
        .map(lambda _, sample: sample)
    )
    return _take_a_pass(resampled, samples, batch_size)


def draw_from_datasets(samples: Samples, batch_size: int) -> Any:
    """Return what is drawn from a dataset of each class."""
    present, counts = np.unique(samples.labels, return_counts=True)
    parts = counts * tabulate_class_weights(samples)[present]
    classes = [
        tf.data.Dataset.from_tensor_slices((samples.features[places], samples.labels[places])).repeat()
        for places in (np.flatnonzero(samples.labels == number) for number in present)
    ]
    mixed = tf.data.Dataset.sample_from_datasets(classes, weights=parts / parts.sum(), seed=_SEED)
    return _take_a_pass(mixed, samples, batch_size)


def _take_a_pass(drawn: Any, samples: Samples, batch_size: int) -> Any:
    """Return batches of as many drawn samples as there are samples."""
    return drawn.take(len(samples.labels)).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def draw_indices(samples: Samples, batch_size: int) -> Any:
    """Return the samples of numbers that are drawn beforehand."""
    weights = tabulate_class_weights(samples)[samples.labels].astype(np.float64)
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
