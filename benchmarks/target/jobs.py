"""What does one fresh process of a target do? It proves a method, measures or trains a block, starts or reads an arm.

Each job has a process to itself, so this module sets the process up as the job needs it: environment variables and
threads, before TensorFlow's runtime starts. Leaves out: statistics and verdicts. Needs only tensorflow, numpy, psutil
and the standard library.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.errors import RecordError
from benchmarks.methods import Replicas, load_method, load_proof
from benchmarks.probes import Stopwatch, load_gauge, load_probe
from benchmarks.protocols import Probe, Samples, Slices, Task, TrainingArm, Watch
from benchmarks.records import Arm, BlockRequest, Environment, Json, Profile, ReadRequest
from benchmarks.records.convergence import TrainRequest
from benchmarks.target.interleave import interleave, open_turns, slow_down, write_block
from benchmarks.target.profiling import ProfilingWatch, profile_in_turns, profile_once
from benchmarks.target.workers import Chief, Follower, find_replicas, open_partner
from benchmarks.workloads import load_workload

_ALLOCATOR_VARIABLE = "TF_CPU_ALLOCATOR_USE_BFC"
_ONEDNN_VARIABLE = "TF_ENABLE_ONEDNN_OPTS"

_PROOF_DEPTH = 2
"""Deep enough for a hidden layer to pass gradients on to another, shallow enough to be proven in a second."""


def do_job(request: Json) -> Json:
    """Do one request in this process, which is used for nothing else.

    Raises:
        RecordError: when it is none that is known.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    os.environ.pop(_ALLOCATOR_VARIABLE, None)
    do = request["do"]
    if do not in _JOBS and do not in _SLICED_JOBS:
        raise RecordError(f"expected a request to do one of {', '.join([*_JOBS, *_SLICED_JOBS])}, got {do!r}")
    with open_partner(request.get("member")) as partner:
        if do in _JOBS:
            return _JOBS[do](request)
        if isinstance(partner, Follower):
            return _follow(request, partner)
        return _SLICED_JOBS[do](request, partner)


def _measure(request: Json, chief: Chief | None) -> Json:
    """Build both arms of a case, interleave them, and return the block; its wall time is without waiting for others."""
    begin_ns = time.perf_counter_ns()
    wanted = _begin(request)
    probe = load_probe(wanted.case.question)
    watch = Stopwatch()
    with open_turns(request.get("meeting")) as turns, _open_arms(request, wanted, watch, chief) as slices:
        block = interleave(
            slices[Arm.CONTROL],
            slices[Arm.WEIGHTED],
            wanted,
            warmup_rounds=probe.warmup_rounds,
            watch=watch,
            turns=turns,
        )
    return write_block(block, begin_ns, turns)


def _start(request: Json, chief: Chief | None) -> Json:
    """Build one arm of a case, start it, and return the times of that."""
    wanted, arm = _begin(request), Arm(request["arm"])
    watch = Stopwatch()
    with _open_arms(request, wanted, watch, chief) as slices:
        times = slices[arm].measure_slice()
    if arm is Arm.WEIGHTED:
        times = slow_down(times, wanted.plant, watch)
    return dataclasses.asdict(times)


def _profile(request: Json, chief: Chief | None) -> Json:
    """Build both arms of a case and profile what its question times."""
    wanted = _begin(request)
    watch = ProfilingWatch()
    with _open_arms(request, wanted, watch, chief) as slices:
        control, weighted = profile_in_turns(slices[Arm.CONTROL], slices[Arm.WEIGHTED], watch)
    return Profile(control_own_ns_per_step=control, weighted_own_ns_per_step=weighted).to_json()


def _profile_start(request: Json, chief: Chief | None) -> Json:
    """Build one arm of a case and profile its start."""
    wanted, arm = _begin(request), Arm(request["arm"])
    watch = ProfilingWatch()
    with _open_arms(request, wanted, watch, chief) as slices:
        return profile_once(slices[arm], watch)


def _follow(request: Json, follower: Follower) -> Json:
    """Build the arms that the chief builds, make its slices as long as it does, and return nothing."""
    wanted = _begin(request)
    with _open_arms(request, wanted, Stopwatch(), None) as slices:
        follower.follow(slices)
    return {}


def _begin(request: Json) -> BlockRequest:
    """Return what is asked, once the process is set up as it wants it."""
    wanted = BlockRequest.from_json(request["request"])
    _set_threads(wanted.intra_op_threads, wanted.inter_op_threads)
    _prepare_replicas(request)
    return wanted


def _prepare_replicas(request: Json) -> None:
    """Set this process up for replicas where the method of a request trains some."""
    replicas = find_replicas(request)
    if replicas is not Replicas.ONE:
        from benchmarks.methods._replicas import prepare_replicas  # noqa: PLC0415 - imports TensorFlow

        member = request.get("member", {})
        prepare_replicas(replicas, member.get("addresses", ()), member.get("index", 0))


@contextlib.contextmanager
def _open_arms(
    request: Json, wanted: BlockRequest, watch: Watch, chief: Chief | None
) -> Iterator[Mapping[Arm, Slices]]:
    """Build the arm that is asked for, or both in the order that was asked for, and close them at the end.

    Args:
        request: names an arm where there is to be one alone.
        wanted: the case.
        watch: times them.
        chief: has another process make the same slices; None where there is none to be had.
    """
    probe = load_probe(wanted.case.question)
    arms = list(reversed(Arm) if wanted.weighted_built_first else Arm)
    if "arm" in request:
        arms = [Arm(request["arm"])]
    with contextlib.ExitStack() as opened:
        slices = {arm: opened.enter_context(contextlib.closing(open_arm(wanted, probe, watch, arm))) for arm in arms}
        yield slices if chief is None else chief.lead(slices)


