"""When does a `fit` or an `evaluate` reach what is timed? Callbacks that stop a watch, and single steps of a `fit`.

For single steps `fit` is called with a training function that keeps the iterator it is given and leaves; the iterator
is then stepped through with Keras' own training function. So whatever `fit` does to the data before a step (looking up
class weights, for one) is in the step, and nothing of Keras is copied. What `fit` does between two steps is left out;
epoch time has that. Running `fit` of both arms in threads that take turns was tried: each thread stays on a core of its
own, and identical arms came out up to 13 % apart for hundreds of steps (SD over blocks 2.3 %, against 0.6 % in one
thread).

Source: https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/Model#make_train_function (public, to be
overridden).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from benchmarks.errors import BlockError
from benchmarks.protocols import Times, Watch


class LeaveFit(BaseException):
    """Raised inside `fit` to leave it, and caught where `fit` was called."""


class FitStepper:
    """The steps of a `fit`, one at a time; satisfies `protocols.Stepper`."""

    def __init__(
        self,
        model: Any,
        fit: Callable[[], None],
        watch: Watch,
        wait: Callable[[], None],
        steps_per_call: int = 1,
    ) -> None:
        """Let `fit` prepare its iterator; no step is done and nothing of the training function is traced.

        Args:
            model: the compiled model.
            fit: calls the model's `fit` on data without end.
            watch: times each step.
            wait: waits for the device.
            steps_per_call: how many steps the training function makes in each call.

        Raises:
            BlockError: when `fit` ended without a step.
        """
        self._iterator = capture_iterator(model, fit)
        model.make_train_function(force=True)
        self._train_function: Callable[[Any], Any] = model.train_function
        self.steps_per_call = steps_per_call
        self._watch = watch
        self._wait = wait

    def measure_step(self) -> Times:
        """Call the training function, which fetches a batch and updates, and return how long that took."""
        self._watch.start()
        read_loss(self._train_function(self._iterator))
        self._wait()
        return self._watch.stop()

    def close(self) -> None:
        """Let the iterator go."""
        del self._iterator


def capture_iterator(model: Any, fit: Callable[[], None]) -> Any:
    """Return the iterator that `fit` hands to the model's training function.

    Args:
        model: the compiled model.
        fit: calls the model's `fit`.

    Raises:
        BlockError: when `fit` ended without a step.
    """
    captured = []

    def keep_and_leave(iterator: Any) -> None:
        captured.append(iterator)
        raise LeaveFit

    def make_train_function(force: bool = False) -> Any:  # noqa: FBT001, FBT002 - Keras' signature
        del force
        model.train_function = keep_and_leave
        return keep_and_leave

    model.make_train_function = make_train_function
    try:
        with contextlib.suppress(LeaveFit):
            fit()
    finally:
        del model.make_train_function  # the class's own is in force again
    if not captured:
        raise BlockError("stepping: expected fit to make a step, but it ended without one; give it more samples")
    return captured[0]


class _Timer(tf.keras.callbacks.Callback):
    """Stops a watch once; `times` is None until then."""

    def __init__(self, watch: Watch, wait: Callable[[], None]) -> None:
        super().__init__()
        self.times: Times | None = None
        self._watch = watch
        self._wait = wait

    def _stop(self) -> None:
        """Wait for the device and stop the watch."""
        self._wait()
        self.times = self._watch.stop()


class FirstBatchTimer(_Timer):
    """Stops the watch when the first batch is done, its loss read, and leaves `fit` with `LeaveFit`."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Read the loss, stop the watch, leave."""
        del batch
        read_loss(logs)
        self._stop()
        raise LeaveFit


class PassTimer(_Timer):
    """Stops the watch when training is over: the loss of the epoch has been read, and `fit` has yet to return."""

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Stop the watch."""
        del logs
        self._stop()


class EvaluationTimer(_Timer):
    """Stops the watch when an evaluation is over and its loss has been read; `evaluate` has yet to return."""

    loss = 0.0

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Read the loss and stop the watch."""
        self.loss = read_loss(logs)
        self._stop()


def read_loss(logs: dict[str, Any] | None) -> float:
    """Return the running mean of the loss from a batch's logs; reading it waits for the batch to be done.

    Raises:
        BlockError: when the logs have no loss.
    """
    if logs is None or "loss" not in logs:
        raise BlockError(f"fit: expected logs with a loss, got {logs!r}; compile the model with a loss")
    return float(logs["loss"])
