"""Does training need more memory when its samples are weighted?

Read of each arm in a process of its own: the peak of TensorFlow's allocators and of resident memory, over a whole pass
through the method's entry point and over a single step. Fails when what the weighted arm needs more than its control
rose beyond the baseline (`--benchmark-compare`) by more than the tolerance and the floor. The seconds that
pytest-benchmark shows are how long a process took; the bytes are in `extra_info` and in the suite's own summary.
"""

import pytest

from benchmarks.plugin.fixtures import MeasureOverhead
from benchmarks.records import Question


@pytest.mark.sweep("peak_memory")
def test_peak_memory(
    workload: str, depth: int, batch_size: int, dataset_size: int, method: str, measure_overhead: MeasureOverhead
) -> None:
    """The weighted arm needs no more bytes, beside its control, than it did in the baseline."""
    report = measure_overhead(
        Question.PEAK_MEMORY,
        workload=workload,
        depth=depth,
        batch_size=batch_size,
        dataset_size=dataset_size,
        method=method,
    )
    report.fail_if_regressed()
