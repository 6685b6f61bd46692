"""What does one fresh process of a target do? It describes the target, proves a method, measures a block, reads an arm.

Each job has a process to itself, so this module sets the process up as the job needs it: environment variables and
threads, before TensorFlow's runtime starts. Leaves out: statistics and verdicts. Needs only tensorflow, numpy, psutil
and the standard library.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.blocks.interleave import Schedule, interleave
from benchmarks.blocks.turns import Turns
from benchmarks.errors import RecordError
from benchmarks.methods import load_method
from benchmarks.probes import load_gauge, load_probe, load_profiler
from benchmarks.protocols import Method, Probe, Samples, Slices, Task, TrainingArm, Workload
from benchmarks.records import Arm, BlockRequest, Environment, Json, Meeting, ReadRequest
from benchmarks.workloads import load_workload

_ALLOCATOR_VARIABLE = "TF_CPU_ALLOCATOR_USE_BFC"
_ONEDNN_VARIABLE = "TF_ENABLE_ONEDNN_OPTS"

_PROOF_DEPTH = 2
"""Deep enough for a hidden layer to pass gradients on to another, shallow enough to be proven in a second."""


def do_job(request: Json) -> Json:
    """Do one request in this process, which is used for nothing else."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    os.environ.pop(_ALLOCATOR_VARIABLE, None)
    if request["do"] == "read":
        return _read(ReadRequest.from_json(request["request"]))
    if request["do"] == "describe":
        return _describe(request["intra_op_threads"], request["inter_op_threads"]).to_json()
    if request["do"] == "prove":
        from benchmarks.probes.weighted_gradient import check_weighted_gradient  # noqa: PLC0415 - imports TensorFlow

        method, workload = load_method(request["case"]["method"]), load_workload(request["case"]["workload"])
        check_weighted_gradient(method, workload, depth=_PROOF_DEPTH, seed=0)
        return {}
    if request["do"] == "profile":
        return _profile(BlockRequest.from_json(request["request"]))
    if request["do"] == "measure":
        meeting = request.get("meeting")
        return _measure(BlockRequest.from_json(request["request"]), None if meeting is None else Meeting(**meeting))
    raise RecordError(f"expected a request to describe, prove, measure, read or profile, got {request['do']!r}")


def _measure(request: BlockRequest, meeting: Meeting | None) -> Json:
    """Build both arms of a case, interleave them, and return the block; its wall time is without waiting for others."""
    begin_ns = time.perf_counter_ns()
    _set_threads(request.intra_op_threads, request.inter_op_threads)
    probe = load_probe(request.case.question)
    with contextlib.ExitStack() as stack:
        turns: Turns | None = None
        if meeting is not None:
            turns = stack.enter_context(contextlib.closing(Turns(meeting, time.perf_counter_ns)))
        slices = stack.enter_context(_open_arms(request, probe))
        block = interleave(
            slices[Arm.CONTROL],
            slices[Arm.WEIGHTED],
            Schedule(
                seed=request.seed,
                timed_budget_ns=request.timed_budget_ns,
                min_rounds=request.min_rounds,
                warmup_rounds=probe.warmup_rounds,
            ),
            plant=request.plant,
            clock=time.perf_counter_ns,
            turns=turns,
        )
    waited_ns = 0 if turns is None else turns.waited_ns
    return block.to_json() | {"wall_ns": time.perf_counter_ns() - begin_ns - waited_ns}


def _profile(request: BlockRequest) -> Json:
    """Build both arms of a case and profile what its question times."""
    _set_threads(request.intra_op_threads, request.inter_op_threads)
    question = request.case.question
    with _open_arms(request, load_probe(question)) as slices:
        return load_profiler()(question, slices[Arm.CONTROL], slices[Arm.WEIGHTED]).to_json()


