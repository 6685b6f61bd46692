"""Weights in the input pipeline: `model.fit` on a `tf.data.Dataset` of (x, y, w).

The control is `model.fit` on a dataset of (x, y) made in the same way. Neither shuffles.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from benchmarks.methods._fit import FitArguments, FitArm, compile_model
from benchmarks.methods._steps import build_pipeline, build_step_pipeline
from benchmarks.protocols import Method, Samples, Task, TrainingArm


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FitDataset:
    """Satisfies `protocols.Method`."""

    name: str = "fit_dataset"

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` leaves the weights out of the dataset."""

        def select(samples: Samples) -> Any:
            return (samples.features, samples.labels, *((samples.weights,) if weighted else ()))

        def make_arguments(samples: Samples) -> FitArguments:
            return {"x": build_pipeline(select(samples), task.batch_size)}

        def make_step_arguments(samples: Samples) -> FitArguments:
            return {"x": build_step_pipeline(select(samples), task.batch_size)}

        return FitArm(task, compile_model(task), make_arguments, make_step_arguments)


FIT_DATASET: Method = FitDataset()
