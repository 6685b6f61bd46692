"""Weights in a training loop of one's own: a GradientTape over sample losses times weights, their mean, one update.

The loss is asked for one value per sample (`reduction="none"`): a scalar times a vector of weights would train
something else. The step runs eagerly, as a `tf.function`, or as one compiled by XLA; the control's step is the same
function without weights. Passes iterate over a `tf.data.Dataset` of (x, y, w), or of (x, y). The dataset is made from
the NumPy arrays when it is first needed, and kept: a start-up pays for it as a user does, later passes don't.

A `tf.function` traces anew for a last batch of another size, and this one is left to do so, as a user's would be;
`trace_count` shows it, and probes give whole batches only. Losses that layers add to the model are left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Protocol

import tensorflow as tf

from benchmarks.errors import BlockError, CaseError
from benchmarks.methods._steps import (
    BatchStepper,
    LoggedArm,
    build_pipeline,
    count_compiled_ops,
    cut,
    select_arrays,
    weigh_losses,
)
from benchmarks.protocols import Evaluation, Method, Stepper, Task, Times, TrainingArm, Watch


class Execution(str, Enum):
    """How the step runs."""

    EAGER = "eager"
    GRAPH = "graph"
    JIT = "jit"


class BuildStep(Protocol):
    """Makes the Python function of one update of a Keras model; it returns the loss, a scalar tensor."""

    def __call__(self, task: Task, model: Any, *, weighted: bool) -> Callable[..., Any]:
        """Return a function of features and labels, and of weights where the arm is weighted."""


class LoopArm(LoggedArm):
    """One arm that trains in a loop of its own, whose model is not compiled; satisfies `protocols.TrainingArm`."""

    def __init__(
        self, task: Task, execution: Execution, *, weighted: bool, build_step: BuildStep | None = None
    ) -> None:
        """Build a fresh model and its step; nothing is traced yet, and never where the step runs eagerly."""
        super().__init__(task, task.workload.build_model(task.depth, task.seed), weighted=weighted)
        self._step: Any = (build_step or _build_step)(task, self._model, weighted=weighted)
        if execution is not Execution.EAGER:
            watched = self._traces.watch(self._step)
            self._step = tf.function(watched, jit_compile=True if execution is Execution.JIT else None)
        self._is_compiled = execution is Execution.JIT

    def count_compiled_ops(self) -> Mapping[str, Mapping[str, int]]:
        """Return the operations of the step's graph and of what XLA made of it; empty where XLA compiles nothing."""
        if not self._is_compiled:
            return {}
        return count_compiled_ops(self._step, next(iter(self._find_data())))

    def open_steps(self, watch: Watch) -> Stepper:
        """Put all whole batches on the device and go round them.

        Raises:
            BlockError: when there is no whole batch.
        """
        arrays = select_arrays(self._samples, weighted=self._weighted)
        starts = range(0, len(arrays[0]) - self._batch_size + 1, self._batch_size)
        batches = [
            tuple(tf.nest.map_structure(tf.constant, cut(part, start, self._batch_size)) for part in arrays)
            for start in starts
        ]
        return LoopStepper(self._step, batches, watch, self._wait)

    def measure_pass(self, watch: Watch) -> Times:
        """Step through the dataset once, then read the last loss, and return how long that took.

        The iterator is dropped after the watch was stopped: it waits for the threads of the pipeline to end.

        Raises:
            BlockError: when the dataset has no batch.
        """
        watch.start()
        iterator = iter(self._find_data())
        loss = None
        for batch in iterator:
            loss = self._step(*batch)
        if loss is None:
            raise BlockError("a pass: expected at least one batch, got none; give it more samples")
        loss.numpy()
        self._wait()
        times = watch.stop()
        del iterator
        return times

    def evaluate(self, watch: Watch) -> Evaluation:
        """Refuse: a loop evaluates as its author writes it."""
        del watch
        raise CaseError("expected a method that evaluates, got a loop, which does so as its author writes it; leave it")

    def measure_startup(self, watch: Watch) -> Times:
        """Return the time from making the dataset to the end of the first step, its loss read."""
        watch.start()
        iterator = iter(self._find_data())
        self._step(*next(iterator)).numpy()
        self._wait()
        return watch.stop()

    def _make_data(self) -> Any:
        """Return the dataset."""
        return build_pipeline(select_arrays(self._samples, weighted=self._weighted), self._batch_size)


class LoopStepper(BatchStepper):
    """Steps on batches that are on the device."""

    def measure_step(self) -> Times:
        """Do one update, read its loss, and return how long that took."""
        batch = next(self._batches)
        self._watch.start()
        self._step(*batch).numpy()
        self._wait()
        return self._watch.stop()


def _build_step(task: Task, model: Any, *, weighted: bool) -> Callable[..., Any]:
    """Return the Python function of one update; it returns the loss, a scalar tensor.

    Two functions rather than one with `weights=None`: binding a default costs a `tf.function` 40 us and more in each
    call, which made the control 5 to 9 % slower than the weighted arm (TensorFlow 2.15 and 2.21).
    """
    optimizer, find_losses = task.workload.make_optimizer(), task.workload.make_loss("none")

    def weighted_step(features: Any, labels: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = weigh_losses(find_losses, labels, model(features, training=True), weights)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # noqa: B905 - as in the control
        return loss

    def control_step(features: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = weigh_losses(find_losses, labels, model(features, training=True))
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # noqa: B905 - as everybody writes it
        return loss

    return weighted_step if weighted else control_step


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A loop in one of its executions; satisfies `protocols.Method`."""

    name: str
    execution: Execution

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` leaves the weights out of the dataset and of the step."""
        return LoopArm(task, self.execution, weighted=weighted)


LOOP_EAGER: Method = Loop(name="loop_eager", execution=Execution.EAGER)
LOOP_GRAPH: Method = Loop(name="loop_graph", execution=Execution.GRAPH)
LOOP_JIT: Method = Loop(name="loop_jit", execution=Execution.JIT)
