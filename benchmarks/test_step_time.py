"""Does one optimizer update take longer when its samples are weighted?

Measured on batches that are ready: one call of Keras' own training function, or of a custom training step. Fails when
the overhead rose beyond the baseline (`--benchmark-compare`) by more than the tolerance.

Left out is `fit_class_weight`: Keras 3 looks the class weights of arrays up once, before the first step, which is in
the start-up and in each pass; Keras 2 does so batch by batch, as both do for a dataset (`fit_class_weight_dataset`).
Where no core is free for that, the same code costs twice as much (docs/gate-verification.md), and so its tolerance is
wider.
"""

import pytest

from benchmarks.plugin.fixtures import Measure
from benchmarks.records import Question


@pytest.mark.sweep(Question.STEP_TIME)
def test_step_time(measure: Measure) -> None:
    """The weighted step costs no more, beside its control, than it did in the baseline."""
    measure().fail_if_regressed()
