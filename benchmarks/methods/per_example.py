"""Weights on gradients in the place of losses: the gradient of each example, times its weight, averaged.

What the weighted loss does in one backward pass, (1/n) sum_i w_i g_i, is spelt out: each g_i is made, in a loop whose
step is a `tf.function`.

- `loop_per_example_map`: `tf.vectorized_map` over the examples of a batch, each of which goes through the model alone.
- `loop_per_example_jacobian`: `GradientTape.jacobian` of the losses of the batch.

The control is that of `loop_graph`; named `..._over_static` it is the weighted arm of `loop_graph`, which computes the
same and makes no gradient of an example.
Source: https://www.tensorflow.org/api_docs/python/tf/vectorized_map (per-example gradients),
https://www.tensorflow.org/guide/advanced_autodiff#jacobians.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from benchmarks.methods._references import refer_to_static
from benchmarks.methods._schemes import BuildDifferentiate, Differentiate, flatten_losses, make_with_twins
from benchmarks.methods.dynamic_loops import SchemeLoop
from benchmarks.proofs import SchemeMethod
from benchmarks.protocols import Task


def build_mapped(task: Task, model: Any) -> Differentiate:
    """Return what maps over examples; each has one label for each output."""
    find_losses = task.workload.make_loss("none")

    def differentiate_one(example: Any) -> tuple[Any, Any]:
        features, labels = tf.nest.map_structure(lambda part: part[tf.newaxis], example)
        with tf.GradientTape(persistent=True) as tape:
            losses = tf.unstack(flatten_losses(find_losses, labels, model(features, training=True)), _count(labels))
        variables = model.trainable_variables
        gradients = [tape.gradient(loss, variables, unconnected_gradients="zero") for loss in losses]
        return tf.stack(losses), [tf.stack(each) for each in zip(*gradients)]  # noqa: B905 - as weigh_losses

    def differentiate(features: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
        losses, gradients = tf.vectorized_map(differentiate_one, (features, labels))
        factors = tf.stack(tf.nest.flatten(weights), axis=1) / tf.cast(tf.shape(losses)[0], losses.dtype)
        return tf.reduce_sum(factors * losses), [tf.tensordot(factors, each, axes=2) for each in gradients]

    return differentiate


def build_jacobian(task: Task, model: Any) -> Differentiate:
    """Return what makes a jacobian of the losses of all labels."""
    find_losses = task.workload.make_loss("none")

    def differentiate(features: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            losses = flatten_losses(find_losses, labels, model(features, training=True))
        jacobian = tape.jacobian(losses, model.trainable_variables, unconnected_gradients="zero")
        flat = tf.concat([tf.reshape(each, [-1]) for each in tf.nest.flatten(weights)], axis=0)
        factors = flat * (_count(labels) / tf.cast(tf.size(losses), losses.dtype))
        return tf.reduce_sum(factors * losses), [tf.tensordot(factors, each, axes=1) for each in jacobian]

    return differentiate


def _count(labels: Any) -> int:
    """Return how many outputs have labels."""
    return len(tf.nest.flatten(labels))


def make_per_example(name: str, build: BuildDifferentiate, *, is_over_static: bool) -> SchemeMethod:
    """Return the method that makes gradients of examples so."""
    return SchemeLoop(
        name=name,
        build=build,
        is_over_static=is_over_static,
        clean_count=0,
        make_reference=lambda: refer_to_static,
        takes_weights=True,
    )


_WAYS: Mapping[str, BuildDifferentiate] = {"per_example_map": build_mapped, "per_example_jacobian": build_jacobian}

PER_EXAMPLE: Mapping[str, SchemeMethod] = make_with_twins("loop", _WAYS, make_per_example)
