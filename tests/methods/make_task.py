"""A task that is trained in a moment."""

from __future__ import annotations

from benchmarks.protocols import Task
from benchmarks.workloads import load_workload


def make_task(*, samples: int = 32, batch_size: int = 8, workload: str = "mlp_sgd") -> Task:
    """Return a task of one hidden layer; imports TensorFlow."""
    loaded = load_workload(workload)
    return Task(workload=loaded, samples=loaded.make_samples(samples, seed=0), depth=1, batch_size=batch_size, seed=0)
