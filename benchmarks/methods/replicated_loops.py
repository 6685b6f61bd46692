"""Weights in a loop of one's own under a `tf.distribute` strategy: each replica has a part of every batch.

As TensorFlow's guide has it: model and optimizer are made in the strategy's scope, the dataset is batched by the global
batch size and distributed with its weights, and `strategy.run` has each replica take the gradient of

    tf.nn.compute_average_loss(losses, sample_weight=weights, global_batch_size=B)

which is the sum of its own w_i l_i divided by the size of the *global* batch. The optimizer adds up the gradients of
the replicas, so that the update is that of one device on the whole batch: (1/B) sum_i w_i g_i. A division by the size
of the replica's part would make it twice as large, and a weighted mean of each part another one wherever the weights of
the parts have different sums. The loss that a step returns is the sum of the replicas'. B is that of whole batches also
in a smaller last one, as in the guide; probes give whole batches only where they time.

The control's step is the same function without weights. `loop_mirrored` has two logical CPU devices, on which the steps
of a process run side by side; `loop_multi_worker` two processes, each of which reads its own part of the data.
Source: https://www.tensorflow.org/tutorials/distribute/custom_training,
https://www.tensorflow.org/tutorials/distribute/multi_worker_with_ctl.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.methods._entry import Replicas
from benchmarks.methods._replicas import find_strategy, is_first_here, shard_by_samples
from benchmarks.methods._steps import build_pipeline, cut, select_arrays
from benchmarks.methods.loops import Execution, LoopArm, LoopStepper
from benchmarks.protocols import Method, Stepper, Task, TrainingArm, Watch


class ReplicatedLoopArm(LoopArm):
    """One arm that trains replicas in a loop of its own; satisfies `protocols.TrainingArm`."""

    def __init__(self, task: Task, strategy: Any, *, weighted: bool) -> None:
        """Build a fresh model and its step, which is a `tf.function` already, in the strategy's scope."""
        self._strategy = strategy
        with strategy.scope():
            super().__init__(task, Execution.EAGER, weighted=weighted, build_step=self._build_step)

    def open_steps(self, watch: Watch) -> Stepper:
        """Put all whole batches on the devices, a part of each on each, and go round them."""
        arrays = select_arrays(self._samples, weighted=self._weighted)
        whole = len(arrays[0]) // self._batch_size * self._batch_size
        batches = list(self._distribute(tuple(cut(part, 0, whole) for part in arrays))) if whole else []
        return LoopStepper(self._step, batches, watch, self._wait)

    def _make_data(self) -> Any:
        """Return the distributed dataset."""
        return self._distribute(select_arrays(self._samples, weighted=self._weighted))

    def _distribute(self, arrays: Any) -> Any:
        """Return a dataset of global batches of these arrays, of which each replica is handed its part."""
        dataset = shard_by_samples(build_pipeline(arrays, self._batch_size))
        return self._strategy.experimental_distribute_dataset(dataset)

    def _build_step(self, task: Task, model: Any, *, weighted: bool) -> Callable[..., Any]:
        """Return the `tf.function` of one update of all replicas; it returns the loss, a scalar tensor."""
        strategy = self._strategy
        optimizer, find_losses = task.workload.make_optimizer(), task.workload.make_loss("none")
        optimizer.build(model.trainable_variables)  # in the first step, Keras 3 would make variables that no device has

        def count_labels() -> int:
            """Return how many labels of an output are in a global batch; asked while the step is traced."""
            first = tf.nest.flatten(self._samples.labels)[0]
            return self._batch_size * int(np.prod(first.shape[1:], dtype=np.int64))

        def weighted_step(features: Any, labels: Any, weights: Any) -> Any:
            if is_first_here(strategy):
                self._traces.note(("features", "labels", "weights"), (features, labels, weights))
            with tf.GradientTape() as tape:
                predicted = model(features, training=True)
                loss = average_losses(find_losses, labels, predicted, weights, global_batch_size=count_labels())
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # noqa: B905 - as in the control
            return loss

        def control_step(features: Any, labels: Any) -> Any:
            if is_first_here(strategy):
                self._traces.note(("features", "labels"), (features, labels))
            with tf.GradientTape() as tape:
                predicted = model(features, training=True)
                loss = average_losses(find_losses, labels, predicted, global_batch_size=count_labels())
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # noqa: B905 - as in the guide
            return loss

        step_of_replica = weighted_step if weighted else control_step

        def step(*batch: Any) -> Any:
            return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(step_of_replica, args=batch), axis=None)

        function: Callable[..., Any] = tf.function(step)
        return function


def average_losses(
    find_losses: Any, labels: Any, predicted: Any, weights: Any = None, *, global_batch_size: int
) -> Any:
    """Return a replica's part of the loss of a global batch; of several outputs the sum of theirs.

    Args:
        find_losses: the unreduced Keras loss on (labels, logits), by output where there are several.
        labels: int32 [part] or [part, time], by output where there are several.
        predicted: logits, in the same way.
        weights: float32, of the shape of the labels; None for no weights.
        global_batch_size: labels of an output in the parts of all replicas.
    """
    # TensorFlow 2.12 rewrites these calls where it traces, and its `zip` knows no `strict`.
    flat = zip(*map(tf.nest.flatten, (find_losses, labels, predicted)))  # noqa: B905
    losses = [find(*pair) for find, *pair in flat]
    flat_weights = [None] * len(losses) if weights is None else tf.nest.flatten(weights)
    averages = [
        tf.nn.compute_average_loss(loss, sample_weight=weight, global_batch_size=global_batch_size)
        for loss, weight in zip(losses, flat_weights)  # noqa: B905
    ]
    return functools.reduce(operator.add, averages)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReplicatedLoop:
    """A loop under one of the strategies; satisfies `protocols.Method`."""

    name: str
    replicas: Replicas

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` leaves the weights out of the dataset and of the step.

        Raises:
            CaseError: when this process was not set up for replicas.
        """
        return ReplicatedLoopArm(task, find_strategy(self.replicas), weighted=weighted)


LOOP_MIRRORED: Method = ReplicatedLoop(name="loop_mirrored", replicas=Replicas.TWO_DEVICES)
LOOP_MULTI_WORKER: Method = ReplicatedLoop(name="loop_multi_worker", replicas=Replicas.TWO_PROCESSES)
