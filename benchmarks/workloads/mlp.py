"""A multilayer perceptron: the step that is nearly all overhead, where an added operation shows most.

Features are standard normal, labels come from a noisy random linear teacher, so that there is something to learn.
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

_FEATURE_COUNT = 32
_UNITS = 64

_LABEL_NOISE = 2.0
"""Beside scores of standard deviation sqrt(32) = 5.7: most labels follow the teacher and none is certain."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mlp(KerasWorkload):
    """The perceptron with one of the optimizers; satisfies `protocols.Workload`.

    `policy` is Keras' dtype policy of the hidden layers; logits are float32. `normalised` puts batch normalisation
    before each activation. Several outputs share the hidden layers, and each has a teacher, labels and weights of its
    own.
    """

    policy: str = "float32"
    normalised: bool = False

    def make_samples(self, sample_count: int, seed: int) -> Samples:
        """Return samples with features float32 [sample_count, 32]; the same seed gives the same samples."""
        generator = np.random.default_rng(seed)
        teachers = generator.normal(size=(len(self.output_names), _FEATURE_COUNT, CLASS_COUNT))
        features = generator.standard_normal((sample_count, _FEATURE_COUNT), dtype=np.float32)
        labels = [draw_labels(features @ teacher, _LABEL_NOISE, generator) for teacher in teachers]
        return weight_samples(features, self.by_output(labels), generator)

    def build_model(self, depth: int, seed: int) -> Any:
        """Return a fresh, uncompiled model with `depth` hidden layers: [batch, 32] to logits [batch, 10], by output."""
        policy = tf.keras.mixed_precision.Policy(self.policy)
        inputs = tf.keras.Input((_FEATURE_COUNT,))
        hidden = inputs
        for layer in range(depth):
            kernel = seed_kernel(seed, layer)
            if self.normalised:
                hidden = tf.keras.layers.Dense(_UNITS, use_bias=False, kernel_initializer=kernel)(hidden)
                hidden = tf.keras.layers.ReLU()(tf.keras.layers.BatchNormalization()(hidden))
            else:
                dense = tf.keras.layers.Dense(_UNITS, activation="relu", kernel_initializer=kernel, dtype=policy)
                hidden = dense(hidden)
        logits = [
            tf.keras.layers.Dense(CLASS_COUNT, kernel_initializer=seed_kernel(seed, depth + number), name=name)(hidden)
            for number, name in enumerate(self.output_names)
        ]
        return tf.keras.Model(inputs, self.by_output(logits))


MLP: Workload = Mlp(name="mlp", optimizer=OptimizerKind.ADAM)
MLP_SGD: Workload = Mlp(name="mlp_sgd", optimizer=OptimizerKind.SGD)
MLP_MOMENTUM: Workload = Mlp(name="mlp_momentum", optimizer=OptimizerKind.MOMENTUM)
MLP_ADAMW: Workload = Mlp(name="mlp_adamw", optimizer=OptimizerKind.ADAMW)
MLP_ADAGRAD: Workload = Mlp(name="mlp_adagrad", optimizer=OptimizerKind.ADAGRAD)
MLP_RMSPROP: Workload = Mlp(name="mlp_rmsprop", optimizer=OptimizerKind.RMSPROP)
MLP_BFLOAT16: Workload = Mlp(name="mlp_bfloat16", optimizer=OptimizerKind.ADAM, policy="mixed_bfloat16")
MLP_BATCHNORM: Workload = Mlp(name="mlp_batchnorm", optimizer=OptimizerKind.ADAM, normalised=True)
MLP_TWO_OUTPUTS: Workload = Mlp(name="mlp_two_outputs", optimizer=OptimizerKind.ADAM, outputs=("first", "second"))
