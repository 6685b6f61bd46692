"""Workloads can be named without TensorFlow, and an unknown name is told in one line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from benchmarks.errors import CaseError
from benchmarks.workloads import WORKLOADS, load_workload


def test_naming_workloads_imports_no_tensorflow() -> None:
    script = "import sys, benchmarks.workloads; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_an_unknown_workload_is_answered_with_the_known_ones() -> None:
    with pytest.raises(CaseError, match=r"expected one of mlp, .*, tabular, got 'rnn'; choose") as caught:
        load_workload("rnn")
    assert "\n" not in str(caught.value)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_loads_under_the_name_it_bears(name: str) -> None:
    assert load_workload(name).name == name


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", WORKLOADS)
def test_a_sample_has_as_many_weights_as_the_registry_says(name: str) -> None:
    weights = load_workload(name).make_samples(8, seed=0).weights
    by_output = weights.values() if isinstance(weights, Mapping) else [weights]
    assert sum(each.size for each in by_output) == 8 * WORKLOADS[name].weights_per_sample
