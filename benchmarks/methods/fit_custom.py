"""Weights where a model is trained in its own way: a `train_step` of one's own, and a loss that a layer adds.

- `fit_train_step`: a subclass overrides `train_step` and hands `sample_weight` to `compute_loss`, as Keras' guide does.
- `fit_add_loss`: labels and weights are inputs of the model, and its last layer adds the weighted loss (`add_loss`);
  the model is compiled without one.

The control is the same without weights, on a dataset of the same arrays.
Source: https://www.tensorflow.org/guide/keras/customizing_what_happens_in_fit,
https://www.tensorflow.org/guide/keras/making_new_layers_and_models_via_subclassing (the endpoint layer).
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


def _hand_over_inputs(samples: Samples, *, weighted: bool, batch_size: int, build: Any) -> FitArguments:
    """Return a dataset of ((x, y, w),), or of ((x, y),): all of it is input; y and w of each output, if several."""
    return {"x": build((tuple(tf.nest.flatten(select_arrays(samples, weighted=weighted))),), batch_size)}


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
