"""Weights refreshed each epoch: a callback of `model.fit` predicts all samples and weights them by their losses.

When an epoch begins, the callback has `predict` go over all samples, finds their losses and makes weights of them,
proportional to the loss and of mean 1. They are kept in a variable, from which the input pipeline takes those of each
batch: the dataset is of (x, y, number of the sample), and a `map` makes (x, y, w) of it. So the weights that a pass
trains with are those of the model with which it began, and what refreshing costs is in the pass.

The control is `model.fit` on a dataset of (x, y); named `..._over_static`, on one of (x, y, w).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.methods._computed_entries import OVER_STATIC
from benchmarks.methods._fit import FitArguments, FitArm, FitMethod
from benchmarks.methods._references import refer_to_refreshed
from benchmarks.methods._steps import build_pipeline
from benchmarks.methods.fit_datasets import FIT_DATASET, hand_over_batches
from benchmarks.proofs import Reference, SchemeMethod
from benchmarks.protocols import Samples, Task, TrainingArm


class WeightRefresher(tf.keras.callbacks.Callback):
    """Makes weights of the losses that the model has when an epoch begins.

    `weights` are variables, float32 of the shape of the labels, by output where there are several.
    """

    def __init__(self, samples: Samples, find_losses: Any, batch_size: int) -> None:
        """Start with weights of 1.

        Args:
            samples: whose weights are made.
            find_losses: the unreduced Keras loss on (labels, logits), by output where there are several.
            batch_size: samples in a batch of `predict`.
        """
        super().__init__()
        self._samples = samples
        self._find_losses = find_losses
        self._batch_size = batch_size
        with tf.device("CPU"):  # where input pipelines run
            self.weights = tf.nest.map_structure(
                lambda labels: tf.Variable(tf.ones(labels.shape), trainable=False), samples.labels
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Refresh the weights."""
        del epoch, logs
        predicted = self.model.predict(self._samples.features, batch_size=self._batch_size, verbose=0)
        parts = (self._find_losses, self._samples.labels, predicted, self.weights)
        for find, labels, logits, weights in zip(*map(tf.nest.flatten, parts), strict=True):
            losses = find(labels, logits)
            weights.assign(tf.math.divide_no_nan(losses, tf.reduce_mean(losses)))


class RefreshedArm(FitArm):
    """An arm whose weights are refreshed each epoch; satisfies `protocols.TrainingArm`."""

    def __init__(self, task: Task, method: FitMethod) -> None:
        """Build a fresh, compiled model."""
        super().__init__(task, method, weighted=True)
        self._find_losses = task.workload.make_loss("none")
        self._refresher: WeightRefresher | None = None

    def _make_data(self) -> FitArguments:
        """Return a dataset of (x, y, w) that takes the weights as they are when a batch is made."""
        samples = self._samples
        refresher = self._refresher = WeightRefresher(samples, self._find_losses, self._batch_size)
        numbers = np.arange(len(samples.features))

        def add_weights(features: Any, labels: Any, number: Any) -> tuple[Any, Any, Any]:
            return features, labels, tf.nest.map_structure(lambda all_: tf.gather(all_, number), refresher.weights)

        batches = build_pipeline((samples.features, samples.labels, numbers), self._batch_size)
        return {"x": batches.map(add_weights)}

    def _fit(self, callbacks: list[Any]) -> None:
        """Call `model.fit` for one epoch, which begins with new weights."""
        self._find_data()
        super()._fit([self._refresher, *callbacks])


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RefreshedFit(FitMethod):
    """Weights refreshed each epoch, with one of the controls; satisfies `proofs.SchemeMethod`."""

    is_over_static: bool
    clean_count: int = 0
    make_reference: Callable[[], Reference] = lambda: refer_to_refreshed

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` gives the control: an arm of `fit_dataset`."""
        if not weighted:
            return FIT_DATASET.build_arm(task, weighted=self.is_over_static)
        return RefreshedArm(task, self)


REFRESHED_WEIGHTS: Mapping[str, SchemeMethod] = MappingProxyType(
    {
        name: RefreshedFit(name=name, hand_over=hand_over_batches, is_over_static=bool(ending))
        for ending in ("", OVER_STATIC)
        for name in (f"fit_refreshed{ending}",)
    }
)
