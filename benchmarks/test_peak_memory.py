"""Does training need more memory when its samples are weighted?

Read of each arm in a process of its own: the peak of TensorFlow's allocators and of resident memory, over a whole pass
through the method's entry point and over a single step. Fails when what the weighted arm needs more than its control
rose beyond the baseline (`--benchmark-compare`) by more than the tolerance and the floor. The seconds that
pytest-benchmark shows are how long a process took; the bytes are in `extra_info` and in the suite's own summary.
"""

import pytest

from benchmarks.plugin.fixtures import Measure
from benchmarks.records import Question


@pytest.mark.sweep(Question.PEAK_MEMORY)
def test_peak_memory(measure: Measure) -> None:
    """The weighted arm needs no more bytes, beside its control, than it did in the baseline."""
    measure().fail_if_regressed()
