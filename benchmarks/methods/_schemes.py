"""How is a loss or a gradient made of the losses of a batch, where weights are computed inside the step?

The schemes of `_references`, in TensorFlow, and the two that they are held against: the mean of the losses, and that of
the losses times weights that are handed over. `fit` and a loop of one's own take the same ones: a `Differentiate` does
the forward and the backward pass and leaves the update to them.

A scheme weights each output by itself; the loss of the batch is the sum over outputs. It needs the cross-entropy of
each label, unreduced, and of a class-balanced one the number of classes, which is the size of the logits.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import tensorflow as tf

from benchmarks.methods._computed_entries import OVER_STATIC
from benchmarks.methods._references import (
    CLEAN_COUNT,
    EFFECTIVE_NUMBER_BASE,
    FOCUS,
    HARD_SHARE,
    PACE,
    ClassBalancedReference,
    refer_to_focal,
    refer_to_loss_proportional,
    refer_to_meta_reweight,
    refer_to_ohem,
    refer_to_self_paced,
)
from benchmarks.methods._steps import cut, weigh_losses
from benchmarks.proofs import Reference, SchemeMethod
from benchmarks.protocols import Task

Differentiate = Callable[..., tuple[Any, Any]]
"""From the tensors of a batch to its loss, a scalar, and the gradients of the model's trainable variables."""

BuildDifferentiate = Callable[[Task, Any], Differentiate]
"""Makes it for a task and the Keras model that is trained on it."""

