"""Weights by class: `model.fit(x, y, class_weight={class: weight})`.

Keras turns them into weights of samples: Keras 2 batch by batch in its input pipeline, Keras 3 for arrays once, when
`fit` begins. The control is `model.fit(x, y)` on the same arrays. Single steps are measured on a dataset of
(x, y), whose weights Keras looks up batch by batch in either version.
"""

from __future__ import annotations

import dataclasses

from benchmarks.methods import METHODS
from benchmarks.methods._fit_arm import FitArguments, FitArm, compile_model
from benchmarks.methods._pipeline import build_step_pipeline
from benchmarks.protocols import Method, Samples, Task, TrainingArm

_ENTRY = METHODS["fit_class_weight"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FitClassWeight:
    """Satisfies `protocols.Method`."""

    name: str = _ENTRY.name
    summary: str = _ENTRY.summary
    weights_by_class: bool = True

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` leaves `class_weight` out."""

        def make_arguments(samples: Samples) -> FitArguments:
            arguments: FitArguments = {"x": samples.features, "y": samples.labels, "batch_size": task.batch_size}
            return arguments | {"class_weight": dict(samples.class_weight)} if weighted else arguments

        def make_step_arguments(samples: Samples) -> FitArguments:
            arguments: FitArguments = {"x": build_step_pipeline((samples.features, samples.labels), task.batch_size)}
            return arguments | {"class_weight": dict(samples.class_weight)} if weighted else arguments

        return FitArm(task, compile_model(task), make_arguments, make_step_arguments)


FIT_CLASS_WEIGHT: Method = FitClassWeight()
