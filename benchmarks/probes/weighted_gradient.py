"""Does a method compute what it should? Its weighted update is held against the textbook's before it is timed.

One step of plain SGD on one small batch moves the model by its gradient, which must be

    g = (1/B) sum_i w_i g_i

where g_i is the gradient of sample i's loss alone: Keras' `sum_over_batch_size`. Where each time step has a label and
a weight, i counts time steps, and B is their number. The reference takes the g_i one by one from an unweighted tape and
sums them in NumPy, in float64; nothing of Keras' weighting is in it. Three arms are built and sent through their public
entry point:

1. weighted, with a batch whose weights sum to less than B and are 0 for samples whose features, where these are no
   categories, are a hundred times as large as the others': ignoring weights, dividing by their sum or letting a
   zero-weighted sample in stands out;
2. the control, whose update must be (1/B) sum_i g_i;
3. weighted with ones, whose update must be the control's.

Leaves out: the losses that layers add to a model, and layers that draw random numbers in training.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.errors import CaseError
from benchmarks.probes import Stopwatch
from benchmarks.protocols import Method, Samples, Task, Workload

Arrays = list[NDArray[np.float64]]
"""One array per trainable variable."""

_WEIGHTS = (0.0, 0.5, 0.25, 0.75, 0.0, 1.0, 0.5, 0.25)
"""Binary fractions, so that they are exact; however many of them are used, their mean is far from 1."""

_LOUD = 100.0
"""What the features of zero-weighted samples are multiplied with."""

_LEARNING_RATE = 1.0
"""The update is then the gradient itself, and rounding p - g costs no more than the spacing of p."""

_TOLERANCE = 2e-3
"""Largest error of a variable's gradient (2-norm) as a part of sum_i |w_i g_i| / B, which does not cancel.

Float32 sums in another order differ by about 1e-6, TensorFloat-32 on a GPU by 5e-4 at most (10 bits); the faults
looked for are off by 5e-2 and more.
"""

_LOW_PRECISION_TOLERANCE = 2e-2
"""Where layers compute in bfloat16, whose 8 bits round each product by up to 4e-3."""

_FLOAT32_SPACING = 2.0**-23

_FAULTS: Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "as if the weights were ignored": lambda weights: np.ones_like(weights) / weights.size,
    "as if it were divided by the sum of the weights": lambda weights: weights / weights.sum(),
    "as if a loss already reduced to a scalar were multiplied by the weights": lambda weights: np.full_like(
        weights, weights.mean() / weights.size
    ),
    "as if a loss already reduced to a scalar were multiplied by the weights and these were summed up": (
        lambda weights: np.full_like(weights, weights.mean())
    ),
    "as if it were not divided by the batch size": lambda weights: weights,
}
"""Mistakes that are often made: the factor that each sample's gradient would get."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Update:
    """What one step did: the trainable variables before and after it."""

    names: list[str]
    before: Arrays
    after: Arrays
    tolerance: float

    def find_difference(self, per_sample: Arrays, factors: NDArray[np.float64]) -> str | None:
        """Return in which variable the gradient is not sum_i f_i g_i and by how much, or None where it is.

        Args:
            per_sample: the gradients g_i, [losses, ...] per variable.
            factors: f_i, float64 [losses].
        """
        worst = None
        worst_excess = 1.0
        norms = (np.linalg.norm(rows.reshape(factors.size, -1), axis=1) for rows in per_sample)
        scales = [float(np.abs(factors) @ each) for each in norms]
        for name, before, after, rows, scale in zip(
            self.names, self.before, self.after, per_sample, scales, strict=True
        ):
            gradient = (before - after) / _LEARNING_RATE
            error = float(np.linalg.norm(gradient - np.tensordot(factors, rows, axes=1)))
            size = max(float(np.linalg.norm(before)), float(np.linalg.norm(after)))
            # A variable on which no loss depends, such as the bias of attention's keys, has rounding as its gradient.
            allowed = self.tolerance * scale + _FLOAT32_SPACING * (size + max(scales))
            if not error <= worst_excess * allowed:  # also where the error is not a number
                worst_excess = error / allowed if allowed else np.inf
                worst = f"off by {error:.2g} in {name}, where sum_i |w_i g_i| / B is {scale:.2g}"
        return worst


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _SgdWorkload:
    """A workload trained with plain SGD instead of its own optimizer."""

    inner: Workload
    name: str

    def make_samples(self, sample_count: int, seed: int) -> Samples:
        """Return the workload's samples."""
        return self.inner.make_samples(sample_count, seed)

    def build_model(self, depth: int, seed: int) -> Any:
        """Return the workload's model."""
        return self.inner.build_model(depth, seed)

    def make_optimizer(self) -> Any:
        """Return SGD without momentum."""
        return tf.keras.optimizers.SGD(learning_rate=_LEARNING_RATE)

    def make_loss(self, reduction: str) -> Any:
        """Return the workload's loss."""
        return self.inner.make_loss(reduction)


