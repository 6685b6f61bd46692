"""Does training take longer to start when its samples are weighted?

Measured in a fresh process each time, from the call of the entry point to the end of the first step: reading the
arrays, building the input pipeline and TensorFlow's first tracing are in it, importing TensorFlow is not. Fails when
the overhead rose beyond the baseline (`--benchmark-compare`) by more than the tolerance.
"""

import pytest

from benchmarks.plugin.fixtures import Measure
from benchmarks.records import Question


@pytest.mark.sweep(Question.STARTUP_TIME)
def test_startup_time(measure: Measure) -> None:
    """The weighted start costs no more, beside its control, than it did in the baseline."""
    measure().fail_if_regressed()
