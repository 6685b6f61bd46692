"""What do all arms that train through `model.fit` share? The call, the count of its traces, steps, passes, start-up.

`fit` keeps its defaults: arrays are shuffled anew each epoch, datasets are taken as they come. The model is compiled
with Keras' defaults and no metrics beside the loss; `verbose=0` keeps the progress bar out. What `fit` is given is
made from the NumPy arrays when it is first needed, and kept: a start-up pays for it as a user does, later passes
don't. (Given arrays, `fit` itself copies them in each call; that is in each pass.)

Traces are counted without private API: Keras calls the model's Python `train_step` only while TensorFlow traces, so a
wrapper that is put before it on the instance sees just that, with the data's shapes and types. A fresh model is traced
twice in its first step, on Keras 2 and 3 alike: once to create the optimizer's variables, and once for good.

For single steps `fit` is called with a training function that keeps the iterator it is given and leaves; the iterator
is then stepped through with Keras' own training function. So whatever `fit` does to the data before a step (looking up
class weights, for one) is in the step, and nothing of Keras is copied. What `fit` does between two steps is left out;
epoch time has that. Running `fit` of both arms in threads that take turns was tried: each thread stays on a core of its
own, and identical arms came out up to 13 % apart for hundreds of steps (SD over blocks 2.3 %, against 0.6 % in one
thread).

Source: https://www.tensorflow.org/guide/function (traced twice where variables are created);
https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/Model#make_train_function (public, to be overridden).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from benchmarks.errors import BlockError, CaseError
from benchmarks.methods._steps import TraceLog, count_steps, find_device_wait
from benchmarks.protocols import Samples, Stepper, Task, Times, Watch

FitArguments = dict[str, Any]
"""Keyword arguments of `model.fit` that hand over the data."""

_DATA_NAMES = ("x", "y", "sample_weight")
"""What Keras calls the parts of the data that it hands to `train_step`."""

_STEPS_WITHOUT_END = 10**9
"""More steps than any block can train; `fit` asks for a number where data have no end."""


def compile_model(task: Task) -> Any:
    """Return the task's model, compiled with its optimizer and its loss over the batch."""
    model = task.workload.build_model(task.depth, task.seed)
    model.compile(
        optimizer=task.workload.make_optimizer(),
        loss=task.workload.make_loss("sum_over_batch_size"),
    )
    return model