def check_weighted_gradient(method: Method, workload: Workload, *, depth: int, seed: int) -> None:
    """Return when the method's weighted arm and its control make the textbook's updates.

    Args:
        method: what is to be proven.
        workload: what it is proven on; its optimizer is replaced by SGD.
        depth: hidden layers of the model.
        seed: decides samples and initial weights.

    Raises:
        CaseError: when an update is not the textbook's; names the variable, the error and the likely mistake.
    """
    subject = f"{method.name} on {workload.name}"
    plain = _make_batch(workload, seed)
    weights = plain.weights.astype(np.float64).ravel()
    ones = np.ones_like(weights)
    task = Task(
        workload=_SgdWorkload(inner=workload, name=workload.name),
        samples=_amplify(plain),
        depth=depth,
        batch_size=len(plain.weights),
        seed=seed,
    )

    _check_evaluation(method, task, weights, subject)
    weighted = _make_update(method, task, weighted=True)
    per_sample = _compute_sample_gradients(task, weighted.before, subject)
    difference = weighted.find_difference(per_sample, weights / weights.size)
    if difference is not None:
        raise CaseError(
            f"{subject}: expected the weighted update (1/B) sum_i w_i g_i, got one that is {difference}"
            f"{_name_fault(weighted, per_sample, weights)}; "
            "multiply the loss of each sample (reduction='none') by its weight and divide the sum by the batch size"
        )

    task = dataclasses.replace(task, samples=plain)
    control = _make_update(method, task, weighted=False)
    per_sample = _compute_sample_gradients(task, control.before, subject)
    difference = control.find_difference(per_sample, ones / ones.size)
    if difference is not None:
        raise CaseError(
            f"{subject}: expected the control's update (1/B) sum_i g_i, got one that is {difference}; "
            "build the control without weights and with the mean of the same losses"
        )

    even = dataclasses.replace(
        plain, weights=np.ones_like(plain.weights), class_weight=dict.fromkeys(plain.class_weight, 1.0)
    )
    difference = _make_update(method, dataclasses.replace(task, samples=even), weighted=True).find_difference(
        per_sample, ones / ones.size
    )
    if difference is not None:
        raise CaseError(
            f"{subject}: expected weights of 1 to give the control's update, got one that is {difference}; "
            "let both arms start from the same model and differ in nothing but the weights"
        )


def _check_evaluation(method: Method, task: Task, weights: NDArray[np.float64], subject: str) -> None:
    """Return when the weighted arm evaluates to (1/B) sum_i w_i l_i, or has no way of evaluating.

    Raises:
        CaseError: when it evaluates to something else.
    """
    arm = method.build_arm(task, weighted=True)
    try:
        found = arm.evaluate(Stopwatch()).loss
    except CaseError:
        return
    model = task.workload.build_model(task.depth, task.seed)
    predicted = model(tf.constant(task.samples.features), training=False)
    losses = np.asarray(task.workload.make_loss("none")(tf.constant(task.samples.labels), predicted), dtype=np.float64)
    expected = float(np.mean(weights * losses.ravel()))
    if not abs(found - expected) <= _LOW_PRECISION_TOLERANCE * abs(expected):
        raise CaseError(
            f"{subject}: expected an evaluation to find the loss (1/B) sum_i w_i l_i, {expected:.6g}, got {found:.6g}; "
            "hand the weights to it as to the training"
        )


