"""Does evaluating take longer when the samples are weighted?

Measured through the method's own way of evaluating, to the reading of the loss. Fails when the overhead rose beyond the
baseline (`--benchmark-compare`) by more than the tolerance.
"""

import pytest

from benchmarks.plugin.fixtures import Measure
from benchmarks.records import Question


@pytest.mark.sweep(Question.EVALUATION_TIME)
def test_evaluation_time(measure: Measure) -> None:
    """A weighted evaluation costs no more, beside its control, than it did in the baseline."""
    measure().fail_if_regressed()
