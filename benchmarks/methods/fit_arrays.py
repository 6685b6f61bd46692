"""Weights beside arrays: `model.fit(x, y, sample_weight=w)`, the way most people start with, and its neighbours.

- `fit_array`: NumPy arrays, weights in float32.
- `fit_array_float64`: the same with weights in float64, as NumPy makes them by default; Keras casts them.
- `fit_class_weight`: `class_weight={class: weight}`. Keras turns it into weights of samples: Keras 3 once, when `fit`
  begins, with one Python call per row; Keras 2 batch by batch in its input pipeline.
- `fit_tensor`: tensors in place of arrays.
- `fit_validation`: `validation_data=(x, y, w)` as well, a quarter of the samples once more; the control has it too,
  without weights.
- `fit_sequence`, `fit_generator`: a `PyDataset` (once `Sequence`) or a generator of (x, y, w). Batches are slices of
  the arrays, made in Python when they are asked for, and handed to TensorFlow one by one.

`fit` itself makes a dataset of (x, y, w) from arrays, so that the single steps of `fit_array` are those of
`fit_dataset`, as are those of all others here but class weights; what is their own, such as making batches, lies
between steps, in passes and starts. The control is `model.fit(x, y)` on the same data, or the same object without
weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.methods._fit import FitArguments, FitMethod, add_class_weights
from benchmarks.methods._steps import cut, select_arrays
from benchmarks.methods.fit_datasets import hand_over_ready_batches
from benchmarks.protocols import Method, Samples

_VALIDATION_SHARE = 4
"""One in so many samples is validated on: a usual split."""

Arrays = tuple[Any, ...]
"""NumPy arrays with the samples along their first axis, or mappings of them by output; the first is no mapping."""


class Batches(tf.keras.utils.Sequence):
    """The samples in order, cut into batches, the last of them smaller where they do not divide."""

    def __init__(self, arrays: Arrays, batch_size: int) -> None:
        """Keep the arrays."""
        super().__init__()
        self._arrays = arrays
        self._batch_size = batch_size
        self._count = math.ceil(len(arrays[0]) / batch_size)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Arrays:
        return tuple(cut(part, index * self._batch_size, self._batch_size) for part in self._arrays)


def _hand_over(samples: Samples, *, weighted: bool, batch_size: int) -> FitArguments:
    arguments: FitArguments = {"x": samples.features, "y": samples.labels, "batch_size": batch_size}
    return arguments | {"sample_weight": samples.weights} if weighted else arguments


def _hand_over_float64(samples: Samples, *, weighted: bool, batch_size: int) -> FitArguments:
    arguments = _hand_over(samples, weighted=False, batch_size=batch_size)
    weights = tf.nest.map_structure(lambda array: array.astype(np.float64), samples.weights)
    return arguments | {"sample_weight": weights} if weighted else arguments


def _hand_over_class_weight(samples: Samples, *, weighted: bool, batch_size: int) -> FitArguments:
    arguments = _hand_over(samples, weighted=False, batch_size=batch_size)
    return add_class_weights(arguments, samples, weighted=weighted)


def _hand_over_tensors(samples: Samples, *, weighted: bool, batch_size: int) -> FitArguments:
    names = ("x", "y", "sample_weight")
    tensors = tf.nest.map_structure(tf.constant, select_arrays(samples, weighted=weighted))
    return {**dict(zip(names, tensors, strict=False)), "batch_size": batch_size}


def _hand_over_validation(samples: Samples, *, weighted: bool, batch_size: int) -> FitArguments:
    count = max(1, len(samples.features) // _VALIDATION_SHARE)
    validated = tuple(cut(part, 0, count) for part in select_arrays(samples, weighted=weighted))
    return _hand_over(samples, weighted=weighted, batch_size=batch_size) | {"validation_data": validated}


def _generate(batches: Batches) -> Iterator[Arrays]:
    """Yield the batches again and again: a generator that `fit` is given once serves all epochs."""
    while True:
        for index in range(len(batches)):
            yield batches[index]


def _hand_over_sequence(samples: Samples, *, weighted: bool, batch_size: int) -> FitArguments:
    return {"x": Batches(select_arrays(samples, weighted=weighted), batch_size), "shuffle": False}


def _hand_over_generator(samples: Samples, *, weighted: bool, batch_size: int) -> FitArguments:
    batches = Batches(select_arrays(samples, weighted=weighted), batch_size)
    return {"x": _generate(batches), "steps_per_epoch": len(batches)}


FIT_ARRAY: Method = FitMethod(name="fit_array", hand_over=_hand_over, hand_over_steps=hand_over_ready_batches)
FIT_ARRAY_FLOAT64: Method = FitMethod(name="fit_array_float64", hand_over=_hand_over_float64)
FIT_CLASS_WEIGHT: Method = FitMethod(name="fit_class_weight", hand_over=_hand_over_class_weight)
FIT_TENSOR: Method = FitMethod(name="fit_tensor", hand_over=_hand_over_tensors)
FIT_VALIDATION: Method = FitMethod(name="fit_validation", hand_over=_hand_over_validation)
FIT_SEQUENCE: Method = FitMethod(name="fit_sequence", hand_over=_hand_over_sequence)
FIT_GENERATOR: Method = FitMethod(name="fit_generator", hand_over=_hand_over_generator)
