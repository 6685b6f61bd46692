"""Weights in the input pipeline: `model.fit` on a `tf.data.Dataset` of (x, y, w), and its neighbours.

- `fit_dataset`: weights in float32, one for each label.
- `fit_dataset_float64`: weights in float64, which Keras casts in each step.
- `fit_dataset_column`: weights of shape [batch, 1].
- `fit_class_weight_dataset`: (x, y) with `class_weight={class: weight}`. Keras 2 and 3 both look the weights up batch
  by batch, in a `map` that `fit` adds to the dataset and that runs beside the step where a core is free.
- `fit_jit`, `fit_no_jit`: compiled with `jit_compile=True`, `False`.
- `fit_steps_per_execution`: several steps in each call of the training function.
- `fit_weighted_metrics`: an accuracy among the `weighted_metrics`, which is weighted where there are weights.

The control is `model.fit` on a dataset of (x, y) made in the same way, by a model compiled alike. None shuffles.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.methods._fit import (
    BuildModel,
    FitArguments,
    FitMethod,
    add_class_weights,
    build_alike,
    compile_model,
)
from benchmarks.methods._steps import build_pipeline, build_step_pipeline, select_arrays
from benchmarks.protocols import Method, Samples, Task

STEPS_PER_EXECUTION: int = 8
"""Steps in one call of the training function."""


def hand_over_batches(
    samples: Samples, *, weighted: bool, batch_size: int, change: Any = None, build: Any = build_pipeline
) -> FitArguments:
    """Return a dataset of (x, y, w), or of (x, y).

    Args:
        samples: what is trained on.
        weighted: whether weights are handed over.
        batch_size: samples in a batch.
        change: what is done to each array of weights before; None for nothing.
        build: makes a dataset of arrays and a batch size.
    """
    features, labels, *weights = select_arrays(samples, weighted=weighted)
    changed = weights if change is None else tf.nest.map_structure(change, weights)
    return {"x": build((features, labels, *changed), batch_size)}


def _hand_over_class_weight(samples: Samples, *, weighted: bool, batch_size: int, build: Any) -> FitArguments:
    arguments = hand_over_batches(samples, weighted=False, batch_size=batch_size, build=build)
    return add_class_weights(arguments, samples, weighted=weighted)


hand_over_ready_batches = functools.partial(hand_over_batches, build=build_step_pipeline)
"""As `hand_over_batches`, without end and each batch ready."""


def _build_with_metrics(task: Task, *, weighted: bool) -> Any:
    """Return the task's model, compiled with an accuracy of each output that is weighted where there are weights."""
    del weighted
    return compile_model(task, weighted_metrics=tf.nest.map_structure(lambda _: ["accuracy"], task.samples.labels))


def _make(
    name: str, hand_over: Any = hand_over_batches, build_model: BuildModel = build_alike, steps_per_call: int = 1
) -> Method:
    """Return the method that hands datasets over so, to a model that is built so."""
    return FitMethod(
        name=name,
        hand_over=functools.partial(hand_over, build=build_pipeline),
        hand_over_steps=functools.partial(hand_over, build=build_step_pipeline),
        build_model=build_model,
        steps_per_call=steps_per_call,
    )


FIT_DATASET = _make("fit_dataset")
FIT_DATASET_FLOAT64 = _make(
    "fit_dataset_float64", functools.partial(hand_over_batches, change=lambda weights: weights.astype(np.float64))
)
FIT_DATASET_COLUMN = _make(
    "fit_dataset_column", functools.partial(hand_over_batches, change=lambda weights: weights[..., np.newaxis])
)
FIT_CLASS_WEIGHT_DATASET = _make("fit_class_weight_dataset", _hand_over_class_weight)
FIT_JIT = _make("fit_jit", build_model=functools.partial(build_alike, jit_compile=True))
FIT_NO_JIT = _make("fit_no_jit", build_model=functools.partial(build_alike, jit_compile=False))
FIT_STEPS_PER_EXECUTION = _make(
    "fit_steps_per_execution",
    build_model=functools.partial(build_alike, steps_per_execution=STEPS_PER_EXECUTION),
    steps_per_call=STEPS_PER_EXECUTION,
)
FIT_WEIGHTED_METRICS = _make("fit_weighted_metrics", build_model=_build_with_metrics)
