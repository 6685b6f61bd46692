"""A table of categories: an embedding with a large vocabulary, whose gradients are sparse, and a perceptron behind it.

Each sample has eight categories out of one vocabulary, drawn with frequencies that fall as those of words do (Zipf).
Labels come from a noisy random linear teacher on the remainders of the categories, so that there is something to learn.
"""

from __future__ import annotations

import dataclasses
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

_VOCABULARY = 100_000
_COLUMNS = 8
_EMBEDDED = 16
_UNITS = 64

_ZIPF_EXPONENT = 1.2

_REMAINDERS = 64
"""Categories with the same remainder mean the same to the teacher."""

_LABEL_NOISE = 1.0
"""Beside scores of standard deviation sqrt(8) = 2.8: most labels follow the teacher and none is certain."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tabular(KerasWorkload):
    """Embedding and perceptron; satisfies `protocols.Workload`."""

    def make_samples(self, sample_count: int, seed: int) -> Samples:
        """Return samples with features int32 [sample_count, 8]; the same seed gives the same samples."""
        generator = np.random.default_rng(seed)
        teacher = generator.normal(size=(_COLUMNS, _REMAINDERS, CLASS_COUNT))
        drawn = generator.zipf(_ZIPF_EXPONENT, (sample_count, _COLUMNS))
        categories = (drawn % _VOCABULARY).astype(np.int32)
        scores = sum(teacher[column][categories[:, column] % _REMAINDERS] for column in range(_COLUMNS))
        return weight_samples(categories, draw_labels(scores, _LABEL_NOISE, generator), generator)

    def build_model(self, depth: int, seed: int) -> Any:
        """Return a fresh, uncompiled model of `depth` hidden layers from int32 [batch, 8] to logits [batch, 10]."""
        inputs = tf.keras.Input((_COLUMNS,), dtype="int32")
        embedded = tf.keras.layers.Embedding(
            _VOCABULARY, _EMBEDDED, embeddings_initializer=seed_kernel(seed, depth + 1)
        )(inputs)
        hidden = tf.keras.layers.Flatten()(embedded)
        for layer in range(depth):
            hidden = tf.keras.layers.Dense(_UNITS, activation="relu", kernel_initializer=seed_kernel(seed, layer))(
                hidden
            )
        logits = tf.keras.layers.Dense(CLASS_COUNT, kernel_initializer=seed_kernel(seed, depth))(hidden)
        return tf.keras.Model(inputs, logits)


TABULAR: Workload = Tabular(name="tabular", optimizer=OptimizerKind.ADAM)
