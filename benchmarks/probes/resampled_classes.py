"""Does a method that resamples draw the classes as it should, and train on what it draws? A proof of its own.

Resampling leaves the formula of the gradient alone and changes what is trained on, so that no step is that of weights.
What is proven of it instead:

1. Of a pass over many samples with unlike classes, each class makes up the part n_c w_c / sum_k n_k w_k, give or take
   five standard deviations of a draw. What is handed over are samples as they are, each with its label and without a
   weight; as many as there are; and of no class are a few drawn again and again while others wait.
2. A step on a drawn batch is the unweighted step on that batch: (1/B) sum_i g_i over what was drawn.
3. A step of the control is the unweighted step on the samples as they are.

In the first part features are the numbers of the samples: drawing does not look at them.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import CaseError
from benchmarks.probes._one_step import SgdWorkload, compute_sample_gradients, make_update
from benchmarks.proofs import ResamplingMethod
from benchmarks.protocols import Samples, Task, Workload

_SAMPLES = 4096
_CLASSES = 10
_BATCH_SIZE = 16

_RARER = 0.7
"""A class has so many times as many samples as the one before: the last one 51, the first one 1264."""

_DEVIATIONS = 5.0
"""A right draw of ten classes is farther off once in 170,000 draws, and seeds are fixed."""

_LEAST_DISTINCT = 0.5
"""Draws with replacement meet 63 % of the samples of a class that is drawn as often as it has samples."""


def check_resampling(method: ResamplingMethod, workload: Workload, *, depth: int, seed: int) -> None:
    """Return when classes are drawn as often as their weights say, and steps are unweighted ones.

    Args:
        method: what is to be proven.
        workload: what steps are made on; its optimizer is replaced by SGD.
        depth: hidden layers of the model.
        seed: decides samples and initial weights.

    Raises:
        CaseError: when what is drawn, or an update, is something else; says what was expected and what came.
    """
    subject = f"{method.name} on {workload.name}"
    _check_draw(method, subject)
    sgd = SgdWorkload(inner=workload, name=workload.name)
    samples = sgd.make_samples(_BATCH_SIZE, seed)
    task = Task(workload=sgd, samples=samples, depth=depth, batch_size=_BATCH_SIZE, seed=seed)

    # Drawn once and kept, so that what is looked at is what is trained on.
    dataset = method.hand_over(samples, weighted=True, batch_size=_BATCH_SIZE)["x"].take(1).cache()
    ((features, labels),) = dataset.as_numpy_iterator()
    replayed: Any = method
    kept = dataclasses.replace(replayed, hand_over=lambda *_, **__: {"x": dataset})
    drawn = dataclasses.replace(samples, features=features, labels=labels)
    _check_step(kept, dataclasses.replace(task, samples=drawn), f"{subject}, on what it has drawn", weighted=True)
    _check_step(method, task, f"{subject}, its control", weighted=False)


def _check_draw(method: ResamplingMethod, subject: str) -> None:
    """Return when a pass has the samples that it should.

    Raises:
        CaseError: when it has others.
    """
    samples = _make_unlike_classes()
    dataset = method.hand_over(samples, weighted=True, batch_size=_BATCH_SIZE)["x"]
    batches = list(dataset.as_numpy_iterator())
    parts = {len(batch) for batch in batches}
    if parts != {2}:
        raise CaseError(f"{subject}: expected batches of (x, y), got ones of {parts} parts; leave weights out")
    numbers, labels = (np.concatenate([batch[part] for batch in batches]) for part in range(2))
    if len(numbers) != _SAMPLES:
        raise CaseError(
            f"{subject}: expected a pass over as many samples as there are, {_SAMPLES}, got {len(numbers)}; "
            "go round the samples, and take as many"
        )
    if not np.array_equal(samples.labels[numbers], labels):
        raise CaseError(f"{subject}: expected each sample with its own label, got others; draw them together")
    found = np.bincount(labels, minlength=_CLASSES)
    counts = np.bincount(samples.labels, minlength=_CLASSES)
    wanted = counts * np.array([samples.class_weight[number] for number in range(_CLASSES)])
    shares = wanted / wanted.sum()
    limits = _DEVIATIONS * np.sqrt(shares * (1.0 - shares) / _SAMPLES)
    off = np.abs(found / _SAMPLES - shares) / limits
    if off.max() > 1.0:
        worst = int(off.argmax())
        raise CaseError(
            f"{subject}: expected {shares[worst]:.1%} of what is drawn to be of class {worst}, give or take "
            f"{limits[worst]:.1%}, got {found[worst] / _SAMPLES:.1%}; draw each class as often as its weight says"
        )
    distinct = np.array([len(np.unique(numbers[labels == number])) for number in range(_CLASSES)])
    if np.any(distinct < _LEAST_DISTINCT * np.minimum(found, counts)):
        worst = int((distinct / np.minimum(found, counts)).argmin())
        raise CaseError(
            f"{subject}: expected the {found[worst]} draws of class {worst} to be of all its {counts[worst]} samples, "
            f"got {distinct[worst]} of them; draw the samples of a class alike"
        )


def _make_unlike_classes() -> Samples:
    """Return samples whose features are their numbers and whose classes differ in size, none of which is to be kept."""
    chances = _RARER ** np.arange(_CLASSES)
    labels = np.random.default_rng(0).choice(_CLASSES, size=_SAMPLES, p=chances / chances.sum()).astype(np.int32)
    wanted = np.linspace(0.5, 1.5, _CLASSES)
    weights = wanted * _SAMPLES / (_CLASSES * np.bincount(labels, minlength=_CLASSES))
    return Samples(
        features=np.arange(_SAMPLES, dtype=np.int32),
        labels=labels,
        weights=np.ones(_SAMPLES, dtype=np.float32),
        class_weight=dict(enumerate(weights.tolist())),
    )


def _check_step(method: Any, task: Task, subject: str, *, weighted: bool) -> None:
    """Return when a step on the task's samples is the unweighted one.

    Raises:
        CaseError: when it is another one.
    """
    update = make_update(method, task, weighted=weighted)
    per_sample = compute_sample_gradients(task, update.before, subject)
    factors: NDArray[np.float64] = np.full((1, len(task.samples.features)), 1.0 / len(task.samples.features))
    difference = update.find_difference(per_sample, factors)
    if difference is not None:
        raise CaseError(
            f"{subject}: expected the unweighted update (1/B) sum_i g_i, got one that is {difference}; "
            "train with the mean of the losses"
        )
