"""Weights made of the labels by the input pipeline: a look-up by class in `tf.data.map`, and one in Python.

- `fit_class_weight_map`: batches of (x, y) become (x, y, w) in a `map` that gathers w from a table of the classes'
  weights: what `fit` itself does when it is given `class_weight` and a dataset (`fit_class_weight_dataset`).
- `fit_class_weight_py_function`: the same look-up in Python, through `tf.py_function`: the well-known slow way. It is
  asked once a batch; asked once a sample, as it often is, it would cost that many times as much.

The control is `model.fit` on the same dataset without the `map`.
Source: https://www.tensorflow.org/guide/data#applying_arbitrary_python_logic.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import tensorflow as tf

from benchmarks.methods._fit import FitArguments, FitMethod, tabulate_class_weights
from benchmarks.methods._steps import build_step_pipeline, select_arrays
from benchmarks.protocols import Method, Samples

LookUp = Callable[[Any, Any], Any]
"""From the weights of the classes, float32 [classes], and labels to the weight of each label."""


def gather_weights(table: Any, labels: Any) -> Any:
    """Return the weights by an operation of TensorFlow."""
    return tf.gather(table, tf.cast(labels, tf.int32))


def ask_python_for_weights(table: Any, labels: Any) -> Any:
    """Return the weights by a call of Python, which leaves the shape open until it is set."""
    weights = tf.py_function(lambda numbers: table[numbers.numpy()], [labels], tf.float32)
    weights.set_shape(labels.shape)
    return weights


def _build_batches(arrays: Any, batch_size: int) -> Any:
    """Return a dataset of batches that is not prefetched yet."""
    return tf.data.Dataset.from_tensor_slices(arrays).batch(batch_size)


def _hand_over(samples: Samples, *, weighted: bool, batch_size: int, look_up: LookUp, build: Any) -> FitArguments:
    """Return a dataset of (x, y, w), or of (x, y)."""
    dataset = build(select_arrays(samples, weighted=False), batch_size)
    if weighted:
        table = tabulate_class_weights(samples)
        dataset = dataset.map(lambda features, labels: (features, labels, look_up(table, labels)))
    return {"x": dataset if build is build_step_pipeline else dataset.prefetch(tf.data.AUTOTUNE)}


def _make(name: str, look_up: LookUp) -> Method:
    """Return the method that looks weights up so."""
    hand_over = functools.partial(_hand_over, look_up=look_up)
    return FitMethod(
        name=name,
        hand_over=functools.partial(hand_over, build=_build_batches),
        hand_over_steps=functools.partial(hand_over, build=build_step_pipeline),
    )


PIPELINE_WEIGHTS: Mapping[str, Method] = MappingProxyType(
    {
        name: _make(name, look_up)
        for name, look_up in (
            ("fit_class_weight_map", gather_weights),
            ("fit_class_weight_py_function", ask_python_for_weights),
        )
    }
)
