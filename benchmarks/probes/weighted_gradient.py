"""Does a method compute the weighted gradient? A benchmark of a wrong computation is worthless, so this is asked first.

One step of plain SGD on one small batch, through the method's public entry point, must move the model by
-learning rate × (1/B) sum_i w_i g_i, where g_i is the gradient of sample i's own unweighted loss. The g_i are computed
one sample at a time and combined in NumPy in float64: the reference never passes through anybody's weighting. Beside
it, weights of all ones must move the model as the control does, and a sample of weight 0 must not matter.

Leaves out: other optimizers, whose step is not linear in the gradient, and speed.
Source: the weighted empirical risk, e.g. https://keras.io/api/losses/#usage-of-losses-with-compile--fit (sample_weight).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.errors import CaseError
from benchmarks.protocols import Method, Samples, Task, Workload

_BATCH_SIZE = 8
"""Enough for several classes and weights, few enough for one gradient per sample."""

_LEARNING_RATE = 0.1

_RELATIVE_TOLERANCE = 1e-3
"""Of the largest entry. Float32 with fused multiply-add agrees to about 1e-6, oneDNN's reordered sums to 1e-5; the
mistakes this looks for are of the order of the weights' spread, 0.5 and more."""

_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5)
"""Not of mean 1.0, on purpose: dividing by their sum instead of by the batch size must show."""

Arrays = list[NDArray[np.float64]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _WithPlainSgd:
    """A workload with the optimizer whose step shows the gradient; satisfies `protocols.Workload`."""

    workload: Workload
    name: str

    def make_samples(self, sample_count: int, seed: int) -> Samples:
        return self.workload.make_samples(sample_count, seed)

    def build_model(self, depth: int, seed: int) -> Any:
        return self.workload.build_model(depth, seed)

    def make_optimizer(self) -> Any:
        return tf.keras.optimizers.SGD(learning_rate=_LEARNING_RATE)

    def make_loss(self, reduction: str) -> Any:
        return self.workload.make_loss(reduction)


def check_weighted_gradient(method: Method, workload: Workload, *, depth: int, seed: int) -> None:
    """Make sure that the method's weighted arm makes the textbook update.

    Args:
        method: what is about to be timed.
        workload: model, data and loss; its optimizer is replaced by plain SGD.
        depth: hidden layers of the model.
        seed: decides data and initial weights.

    Raises:
        CaseError: when the update is another one; the message says which property failed and by how much.
    """
    plain = _WithPlainSgd(workload=workload, name=workload.name)
    samples = _make_samples(plain, method, seed)
    task = Task(workload=plain, samples=samples, depth=depth, batch_size=_BATCH_SIZE, seed=seed)
    weighted = _measure_update(method, task, weighted=True)
    _compare(weighted, _compute_reference(task, _find_weights(method, samples)), method, "the textbook weighted gradient")

    ones = dataclasses.replace(
        samples, weights=np.ones(_BATCH_SIZE, np.float32), class_weight=dict.fromkeys(samples.class_weight, 1.0)
    )
    with_ones = _measure_update(method, dataclasses.replace(task, samples=ones), weighted=True)
    _compare(with_ones, _measure_update(method, task, weighted=False), method, "the control's gradient with weights of one")

    features = samples.features.copy()
    features[_find_weights(method, samples) == 0.0] += 1.0
    changed = dataclasses.replace(task, samples=dataclasses.replace(samples, features=features))
    _compare(
        _measure_update(method, changed, weighted=True), weighted, method, "the same gradient whatever a sample of weight 0 is"
    )


def _make_samples(workload: Workload, method: Method, seed: int) -> Samples:
    """Return one batch whose weights, or classes where the method weights by class, span 0 to 2.5."""
    samples = workload.make_samples(_BATCH_SIZE, seed)
    labels = np.arange(_BATCH_SIZE, dtype=np.int32) if method.weights_by_class else samples.labels
    class_weight = {number: _WEIGHTS[number % len(_WEIGHTS)] for number in samples.class_weight}
    return dataclasses.replace(
        samples, labels=labels, weights=np.asarray(_WEIGHTS, np.float32), class_weight=class_weight
    )


def _find_weights(method: Method, samples: Samples) -> NDArray[np.float64]:
    """Return the weight of each sample under this method; float64 [batch]."""
    if method.weights_by_class:
        return np.asarray([samples.class_weight[int(label)] for label in samples.labels], np.float64)
    return samples.weights.astype(np.float64)


def _measure_update(method: Method, task: Task, *, weighted: bool) -> Arrays:
    """Return what one pass of one batch takes away from each variable, divided by the learning rate."""
    arm = method.build_arm(task, weighted=weighted)
    before = _read_variables(arm.model)
    arm.run_pass()
    after = _read_variables(arm.model)
    return [(old - new) / _LEARNING_RATE for old, new in zip(before, after, strict=True)]


def _read_variables(model: Any) -> Arrays:
    return [variable.numpy().astype(np.float64) for variable in model.trainable_variables]


def _compute_reference(task: Task, weights: NDArray[np.float64]) -> Arrays:
    """Return (1/B) sum_i w_i g_i for each variable, the g_i from one unweighted loss at a time."""
    model = task.workload.build_model(task.depth, task.seed)
    loss = task.workload.make_loss("none")
    total = [np.zeros(variable.shape, np.float64) for variable in model.trainable_variables]
    for index, weight in enumerate(weights):
        with tf.GradientTape() as tape:
            sample_loss = loss(task.samples.labels[index : index + 1], model(task.samples.features[index : index + 1]))
        for entry, gradient in zip(total, tape.gradient(sample_loss, model.trainable_variables), strict=True):
            entry += weight * tf.convert_to_tensor(gradient).numpy().astype(np.float64) / len(weights)
    return total


def _compare(update: Arrays, expected: Arrays, method: Method, what: str) -> None:
    """Raise CaseError where two updates differ by more than rounding."""
    scale = max(float(np.abs(entry).max()) for entry in expected)
    difference = max(float(np.abs(got - want).max()) for got, want in zip(update, expected, strict=True))
    if not difference <= _RELATIVE_TOLERANCE * scale:
        raise CaseError(
            f"{method.name}: expected {what}, got one that differs by {difference / scale:.1%} of its largest entry; "
            "it must not be timed before it is mended"
        )
