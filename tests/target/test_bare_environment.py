"""What runs inside a target needs TensorFlow, NumPy and psutil, with what these bring along, and nothing else."""

from __future__ import annotations

import importlib.metadata
import subprocess
from pathlib import Path

import pytest

from benchmarks.launch.launcher import ServerLauncher
from benchmarks.launch.targets import Target, build_target
from benchmarks.records import BlockRequest
from benchmarks.target.supervise import Limits
from tests.examples import make_case

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[2]

_LOAD_ALL = """
import importlib.util
from benchmarks.methods import METHODS, load_method
from benchmarks.probes import load_gauge, load_probe
from benchmarks.records import Question
from benchmarks.workloads import WORKLOADS, load_workload
import benchmarks.probes.weighted_gradient, benchmarks.target.serving
import benchmarks.target.training, benchmarks.target.worker

for name in METHODS:
    load_method(name)
for name in WORKLOADS:
    load_workload(name)
for question in Question:
    (load_probe if question.is_timed else load_gauge)(question)
absent = ("pytest", "pytest_benchmark", "scipy", "platformdirs", "filelock", "sklearn")
print([name for name in absent if importlib.util.find_spec(name) is not None])
"""


@pytest.fixture(scope="module")
def bare() -> Target:
    """An environment with the TensorFlow of this one, NumPy and psutil; built once and kept in the user's cache."""
    distributions = importlib.metadata.packages_distributions()["tensorflow"]
    name = next(each for each in sorted(distributions) if each in {"tensorflow", "tensorflow-cpu", "tensorflow_cpu"})
    return build_target(f"{name}=={importlib.metadata.version(name)}")


def test_all_that_is_registered_loads_where_the_rest_of_the_suite_could_not(bare: Target) -> None:
    command = [str(bare.interpreter), "-c", _LOAD_ALL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_a_block_of_steps_is_measured(bare: Target) -> None:
    launcher = ServerLauncher(bare, Limits(timeout_s=120.0, memory_bytes=2**40))
    try:
        case = make_case(method="loop_graph", depth=1, batch_size=32)
        block = launcher.run_block(BlockRequest(case=case, seed=1, timed_budget_ns=20_000_000, min_rounds=3))
    finally:
        launcher.close()
    assert len(block.weighted_first) >= 3
    assert block.traces_while_timed == 0
