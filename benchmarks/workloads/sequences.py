"""Sequences: a recurrent network and a Transformer encoder, with one label a sequence or one label a time step.

A sequence is a random walk in a few dimensions, with normal steps; labels come from a noisy random linear teacher on
where the walk has come to, so that a network has to remember. With one label a time step there is one weight a time
step as well, and the weights of a sequence's padding are 0: the masks that people hand over as `sample_weight`.
"""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.protocols import Samples, Workload
from benchmarks.workloads._recipe import (
    CLASS_COUNT,
    KerasWorkload,
    OptimizerKind,
    draw_labels,
    seed_kernel,
    weight_samples,
)

_TIME_STEPS = 16
_FEATURE_COUNT = 8
_UNITS = 32
_HEADS = 4

_LABEL_NOISE = 2.0
"""Beside scores of standard deviation up to sqrt(8 * 16) = 11: most labels follow the teacher and none is certain."""


class Architecture(str, Enum):
    """What reads a sequence."""

    GRU = "gru"
    TRANSFORMER = "transformer"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sequences(KerasWorkload):
    """A sequence model; satisfies `protocols.Workload`.

    `labels_each_step` says whether there is a label, and a weight, for each time step.
    """

    architecture: Architecture
    labels_each_step: bool = False

    def make_samples(self, sample_count: int, seed: int) -> Samples:
        """Return samples with features float32 [sample_count, 16, 8]; the same seed gives the same samples.

        Labels and weights are [sample_count], or [sample_count, 16] where each time step has its own.
        """
        generator = np.random.default_rng(seed)
        teacher = generator.normal(size=(_FEATURE_COUNT, CLASS_COUNT))
        steps = generator.standard_normal((sample_count, _TIME_STEPS, _FEATURE_COUNT), dtype=np.float32)
        walks = np.cumsum(steps, axis=1, dtype=np.float32)
        labelled = walks if self.labels_each_step else walks[:, -1]
        labels = draw_labels(labelled.astype(np.float64) @ teacher, _LABEL_NOISE, generator)
        return weight_samples(steps, labels, generator)

    def build_model(self, depth: int, seed: int) -> Any:
        """Return a fresh, uncompiled model of `depth` layers or blocks from [batch, 16, 8].

        Its logits are [batch, 10], or [batch, 16, 10] where each time step has a label.
        """
        inputs = tf.keras.Input((_TIME_STEPS, _FEATURE_COUNT))
        hidden = inputs
        for layer in range(depth):
            if self.architecture is Architecture.GRU:
                hidden = tf.keras.layers.GRU(
                    _UNITS,
                    return_sequences=True,
                    kernel_initializer=seed_kernel(seed, 2 * layer),
                    recurrent_initializer=seed_kernel(seed, 2 * layer + 1),
                )(hidden)
            else:
                hidden = _encode(hidden, seed, 4 * layer)
        if not self.labels_each_step:
            hidden = tf.keras.layers.GlobalAveragePooling1D()(hidden)
        logits = tf.keras.layers.Dense(CLASS_COUNT, kernel_initializer=seed_kernel(seed, 4 * depth))(hidden)
        return tf.keras.Model(inputs, logits)


def _encode(hidden: Any, seed: int, first_kernel: int) -> Any:
    """Return what one block of a Transformer encoder makes of its input [batch, 16, units]; units may change.

    Attention and a layer of its own, each added to what went in and normalised (Vaswani et al. 2017), without dropout.
    """
    width = tf.keras.layers.Dense(_UNITS, kernel_initializer=seed_kernel(seed, first_kernel))(hidden)
    attended = tf.keras.layers.MultiHeadAttention(
        _HEADS, _UNITS // _HEADS, kernel_initializer=seed_kernel(seed, first_kernel + 1)
    )(width, width)
    normal = tf.keras.layers.LayerNormalization()(tf.keras.layers.Add()([width, attended]))
    widened = tf.keras.layers.Dense(
        2 * _UNITS, activation="relu", kernel_initializer=seed_kernel(seed, first_kernel + 2)
    )(normal)
    narrowed = tf.keras.layers.Dense(_UNITS, kernel_initializer=seed_kernel(seed, first_kernel + 3))(widened)
    return tf.keras.layers.LayerNormalization()(tf.keras.layers.Add()([normal, narrowed]))


GRU: Workload = Sequences(name="gru", optimizer=OptimizerKind.ADAM, architecture=Architecture.GRU)
GRU_STEPS: Workload = Sequences(
    name="gru_steps", optimizer=OptimizerKind.ADAM, architecture=Architecture.GRU, labels_each_step=True
)
TRANSFORMER: Workload = Sequences(
    name="transformer", optimizer=OptimizerKind.ADAM, architecture=Architecture.TRANSFORMER
)