class FitArm:
    """One arm that trains through `model.fit`; satisfies `protocols.TrainingArm`."""

    def __init__(
        self,
        task: Task,
        model: Any,
        make_arguments: Callable[[Samples], FitArguments],
        make_step_arguments: Callable[[Samples], FitArguments] | None,
    ) -> None:
        """Take a fresh, compiled model.

        Args:
            task: the samples, and in batches of which size.
            model: a compiled Keras model; its traces are counted from here on.
            make_arguments: makes what `fit` is given from the NumPy arrays; called once for them, when first needed.
            make_step_arguments: makes what `fit` is given for single steps: a dataset of ready batches without end;
                None where the step is not one of this path alone.
        """
        self._samples = task.samples
        self._batch_size = task.batch_size
        self._model = model
        self._make_arguments = make_arguments
        self._make_step_arguments = make_step_arguments
        self._arguments: FitArguments | None = None
        self._traces = TraceLog()
        self._wait = find_device_wait()
        self._watch_traces()

    @property
    def model(self) -> Any:
        """The compiled Keras model that is trained."""
        return self._model

    @property
    def trace_count(self) -> int:
        """How often TensorFlow has traced the training step so far."""
        return self._traces.count

    def explain_traces(self, since: int) -> tuple[str, ...]:
        """Return one sentence on each trace but the first `since`."""
        return self._traces.explain(since)

    def count_compiled_ops(self) -> Mapping[str, Mapping[str, int]]:
        """Return nothing: `fit` is not told to compile its step with XLA here."""
        return {}

    @property
    def steps_per_pass(self) -> int:
        """How many optimizer updates a pass makes."""
        return count_steps(self._samples, self._batch_size)

    def replace_samples(self, samples: Samples) -> None:
        """Let the next pass call `fit` with these samples, on the same model."""
        self._samples = samples
        self._arguments = None

    def open_steps(self, watch: Watch) -> Stepper:
        """Let `fit` prepare to train on batches that are ready, and stop before the first of them.

        Raises:
            CaseError: when this path has no step of its own.
        """
        if self._make_step_arguments is None:
            raise CaseError("expected a method with steps of its own, got one without; measure its passes or its start")
        arguments = self._make_step_arguments(self._samples)

        def fit() -> None:
            self._model.fit(**arguments, steps_per_epoch=_STEPS_WITHOUT_END, verbose=0)

        return FitStepper(self._model, fit, watch, self._wait)

    def measure_pass(self, watch: Watch) -> Times:
        """Call `fit` for one epoch and return the time to `on_train_end`, when the epoch's loss has been read.

        Raises:
            BlockError: when `fit` returned without having trained.
        """
        timer = PassTimer(watch, self._wait)
        watch.start()
        self._fit([timer])
        if timer.times is None:
            raise BlockError("a pass: expected fit to say that training ended, but it did not; give it more samples")
        return timer.times

    def measure_startup(self, watch: Watch) -> Times:
        """Return the time from making what `fit` is given to the end of its first batch.

        Raises:
            BlockError: when `fit` ended without a batch.
        """
        timer = FirstBatchTimer(watch, self._wait)
        watch.start()
        with contextlib.suppress(LeaveFit):
            self._fit([timer])
        if timer.times is None:
            raise BlockError("start-up: expected fit to train on a batch, but it had none; give it more samples")
        return timer.times

    def _fit(self, callbacks: list[Any]) -> None:
        """Call `model.fit` for one epoch of the arm's data."""
        if self._arguments is None:
            self._arguments = self._make_arguments(self._samples)
        self._model.fit(**self._arguments, epochs=1, verbose=0, callbacks=callbacks)

    def _watch_traces(self) -> None:
        """Put a log before the model's `train_step`."""
        train_step = self._model.train_step

        def note_and_train(data: Any) -> Any:
            self._traces.note(dict(zip(_DATA_NAMES, data, strict=False)))
            return train_step(data)

        self._model.train_step = note_and_train


class LeaveFit(BaseException):
    """Raised inside `fit` to leave it, and caught where `fit` was called."""


class FitStepper:
    """The steps of a `fit`, one at a time; satisfies `protocols.Stepper`."""

    def __init__(self, model: Any, fit: Callable[[], None], watch: Watch, wait: Callable[[], None]) -> None:
        """Let `fit` prepare its iterator; no step is done and nothing of the training function is traced.

        Args:
            model: the compiled model.
            fit: calls the model's `fit` on data without end.
            watch: times each step.
            wait: waits for the device.

        Raises:
            BlockError: when `fit` ended without a step.
        """
        self._iterator = capture_iterator(model, fit)
        model.make_train_function(force=True)
        self._train_function: Callable[[Any], Any] = model.train_function
        self._watch = watch
        self._wait = wait

    def measure_step(self) -> Times:
        """Fetch a batch, do one update, read its loss, and return how long that took."""
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


class FirstBatchTimer(tf.keras.callbacks.Callback):
    """Stops the watch when the first batch is done, its loss read, and leaves `fit` with `LeaveFit`."""

    def __init__(self, watch: Watch, wait: Callable[[], None]) -> None:
        super().__init__()
        self.times: Times | None = None
        self._watch = watch
        self._wait = wait

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Read the loss, stop the watch, leave."""
        del batch
        read_loss(logs)
        self._wait()
        self.times = self._watch.stop()
        raise LeaveFit


class PassTimer(tf.keras.callbacks.Callback):
    """Stops the watch when training is over: the loss of the epoch has been read, and `fit` has yet to return."""

    def __init__(self, watch: Watch, wait: Callable[[], None]) -> None:
        super().__init__()
        self.times: Times | None = None
        self._watch = watch
        self._wait = wait

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Wait for the device and stop the watch."""
        del logs
        self._wait()
        self.times = self._watch.stop()


def read_loss(logs: dict[str, Any] | None) -> float:
    """Return the running mean of the loss from a batch's logs; reading it waits for the batch to be done.

    Raises:
        BlockError: when the logs have no loss.
    """
    if logs is None or "loss" not in logs:
        raise BlockError(f"fit: expected logs with a loss, got {logs!r}; compile the model with a loss")
    return float(logs["loss"])
