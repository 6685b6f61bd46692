"""Does training keep more memory from epoch to epoch when its samples are weighted?

Read of each arm in a process of its own: the slope of resident memory over many short epochs. Fails, with a baseline
or without one, when the weighted arm keeps more per epoch than its control by more than the floor. The seconds that
pytest-benchmark shows are how long a process took.
"""

import pytest

from benchmarks.plugin.fixtures import Measure
from benchmarks.records import Question


@pytest.mark.sweep(Question.RETAINED_MEMORY)
def test_retained_memory(measure: Measure) -> None:
    """The weighted arm gives back what it took in an epoch, as its control does."""
    measure().fail_if_regressed()