def open_arm(request: BlockRequest, probe: Probe, watch: Watch, arm: Arm) -> Slices:
    """Build one arm of a case, ready for its first slice."""
    factory = _ArmFactory(request, arm)
    samples = make_samples(request.case.workload, probe.count_samples(request.case), request.seed)
    return probe.open_slices(lambda: factory.build_arm(samples), watch)


@functools.lru_cache(maxsize=1)
def make_samples(workload: str, sample_count: int, seed: int) -> Samples:
    """Return the samples of a workload, made once for all arms and, where it forks, for all processes of a server.

    Args:
        workload: a registered name.
        sample_count: how many.
        seed: they are drawn with.
    """
    return load_workload(workload).make_samples(sample_count, seed)


class _ArmFactory:
    """Makes one arm of the case that is asked for; satisfies `protocols.ArmFactory`."""

    def __init__(self, request: BlockRequest | ReadRequest, arm: Arm) -> None:
        self._case, self._seed = request.case, request.seed
        self._method, self._workload = load_method(request.case.method), load_workload(request.case.workload)
        self._weighted = arm is Arm.WEIGHTED and not request.case.null

    def make_samples(self, sample_count: int) -> Samples:
        """Return that many samples."""
        return self._workload.make_samples(sample_count, self._seed)

    def build_arm(self, samples: Samples) -> TrainingArm:
        """Return a fresh arm."""
        task = Task(
            workload=self._workload,
            samples=samples,
            depth=self._case.depth,
            batch_size=self._case.batch_size,
            seed=self._seed,
        )
        return self._method.build_arm(task, weighted=self._weighted)


def _read(job: Json) -> Json:
    """Read one arm alone."""
    begin_ns = time.perf_counter_ns()
    request = ReadRequest.from_json(job["request"])
    gauge = load_gauge(request.case.question)
    if gauge.needs_allocator_statistics:
        os.environ[_ALLOCATOR_VARIABLE] = "true"
    _set_threads(request.intra_op_threads, request.inter_op_threads)
    _prepare_replicas(job)
    readings = gauge.read_arm(request, _ArmFactory(request, request.arm))
    return readings.to_json() | {"read_ns": time.perf_counter_ns() - begin_ns}


def _train(job: Json) -> Json:
    """Train both arms of a setting to the end."""
    from benchmarks.target.training import train_block  # noqa: PLC0415 - imports TensorFlow

    request = TrainRequest.from_json(job["request"])
    _set_threads(request.intra_op_threads, request.inter_op_threads)
    return train_block(request).to_json()


def _set_threads(intra_op_threads: int | None, inter_op_threads: int | None) -> None:
    """Set TensorFlow's thread pools where a number was asked for."""
    import tensorflow as tf  # noqa: PLC0415

    if intra_op_threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(intra_op_threads)
    if inter_op_threads is not None:
        tf.config.threading.set_inter_op_parallelism_threads(inter_op_threads)


def _prove(request: Json) -> Json:
    """Prove that a method computes what it should with a workload; return nothing, or raise CaseError."""
    _prepare_replicas(request)
    name, workload = request["case"]["method"], load_workload(request["case"]["workload"])
    load_proof(name)(load_method(name), workload, depth=_PROOF_DEPTH, seed=0)
    return {}


def _describe(request: Json) -> Json:
    """Return what this target is."""
    import tensorflow as tf  # noqa: PLC0415

    gpus: list[Any] = tf.config.list_physical_devices("GPU")
    return Environment(
        **find_versions(),
        cpu_model=_find_cpu_model(),
        cores=os.cpu_count() or 0,
        intra_op_threads=request["intra_op_threads"],
        inter_op_threads=request["inter_op_threads"],
        onednn=os.environ.get(_ONEDNN_VARIABLE, "default"),
        device=f"{len(gpus)} GPU" if gpus else "CPU",
        jit_compile=_find_default_of_jit_compile(),
    ).to_json()


def find_versions() -> dict[str, str]:
    """Return the versions of TensorFlow, Keras, NumPy and Python; `tf.keras.__version__` is missing in 2.13 to 2.15."""
    packages = {name: str(importlib.import_module(name).__version__) for name in ("tensorflow", "keras", "numpy")}
    return packages | {"python": platform.python_version()}


def _find_default_of_jit_compile() -> str:
    """Return what `compile` chooses where it is not told, of a model of plain layers: `True` or `False`.

    Keras 3 leaves XLA out where a layer does not support it and, in its later versions, where there are CPUs alone.
    """
    import tensorflow as tf  # noqa: PLC0415

    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    return str(bool(model.jit_compile))


def _find_cpu_model() -> str:
    """Return the processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


_JOBS: Mapping[str, Callable[[Json], Json]] = {"describe": _describe, "prove": _prove, "read": _read, "train": _train}
"""What a process can be asked to do as it is; where there are two workers, both do the same."""

_SLICED_JOBS: Mapping[str, Callable[[Json, Chief | None], Json]] = {
    "measure": _measure,
    "start": _start,
    "profile": _profile,
    "profile_start": _profile_start,
}
"""What a process can be asked to do slice by slice; where there are two workers, the second follows the first."""
