"""Every scheme follows the formula of its paper on every model family, and a variant that does not is refused."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.errors import CaseError
from benchmarks.methods import METHODS, load_method, load_proof
from benchmarks.methods._computed_entries import STEP_SCHEMES
from benchmarks.protocols import Task
from benchmarks.workloads import load_workload

pytestmark = pytest.mark.tensorflow

SCHEMES = [name for name, entry in METHODS.items() if entry.proof.endswith(":check_scheme_gradient")]

FAMILIES = ["mlp_two_outputs", "mlp_bfloat16", "mlp_batchnorm", "cnn", "gru", "gru_steps", "transformer", "tabular"]


def tensorflow() -> Any:
    return importlib.import_module("tensorflow")


def schemes() -> Any:
    return importlib.import_module("benchmarks.methods._schemes")


def check(method: Any, workload: str = "mlp") -> None:
    load_proof("loop_focal")(method, load_workload(workload), depth=2, seed=0)


@pytest.mark.parametrize("name", SCHEMES)
def test_a_method_follows_its_formula_and_has_the_control_that_its_name_says(name: str) -> None:
    method: Any = load_method(name)
    assert method.is_over_static == name.endswith("_over_static")
    check(method)


@pytest.mark.parametrize("workload", FAMILIES)
@pytest.mark.parametrize("scheme", STEP_SCHEMES)
def test_every_scheme_can_be_proven_on_every_family(scheme: str, workload: str) -> None:
    check(load_method(f"loop_{scheme}"), workload)


@pytest.mark.parametrize("workload", ["mlp_batchnorm", "mlp_two_outputs", "cnn"])
def test_weights_that_predict_makes_are_those_of_a_model_that_does_not_train(workload: str) -> None:
    check(load_method("fit_refreshed"), workload)


def change_loss(name: str, make_find_loss: Callable[[int], Callable[[Any, Any], Any]]) -> Any:
    """Return the loop of a scheme with another loss in the place of its own, held to its formula as before."""
    method: Any = load_method(f"loop_{name}")
    return dataclasses.replace(method, build=lambda task, model: schemes().build_scheme(task, model, make_find_loss))


def refuse(method: Any, message: str) -> None:
    with pytest.raises(CaseError) as caught:
        check(method)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


FIRST = "step 1 of 2: expected the update sum_i f_i g_i of the scheme's formula, got one that is off by"
SECOND = FIRST.replace("step 1", "step 2")


def test_a_focal_factor_without_its_gradient_is_refused() -> None:
    def find_loss(labels: Any, losses: Any) -> Any:
        tf = tensorflow()
        return tf.reduce_mean(tf.stop_gradient((1.0 - tf.exp(-losses)) ** 2) * losses)

    refuse(change_loss("focal", lambda _: find_loss), FIRST)


def test_a_focal_loss_of_another_exponent_is_refused() -> None:
    def find_loss(labels: Any, losses: Any) -> Any:
        tf = tensorflow()
        return tf.reduce_mean((1.0 - tf.exp(-losses)) * losses)

    refuse(change_loss("focal", lambda _: find_loss), FIRST)


def test_counts_that_are_not_updated_are_refused_and_told() -> None:
    class Forgetful(schemes().ClassBalanced):  # type: ignore[misc]
        def count(self, seen: Any) -> None:
            """Count nothing: every class is as frequent as any other."""

    refuse(change_loss("class_balanced", Forgetful), "as if no label had a weight")


def test_counts_of_the_last_batch_alone_are_refused_in_the_second_step_and_told() -> None:
    class Forgetful(schemes().ClassBalanced):  # type: ignore[misc]
        def count(self, seen: Any) -> None:
            self.counts.assign(seen)

    method = change_loss("class_balanced", Forgetful)
    refuse(method, SECOND)
    refuse(method, "as if the scheme began anew with this step")


def test_weights_that_are_counted_after_they_are_used_are_refused() -> None:
    class Late(schemes().ClassBalanced):  # type: ignore[misc]
        def __call__(self, labels: Any, losses: Any) -> Any:
            counts = self.counts.read_value()
            super().__call__(labels, losses)
            tf = tensorflow()
            weights = 1.0 / tf.cast(tf.maximum(counts, 1), losses.dtype)
            return tf.reduce_mean(tf.gather(weights * 10.0 / tf.reduce_sum(weights), labels) * losses)

    refuse(change_loss("class_balanced", Late), FIRST)


def test_weights_of_losses_that_carry_a_gradient_are_refused() -> None:
    def find_loss(labels: Any, losses: Any) -> Any:
        tf = tensorflow()
        return tf.reduce_mean(losses / tf.reduce_mean(losses) * losses)

    refuse(change_loss("loss_proportional", lambda _: find_loss), FIRST)


def test_weights_of_losses_whose_mean_is_not_one_are_refused() -> None:
    def find_loss(labels: Any, losses: Any) -> Any:
        tf = tensorflow()
        return tf.reduce_mean(tf.stop_gradient(losses) * losses)

    refuse(change_loss("loss_proportional", lambda _: find_loss), FIRST)


@pytest.mark.parametrize(
    "is_kept", [lambda losses: losses > 2.302585, lambda losses: losses < 2.0], ids=["harder", "easier"]
)
def test_a_pace_that_keeps_others_is_refused(is_kept: Callable[[Any], Any]) -> None:
    def find_loss(labels: Any, losses: Any) -> Any:
        tf = tensorflow()
        return tf.reduce_mean(tf.cast(is_kept(losses), tf.float32) * losses)

    refuse(change_loss("self_paced", lambda _: find_loss), FIRST)


@pytest.mark.parametrize("count", [3, 5, 16])
def test_another_number_of_hard_examples_is_refused(count: int) -> None:
    def find_loss(labels: Any, losses: Any) -> Any:
        tf = tensorflow()
        return tf.reduce_mean(tf.math.top_k(losses, count).values)

    refuse(change_loss("ohem", lambda _: find_loss), FIRST)


def test_hard_examples_that_are_divided_by_the_whole_batch_are_refused() -> None:
    def find_loss(labels: Any, losses: Any) -> Any:
        tf = tensorflow()
        return tf.reduce_sum(tf.math.top_k(losses, 4).values) / 16.0

    refuse(change_loss("ohem", lambda _: find_loss), FIRST)


def change_learnt(weigh: Callable[[Any], Any], *, of_batch: bool = False) -> Any:
    """Return a loop that reweights by what it makes of the scores of samples, each made from its own gradient.

    Args:
        weigh: from scores, float32 [batch], to factors of the losses.
        of_batch: whether the gradient of the batch itself takes the place of the clean one.
    """

    def build(task: Task, model: Any) -> Any:
        tf = tensorflow()
        find_losses = task.workload.make_loss("none")
        clean_features, clean_labels = tf.constant(task.samples.features[:10]), tf.constant(task.samples.labels[:10])

        def differentiate(features: Any, labels: Any) -> Any:
            variables = model.trainable_variables
            with tf.GradientTape() as tape:
                pair = (labels, model(features)) if of_batch else (clean_labels, model(clean_features))
                ahead = tf.reduce_mean(find_losses(*pair))
            clean = tape.gradient(ahead, variables)
            with tf.GradientTape(persistent=True) as tape:
                losses = find_losses(labels, model(features))
            rows = tape.jacobian(losses, variables)
            pairs = zip(rows, clean, strict=True)
            scores = tf.add_n([tf.reduce_sum(tf.reshape(row * to, [16, -1]), axis=1) for row, to in pairs])
            factors = weigh(scores)
            return tf.reduce_sum(factors * losses), [tf.tensordot(factors, row, axes=1) for row in rows]

        return differentiate

    method: Any = load_method("loop_meta_reweight")
    return dataclasses.replace(method, build=build)


def normalise(scores: Any) -> Any:
    return scores / tensorflow().reduce_sum(scores)


def test_learnt_weights_made_of_each_samples_own_gradient_pass() -> None:
    check(change_learnt(lambda scores: normalise(tensorflow().nn.relu(scores))))


def test_learnt_weights_that_are_not_cut_off_at_zero_are_refused() -> None:
    refuse(change_learnt(normalise), FIRST)


def test_learnt_weights_that_are_not_of_sum_one_are_refused() -> None:
    refuse(change_learnt(tensorflow().nn.relu), FIRST)


def test_weights_learnt_from_the_batch_in_the_place_of_clean_samples_are_refused() -> None:
    refuse(change_learnt(lambda scores: normalise(tensorflow().nn.relu(scores)), of_batch=True), FIRST)


def test_weights_that_are_made_once_and_not_refreshed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    refresher = importlib.import_module("benchmarks.methods.refreshed_weights").WeightRefresher
    monkeypatch.setattr(refresher, "on_epoch_begin", lambda self, epoch, logs=None: None)
    refuse(load_method("fit_refreshed"), "as if no label had a weight")


def test_gradients_of_examples_that_are_not_scaled_are_refused() -> None:
    per_example = importlib.import_module("benchmarks.methods.per_example")

    def build(task: Task, model: Any) -> Any:
        differentiate = per_example.build_jacobian(task, model)
        return lambda features, labels, weights: differentiate(features, labels, tensorflow().ones_like(weights))

    method: Any = load_method("loop_per_example_jacobian_over_static")
    refuse(dataclasses.replace(method, build=build), "as if no label had a weight")


@pytest.mark.parametrize("path", ["fit", "loop"])
def test_a_control_that_is_not_the_one_of_its_name_is_refused(path: str) -> None:
    class Other:
        """The weighted arm of one method with the control of the other."""

        def __init__(self, *, is_over_static: bool) -> None:
            self.name = "other"
            self.is_over_static = is_over_static
            self.clean_count = 0
            arms: Any = load_method(f"{path}_focal{'' if is_over_static else '_over_static'}")
            self._arms = arms
            self.make_reference = arms.make_reference

        def build_arm(self, task: Task, *, weighted: bool) -> Any:
            return self._arms.build_arm(task, weighted=weighted)

    refuse(Other(is_over_static=True), "expected the control's update (1/n) sum_i w_i g_i")
    refuse(Other(is_over_static=False), "expected the control's update (1/n) sum_i g_i")
