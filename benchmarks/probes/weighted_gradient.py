"""Does a method compute what it should? Its weighted update is held against the textbook's before it is timed.

One step of plain SGD on one small batch moves the model by its gradient, which must be

    g = (1/B) sum_i w_i g_i

where g_i is the gradient of sample i's loss alone: Keras' `sum_over_batch_size`. Where each time step has a label and
a weight, i counts time steps, and B is their number. Where a model has several outputs, each with labels and weights of
its own, i counts the labels of all outputs, and B is the number of one output's: losses of outputs are added up. The
reference takes the g_i one by one from an unweighted tape and sums them in NumPy, in float64; nothing of Keras'
weighting is in it. Three arms are built and sent through their public entry point:

1. weighted, with a batch whose weights sum to less than B, differ between outputs, and are 0 for samples whose
   features, where these are no categories, are a hundred times as large as the others': ignoring weights, dividing by
   their sum, giving an output those of another or letting a zero-weighted sample in stands out;
2. the control, whose update must be (1/B) sum_i g_i;
3. weighted with ones, whose update must be the control's.

Leaves out: the losses that layers add to a model, and layers that draw random numbers in training.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.errors import CaseError
from benchmarks.probes import Stopwatch
from benchmarks.probes._one_step import Mirror, SgdWorkload, compute_sample_gradients, make_update
from benchmarks.probes._update import LOW_PRECISION_TOLERANCE, name_fault
from benchmarks.protocols import Method, Samples, Task, Workload

_WEIGHTS = (0.0, 0.5, 0.25, 0.75, 0.0, 1.0, 0.5, 0.25)
"""Binary fractions, so that they are exact; however many of them are used, their mean is far from 1."""

_SHIFT = 4
"""The weights of an output are those of the one before, moved by so many: other ones, of which the same are 0."""

_LOUD = 100.0
"""What the features of zero-weighted samples are multiplied with."""


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
    weights = np.stack([each.ravel() for each in tf.nest.flatten(plain.weights)]).astype(np.float64)
    label_count = weights.shape[1]
    even_factors = np.ones_like(weights) / label_count
    task = Task(
        workload=SgdWorkload(inner=workload, name=workload.name),
        samples=_amplify(plain),
        depth=depth,
        batch_size=len(plain.features),
        seed=seed,
    )

    _check_evaluation(method, task, weights, subject)
    weighted = make_update(method, task, weighted=True)
    per_sample = compute_sample_gradients(task, weighted.before, subject)
    difference = weighted.find_difference(per_sample, weights / label_count)
    if difference is not None:
        raise CaseError(
            f"{subject}: expected the weighted update (1/B) sum_i w_i g_i, got one that is {difference}"
            f"{name_fault(weighted, per_sample, weights)}; "
            "multiply the loss of each sample (reduction='none') by its weight and divide the sum by the batch size"
        )

    task = dataclasses.replace(task, samples=plain)
    control = make_update(method, task, weighted=False)
    per_sample = compute_sample_gradients(task, control.before, subject)
    difference = control.find_difference(per_sample, even_factors)
    if difference is not None:
        raise CaseError(
            f"{subject}: expected the control's update (1/B) sum_i g_i, got one that is {difference}; "
            "build the control without weights and with the mean of the same losses"
        )

    even = dataclasses.replace(
        plain,
        weights=tf.nest.map_structure(np.ones_like, plain.weights),
        class_weight=dict.fromkeys(plain.class_weight, 1.0),
    )
    difference = make_update(method, dataclasses.replace(task, samples=even), weighted=True).find_difference(
        per_sample, even_factors
    )
    if difference is not None:
        raise CaseError(
            f"{subject}: expected weights of 1 to give the control's update, got one that is {difference}; "
            "let both arms start from the same model and differ in nothing but the weights"
        )


def _check_evaluation(method: Method, task: Task, weights: NDArray[np.float64], subject: str) -> None:
    """Return when the weighted arm evaluates to (1/B) sum_i w_i l_i, or has no way of evaluating.

    It is asked in batches of one sample, which are as many as `steps_per_execution`: Keras 3.0 to 3.6 lose the loss of
    fewer.

    Raises:
        CaseError: when it evaluates to something else.
    """
    arm = method.build_arm(dataclasses.replace(task, batch_size=1), weighted=True)
    try:
        found = arm.evaluate(Stopwatch()).loss
    except CaseError:
        return
    losses = Mirror(task).find_losses(task.samples, training=False)
    expected = float((weights * losses).sum() / weights.shape[1])
    if not abs(found - expected) <= LOW_PRECISION_TOLERANCE * abs(expected):
        raise CaseError(
            f"{subject}: expected an evaluation to find the loss (1/B) sum_i w_i l_i, {expected:.6g}, got {found:.6g}; "
            "hand the weights to it as to the training"
        )


def _make_batch(workload: Workload, seed: int) -> Samples:
    """Return a batch of the workload whose weights by label and by class are the same, a few of them 0.

    Where there are several outputs there are no weights by class, and those by label differ between outputs.
    """
    samples = workload.make_samples(len(_WEIGHTS), seed)
    if tf.nest.is_nested(samples.labels):
        count = len(tf.nest.flatten(samples.labels))
        moved = [np.roll(np.array(_WEIGHTS, dtype=np.float32), _SHIFT * number) for number in range(count)]
        return dataclasses.replace(samples, weights=tf.nest.pack_sequence_as(samples.labels, moved))
    classes = np.array(sorted(samples.class_weight), dtype=np.int32)
    class_weight = dict(zip(classes.tolist(), itertools.cycle(_WEIGHTS), strict=False))
    labels = np.resize(classes, samples.labels.shape)
    weights = np.array([class_weight[label] for label in labels.ravel().tolist()], dtype=np.float32)
    return dataclasses.replace(samples, labels=labels, weights=weights.reshape(labels.shape), class_weight=class_weight)


def _amplify(samples: Samples) -> Samples:
    """Return the samples with the features of zero-weighted ones made loud; categories stay what they are."""
    features = samples.features.copy()
    if np.issubdtype(features.dtype, np.floating):
        features[np.all([weights == 0.0 for weights in tf.nest.flatten(samples.weights)], axis=0)] *= np.float32(_LOUD)
    return dataclasses.replace(samples, features=features)
