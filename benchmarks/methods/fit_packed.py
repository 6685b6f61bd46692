"""Weights packed with the features: `model.fit` on a dataset of ((x, w), y), applied in an overridden `compute_loss`.

This is how weights are passed to a loss that Keras' own `sample_weight` does not reach. The control is the same
subclass with the same overridden method on a dataset of (x, y): who does not weight would not carry weights along, so
carrying them is part of the overhead.

The subclass keeps the loss that `fit` shows itself, as Keras' documentation of `compute_loss` does: Keras 2 shows none
otherwise. It is the mean of w_i l_i over all samples of the epoch so far, the last, smaller batch included.
Source: https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/Model#compute_loss.
"""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf

from benchmarks.methods._fit import FitArguments, FitMethod
from benchmarks.methods._steps import build_pipeline, build_step_pipeline, weigh_losses
from benchmarks.protocols import Method, Samples, Task


class PackedModel(tf.keras.Model):
    """A model around another one whose input is (features, weights), or features alone when it is not weighted."""

    def __init__(self, backbone: Any, find_losses: Any, *, weighted: bool) -> None:
        """Wrap a model.

        Args:
            backbone: a built Keras model from features to logits.
            find_losses: from labels and logits to one loss per sample, float32 [batch], by output where there are
                several.
            weighted: whether the input carries weights, float32 [batch].
        """
        super().__init__()
        self.backbone = backbone
        self.find_losses = find_losses
        self.weighted = weighted
        self.loss_tracker = tf.keras.metrics.Mean(name="loss")

    @property
    def metrics(self) -> list[Any]:
        """The loss, which `fit` shows and resets each epoch."""
        return [self.loss_tracker]

    def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: FBT001 - Keras passes it as it likes
        """Return the logits of the backbone, which sees the features alone."""
        features = inputs[0] if self.weighted else inputs
        return self.backbone(features, training=training)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *_: Any, **__: Any) -> Any:
        """Return (1/B) sum_i w_i l_i, or (1/B) sum_i l_i when not weighted.

        Args:
            x: (features, weights), or features.
            y: int32 [batch], the labels, by output where there are several.
            y_pred: float32 [batch, classes], the logits, in the same way.
            _: Keras' `sample_weight`, None here, and from Keras 3 on `training`.
            __: the same, by name.
        """
        losses = weigh_losses(self.find_losses, y, y_pred, x[1] if self.weighted else None)
        self.loss_tracker.update_state(losses)
        return tf.reduce_mean(losses)


def _build_model(task: Task, *, weighted: bool) -> Any:
    """Return the task's model in a subclass that applies the weights itself, compiled."""
    backbone = task.workload.build_model(task.depth, task.seed)
    model = PackedModel(backbone, task.workload.make_loss("none"), weighted=weighted)
    model.compile(optimizer=task.workload.make_optimizer())
    return model


def _hand_over(samples: Samples, *, weighted: bool, batch_size: int, build: Any) -> FitArguments:
    features = (samples.features, samples.weights) if weighted else samples.features
    return {"x": build((features, samples.labels), batch_size)}


FIT_PACKED: Method = FitMethod(
    name="fit_packed",
    hand_over=functools.partial(_hand_over, build=build_pipeline),
    hand_over_steps=functools.partial(_hand_over, build=build_step_pipeline),
    build_model=_build_model,
)
