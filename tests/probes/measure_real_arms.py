"""A few slices of both real arms of a method."""

from __future__ import annotations

from benchmarks.methods import METHODS, Replicas, load_method
from benchmarks.probes import Stopwatch, load_probe
from benchmarks.protocols import Slices, Task
from benchmarks.records import Case, Question
from benchmarks.workloads import load_workload

ONE_OF_EACH_ARM = [
    name for name, entry in METHODS.items() if entry.replicas is Replicas.ONE and not name.endswith("_over_static")
]
"""Those over static weights have a weighted arm of these, and a control that is the weighted arm of one of these or
like it. Replicas need a process that is set up for them, as a target does (`tests.launch.test_real_replicas`)."""


def measure_real_arms(question: Question, method_name: str, *, rounds: int) -> list[Slices]:
    """Measure control and weighted arm in turns, as a block does, and return their closed slices."""
    probe, method, workload = load_probe(question), load_method(method_name), load_workload("mlp_sgd")
    case = Case(
        question=question,
        workload="mlp_sgd",
        depth=1,
        batch_size=8,
        dataset_size=None if question is Question.STEP_TIME else 35,
        method=method_name,
    )
    samples = workload.make_samples(probe.count_samples(case), seed=0)
    task = Task(workload=workload, samples=samples, depth=1, batch_size=8, seed=0)

    def open_arm(*, weighted: bool) -> Slices:
        return probe.open_slices(lambda: method.build_arm(task, weighted=weighted), Stopwatch())

    arms = [open_arm(weighted=False), open_arm(weighted=True)]
    for _ in range(rounds):
        for slices in arms:
            assert slices.measure_slice().wall_ns > 0
    for slices in arms:
        slices.close()
    return arms
