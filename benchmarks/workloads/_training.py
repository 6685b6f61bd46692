"""How is every workload trained? One loss, and an optimizer of Keras with its default settings."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Any

import tensorflow as tf


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


_MOMENTUM = 0.9
"""What Keras' documentation uses in its examples; its default is none."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KerasWorkload:
    """What all workloads have in common: a name, an optimizer, and the loss."""

    name: str
    optimizer: OptimizerKind

    def make_optimizer(self) -> Any:
        """Return a fresh Keras optimizer with Keras' default settings."""
        if self.optimizer is OptimizerKind.MOMENTUM:
            return tf.keras.optimizers.SGD(momentum=_MOMENTUM)
        return getattr(tf.keras.optimizers, self.optimizer.value)()

    def make_loss(self, reduction: str) -> Any:
        """Return the cross-entropy of int32 labels [batch] and logits [batch, classes].

        `reduction` is `none` or `sum_over_batch_size`, which Keras 2 and 3 both know.
        """
        return tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)


def seed_kernel(seed: int, layer: int) -> Any:
    """Return the Glorot initializer of one layer's kernel, drawn from the model's seed and the layer's number."""
    return tf.keras.initializers.GlorotUniform(seed=_LAYERS_AT_MOST * seed + layer)


_LAYERS_AT_MOST = 1000
"""Distance between the kernel seeds of two models; no sweep goes this deep."""
