"""Does a whole pass over the data take longer when its samples are weighted?

Measured through the method's public entry point, `fit` or the loop over the dataset, and given per step: the input
pipeline, the callbacks and reading the loss at the end are in it. What the call does after that, waiting for its
pipeline's threads to end, is shown apart. Fails when the overhead rose beyond the baseline
(`--benchmark-compare`) by more than the tolerance.
"""

import pytest

from benchmarks.plugin.fixtures import Measure
from benchmarks.records import Question


@pytest.mark.sweep(Question.EPOCH_TIME)
def test_epoch_time(measure: Measure) -> None:
    """The weighted pass costs no more, beside its control, than it did in the baseline."""
    measure().fail_if_regressed()
