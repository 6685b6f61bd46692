"""Does training take longer to start when its samples are weighted?

Measured in a fresh process each time, from the call of the entry point to the end of the first step: reading the
arrays, building the input pipeline and TensorFlow's first tracing are in it, importing TensorFlow is not. Fails when
the overhead rose beyond the baseline (`--benchmark-compare`) by more than the tolerance.
"""

import pytest

from benchmarks.plugin.fixtures import MeasureOverhead
from benchmarks.records import Question


@pytest.mark.sweep("startup_time")
def test_startup_time(
    workload: str, depth: int, batch_size: int, dataset_size: int, method: str, measure_overhead: MeasureOverhead
) -> None:
    """The weighted start costs no more, beside its control, than it did in the baseline."""
    report = measure_overhead(
        Question.STARTUP_TIME,
        workload=workload,
        depth=depth,
        batch_size=batch_size,
        dataset_size=dataset_size,
        method=method,
    )
    report.fail_if_regressed()
