"""What do all workloads share? Loss and optimizer, with Keras' default settings, and how samples get their weights.

Both kinds of weights have a mean of 1.0 over the samples, so that a weighted loss is of the same size as an
unweighted one and both arms train alike. Leaves out: features and labels, which belong to the model family.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.protocols import ByOutput, Samples

CLASS_COUNT = 10
"""Classes of every workload: as many as the usual small image sets have."""

_ZERO_SHARE = 0.1
"""Part of the samples with weight 0, as masks and padding make them; kernels must not profit from all being equal."""

_WEIGHT_SPREAD = 0.5
"""The other weights lie this far around 1 before they are scaled."""

_MOMENTUM = 0.9
"""What Keras' documentation uses in its examples; its default is none."""

_LAYERS_AT_MOST = 1000
"""Distance between the kernel seeds of two models; no sweep goes this deep."""


class OptimizerKind(str, Enum):
    """Adam, which most people use, and those beside which the cost of weighting may be another share of a step.

    The value is the class in `tf.keras.optimizers`; SGD with momentum is `Momentum`, which has no class of its own.
    """

    ADAM = "Adam"
    SGD = "SGD"
    MOMENTUM = "Momentum"
    ADAMW = "AdamW"
    ADAGRAD = "Adagrad"
    RMSPROP = "RMSprop"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KerasWorkload:
    """What all workloads have in common: a name, an optimizer, and the loss.

    `outputs` are the names of the model's outputs where it has several, in alphabetical order, in which TensorFlow and
    Keras take the parts of a mapping.
    """

    name: str
    optimizer: OptimizerKind
    outputs: tuple[str, ...] = ()

    def make_optimizer(self) -> Any:
        """Return a fresh Keras optimizer with Keras' default settings."""
        if self.optimizer is OptimizerKind.MOMENTUM:
            return tf.keras.optimizers.SGD(momentum=_MOMENTUM)
        return getattr(tf.keras.optimizers, self.optimizer.value)()

    def make_loss(self, reduction: str) -> Any:
        """Return the cross-entropy of int32 labels [batch] and logits [batch, classes], by output if there are several.

        `reduction` is `none` or `sum_over_batch_size`, which Keras 2 and 3 both know.
        """
        return self.by_output(
            [
                tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)
                for _ in self.output_names
            ]
        )

    @property
    def output_names(self) -> tuple[str | None, ...]:
        """The name of each output; None of the only one, which needs none."""
        return self.outputs or (None,)

    def by_output(self, parts: Sequence[Any]) -> Any:
        """Return the parts by the name of their output, or the part of the only one."""
        return dict(zip(self.outputs, parts, strict=True)) if self.outputs else parts[0]


def seed_kernel(seed: int, layer: int) -> Any:
    """Return the Glorot initializer of one layer's kernel, drawn from the model's seed and the layer's number.

    Its seed is never 0, which Keras 3.0 takes for none: two models of one seed then differ.
    """
    return tf.keras.initializers.GlorotUniform(seed=1 + _LAYERS_AT_MOST * seed + layer)


def weight_samples(features: NDArray[Any], labels: ByOutput, generator: np.random.Generator) -> Samples:
    """Return the samples with weights of their own and, where the model has one output, weights by class.

    A tenth of the samples, rounded down, has weight 0; where each time step has a label, the ends of sequences have, a
    tenth of all steps in the mean. Each output has weights of its own. The weight of a class is inverse to how often it
    occurs, labels / (classes that occur * labels of the class), scikit-learn's `balanced`; a class that does not occur
    has weight 1.

    Args:
        features: float32 or int32 [samples, ...].
        labels: int32 [samples] or [samples, time], from 0 to CLASS_COUNT - 1, by output where there are several.
        generator: draws the weights.
    """
    return Samples(
        features=features,
        labels=labels,
        weights=tf.nest.map_structure(lambda each: _draw_weights(each, generator), labels),
        class_weight={} if tf.nest.is_nested(labels) else _balance_classes(labels),
    )


def _draw_weights(labels: NDArray[np.int32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Return a weight for each label, float32 of the same shape."""
    weights = generator.uniform(1.0 - _WEIGHT_SPREAD, 1.0 + _WEIGHT_SPREAD, labels.shape)
    if labels.ndim == 1:
        weights[generator.permutation(labels.size)[: int(_ZERO_SHARE * labels.size)]] = 0.0
    else:
        time_steps = labels.shape[1]
        padding = generator.integers(0, round(2 * _ZERO_SHARE * time_steps), len(labels), endpoint=True)
        weights[np.arange(time_steps) >= time_steps - padding[:, np.newaxis]] = 0.0
    weights /= weights.mean()
    return weights.astype(np.float32)


def _balance_classes(labels: NDArray[np.int32]) -> Mapping[int, float]:
    """Return the weight of each class."""
    counts = np.bincount(labels.ravel(), minlength=CLASS_COUNT)
    present = int(np.count_nonzero(counts))
    return {number: labels.size / (present * int(count)) if count else 1.0 for number, count in enumerate(counts)}


def draw_labels(scores: NDArray[np.float64], noise: float, generator: np.random.Generator) -> NDArray[np.int32]:
    """Return the class with the highest score after normal noise is added to all of them.

    Args:
        scores: float64 [..., CLASS_COUNT], a teacher's.
        noise: standard deviation of the noise, on the scale of the scores.
        generator: draws the noise.
    """
    noisy = scores + generator.normal(scale=noise, size=scores.shape)
    return np.asarray(noisy.argmax(axis=-1), dtype=np.int32)
