"""The steps of `fit` can be made one at a time, on what `fit` itself prepared, and told by the caller's clock."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from benchmarks.errors import BlockError
from benchmarks.stopwatch import Stopwatch

pytestmark = pytest.mark.tensorflow

BATCH_NS = 1000


class FakeModel:
    """Has `fit` and a training function as Keras models have; a batch takes BATCH_NS of fake time."""

    def __init__(self, logs: dict[str, Any] | None = None) -> None:
        self.now_ns = 0
        self.waits = 0
        self.trained_on: list[Any] = []
        self.train_function: Any = None
        self._logs = {"loss": 0.5} if logs is None else logs

    def clock(self) -> int:
        return self.now_ns

    def wait(self) -> None:
        self.waits += 1

    def make_train_function(self, force: bool = False) -> Any:  # noqa: FBT001, FBT002 - Keras' signature
        if self.train_function is None or force:
            self.train_function = self._train
        return self.train_function

    def _train(self, iterator: Any) -> dict[str, Any]:
        self.trained_on.append(next(iterator))
        self.now_ns += BATCH_NS
        return self._logs

    def fit(self, batches: list[str]) -> None:
        """Prepare the data as `fit` may, then train."""
        self.make_train_function()
        iterator = (f"prepared {batch}" for batch in batches)
        for _ in batches:
            self.train_function(iterator)


def open_stepper(model: FakeModel, batches: tuple[str, ...] = ("a", "b", "c")) -> Any:
    module = importlib.import_module("benchmarks.methods._fit_steps")
    return module.FitStepper(model, lambda: model.fit(list(batches)), Stopwatch(model.clock), model.wait)


def test_a_slice_is_one_batch_as_fit_prepared_it() -> None:
    model = FakeModel()
    stepper = open_stepper(model)
    assert model.trained_on == []
    assert [stepper.measure_step().wall_ns for _ in range(2)] == [BATCH_NS] * 2
    assert model.trained_on == ["prepared a", "prepared b"]
    assert model.waits == 2
    stepper.close()


def test_fit_trains_as_before_afterwards() -> None:
    model = FakeModel()
    open_stepper(model).close()
    model.fit(["z"])
    assert model.trained_on == ["prepared z"]


def test_an_error_of_fit_reaches_the_caller_and_leaves_the_model_as_it_was() -> None:
    class UnwellModel(FakeModel):
        def fit(self, batches: list[str]) -> None:
            raise ValueError("the optimizer is unwell")

    model = UnwellModel()
    with pytest.raises(ValueError, match="unwell"):
        open_stepper(model)
    assert "make_train_function" not in vars(model)


def test_a_fit_without_a_step_is_told() -> None:
    with pytest.raises(BlockError, match="expected fit to make a step, but it ended without one"):
        open_stepper(FakeModel(), batches=())


def test_logs_without_a_loss_are_told() -> None:
    with pytest.raises(BlockError, match=r"expected logs with a loss, got {'accuracy': 1\.0}"):
        open_stepper(FakeModel(logs={"accuracy": 1.0})).measure_step()