def _make_batch(workload: Workload, seed: int) -> Samples:
    """Return a batch of the workload whose weights by label and by class are the same, a few of them 0."""
    samples = workload.make_samples(len(_WEIGHTS), seed)
    classes = np.array(sorted(samples.class_weight), dtype=np.int32)
    class_weight = dict(zip(classes.tolist(), itertools.cycle(_WEIGHTS), strict=False))
    labels = np.resize(classes, samples.labels.shape)
    weights = np.array([class_weight[label] for label in labels.ravel().tolist()], dtype=np.float32)
    return dataclasses.replace(samples, labels=labels, weights=weights.reshape(labels.shape), class_weight=class_weight)


def _amplify(samples: Samples) -> Samples:
    """Return the samples with the features of zero-weighted ones made loud; categories stay what they are."""
    features = samples.features.copy()
    if np.issubdtype(features.dtype, np.floating):
        features[samples.weights == 0.0] *= np.float32(_LOUD)
    return dataclasses.replace(samples, features=features)


def _make_update(method: Method, task: Task, *, weighted: bool) -> _Update:
    """Send a fresh arm through one pass, which is one step."""
    arm = method.build_arm(task, weighted=weighted)
    before = _read(arm.model.trainable_variables)
    arm.measure_pass(Stopwatch())
    variables = arm.model.trainable_variables
    is_float32 = all(layer.compute_dtype == "float32" for layer in arm.model.layers)
    return _Update(
        names=[str(variable.name) for variable in variables],
        before=before,
        after=_read(variables),
        tolerance=_TOLERANCE if is_float32 else _LOW_PRECISION_TOLERANCE,
    )


def _read(variables: Any) -> Arrays:
    """Return the values of Keras variables, float64."""
    return [np.array(variable.numpy(), dtype=np.float64) for variable in variables]


def _compute_sample_gradients(task: Task, values: Arrays, subject: str) -> Arrays:
    """Return the gradient of each label's own loss, [losses, ...] per variable, at the given values.

    Raises:
        CaseError: when the values do not fit the workload's model.
    """
    model = task.workload.build_model(task.depth, task.seed)
    variables = model.trainable_variables
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise CaseError(
            f"{subject}: expected an arm with the {len(variables)} trainable variables of the workload's model, got "
            f"{len(values)} or others; train the model that the task's workload builds"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value.astype(np.float32))
    find_losses = task.workload.make_loss("none")

    @tf.function
    def differentiate() -> Any:
        with tf.GradientTape(persistent=True) as tape:
            predicted = model(tf.constant(task.samples.features), training=True)
            losses = find_losses(tf.constant(task.samples.labels), predicted)
        chosen = tf.reshape(tf.eye(tf.size(losses)), [-1, *losses.shape])
        return tf.map_fn(
            lambda one: [
                tf.convert_to_tensor(gradient)
                for gradient in tape.gradient(losses, variables, output_gradients=one, unconnected_gradients="zero")
            ],
            chosen,
            fn_output_signature=[tf.float32] * len(values),
        )

    return [np.asarray(rows, dtype=np.float64) for rows in differentiate()]


def _name_fault(update: _Update, per_sample: Arrays, weights: NDArray[np.float64]) -> str:
    """Return the mistake that explains the update, as the end of a clause, or nothing."""
    for name, weigh in _FAULTS.items():
        if update.find_difference(per_sample, weigh(weights)) is None:
            return f", {name}"
    return ""
