"""Every method makes the textbook's weighted update on every model family, and the usual mistakes are caught."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.errors import CaseError
from benchmarks.methods import METHODS, Replicas, load_method, load_proof
from benchmarks.protocols import Method, Task, Times, TrainingArm, Watch
from benchmarks.workloads import WORKLOADS, load_workload

pytestmark = pytest.mark.tensorflow

HANDED_WEIGHTS = [
    name
    for name, entry in METHODS.items()
    if entry.proof.endswith(":check_weighted_gradient") and entry.replicas is Replicas.ONE
]
"""Replicas are proven in a process that is set up for them (`tests.launch.test_real_replicas`)."""

LossOfBatch = Callable[[Any, Any], Any]
"""From the losses of the samples, float32 [batch], and their weights to the loss that is differentiated."""


def tensorflow() -> Any:
    return importlib.import_module("tensorflow")


def check(method: Method, workload: str = "mlp", depth: int = 1) -> None:
    importlib.import_module("benchmarks.probes.weighted_gradient").check_weighted_gradient(
        method, load_workload(workload), depth=depth, seed=0
    )


@pytest.mark.parametrize("name", HANDED_WEIGHTS)
def test_a_method_makes_the_textbook_update(name: str) -> None:
    load_proof(name)(load_method(name), load_workload("mlp"), depth=2, seed=0)


@pytest.mark.parametrize("workload", [name for name in WORKLOADS if name != "mlp"])
@pytest.mark.parametrize("name", ["fit_dataset", "loop_graph"])
def test_every_workload_can_be_proven_on(name: str, workload: str) -> None:
    check(load_method(name), workload)


@pytest.mark.parametrize(
    ("name", "workload"),
    [
        ("loop_per_example_map", "cnn"),
        *(("loop_per_example_jacobian", workload) for workload in ("cnn", "mlp_batchnorm", "transformer")),
    ],
)
def test_gradients_of_examples_scaled_by_their_weights_are_those_of_the_weighted_loss(name: str, workload: str) -> None:
    check(load_method(name), workload)


@pytest.mark.parametrize("name", [name for name in HANDED_WEIGHTS if not METHODS[name].by_class])
def test_every_method_weights_each_of_several_outputs(name: str) -> None:
    check(load_method(name), "mlp_two_outputs")


class HandmadeArm:
    """One eager step over all samples with a loss of one's own making."""

    trace_count = 0
    steps_per_pass = 1

    def __init__(self, task: Task, loss_of_batch: LossOfBatch, model: Any) -> None:
        self.model = model
        self._task = task
        self._loss_of_batch = loss_of_batch

    def measure_pass(self, watch: Watch) -> Times:
        watch.start()
        samples, workload = self._task.samples, self._task.workload
        with tensorflow().GradientTape() as tape:
            losses = workload.make_loss("none")(samples.labels, self.model(samples.features, training=True))
            loss = self._loss_of_batch(losses, samples.weights)
        variables = self.model.trainable_variables
        gradients = tape.gradient(loss, variables)
        workload.make_optimizer().apply_gradients(zip(gradients, variables, strict=True))
        return watch.stop()

    def explain_traces(self, since: int) -> tuple[str, ...]:
        raise NotImplementedError

    def count_compiled_ops(self) -> dict[str, dict[str, int]]:
        raise NotImplementedError

    def replace_samples(self, samples: Any, batch_size: int) -> None:
        raise NotImplementedError

    def open_steps(self, watch: Any) -> Any:
        raise NotImplementedError

    def measure_startup(self, watch: Any) -> Any:
        raise NotImplementedError

    def evaluate(self, watch: Any) -> Any:
        raise CaseError("handmade arms do not evaluate")


class HandmadeMethod:
    """A method whose arms reduce their losses as they are told."""

    name = "handmade"
    summary = "for tests"

    def __init__(
        self,
        weighted_loss: LossOfBatch = lambda losses, weights: tensorflow().reduce_mean(weights * losses),
        control_loss: LossOfBatch = lambda losses, _: tensorflow().reduce_mean(losses),
        *,
        control_seed: int = 0,
        extra_layers: int = 0,
    ) -> None:
        self._losses = {True: weighted_loss, False: control_loss}
        self._seeds = {True: 0, False: control_seed}
        self._extra_layers = extra_layers

    def build_arm(self, task: Task, *, weighted: bool) -> HandmadeArm:
        model = task.workload.build_model(task.depth + self._extra_layers, self._seeds[weighted])
        return HandmadeArm(task, self._losses[weighted], model)


def test_a_handmade_method_that_is_right_passes() -> None:
    check(HandmadeMethod())


