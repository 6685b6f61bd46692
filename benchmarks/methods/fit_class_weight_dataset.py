"""Weights by class for a dataset: `model.fit` on a `tf.data.Dataset` of (x, y), with `class_weight={class: weight}`.

Keras 2 and 3 both look the weights up batch by batch, in a `map` that `fit` adds to the dataset and that runs beside
the step where a core is free. The control is `model.fit` on the same dataset.
"""

from __future__ import annotations

import dataclasses

from benchmarks.methods._fit import FitArguments, FitArm, compile_model
from benchmarks.methods._steps import build_pipeline, build_step_pipeline
from benchmarks.protocols import Method, Samples, Task, TrainingArm


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FitClassWeightDataset:
    """Satisfies `protocols.Method`."""

    name: str = "fit_class_weight_dataset"

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` leaves `class_weight` out."""

        def add_weights(arguments: FitArguments, samples: Samples) -> FitArguments:
            return arguments | {"class_weight": dict(samples.class_weight)} if weighted else arguments

        def make_arguments(samples: Samples) -> FitArguments:
            return add_weights({"x": build_pipeline((samples.features, samples.labels), task.batch_size)}, samples)

        def make_step_arguments(samples: Samples) -> FitArguments:
            return add_weights({"x": build_step_pipeline((samples.features, samples.labels), task.batch_size)}, samples)

        return FitArm(task, compile_model(task), make_arguments, make_step_arguments)


FIT_CLASS_WEIGHT_DATASET: Method = FitClassWeightDataset()
