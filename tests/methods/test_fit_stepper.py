"""Public `fit` can be stepped through batch by batch, however it ends, and told by the clock of its own thread."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.errors import BlockError

pytestmark = pytest.mark.tensorflow

BATCH_NS = 1000
BETWEEN_BATCHES_NS = 70


class FakeFit:
    """Calls the callback as `fit` does; a batch takes BATCH_NS of fake time, what lies between BETWEEN_BATCHES_NS."""

    def __init__(self, batches: int, *, fails_after: int | None = None, logs: dict[str, Any] | None = None) -> None:
        self.now_ns = 0
        self.waits = 0
        self.trained_batches = 0
        self._batches = batches
        self._fails_after = fails_after
        self._logs = {"loss": 0.5} if logs is None else logs

    def clock(self) -> int:
        return self.now_ns

    def wait(self) -> None:
        self.waits += 1

    def __call__(self, callback: Any) -> None:
        for batch in range(self._batches):
            if batch == self._fails_after:
                raise ValueError("the optimizer is unwell")
            callback.on_train_batch_begin(batch)
            self.now_ns += BATCH_NS
            self.trained_batches += 1
            callback.on_train_batch_end(batch, self._logs)
            self.now_ns += BETWEEN_BATCHES_NS


def open_stepper(fit: FakeFit) -> Any:
    stepper: Callable[..., Any] = importlib.import_module("benchmarks.methods._fit_stepper").FitStepper
    return stepper(fit, fit.clock, fit.wait)


def fit_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "fit"]


def test_a_slice_is_one_batch_without_what_lies_between_batches() -> None:
    fit = FakeFit(batches=10)
    stepper = open_stepper(fit)
    assert fit.trained_batches == 0
    assert [stepper.measure_step_ns() for _ in range(3)] == [BATCH_NS] * 3
    assert (fit.trained_batches, fit.waits) == (3, 3)
    assert fit.now_ns == 3 * (BATCH_NS + BETWEEN_BATCHES_NS), "the caller's turn begins when fit waits again"
    stepper.close()


def test_closing_leaves_fit_and_its_thread() -> None:
    fit = FakeFit(batches=10)
    stepper = open_stepper(fit)
    stepper.measure_step_ns()
    stepper.close()
    assert fit.trained_batches == 1
    assert fit_threads() == []


def test_closing_before_the_first_step_trains_nothing() -> None:
    fit = FakeFit(batches=10)
    open_stepper(fit).close()
    assert fit.trained_batches == 0


def test_an_error_before_the_first_batch_reaches_the_caller() -> None:
    with pytest.raises(ValueError, match="unwell"):
        open_stepper(FakeFit(batches=10, fails_after=0))


def test_an_error_while_training_reaches_the_caller_each_time_it_asks() -> None:
    stepper = open_stepper(FakeFit(batches=10, fails_after=2))
    stepper.measure_step_ns()
    for _ in range(2):
        with pytest.raises(ValueError, match="unwell"):
            stepper.measure_step_ns()
    stepper.close()


def test_a_fit_that_ends_by_itself_still_tells_its_last_step() -> None:
    stepper = open_stepper(FakeFit(batches=2))
    assert [stepper.measure_step_ns() for _ in range(2)] == [BATCH_NS] * 2
    with pytest.raises(BlockError, match="expected fit to train on, but it has ended"):
        stepper.measure_step_ns()
    stepper.close()
    assert fit_threads() == []


def test_logs_without_a_loss_are_told() -> None:
    with pytest.raises(BlockError, match=r"expected logs with a loss, got {'accuracy': 1\.0}"):
        open_stepper(FakeFit(batches=2, logs={"accuracy": 1.0})).measure_step_ns()
