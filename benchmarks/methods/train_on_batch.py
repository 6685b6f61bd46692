"""Batch by batch by hand: a Python loop that calls `model.train_on_batch` on NumPy arrays.

With a weight per sample (`sample_weight`) and with a weight per class (`class_weight`), which Keras looks up in each
call. A call returns the loss as a number, which a GPU knows before it has applied the gradients: the device is waited
for, as after any other step. Evaluation is the same loop with `model.test_on_batch`, which takes no class weights. The
control is the same calls without weights.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.errors import BlockError, CaseError
from benchmarks.methods._fit import CLASS_WEIGHT, NO_CLASS_WEIGHTS, FitArguments, FitArm, FitMethod, add_class_weights
from benchmarks.methods._steps import BatchStepper, cut
from benchmarks.protocols import Evaluation, Method, Samples, Stepper, Task, Times, TrainingArm, Watch


class TrainOnBatchArm(FitArm):
    """One arm that trains batch by batch; satisfies `protocols.TrainingArm`."""

    def open_steps(self, watch: Watch) -> Stepper:
        """Cut the arrays into whole batches and go round them.

        Raises:
            BlockError: when there is no whole batch.
        """
        batches = [batch for batch in self._cut() if len(batch["x"]) == self._batch_size]
        return _CallStepper(self._model.train_on_batch, batches, watch, self._wait)

    def measure_pass(self, watch: Watch) -> Times:
        """Cut the arrays and train on each batch once; return how long that took.

        Raises:
            BlockError: when there is no batch.
        """
        watch.start()
        self._call_all(self._model.train_on_batch)
        self._wait()
        return watch.stop()

    def measure_startup(self, watch: Watch) -> Times:
        """Return how long the first call takes."""
        watch.start()
        self._model.train_on_batch(**next(self._cut()))
        self._wait()
        return watch.stop()

    def evaluate(self, watch: Watch) -> Evaluation:
        """Test each batch once and return how long that took, and the mean loss.

        Raises:
            CaseError: when the arm has class weights, which `test_on_batch` does not take.
            BlockError: when there is no batch.
        """
        if CLASS_WEIGHT in self._find_data():
            raise CaseError(NO_CLASS_WEIGHTS)
        watch.start()
        losses = self._call_all(self._model.test_on_batch)
        self._wait()
        return Evaluation(times=watch.stop(), loss=self._average(losses))

    def _average(self, losses: Sequence[float]) -> float:
        """Return the mean loss of all samples from what `test_on_batch` returned for each batch.

        That is a batch's own loss in Keras 2 and from 3.15 on, and the running mean between these. Which it is here is
        seen by asking of the first batch again.
        """
        first = next(self._cut())
        if _read_loss(self._model.test_on_batch(**first)) != losses[0]:
            return losses[-1]
        return float(np.average(losses, weights=[len(batch["x"]) for batch in self._cut()]))

    def _call_all(self, call: Callable[..., Any]) -> list[float]:
        """Call with each batch, and return the losses that the calls returned.

        Raises:
            BlockError: when there is no batch.
        """
        self._model.reset_metrics()
        losses = [_read_loss(call(**batch)) for batch in self._cut()]
        if not losses:
            raise BlockError("a pass: expected at least one batch, got none; give it more samples")
        return losses

    def _cut(self) -> Iterator[FitArguments]:
        """Yield the arguments of each call: slices of the arrays, views that cost no copy."""
        arguments = self._find_data()
        for start in range(0, len(self._samples.features), self._batch_size):
            yield {
                name: value if name == CLASS_WEIGHT else cut(value, start, self._batch_size)
                for name, value in arguments.items()
            }


def _read_loss(returned: Any) -> float:
    """Return the loss, the first of the numbers that a call returned."""
    return float(np.ravel(returned)[0])


class _CallStepper(BatchStepper):
    """One call after another, which returns the loss."""

    def measure_step(self) -> Times:
        """Train on a batch and return how long that took."""
        batch = next(self._batches)
        self._watch.start()
        self._step(**batch)
        self._wait()
        return self._watch.stop()


def _hand_over(samples: Samples, *, weighted: bool, batch_size: int) -> FitArguments:
    del batch_size
    arguments: FitArguments = {"x": samples.features, "y": samples.labels}
    return arguments | {"sample_weight": samples.weights} if weighted else arguments


def _hand_over_class_weight(samples: Samples, *, weighted: bool, batch_size: int) -> FitArguments:
    arguments = _hand_over(samples, weighted=False, batch_size=batch_size)
    return add_class_weights(arguments, samples, weighted=weighted)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrainOnBatch(FitMethod):
    """A way of calling `train_on_batch`; `hand_over` makes its arguments, for all samples at once."""

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` hands no weights over."""
        return TrainOnBatchArm(task, self, weighted=weighted)


LOOP_TRAIN_ON_BATCH: Method = TrainOnBatch(name="loop_train_on_batch", hand_over=_hand_over)
LOOP_TRAIN_ON_BATCH_CLASS_WEIGHT: Method = TrainOnBatch(
    name="loop_train_on_batch_class_weight", hand_over=_hand_over_class_weight
)
