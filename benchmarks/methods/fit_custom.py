"""Weights where a model is trained in its own way: a step or a loss of one's own, or a loss that a layer adds.

- `fit_train_step`: a subclass overrides `train_step` and hands `sample_weight` to `compute_loss`, as Keras' guide does.
- `fit_add_loss`: labels and weights are inputs of the model, and its last layer adds the weighted loss (`add_loss`);
  the model is compiled without one.
- `fit_packed`: weights are packed with the features, in a dataset of ((x, w), y), and applied in an overridden
  `compute_loss`. This is how weights are passed to a loss that Keras' own `sample_weight` does not reach. The subclass
  keeps the loss that `fit` shows itself, as Keras' documentation of `compute_loss` does: Keras 2 shows none otherwise.
  It is the mean of w_i l_i over all samples of the epoch so far, the last, smaller batch included.

The control is the same without weights, on a dataset of the same arrays: the same subclass with the same overridden
method, on (x, y). Who does not weight would not carry weights along, so carrying them is part of the overhead.
Source: https://www.tensorflow.org/guide/keras/customizing_what_happens_in_fit,
https://www.tensorflow.org/guide/keras/making_new_layers_and_models_via_subclassing (the endpoint layer),
https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/Model#compute_loss.
"""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf

from benchmarks.methods._fit import FitArguments, FitMethod, compile_for
from benchmarks.methods._steps import build_pipeline, build_step_pipeline, select_arrays, weigh_losses
from benchmarks.methods.fit_datasets import hand_over_batches, hand_over_ready_batches
from benchmarks.protocols import Method, Samples, Task


class OwnStepModel(tf.keras.Model):
    """A functional model with a training step of its own."""

    def train_step(self, data: Any) -> dict[str, Any]:
        """Do one update on (x, y, w) or (x, y) and return the losses by name."""
        features, labels, weights = tf.keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            predicted = self(features, training=True)
            loss = self.compute_loss(y=labels, y_pred=predicted, sample_weight=weights)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))  # noqa: B905 - as in the guide
        for metric in self.metrics:
            if metric.name == "loss":  # where there are several outputs, compute_loss updates the loss of each
                metric.update_state(loss)
        return {metric.name: metric.result() for metric in self.metrics}


class AddedLoss(tf.keras.layers.Layer):
    """Passes logits on, and adds the mean of the losses, weighted where there are weights, to what is minimised."""

    def __init__(self, find_losses: Any) -> None:
        """Keep the loss: from labels and logits to one loss per label, unreduced, by output where there are several."""
        super().__init__()
        self._find_losses = tf.nest.flatten(find_losses)

    def call(self, inputs: Any) -> Any:
        """Take logits, labels and, where the model is weighted, weights of the shape of the labels.

        Args:
            inputs: a list of tensors: the logits of all outputs, then their labels, then their weights.
        """
        count = len(self._find_losses)
        logits, *beside = (inputs[start : start + count] for start in range(0, len(inputs), count))
        self.add_loss(tf.reduce_mean(weigh_losses(self._find_losses, beside[0], logits, *beside[1:])))
        return logits


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


def _build_own_step(task: Task, *, weighted: bool) -> Any:
    """Return the task's model with its own training step, compiled."""
    del weighted
    backbone = task.workload.build_model(task.depth, task.seed)
    outputs = tf.nest.pack_sequence_as(task.samples.labels, backbone.outputs)
    return compile_for(task, OwnStepModel(backbone.inputs, outputs))


def _build_added_loss(task: Task, *, weighted: bool) -> Any:
    """Return the task's model with labels, and weights, as inputs, compiled without a loss."""
    backbone = task.workload.build_model(task.depth, task.seed)
    _, *beside = tf.nest.flatten(select_arrays(task.samples, weighted=weighted))
    inputs = [tf.keras.Input(array.shape[1:], dtype=str(array.dtype)) for array in beside]
    outputs = AddedLoss(task.workload.make_loss("none"))([*backbone.outputs, *inputs])
    model = tf.keras.Model([backbone.input, *inputs], outputs)
    model.compile(optimizer=task.workload.make_optimizer())
    return model


def _build_packed(task: Task, *, weighted: bool) -> Any:
    """Return the task's model in a subclass that applies the weights itself, compiled without a loss."""
    backbone = task.workload.build_model(task.depth, task.seed)
    model = PackedModel(backbone, task.workload.make_loss("none"), weighted=weighted)
    model.compile(optimizer=task.workload.make_optimizer())
    return model


def _hand_over_inputs(samples: Samples, *, weighted: bool, batch_size: int, build: Any) -> FitArguments:
    """Return a dataset of ((x, y, w),), or of ((x, y),): all of it is input; y and w of each output, if several."""
    return {"x": build((tuple(tf.nest.flatten(select_arrays(samples, weighted=weighted))),), batch_size)}


def _hand_over_packed(samples: Samples, *, weighted: bool, batch_size: int, build: Any) -> FitArguments:
    """Return a dataset of ((x, w), y), or of (x, y)."""
    features = (samples.features, samples.weights) if weighted else samples.features
    return {"x": build((features, samples.labels), batch_size)}


FIT_TRAIN_STEP: Method = FitMethod(
    name="fit_train_step",
    hand_over=hand_over_batches,
    hand_over_steps=hand_over_ready_batches,
    build_model=_build_own_step,
)
FIT_ADD_LOSS: Method = FitMethod(
    name="fit_add_loss",
    hand_over=functools.partial(_hand_over_inputs, build=build_pipeline),
    hand_over_steps=functools.partial(_hand_over_inputs, build=build_step_pipeline),
    build_model=_build_added_loss,
)
FIT_PACKED: Method = FitMethod(
    name="fit_packed",
    hand_over=functools.partial(_hand_over_packed, build=build_pipeline),
    hand_over_steps=functools.partial(_hand_over_packed, build=build_step_pipeline),
    build_model=_build_packed,
)
