"""What does one step of a method do, and what is the gradient of each label's own loss? What the proofs share.

A step is one pass over one batch through the method's public entry point, with plain SGD in the place of the workload's
optimizer. Gradients of single labels are taken one by one from an unweighted tape, so that nothing of Keras' weighting
is in them. Leaves out: what the step should do (`weighted_gradient`, `scheme_gradient`, `resampled_classes`).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.errors import CaseError
from benchmarks.probes import Stopwatch
from benchmarks.probes._update import LEARNING_RATE, LOW_PRECISION_TOLERANCE, TOLERANCE, Arrays, Update
from benchmarks.protocols import ByOutput, Method, Samples, Task, TrainingArm, Workload


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SgdWorkload:
    """A workload trained with plain SGD instead of its own optimizer."""

    inner: Workload
    name: str

    def make_samples(self, sample_count: int, seed: int) -> Samples:
        """Return the workload's samples."""
        return self.inner.make_samples(sample_count, seed)

    def build_model(self, depth: int, seed: int) -> Any:
        """Return the workload's model."""
        return self.inner.build_model(depth, seed)

    def make_optimizer(self) -> Any:
        """Return SGD without momentum."""
        return tf.keras.optimizers.SGD(learning_rate=LEARNING_RATE)

    def make_loss(self, reduction: str) -> ByOutput:
        """Return the workload's loss."""
        return self.inner.make_loss(reduction)


def make_update(method: Method, task: Task, *, weighted: bool) -> Update:
    """Send a fresh arm through one pass, which is one step."""
    return step_once(method.build_arm(task, weighted=weighted))


def step_once(arm: TrainingArm) -> Update:
    """Send an arm through one pass, which is to be one step."""
    before = read_values(arm.model.trainable_variables)
    arm.measure_pass(Stopwatch())
    variables = arm.model.trainable_variables
    is_float32 = all(layer.compute_dtype == "float32" for layer in arm.model.layers)
    return Update(
        names=[str(variable.name) for variable in variables],
        before=before,
        after=read_values(variables),
        tolerance=TOLERANCE if is_float32 else LOW_PRECISION_TOLERANCE,
    )


def read_values(variables: Any) -> Arrays:
    """Return the values of Keras variables, float64."""
    return [np.array(variable.numpy(), dtype=np.float64) for variable in variables]


class Mirror:
    """A copy of a workload's model, which tells losses and gradients of single labels at the values of an arm."""

    def __init__(self, task: Task) -> None:
        """Build the model of a task."""
        self.model = task.workload.build_model(task.depth, task.seed)
        self._losses = tf.nest.flatten(task.workload.make_loss("none"))
        # Autograph of TensorFlow 2.12 cannot convert a strict zip, and there is nothing to convert.
        self._differentiate = tf.function(self._differentiate_each, autograph=False)

    def set_values(self, values: Arrays, subject: str) -> None:
        """Take these values of the trainable variables.

        Raises:
            CaseError: when they do not fit the model.
        """
        variables = self.model.trainable_variables
        if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
            raise CaseError(
                f"{subject}: expected an arm with the {len(variables)} trainable variables of the workload's model, "
                f"got {len(values)} or others; train the model that the task's workload builds"
            )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value.astype(np.float32))

    def find_losses(self, samples: Samples, *, training: bool) -> NDArray[np.float64]:
        """Return the loss of each label, not weighted or reduced, [outputs, labels]."""
        found = self._find_losses(tf.constant(samples.features), samples.labels, training=training)
        return np.stack([np.asarray(each, dtype=np.float64) for each in found])

    def differentiate(self, samples: Samples) -> Arrays:
        """Return the gradient of each label's own loss, [losses, ...] per variable, output after output."""
        tensors = tf.nest.map_structure(tf.constant, (samples.features, samples.labels))
        return [np.asarray(rows, dtype=np.float64) for rows in self._differentiate(*tensors)]

    def _find_losses(self, features: Any, labels: Any, *, training: bool) -> list[Any]:
        """Return the losses of each output, float32 [labels]."""
        flat = zip(*map(tf.nest.flatten, (labels, self.model(features, training=training))))  # noqa: B905 - traced
        return [tf.reshape(find(*pair), [-1]) for find, pair in zip(self._losses, flat)]  # noqa: B905

    def _differentiate_each(self, features: Any, labels: Any) -> Any:
        """Return the gradients, a tensor for each variable; traced."""
        variables = self.model.trainable_variables
        with tf.GradientTape(persistent=True) as tape:
            losses = tf.concat(self._find_losses(features, labels, training=True), axis=0)
        return tf.map_fn(
            lambda one: [
                tf.convert_to_tensor(gradient)
                for gradient in tape.gradient(losses, variables, output_gradients=one, unconnected_gradients="zero")
            ],
            tf.eye(tf.size(losses)),
            fn_output_signature=[tf.float32] * len(variables),
        )


def compute_sample_gradients(task: Task, values: Arrays, subject: str) -> Arrays:
    """Return the gradient of each label's own loss, [losses, ...] per variable, output after output, at these values.

    Raises:
        CaseError: when the values do not fit the workload's model.
    """
    mirror = Mirror(task)
    mirror.set_values(values, subject)
    return mirror.differentiate(task.samples)
