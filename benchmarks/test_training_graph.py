"""Does weighting make TensorFlow trace more often, or put more into the graph of the training step?

Counted of each arm in a process of its own. Fails when the weighted arm is traced after warm-up, with a baseline or
without one, and when it has more traces or nodes, beside its control, than in the baseline (`--benchmark-compare`):
counts are exact, so any increase does. The seconds that pytest-benchmark shows are how long a process took.
"""

import pytest

from benchmarks.plugin.fixtures import Measure
from benchmarks.records import Question


@pytest.mark.sweep(Question.TRAINING_GRAPH)
def test_training_graph(measure: Measure) -> None:
    """The weighted step is traced as often, and is made of as many operations, as it was in the baseline."""
    measure().fail_if_regressed()
