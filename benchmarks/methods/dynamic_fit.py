"""Weights computed inside the step of `model.fit`: a subclass whose `train_step` finds the loss of the batch itself.

Each scheme of `_schemes` is there twice: against the control whose `train_step` takes the mean of the losses, and,
named `..._over_static`, against the one that is handed weights and takes the mean of the losses times them. Nothing
else differs: the same subclass, the same pipeline, a metric of the same kind for the loss that `fit` shows.

The data of a scheme are (x, y): it makes its weights itself, and carries none along.
Source: https://www.tensorflow.org/guide/keras/customizing_what_happens_in_fit ("going lower-level").
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from benchmarks.methods._fit import FitArguments, FitMethod
from benchmarks.methods._schemes import SCHEMES, BuildDifferentiate, Scheme, build_plain, make_with_twins
from benchmarks.methods._steps import build_pipeline, build_step_pipeline
from benchmarks.methods.fit_datasets import hand_over_batches
from benchmarks.proofs import Reference, SchemeMethod
from benchmarks.protocols import Samples, Task


class SchemeModel(tf.keras.Model):
    """A functional model whose training step is made of a `Differentiate`, set as `differentiate` before it trains.

    `shown_loss` is the metric of the loss that `fit` shows.
    """

    differentiate: Callable[..., tuple[Any, Any]]
    shown_loss: Any

    def train_step(self, data: Any) -> dict[str, Any]:
        """Do one update on (x, y) or (x, y, w) and return the mean of the losses so far."""
        loss, gradients = self.differentiate(*data)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))  # noqa: B905 - as in the guide
        self.shown_loss.update_state(loss)
        return {"loss": self.shown_loss.result()}


def _build_model(task: Task, *, weighted: bool, build: BuildDifferentiate) -> Any:
    """Return the task's model in the subclass, with the scheme where it is weighted, compiled without a loss."""
    backbone = task.workload.build_model(task.depth, task.seed)
    model = SchemeModel(backbone.inputs, tf.nest.pack_sequence_as(task.samples.labels, backbone.outputs))
    model.differentiate = (build if weighted else build_plain)(task, model)
    model.shown_loss = tf.keras.metrics.Mean(name="loss")
    model.compile(optimizer=task.workload.make_optimizer())
    return model


def _hand_over(samples: Samples, *, weighted: bool, batch_size: int, is_over_static: bool, build: Any) -> FitArguments:
    """Return a dataset of (x, y), or of (x, y, w) for the control of static weights."""
    return hand_over_batches(samples, weighted=is_over_static and not weighted, batch_size=batch_size, build=build)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SchemeFit(FitMethod):
    """A scheme in `fit` with one of its controls; satisfies `proofs.SchemeMethod`."""

    is_over_static: bool
    clean_count: int
    make_reference: Callable[[], Reference]


def make_scheme_fit(name: str, scheme: Scheme, *, is_over_static: bool) -> SchemeMethod:
    """Return the method of this name."""
    hand_over = functools.partial(_hand_over, is_over_static=is_over_static)
    return SchemeFit(
        name=name,
        hand_over=functools.partial(hand_over, build=build_pipeline),
        hand_over_steps=functools.partial(hand_over, build=build_step_pipeline),
        build_model=functools.partial(_build_model, build=scheme.build),
        is_over_static=is_over_static,
        clean_count=scheme.clean_count,
        make_reference=scheme.make_reference,
    )


DYNAMIC_FIT: Mapping[str, SchemeMethod] = make_with_twins("fit", SCHEMES, make_scheme_fit)
