"""Does weighting make TensorFlow trace more often, or put more into the graph of the training step?

Counted of each arm in a process of its own: in the first call of the entry point, in two more, in two with another
batch size, and in two whose last batch is smaller; and how often XLA compiled meanwhile. Fails when the weighted arm is
traced after warm-up, with a baseline or without one, and when it has more traces, compilations or nodes, beside its
control, than in the baseline (`--benchmark-compare`): counts are exact, so any increase does. The seconds that
pytest-benchmark shows are how long a process took.
"""

import pytest

from benchmarks.plugin.fixtures import Measure
from benchmarks.records import Question


@pytest.mark.sweep(Question.TRAINING_GRAPH)
def test_training_graph(measure: Measure) -> None:
    """The weighted step is traced as often, and is made of as many operations, as it was in the baseline."""
    measure().fail_if_regressed()
