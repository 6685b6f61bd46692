"""An arm that trains through `fit` counts its traces and steps, and starts and stops as asked.

The steps of `fit` can be made one at a time, on what `fit` itself prepared, and told by the caller's clock.
"""

from __future__ import annotations

import importlib
import time
from typing import Any

import numpy as np
import pytest

from benchmarks.errors import BlockError, CaseError
from benchmarks.methods import METHODS, STATIC_METHODS, load_method
from benchmarks.probes import Stopwatch
from benchmarks.records import Question
from tests.methods.make_task import make_task

pytestmark = pytest.mark.tensorflow

FIT_METHODS = [name for name in STATIC_METHODS if name.startswith("fit_")]
STEPPED = [name for name in FIT_METHODS if Question.STEP_TIME not in METHODS[name].without]
NOT_STEPPED = [name for name in FIT_METHODS if name not in STEPPED]
EVALUATED = [name for name in STATIC_METHODS if Question.EVALUATION_TIME not in METHODS[name].without]


def build_arm(name: str, *, weighted: bool = True, workload: str = "mlp_sgd") -> Any:
    return load_method(name).build_arm(make_task(workload=workload), weighted=weighted)


@pytest.mark.parametrize("name", [name for name in STATIC_METHODS if not METHODS[name].by_class])
def test_an_arm_with_two_outputs_steps_passes_and_evaluates_without_tracing_anew(name: str) -> None:
    arm = build_arm(name, workload="mlp_two_outputs")
    if Question.STEP_TIME not in METHODS[name].without:
        stepper = arm.open_steps(Stopwatch())
        assert all(stepper.measure_step().wall_ns > 0 for _ in range(3))
        stepper.close()
    arm.measure_pass(Stopwatch())
    if name in EVALUATED:
        arm.evaluate(Stopwatch())
    traces = arm.trace_count
    arm.measure_pass(Stopwatch())
    assert arm.trace_count == traces


@pytest.mark.parametrize("name", ["fit_array", "fit_dataset", "fit_sequence", "loop_graph", "loop_train_on_batch"])
def test_other_samples_in_batches_of_another_size_are_trained_on_from_then_on(name: str) -> None:
    arm = build_arm(name)
    arm.measure_pass(Stopwatch())
    arm.replace_samples(make_task(samples=40).samples, 16)
    assert arm.steps_per_pass == 3
    before = arm.model.get_weights()
    arm.measure_pass(Stopwatch())
    assert not np.array_equal(before[0], arm.model.get_weights()[0])


@pytest.mark.parametrize("name", STEPPED)
def test_an_arm_steps_passes_and_traces_as_it_says(name: str) -> None:
    """One arm for all of it, because each traces anew: steps first, then passes of 32 / 8 = 4 steps."""
    arm = build_arm(name)
    assert (arm.trace_count, arm.steps_per_pass) == (0, 4)

    stepper = arm.open_steps(Stopwatch())
    assert arm.trace_count == 0
    assert all(stepper.measure_step().wall_ns > 0 for _ in range(6)), "beyond the end of an epoch"
    traces = arm.trace_count
    assert traces >= 1
    stepped = 6 * stepper.steps_per_call
    assert int(arm.model.optimizer.iterations) == stepped
    stepper.close()

    for _ in range(2):
        arm.measure_pass(Stopwatch())
    assert int(arm.model.optimizer.iterations) == stepped + 2 * 4
    assert arm.trace_count == traces, "neither a new epoch nor a new call of fit traces anew"


def test_a_retrace_is_counted() -> None:
    arm = build_arm("fit_array")
    arm.measure_pass(Stopwatch())
    traces = arm.trace_count
    arm.model.make_train_function(force=True)  # Keras' public way to have the step built anew
    arm.measure_pass(Stopwatch())
    assert arm.trace_count > traces


@pytest.mark.parametrize("weighted", [False, True])
def test_a_start_ends_with_the_first_step(*, weighted: bool) -> None:
    arm = build_arm("fit_dataset", weighted=weighted)
    begin_ns = time.perf_counter_ns()
    assert 0 < arm.measure_startup(Stopwatch()).wall_ns <= time.perf_counter_ns() - begin_ns
    assert int(arm.model.optimizer.iterations) == 1
    assert arm.trace_count >= 1


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", STEPPED)
def test_a_single_step_makes_the_update_of_a_pass(name: str, *, weighted: bool) -> None:
    """On one batch of all samples, so that shuffling does not matter; class weights are looked up in both."""
    stepped, passed = (load_method(name).build_arm(make_task(batch_size=32), weighted=weighted) for _ in range(2))
    stepper = stepped.open_steps(Stopwatch())
    stepper.measure_step()
    stepper.close()
    for _ in range(stepper.steps_per_call):
        passed.measure_pass(Stopwatch())
    for one, other in zip(stepped.model.trainable_variables, passed.model.trainable_variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-5)


def test_a_pass_ends_when_training_does_and_not_when_fit_returns() -> None:
    """The clock goes on by 200 ns after training alone, which stands for the threads that `fit` waits for."""
    arm = build_arm("fit_array")
    now_ns = [0]
    watch = Stopwatch(lambda: now_ns[0])
    fit = arm.model.fit

    def fit_slowly(**arguments: Any) -> None:
        fit(**arguments)
        now_ns[0] += 200

    arm.model.fit = fit_slowly
    assert arm.measure_pass(watch).wall_ns == 0
    assert watch.read_since_stop_ns() == 200


@pytest.mark.parametrize("name", NOT_STEPPED)
def test_what_lies_between_steps_has_no_step_of_its_own(name: str) -> None:
    with pytest.raises(CaseError, match="expected a method with steps of its own"):
        build_arm(name).open_steps(Stopwatch())


@pytest.mark.parametrize("name", NOT_STEPPED)
def test_a_second_call_of_fit_traces_nothing_anew(name: str) -> None:
    arm = build_arm(name)
    arm.measure_pass(Stopwatch())
    traces = arm.trace_count
    arm.measure_pass(Stopwatch())
    assert arm.trace_count == traces
    assert int(arm.model.optimizer.iterations) == 2 * arm.steps_per_pass


@pytest.mark.parametrize("name", EVALUATED)
def test_an_evaluation_traces_once_and_finds_the_same_loss_again(name: str) -> None:
    arm = build_arm(name)
    first = arm.evaluate(Stopwatch())
    traces = arm.trace_count
    again = arm.evaluate(Stopwatch())
    assert again.times.wall_ns > 0
    assert again.loss == pytest.approx(first.loss, rel=1e-5)
    assert arm.trace_count == traces


@pytest.mark.parametrize("name", [name for name in STATIC_METHODS if name not in EVALUATED and METHODS[name].by_class])
def test_weights_of_classes_are_refused_by_an_evaluation(name: str) -> None:
    with pytest.raises(CaseError, match="expected weights of samples, got weights of classes"):
        build_arm(name).evaluate(Stopwatch())


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
    module = importlib.import_module("benchmarks.methods._fit_watch")
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
