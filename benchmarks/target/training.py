"""How fast does training get somewhere, with weights and without? Both arms from one seed, epoch by epoch, to the end.

Both arms begin with the same weights of the model and go through the same samples in the same order, drawn anew for
each epoch; a pass has whole batches, and what is left over is other samples each time. They take turns, a pass each, in
an order that is drawn too, so that a busy machine slows both alike. After each pass the model is looked at: what it
makes of held-out samples, which is not timed. TensorFlow's operations are made to give the same result each time, so
that equal requests give equal losses and recalls, and arms that are the same are equal to the last bit.

Leaves out: when a target was reached, which is for whoever reads the curves to say.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.imbalanced import Split, load_split
from benchmarks.methods import load_method
from benchmarks.probes import Stopwatch
from benchmarks.protocols import ByOutput, Samples, Task, TrainingArm, Watch
from benchmarks.records import Arm
from benchmarks.records.convergence import ArmTraining, Setting, TrainedBlock, TrainRequest
from benchmarks.target.interleave import draw_orders

_UNITS = 32
_DEPTH = 1
"""One hidden layer of 32: enough for the data, and a step that takes a fraction of a millisecond."""

_EPOCHS_AT_MOST = 100_000
"""Distance between the seeds of the orders of two blocks; nobody trains for so long."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """A perceptron for a split of data, with the optimizer of a setting; satisfies `protocols.Workload`."""

    split: Split
    setting: Setting

    @property
    def name(self) -> str:
        """The name of its data."""
        return self.setting.data

    def make_samples(self, sample_count: int, seed: int) -> Samples:
        """Return so many of the training samples, each once at most, in an order drawn with `seed`."""
        split = self.split
        chosen = np.random.default_rng(seed).permutation(split.train_labels.size)[:sample_count]
        return Samples(
            features=split.train_features[chosen],
            labels=split.train_labels[chosen],
            weights=split.train_weights[chosen],
            class_weight={},
        )

    def build_model(self, depth: int, seed: int) -> Any:
        """Return a fresh, uncompiled model of `depth` hidden layers: [batch, features] to logits [batch, classes]."""
        widths = [*[_UNITS] * depth, len(self.split.count_classes())]
        inputs = tf.keras.Input((self.split.train_features.shape[1],))
        outputs = inputs
        for layer, width in enumerate(widths):
            outputs = tf.keras.layers.Dense(
                width,
                activation="relu" if layer < depth else None,
                kernel_initializer=tf.keras.initializers.GlorotUniform(seed=len(widths) * seed + layer),
            )(outputs)
        return tf.keras.Model(inputs, outputs)

    def make_optimizer(self) -> Any:
        """Return a fresh Keras optimizer with the learning rate of the setting."""
        return getattr(tf.keras.optimizers, self.setting.optimizer.value)(learning_rate=self.setting.learning_rate)

    def make_loss(self, reduction: str) -> ByOutput:
        """Return the cross-entropy of int32 labels [batch] and logits [batch, classes]."""
        return tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)


def train_block(request: TrainRequest) -> TrainedBlock:
    """Train both arms of a setting in turns, and return what each pass took and what the model knew after it.

    For a process that is used for nothing else.
    """
    tf.config.experimental.enable_op_determinism()
    tf.keras.utils.set_random_seed(request.seed)
    split = load_split(Path(request.data_path))
    workload = Classifier(split=split, setting=request.setting)
    steps_per_epoch = max(1, split.train_labels.size // request.batch_size)

    def draw_samples(epoch: int) -> Samples:
        return workload.make_samples(steps_per_epoch * request.batch_size, _EPOCHS_AT_MOST * request.seed + epoch)

    task = Task(
        workload=workload, samples=draw_samples(0), depth=_DEPTH, batch_size=request.batch_size, seed=request.seed
    )
    method = load_method(request.method)
    courses = {
        arm: _Course(method.build_arm(task, weighted=arm is Arm.WEIGHTED and not request.null), split) for arm in Arm
    }
    watch = Stopwatch()
    orders = draw_orders(request.seed)
    for epoch in range(request.epochs):
        samples = draw_samples(epoch)
        for arm in reversed(Arm) if next(orders) else Arm:
            courses[arm].train(samples, request.batch_size, watch)
    return TrainedBlock(
        steps_per_epoch=steps_per_epoch,
        control=courses[Arm.CONTROL].get_training(),
        weighted=courses[Arm.WEIGHTED].get_training(),
    )


class _Course:
    """One arm on its way."""

    def __init__(self, arm: TrainingArm, split: Split) -> None:
        """Take a fresh arm."""
        self._arm = arm
        self._split = split
        self._pass_ns: list[int] = []
        self._held_loss: list[float] = []
        self._minority_recall: list[float] = []
        self._others_recall: list[float] = []

    def train(self, samples: Samples, batch_size: int, watch: Watch) -> None:
        """Train for one epoch, timed, and look at the model."""
        self._arm.replace_samples(samples, batch_size)
        self._pass_ns.append(self._arm.measure_pass(watch).wall_ns)
        split = self._split
        logits = np.asarray(self._arm.model(tf.constant(split.held_features), training=False), dtype=np.float64)
        self._held_loss.append(estimate_loss(logits, split.held_labels, split.count_classes()))
        rare = split.held_labels == split.minority
        recognised = logits.argmax(axis=1) == split.held_labels
        self._minority_recall.append(float(recognised[rare].mean()))
        self._others_recall.append(float(recognised[~rare].mean()))

    def get_training(self) -> ArmTraining:
        """Return what was noted of all epochs."""
        return ArmTraining(
            pass_ns=tuple(self._pass_ns),
            held_loss=tuple(self._held_loss),
            minority_recall=tuple(self._minority_recall),
            others_recall=tuple(self._others_recall),
        )


def estimate_loss(logits: NDArray[np.float64], labels: NDArray[np.int32], train_counts: Sequence[int] | Any) -> float:
    """Return the mean cross-entropy, without weights, as of data whose classes are as frequent as in training.

    It is the mean of each class, averaged by how frequent the class is among the training samples. Held-out data keep
    the whole of the rare class, and their plain mean would be that of other data than those that are trained on.

    Args:
        logits: float64 [samples, classes].
        labels: int32 [samples], each class at least once.
        train_counts: training samples of each class.

    Returns:
        The loss; infinite where training diverged.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        highest = logits.max(axis=1, keepdims=True)
        normalisers = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
        losses = normalisers - logits[np.arange(labels.size), labels]
    by_class = [losses[labels == number].mean() for number in range(logits.shape[1])]
    loss = float(np.average(by_class, weights=train_counts))
    return max(0.0, loss) if np.isfinite(loss) else float("inf")
