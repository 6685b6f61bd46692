"""Does a whole pass over the data take longer when its samples are weighted?

Measured through the method's public entry point, `fit` or the loop over the dataset, and given per step: the input
pipeline, the callbacks and reading the loss at the end are in it. What the call does after that, waiting for its
pipeline's threads to end, is shown apart. Fails when the overhead rose beyond the baseline
(`--benchmark-compare`) by more than the tolerance.
"""

import pytest

from benchmarks.plugin.fixtures import MeasureOverhead
from benchmarks.records import Question


@pytest.mark.sweep("epoch_time")
def test_epoch_time(
    workload: str, depth: int, batch_size: int, dataset_size: int, method: str, measure_overhead: MeasureOverhead
) -> None:
    """The weighted pass costs no more, beside its control, than it did in the baseline."""
    report = measure_overhead(
        Question.EPOCH_TIME,
        workload=workload,
        depth=depth,
        batch_size=batch_size,
        dataset_size=dataset_size,
        method=method,
    )
    report.fail_if_regressed()