FindLoss = Callable[[Any, Any], Any]
"""From int32 labels and float32 losses of an output, of one shape, to the scalar that is minimised."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """What is computed inside a step, and the formula that it is held to.

    `clean_count` says how many samples of a task play the part of clean ones.
    """

    build: BuildDifferentiate
    make_reference: Callable[[], Reference]
    clean_count: int = 0


def build_plain(task: Task, model: Any) -> Differentiate:
    """Return what differentiates (1/n) sum_i l_i, or (1/n) sum_i w_i l_i where the batch has weights."""
    find_losses = task.workload.make_loss("none")

    def differentiate(features: Any, labels: Any, *weights: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(weigh_losses(find_losses, labels, model(features, training=True), *weights))
        return loss, tape.gradient(loss, model.trainable_variables)

    return differentiate


def build_scheme(task: Task, model: Any, make_find_loss: Callable[[int], FindLoss]) -> Differentiate:
    """Return what differentiates the sum over outputs of a scheme's loss.

    Args:
        task: its loss is asked for unreduced.
        model: from features to logits.
        make_find_loss: makes the scheme of an output with so many classes, in its first state.
    """
    find_losses = tf.nest.flatten(task.workload.make_loss("none"))
    schemes = [make_find_loss(int(logits.shape[-1])) for logits in model.outputs]

    def differentiate(features: Any, labels: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            pairs = zip(*map(tf.nest.flatten, (labels, model(features, training=True))))  # noqa: B905 - as weigh_losses
            parts = zip(schemes, find_losses, pairs)  # noqa: B905
            loss = tf.add_n([scheme(pair[0], find(*pair)) for scheme, find, pair in parts])
        return loss, tape.gradient(loss, model.trainable_variables)

    return differentiate


class Focal:
    """Losses times (1 - p)^2; p = exp(-l) is part of what is differentiated, as in the paper."""

    def __init__(self, class_count: int) -> None:
        """Keep nothing."""

    def __call__(self, labels: Any, losses: Any) -> Any:
        """Return the mean of the modulated losses."""
        del labels
        return tf.reduce_mean(tf.pow(-tf.math.expm1(-losses), FOCUS) * losses)


class ClassBalanced:
    """Losses times a weight by class, from the labels seen so far, those of the batch among them."""

    def __init__(self, class_count: int) -> None:
        """Start with no label seen; the counts, int64 [classes], are no weights of the model."""
        self._class_count = class_count
        self.counts = tf.Variable(tf.zeros([class_count], tf.int64), trainable=False)

    def __call__(self, labels: Any, losses: Any) -> Any:
        """Count the labels, then return the mean of the weighted losses."""
        numbers = tf.cast(labels, tf.int32)
        self.count(tf.reduce_sum(tf.one_hot(tf.reshape(numbers, [-1]), self._class_count, dtype=tf.int64), axis=0))
        seen = tf.cast(tf.maximum(self.counts.read_value(), 1), losses.dtype)
        weights = (EFFECTIVE_NUMBER_BASE - 1.0) / tf.math.expm1(seen * math.log(EFFECTIVE_NUMBER_BASE))
        weights *= self._class_count / tf.reduce_sum(weights)
        return tf.reduce_mean(tf.gather(weights, numbers) * losses)

    def count(self, seen: Any) -> None:
        """Add the labels of a batch, int64 [classes]."""
        self.counts.assign_add(seen)


class LossProportional:
    """Losses times themselves as constant weights, of mean 1."""

    def __init__(self, class_count: int) -> None:
        """Keep nothing."""

    def __call__(self, labels: Any, losses: Any) -> Any:
        """Return the mean of the weighted losses."""
        del labels
        weights = tf.stop_gradient(tf.math.divide_no_nan(losses, tf.reduce_mean(losses)))
        return tf.reduce_mean(weights * losses)


class SelfPaced:
    """Losses below the threshold, and 0 in the place of the others."""

    def __init__(self, class_count: int) -> None:
        """Keep nothing."""

    def __call__(self, labels: Any, losses: Any) -> Any:
        """Return the mean over all labels; a comparison has no gradient."""
        del labels
        return tf.reduce_mean(tf.cast(losses < PACE, losses.dtype) * losses)


class HardExamples:
    """The largest losses alone."""

    def __init__(self, class_count: int) -> None:
        """Keep nothing."""

    def __call__(self, labels: Any, losses: Any) -> Any:
        """Return the mean over those that are kept."""
        del labels
        flat = tf.reshape(losses, [-1])
        count = (tf.size(flat) + HARD_SHARE - 1) // HARD_SHARE
        return tf.reduce_mean(tf.math.top_k(flat, count, sorted=False).values)


def build_meta_reweight(task: Task, model: Any) -> Differentiate:
    """Return what learns to reweight: a clean gradient, one of each label along it, and the weighted one.

    How far a label's gradient goes along the clean one is a derivative of the backward pass, which is linear in what is
    handed to it from the labels; so that no label's gradient is ever made. A label is that of any output.

    Args:
        task: its first samples play the part of clean ones; they are kept on the device.
        model: trained on batches of any samples.
    """
    find_losses = task.workload.make_loss("none")
    clean_features, clean_labels = (
        tf.nest.map_structure(tf.constant, cut(part, 0, CLEAN_COUNT))
        for part in (task.samples.features, task.samples.labels)
    )

    def differentiate(features: Any, labels: Any) -> tuple[Any, Any]:
        variables = model.trainable_variables
        with tf.GradientTape() as tape:
            clean = tf.reduce_mean(weigh_losses(find_losses, clean_labels, model(clean_features, training=True)))
        ahead = tape.gradient(clean, variables)

        with tf.GradientTape() as outer:
            with tf.GradientTape(persistent=True) as inner:
                losses = flatten_losses(find_losses, labels, model(features, training=True))
            influences = tf.zeros_like(losses)
            outer.watch(influences)
            moves = inner.gradient(losses, variables, output_gradients=influences)
            agreement = tf.add_n([_multiply(*pair) for pair in zip(moves, ahead)])  # noqa: B905
        scores = tf.nn.relu(outer.gradient(agreement, influences))

        count = tf.cast(tf.size(losses), losses.dtype)
        weights = count * tf.math.divide_no_nan(scores, tf.reduce_sum(scores))
        factors = weights / tf.cast(tf.size(tf.nest.flatten(labels)[0]), losses.dtype)
        return tf.reduce_sum(factors * losses), inner.gradient(losses, variables, output_gradients=factors)

    return differentiate


def flatten_losses(find_losses: Any, labels: Any, predicted: Any) -> Any:
    """Return the losses of all labels, float32 [outputs * labels], output after output."""
    flat = zip(*map(tf.nest.flatten, (find_losses, labels, predicted)))  # noqa: B905 - as weigh_losses
    return tf.concat([tf.reshape(find(*pair), [-1]) for find, *pair in flat], axis=0)


def _multiply(one: Any, other: Any) -> Any:
    """Return the scalar product of two gradients of a variable; one of an embedding is made dense."""
    return tf.reduce_sum(tf.convert_to_tensor(one) * tf.convert_to_tensor(other))


def _make(make_find_loss: Callable[[int], FindLoss], make_reference: Callable[[], Reference]) -> Scheme:
    """Return the scheme that makes a loss of the losses of each output."""
    return Scheme(build=lambda task, model: build_scheme(task, model, make_find_loss), make_reference=make_reference)


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        "focal": _make(Focal, lambda: refer_to_focal),
        "class_balanced": _make(ClassBalanced, ClassBalancedReference),
        "loss_proportional": _make(LossProportional, lambda: refer_to_loss_proportional),
        "self_paced": _make(SelfPaced, lambda: refer_to_self_paced),
        "ohem": _make(HardExamples, lambda: refer_to_ohem),
        "meta_reweight": Scheme(
            build=build_meta_reweight, make_reference=lambda: refer_to_meta_reweight, clean_count=CLEAN_COUNT
        ),
    }
)
"""Every scheme that is computed inside the step, by name."""


def make_with_twins(
    path: str, ways: Mapping[str, Any], make: Callable[..., SchemeMethod]
) -> Mapping[str, SchemeMethod]:
    """Return methods by name, each way of a path against the unweighted control and against static weights.

    Args:
        path: `fit` or `loop`.
        ways: what `make` makes a method of, by name.
        make: takes the method's name, the way and `is_over_static`.
    """
    return MappingProxyType(
        {
            name: make(name, way, is_over_static=bool(ending))
            for key, way in ways.items()
            for ending in ("", OVER_STATIC)
            for name in (f"{path}_{key}{ending}",)
        }
    )
