"""Weights from Python objects: `model.fit` on a `PyDataset` (once `Sequence`) or a generator of (x, y, w).

Batches are slices of the arrays, made in Python when they are asked for, and handed to TensorFlow one by one. The
control is the same object without weights. Single steps are those of `fit_dataset`; what is their own, making batches,
lies between steps, in passes and starts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from benchmarks.methods._fit import FitArguments, FitMethod
from benchmarks.methods._steps import cut, select_arrays
from benchmarks.protocols import Method, Samples

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


FIT_SEQUENCE: Method = FitMethod(name="fit_sequence", hand_over=_hand_over_sequence)
FIT_GENERATOR: Method = FitMethod(name="fit_generator", hand_over=_hand_over_generator)
