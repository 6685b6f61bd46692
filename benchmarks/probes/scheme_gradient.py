"""Does a method that computes its weights compute them as its paper says? Two steps, held against the paper's formula.

One arm makes two steps of plain SGD, on two batches. The method brings a formula in float64 (`proofs.Reference`): with
what it says of each batch at the values that the model then has, a step must move the model by

    g = sum_i f_i g_i

where g_i is the gradient of label i's own loss, taken one by one (`_one_step`), and f_i the derivative of the step's
loss by that of the label. So a factor that should carry a gradient and does not is another f_i, as is one that does and
should not. The second step shows whether a state, such as counts, is kept, and is the one to be kept.

Labels are chosen by how likely an untrained model finds them, from the likeliest to the least likely, so that losses
differ and each scheme weights some labels more than others. The control must make (1/n) sum_i g_i, or
(1/n) sum_i w_i g_i where it is handed weights.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.errors import CaseError
from benchmarks.probes._one_step import Mirror, SgdWorkload, read_values, step_once
from benchmarks.probes._update import Arrays, Update, explain_update
from benchmarks.proofs import Reference, SchemeMethod, StepFacts
from benchmarks.protocols import Samples, Task, TrainingArm, Workload

_BATCH_SIZE = 16
"""More than there are clean samples, and a quarter of it is more than one."""

_STEPS = 2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """What is known before a step: the gradients of single labels, and what the formula is given."""

    per_sample: Arrays
    facts: StepFacts


def check_scheme_gradient(method: SchemeMethod, workload: Workload, *, depth: int, seed: int) -> None:
    """Return when two steps of the method follow its formula, and one of its control has the weights that it should.

    Args:
        method: what is to be proven.
        workload: what it is proven on; its optimizer is replaced by SGD, and some of its labels by others.
        depth: hidden layers of the model.
        seed: decides samples and initial weights.

    Raises:
        CaseError: when an update is another one; names the step, the variable, the error and the likely mistake.
    """
    subject = f"{method.name} on {workload.name}"
    sgd = SgdWorkload(inner=workload, name=workload.name)
    samples = [sgd.make_samples(_BATCH_SIZE, seed + number) for number in range(_STEPS)]
    task = Task(workload=sgd, samples=samples[0], depth=depth, batch_size=_BATCH_SIZE, seed=seed)
    mirror = Mirror(task)
    batches = [_spread_labels(each, mirror.model) for each in samples]
    task = dataclasses.replace(task, samples=batches[0])
    clean = _take(batches[0], method.clean_count)

    arm, reference = method.build_arm(task, weighted=True), method.make_reference()
    for number, batch in enumerate(batches):
        if number:
            arm.replace_samples(batch, _BATCH_SIZE)
        _follow(mirror, arm, subject)
        expected = _expect(mirror, batch, clean)
        factors = reference(expected.facts)
        update = step_once(arm)
        difference = update.find_difference(expected.per_sample, factors)
        if difference is not None:
            raise CaseError(
                f"{subject}, step {number + 1} of {_STEPS}: expected the update sum_i f_i g_i of the scheme's formula, "
                f"got one that is {difference}{_name_fault(update, expected, method.make_reference())}; "
                "compare what the step makes of its losses with the formula in docs/schemes.md"
            )

    control = method.build_arm(task, weighted=False)
    _follow(mirror, control, subject)
    expected = _expect(mirror, batches[0], clean)
    weights = expected.facts.weights if method.is_over_static else np.ones_like(expected.facts.weights)
    difference = step_once(control).find_difference(expected.per_sample, weights / weights.shape[1])
    if difference is not None:
        kind = "(1/n) sum_i w_i g_i" if method.is_over_static else "(1/n) sum_i g_i"
        raise CaseError(
            f"{subject}: expected the control's update {kind}, got one that is {difference}; "
            "build the control with the mean of the same losses, and with weights where its name says so"
        )


def _spread_labels(samples: Samples, model: Any) -> Samples:
    """Return the samples with labels from the likeliest to the least likely by the model's logits, in turns."""
    predicted = model(tf.constant(samples.features), training=True)

    def choose(logits: Any) -> NDArray[np.int32]:
        ranked = np.argsort(-np.asarray(logits, dtype=np.float64), axis=-1)
        ranks = np.arange(ranked[..., 0].size).reshape(ranked[..., :1].shape) % ranked.shape[-1]
        return np.take_along_axis(ranked, ranks, axis=-1)[..., 0].astype(np.int32)

    return dataclasses.replace(samples, labels=tf.nest.map_structure(choose, predicted))


def _take(samples: Samples, count: int) -> Samples:
    """Return the first of the samples."""
    parts = (samples.features, samples.labels, samples.weights)
    features, labels, weights = tf.nest.map_structure(lambda array: array[:count], parts)
    return dataclasses.replace(samples, features=features, labels=labels, weights=weights)


def _follow(mirror: Mirror, arm: TrainingArm, subject: str) -> None:
    """Let the mirror have the values that the arm has, those of statistics that no optimizer changes among them.

    Raises:
        CaseError: when the arm's model is another one.
    """
    mirror.set_values(read_values(arm.model.trainable_variables), subject)
    # Keras 2.12 counts the variables of a metric that an arm keeps among these, after those of the layers.
    for variable, own in zip(mirror.model.non_trainable_weights, arm.model.non_trainable_weights, strict=False):
        variable.assign(own.numpy())


def _expect(mirror: Mirror, samples: Samples, clean: Samples) -> _Expected:
    """Return what the step on these samples is held against."""
    inferred_losses = mirror.find_losses(samples, training=False)  # first: training changes statistics
    losses = mirror.find_losses(samples, training=True)
    per_sample = mirror.differentiate(samples)
    agreements = np.zeros_like(losses)
    if len(clean.features):
        agreements = _agree(per_sample, mirror.differentiate(clean), len(losses)).reshape(losses.shape)
    return _Expected(
        per_sample=per_sample,
        facts=StepFacts(
            labels=_flatten(samples.labels).astype(np.int64),
            losses=losses,
            inferred_losses=inferred_losses,
            weights=_flatten(samples.weights).astype(np.float64),
            class_count=int(mirror.model.outputs[0].shape[-1]),
            agreements=agreements,
        ),
    )


def _flatten(parts: Any) -> NDArray[Any]:
    """Return what there is one of for each label, [outputs, labels]."""
    return np.stack([np.ravel(part) for part in tf.nest.flatten(parts)])


def _agree(per_sample: Arrays, clean: Arrays, outputs: int) -> NDArray[np.float64]:
    """Return the scalar product of each label's gradient with that of the clean loss, [outputs * labels]."""
    products = [
        rows.reshape(len(rows), -1) @ (those.reshape(len(those), -1).sum(axis=0) * outputs / len(those))
        for rows, those in zip(per_sample, clean, strict=True)
    ]
    return np.asarray(np.sum(products, axis=0), dtype=np.float64)


def _name_fault(update: Update, expected: _Expected, fresh: Reference) -> str:
    """Return the mistake that explains the update, as the end of a clause, or nothing."""
    losses = expected.facts.losses
    faults = {
        "as if no label had a weight": np.ones_like(losses) / losses.shape[1],
        "as if the scheme began anew with this step": fresh(expected.facts),
    }
    return explain_update(update, expected.per_sample, faults.items())