@contextlib.contextmanager
def _open_arms(request: BlockRequest, probe: Probe) -> Iterator[Mapping[Arm, Slices]]:
    """Build both arms of a case, in an order drawn from the seed, and close them at the end."""
    case = request.case
    method = load_method(case.method)
    workload = load_workload(case.workload)
    task = Task(
        workload=workload,
        samples=workload.make_samples(probe.count_samples(case), request.seed),
        depth=case.depth,
        batch_size=case.batch_size,
        seed=request.seed,
    )
    with contextlib.ExitStack() as opened:

        def open_arm(arm: Arm) -> Slices:
            weighted = arm is Arm.WEIGHTED and not case.null
            slices = probe.open_slices(lambda: method.build_arm(task, weighted=weighted), time.perf_counter_ns)
            opened.callback(slices.close)
            return slices

        arms = list(Arm)
        random.Random(request.seed).shuffle(arms)  # noqa: S311 - an order, not a secret: neither arm is always built first
        yield {arm: open_arm(arm) for arm in arms}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _ArmFactory:
    """Makes one arm of a case; satisfies `protocols.ArmFactory`."""

    method: Method
    workload: Workload
    depth: int
    batch_size: int
    seed: int
    weighted: bool

    def make_samples(self, sample_count: int) -> Samples:
        """Return that many samples."""
        return self.workload.make_samples(sample_count, self.seed)

    def build_arm(self, samples: Samples) -> TrainingArm:
        """Return a fresh arm."""
        task = Task(
            workload=self.workload, samples=samples, depth=self.depth, batch_size=self.batch_size, seed=self.seed
        )
        return self.method.build_arm(task, weighted=self.weighted)


def _read(request: ReadRequest) -> Json:
    """Read one arm alone."""
    begin_ns = time.perf_counter_ns()
    case = request.case
    gauge = load_gauge(case.question)
    if gauge.needs_allocator_statistics:
        os.environ[_ALLOCATOR_VARIABLE] = "true"
    _set_threads(request.intra_op_threads, request.inter_op_threads)
    factory = _ArmFactory(
        method=load_method(case.method),
        workload=load_workload(case.workload),
        depth=case.depth,
        batch_size=case.batch_size,
        seed=request.seed,
        weighted=request.arm is Arm.WEIGHTED and not case.null,
    )
    readings = gauge.read_arm(request, factory)
    return readings.to_json() | {"read_ns": time.perf_counter_ns() - begin_ns}


def _set_threads(intra_op_threads: int | None, inter_op_threads: int | None) -> None:
    """Set TensorFlow's thread pools where a number was asked for."""
    import tensorflow as tf  # noqa: PLC0415

    if intra_op_threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(intra_op_threads)
    if inter_op_threads is not None:
        tf.config.threading.set_inter_op_parallelism_threads(inter_op_threads)


def _describe(intra_op_threads: int | None, inter_op_threads: int | None) -> Environment:
    """Return what this target is."""
    import numpy as np  # noqa: PLC0415
    import tensorflow as tf  # noqa: PLC0415

    gpus: list[Any] = tf.config.list_physical_devices("GPU")
    return Environment(
        tensorflow=str(tf.__version__),
        keras=_find_keras_version(),
        numpy=str(np.__version__),
        python=platform.python_version(),
        cpu_model=_find_cpu_model(),
        cores=os.cpu_count() or 0,
        intra_op_threads=intra_op_threads,
        inter_op_threads=inter_op_threads,
        allocator="bfc" if os.environ.get(_ALLOCATOR_VARIABLE) == "true" else "default",
        onednn=os.environ.get(_ONEDNN_VARIABLE, "default"),
        device=f"{len(gpus)} GPU" if gpus else "CPU",
    )


def _find_keras_version() -> str:
    """Return the version of the Keras that `tf.keras` is; `tf.keras.__version__` is missing in 2.13 to 2.15."""
    import keras  # noqa: PLC0415

    return str(keras.__version__)


def _find_cpu_model() -> str:
    """Return the processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
