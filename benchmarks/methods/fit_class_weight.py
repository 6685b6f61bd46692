"""Weights by class for arrays: `model.fit(x, y, class_weight={class: weight})`.

Keras turns them into weights of samples: Keras 3 once, when `fit` begins, with one Python call per row; Keras 2 batch
by batch in its input pipeline. Start-up and epoch time hold that. The step that follows is no other than that of
`fit_array` in Keras 3, and of `fit_class_weight_dataset` in Keras 2, and so it is measured there. The control is
`model.fit(x, y)` on the same arrays.
"""

from __future__ import annotations

import dataclasses

from benchmarks.methods._fit import FitArguments, FitArm, compile_model
from benchmarks.protocols import Method, Samples, Task, TrainingArm


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FitClassWeight:
    """Satisfies `protocols.Method`."""

    name: str = "fit_class_weight"

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` leaves `class_weight` out."""

        def make_arguments(samples: Samples) -> FitArguments:
            arguments: FitArguments = {"x": samples.features, "y": samples.labels, "batch_size": task.batch_size}
            return arguments | {"class_weight": dict(samples.class_weight)} if weighted else arguments

        return FitArm(task, compile_model(task), make_arguments, None)


FIT_CLASS_WEIGHT: Method = FitClassWeight()