@pytest.mark.parametrize(
    ("weighted_loss", "mistake"),
    [
        (
            lambda losses, weights: tensorflow().reduce_mean(losses) * weights,
            "as if a loss already reduced to a scalar were multiplied by the weights and these were summed up",
        ),
        (
            lambda losses, weights: tensorflow().reduce_mean(tensorflow().reduce_mean(losses) * weights),
            "as if a loss already reduced to a scalar were multiplied by the weights",
        ),
        (lambda losses, _: tensorflow().reduce_mean(losses), "as if the weights were ignored"),
        (
            lambda losses, weights: tensorflow().reduce_sum(weights * losses) / weights.sum(),
            "as if it were divided by the sum of the weights",
        ),
        (
            lambda losses, weights: tensorflow().reduce_sum(weights * losses),
            "as if it were not divided by the batch size",
        ),
    ],
    ids=["scalar-times-vector", "mean-of-scalar-times-vector", "ignored", "divided-by-sum", "not-divided"],
)
def test_a_usual_mistake_is_caught_and_named(weighted_loss: LossOfBatch, mistake: str) -> None:
    with pytest.raises(CaseError) as caught:
        check(HandmadeMethod(weighted_loss))
    message = str(caught.value)
    assert message.startswith("handmade on mlp: expected the weighted update (1/B) sum_i w_i g_i, got one that is off")
    assert f", {mistake}; multiply the loss of each sample" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "weighted_loss",
    [
        lambda losses, weights: tensorflow().reduce_mean((weights + 0.01) * losses),
        lambda losses, weights: tensorflow().reduce_mean(weights[::-1] * losses),
        lambda losses, weights: tensorflow().reduce_mean(weights**2 * losses),
        lambda losses, weights: tensorflow().reduce_mean(weights * losses) * float("nan"),
    ],
    ids=["zero-weights-let-in", "weights-of-other-samples", "squared", "not-a-number"],
)
def test_a_mistake_without_a_name_is_caught_too(weighted_loss: LossOfBatch) -> None:
    with pytest.raises(CaseError, match=r"expected the weighted update .* got one that is off by .*; multiply"):
        check(HandmadeMethod(weighted_loss))


def test_a_control_that_does_not_take_the_mean_is_caught() -> None:
    with pytest.raises(CaseError, match="expected the control's update"):
        check(HandmadeMethod(control_loss=lambda losses, _: tensorflow().reduce_sum(losses)))


def test_arms_that_start_from_different_models_are_caught() -> None:
    with pytest.raises(CaseError, match="expected weights of 1 to give the control's update"):
        check(HandmadeMethod(control_seed=1))


def test_an_arm_that_trains_another_model_is_caught() -> None:
    with pytest.raises(CaseError, match="expected an arm with the 4 trainable variables of the workload's model"):
        check(HandmadeMethod(extra_layers=1))


def test_a_mistake_in_the_labels_of_time_steps_is_caught() -> None:
    """Weights of a sequence in the place of weights of its steps."""
    right = load_method("loop_graph")

    class Averaged:
        name = "averaged"

        def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
            weights = task.samples.weights
            averaged = np.broadcast_to(weights.mean(axis=1, keepdims=True), weights.shape).astype(np.float32)
            samples = dataclasses.replace(task.samples, weights=averaged)
            return right.build_arm(dataclasses.replace(task, samples=samples), weighted=weighted)

    with pytest.raises(CaseError, match=r"averaged on gru_steps: expected the weighted update"):
        check(Averaged(), "gru_steps")


class Changed:
    """A loop that is right but for what is done to the weights of two outputs before."""

    name = "changed"

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self._change = change

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        samples = dataclasses.replace(task.samples, weights=self._change(task.samples.weights))
        return load_method("loop_graph").build_arm(dataclasses.replace(task, samples=samples), weighted=weighted)


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (
            lambda weights: {"first": weights["second"], "second": weights["first"]},
            ", as if outputs had each other's weights;",
        ),
        (
            lambda weights: weights | {"second": np.ones_like(weights["second"])},
            ", as if the first output alone were weighted;",
        ),
        (
            lambda weights: weights | {"first": np.ones_like(weights["first"])},
            ", as if the last output alone were weighted;",
        ),
        (lambda weights: weights | {"second": weights["first"]}, ""),
    ],
    ids=["swapped", "second-unweighted", "first-unweighted", "the-same-for-both"],
)
def test_a_mistake_in_the_weights_of_outputs_is_caught(change: Callable[[Any], Any], mistake: str) -> None:
    check(Changed(lambda weights: weights), "mlp_two_outputs")
    with pytest.raises(CaseError, match="changed on mlp_two_outputs: expected the weighted update") as caught:
        check(Changed(change), "mlp_two_outputs")
    assert mistake in str(caught.value)


def test_an_evaluation_that_leaves_an_output_unweighted_is_caught() -> None:
    right = load_method("fit_dataset")

    class Forgetful:
        name = "forgetful"

        def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
            weights = task.samples.weights
            halved = dataclasses.replace(task.samples, weights=weights | {"first": np.ones_like(weights["first"])})
            arm, wrong = (
                right.build_arm(dataclasses.replace(task, samples=each), weighted=weighted)
                for each in (task.samples, halved)
            )
            arm.evaluate = wrong.evaluate  # type: ignore[method-assign]
            return arm

    with pytest.raises(CaseError, match="forgetful on mlp_two_outputs: expected an evaluation to find the loss"):
        check(Forgetful(), "mlp_two_outputs")


def test_an_evaluation_that_ignores_weights_is_caught() -> None:
    right = load_method("fit_dataset")

    class Forgetful:
        name = "forgetful"

        def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
            arm, control = (right.build_arm(task, weighted=each) for each in (weighted, False))
            arm.evaluate = control.evaluate  # type: ignore[method-assign]
            return arm

    with pytest.raises(CaseError, match=r"forgetful on mlp: expected an evaluation to find the loss .*; hand the"):
        check(Forgetful())
