"""A small convolutional network: the step with more arithmetic per sample, where weighting should hide.

An image is a mixture of four textures of 2 x 2 pixels (plain, upright stripes, level stripes, chessboard) in pixel
noise; its label comes from a noisy random linear teacher on how strong each texture is. Convolutions and an average
over the image can measure that, where a teacher on single pixels would be lost in the average.
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

_CHANNELS = 8
_KERNEL_SIDE = 3

_TEXTURES = np.array(
    [[[1, 1], [1, 1]], [[1, -1], [1, -1]], [[1, 1], [-1, -1]], [[1, -1], [-1, 1]]],
    dtype=np.float32,
)
"""The Walsh patterns on 2 x 2 pixels: [texture, row, column], orthogonal to each other."""

_PIXEL_NOISE = 0.5
"""Beside texture strengths of up to about 3: visible, and averaged out over 144 pixels and more."""

_LABEL_NOISE = 0.3
"""Beside scores of standard deviation about 1.2: most labels follow the teacher and none is certain."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cnn(KerasWorkload):
    """The network for images of `side` pixels squared, an even number; satisfies `protocols.Workload`."""

    side: int = 12

    def make_samples(self, sample_count: int, seed: int) -> Samples:
        """Return samples with features float32 [sample_count, side, side, 1]; the same seed gives the same samples."""
        generator = np.random.default_rng(seed)
        teacher = generator.normal(size=(len(_TEXTURES), CLASS_COUNT))
        strengths = np.abs(generator.standard_normal((sample_count, len(_TEXTURES)), dtype=np.float32))
        repeats = self.side // _TEXTURES.shape[1]
        images = np.tensordot(strengths, np.tile(_TEXTURES, (1, repeats, repeats)), axes=1)
        images += _PIXEL_NOISE * generator.standard_normal(images.shape, dtype=np.float32)
        labels = draw_labels((strengths - strengths.mean(axis=0)) @ teacher, _LABEL_NOISE, generator)
        return weight_samples(images[..., np.newaxis], labels, generator)

    def build_model(self, depth: int, seed: int) -> Any:
        """Return a fresh, uncompiled model of `depth` hidden layers from [batch, side, side, 1] to [batch, 10]."""
        inputs = tf.keras.Input((self.side, self.side, 1))
        hidden = inputs
        for layer in range(depth):
            hidden = tf.keras.layers.Conv2D(
                _CHANNELS,
                _KERNEL_SIDE,
                padding="same",
                activation="relu",
                kernel_initializer=seed_kernel(seed, layer),
            )(hidden)
        pooled = tf.keras.layers.GlobalAveragePooling2D()(hidden)
        logits = tf.keras.layers.Dense(CLASS_COUNT, kernel_initializer=seed_kernel(seed, depth))(pooled)
        return tf.keras.Model(inputs, logits)


CNN: Workload = Cnn(name="cnn", optimizer=OptimizerKind.ADAM)
CNN_SGD: Workload = Cnn(name="cnn_sgd", optimizer=OptimizerKind.SGD)
CNN32: Workload = Cnn(name="cnn32", optimizer=OptimizerKind.ADAM, side=32)
CNN128: Workload = Cnn(name="cnn128", optimizer=OptimizerKind.ADAM, side=128)
