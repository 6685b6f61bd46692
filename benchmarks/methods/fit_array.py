"""Weights as an array: `model.fit(x, y, sample_weight=w)`, the way most people start with.

The control is `model.fit(x, y)` on the same arrays. `fit` itself makes a dataset of (x, y, w) from them, so that its
single steps are those of `fit_dataset`; passes and start-ups are not.
"""

from __future__ import annotations

import dataclasses

from benchmarks.methods._fit import FitArguments, FitArm, compile_model
from benchmarks.methods._steps import build_step_pipeline
from benchmarks.protocols import Method, Samples, Task, TrainingArm


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FitArray:
    """Satisfies `protocols.Method`."""

    name: str = "fit_array"

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` leaves `sample_weight` out."""

        def make_arguments(samples: Samples) -> FitArguments:
            arguments: FitArguments = {"x": samples.features, "y": samples.labels, "batch_size": task.batch_size}
            return arguments | {"sample_weight": samples.weights} if weighted else arguments

        def make_step_arguments(samples: Samples) -> FitArguments:
            arrays = (samples.features, samples.labels, *((samples.weights,) if weighted else ()))
            return {"x": build_step_pipeline(arrays, task.batch_size)}

        return FitArm(task, compile_model(task), make_arguments, make_step_arguments)


FIT_ARRAY: Method = FitArray()
