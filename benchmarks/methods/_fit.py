"""What do all arms that train through `model.fit` share? The call, the count of its traces, steps, passes, start-up.

`fit` keeps its defaults: arrays are shuffled anew each epoch, datasets are taken as they come. The model is compiled
with Keras' defaults and no metrics beside the loss; `verbose=0` keeps the progress bar out. What `fit` is given is
made from the NumPy arrays when it is first needed, and kept: a start-up pays for it as a user does, later passes
don't. (Given arrays, `fit` itself copies them in each call; that is in each pass.)

Traces are counted without private API: Keras calls the model's Python `train_step` and `test_step` only while
TensorFlow traces, so a wrapper that is put before them on the instance sees just that, with the data's shapes and
types. A fresh model is traced twice in its first step, on Keras 2 and 3 alike: once to create the optimizer's
variables, and once for good.

Source: https://www.tensorflow.org/guide/function (traced twice where variables are created).
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BlockError, CaseError
from benchmarks.methods._fit_watch import EvaluationTimer, FirstBatchTimer, FitStepper, LeaveFit, PassTimer
from benchmarks.methods._steps import LoggedArm
from benchmarks.protocols import Evaluation, Samples, Stepper, Task, Times, TrainingArm, Watch

FitArguments = dict[str, Any]
"""Keyword arguments of `model.fit` that hand over the data."""


class HandOver(Protocol):
    """Makes what `fit` is given from the NumPy arrays, weighted or not, in batches of `batch_size`."""

    def __call__(self, samples: Samples, *, weighted: bool, batch_size: int) -> FitArguments:
        """Return keyword arguments of `fit`."""


_DATA_NAMES = ("x", "y", "sample_weight")
"""What Keras calls the parts of the data that it hands to `train_step`."""

_STEPS = "steps_per_epoch"

CLASS_WEIGHT = "class_weight"

NO_CLASS_WEIGHTS = "evaluation: expected weights of samples, got weights of classes, which Keras does not take there"

_FIT_ALONE = frozenset({"shuffle", "validation_data"})
"""Other arguments of `fit` that `evaluate` does not take."""

_STEPS_WITHOUT_END = 10**9
"""More steps than any block can train; `fit` asks for a number where data have no end."""


def compile_model(task: Task, **arguments: Any) -> Any:
    """Return the task's model, compiled with its optimizer, its loss over the batch, and any other arguments."""
    return compile_for(task, task.workload.build_model(task.depth, task.seed), **arguments)


def compile_for(task: Task, model: Any, **arguments: Any) -> Any:
    """Return a model to train on the task, compiled with what that asks for, and any other arguments."""
    model.compile(
        optimizer=task.workload.make_optimizer(), loss=task.workload.make_loss("sum_over_batch_size"), **arguments
    )
    return model


def add_class_weights(arguments: FitArguments, samples: Samples, *, weighted: bool) -> FitArguments:
    """Return arguments with the weights of the classes, or the same where the arm is not weighted."""
    return arguments | {CLASS_WEIGHT: dict(samples.class_weight)} if weighted else arguments


def tabulate_class_weights(samples: Samples) -> NDArray[np.float32]:
    """Return the weight of each class by its number, float32 [classes]; 1 where a class has none."""
    table = np.ones(max(samples.class_weight) + 1, dtype=np.float32)
    table[list(samples.class_weight)] = list(samples.class_weight.values())
    return table


class BuildModel(Protocol):
    """Makes the compiled model of an arm."""

    def __call__(self, task: Task, *, weighted: bool) -> Any:
        """Return a compiled Keras model."""


def build_alike(task: Task, *, weighted: bool, **arguments: Any) -> Any:
    """Return the task's model, compiled with these arguments, the same for both arms."""
    del weighted
    return compile_model(task, **arguments)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FitMethod:
    """A way of training through `model.fit`; satisfies `protocols.Method`.

    `hand_over` makes what `fit` is given, and `hand_over_steps` what it is given for single steps: a dataset of ready
    batches without end; None where the step is not one of this path alone. `build_model` makes the compiled model of an
    arm, whose training function makes `steps_per_call` steps.
    """

    name: str
    hand_over: HandOver
    hand_over_steps: HandOver | None = None
    build_model: BuildModel = build_alike
    steps_per_call: int = 1

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` hands no weights over."""
        return FitArm(task, self, weighted=weighted)


class FitArm(LoggedArm):
    """One arm that trains through `model.fit`; satisfies `protocols.TrainingArm`."""

    def __init__(self, task: Task, method: FitMethod, *, weighted: bool) -> None:
        """Build a fresh, compiled model; its traces are counted from here on."""
        super().__init__(task, method.build_model(task, weighted=weighted), weighted=weighted)
        self._method = method
        self._watch_traces()

    def count_compiled_ops(self) -> Mapping[str, Mapping[str, int]]:
        """Return nothing: of what XLA makes of a step of `fit`, its compilations alone are counted."""
        return {}

    def open_steps(self, watch: Watch) -> Stepper:
        """Let `fit` prepare to train on batches that are ready, and stop before the first of them.

        Raises:
            CaseError: when this path has no step of its own.
        """
        hand_over = self._method.hand_over_steps
        if hand_over is None:
            raise CaseError("expected a method with steps of its own, got one without; measure its passes or its start")
        arguments = hand_over(self._samples, weighted=self._weighted, batch_size=self._batch_size)

        def fit() -> None:
            self._model.fit(**arguments, steps_per_epoch=_STEPS_WITHOUT_END, verbose=0)

        return FitStepper(self._model, fit, watch, self._wait, self._method.steps_per_call)

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

    def evaluate(self, watch: Watch) -> Evaluation:
        """Call `evaluate` on the arm's data and return the time to `on_test_end`, and the loss.

        Raises:
            CaseError: when the arm has class weights, which `evaluate` does not take.
            BlockError: when `evaluate` returned without having evaluated.
        """
        given = self._find_data()
        if CLASS_WEIGHT in given:
            raise CaseError(NO_CLASS_WEIGHTS)
        arguments = {name: value for name, value in given.items() if name not in _FIT_ALONE}
        if _STEPS in arguments:
            arguments["steps"] = arguments.pop(_STEPS)
        timer = EvaluationTimer(watch, self._wait)
        watch.start()
        self._model.evaluate(**arguments, verbose=0, callbacks=[timer])
        if timer.times is None:
            raise BlockError("evaluation: expected evaluate to say that it ended, but it did not; give it more samples")
        return Evaluation(times=timer.times, loss=timer.loss)

    def _fit(self, callbacks: list[Any]) -> None:
        """Call `model.fit` for one epoch of the arm's data."""
        self._model.fit(**self._find_data(), epochs=1, verbose=0, callbacks=callbacks)

    def _make_data(self) -> FitArguments:
        """Return what `fit` is given."""
        return self._method.hand_over(self._samples, weighted=self._weighted, batch_size=self._batch_size)

    def _watch_traces(self) -> None:
        """Put a log before the model's `train_step` and its `test_step`."""
        self._model.train_step = self._note_before(self._model.train_step)
        self._model.test_step = self._note_before(self._model.test_step)

    def _note_before(self, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a step that notes its arguments and goes on."""

        def note_and_step(data: Any) -> Any:
            self._traces.note(_DATA_NAMES, data)
            return step(data)

        return note_and_step
