"""How high does memory rise in a pass over the data, and in a single step? Tensors by device, and resident bytes.

A process reads one arm over one stretch. A pass is the first of a fresh arm in a fresh process: making the input
pipeline from the arrays, tracing, training and what TensorFlow sets up once are in it, as they are where a person calls
`fit`. The arrays of the samples themselves, weights included, exist before the pass in either arm and are in neither.
A step is one of a small arm that is warm. Each has a process to itself, because input pipelines are taken down by
threads that take their time: what one arm left behind blurred the peak of the next by 2 %.

Tensor bytes are the allocator's peak since the beginning of the pass or step; resident bytes are the peak above the
level before it. Leaves out: time, which an allocator that keeps statistics changes.

Allocators are asked through the public API that GPUs have too. A CPU's keeps statistics only with
`TF_CPU_ALLOCATOR_USE_BFC=true`, set before the device is first used; the process that reads an arm is set up so. A
device without statistics raises ValueError, or says 0 bytes of small tensors and counts large ones alone (oneDNN's
allocator, seen with TensorFlow 2.21). So it is asked while one small tensor is held, and told of where it does not
count that. Source: https://www.tensorflow.org/api_docs/python/tf/config/experimental/get_memory_info.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping

import tensorflow as tf

from benchmarks.probes import Stopwatch, _resident, round_to_batches, step_until_quiet
from benchmarks.protocols import ArmFactory, Gauge
from benchmarks.records import ArmReadings, ReadRequest, Stretch
from benchmarks.records.quantities import (
    PASS_PEAK_RESIDENT,
    PASS_PEAK_TENSORS,
    STEP_PEAK_RESIDENT,
    STEP_PEAK_TENSORS,
    name_reading,
)

_SMALL_TENSOR = 16
"""Elements of a tensor that is held to see whether the allocator counts it: far below the 256 KiB from which oneDNN's
does."""


def find_devices() -> tuple[str, ...]:
    """Return the devices that hold tensors, as `CPU:0` and `GPU:0`."""
    devices = tf.config.list_logical_devices()
    return tuple(device.name.rpartition("device:")[2] for device in devices if device.device_type in {"CPU", "GPU"})


def find_problem(device: str) -> str | None:
    """Return why the device has no statistics of all that it holds; None where it has.

    To be asked before anything runs: what is freed meanwhile would hide the tensor that is held.
    """
    try:
        before = tf.config.experimental.get_memory_info(device)["current"]
        with tf.device(f"/{device}"):
            held = tf.ones([_SMALL_TENSOR])
        now = tf.config.experimental.get_memory_info(device)["current"]
        del held
    except (ValueError, tf.errors.OpError) as error:
        words = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return f"{device} keeps no allocator statistics: {words}"
    if now <= before:
        return f"{device} keeps no allocator statistics: it says {now} bytes with a small tensor and without it"
    return None


def reset_peaks(devices: Iterable[str]) -> None:
    """Let the peaks of devices that have statistics begin anew at the present level."""
    for device in devices:
        tf.config.experimental.reset_memory_stats(device)


def read_peaks(devices: Iterable[str]) -> Mapping[str, int]:
    """Return the peak since the last reset by device, in bytes, of devices that have statistics."""
    return {device: int(tf.config.experimental.get_memory_info(device)["peak"]) for device in devices}


_TENSORS = {Stretch.PASS: PASS_PEAK_TENSORS.name, Stretch.STEP: STEP_PEAK_TENSORS.name}
_RESIDENT = {Stretch.PASS: PASS_PEAK_RESIDENT.name, Stretch.STEP: STEP_PEAK_RESIDENT.name}

_STEP_BATCHES = 4
"""Batches that the small arm goes round."""


class PeakMemoryGauge:
    """Satisfies `protocols.Gauge`."""

    needs_allocator_statistics = True

    def read_arm(self, request: ReadRequest, factory: ArmFactory) -> ArmReadings:
        """Read one pass of an arm, or one step."""
        _resident.keep_large_arrays_apart()
        # The devices come to life here, before any large array: peaks then do not depend on which was first.
        problems = {device: find_problem(device) for device in find_devices()}
        devices = tuple(device for device, problem in problems.items() if problem is None)
        if request.stretch is Stretch.STEP:
            values = _read_step(request, factory, devices)
        else:
            samples = factory.make_samples(round_to_batches(request.case))
            ballast_bytes = 0 if request.plant is None else request.plant.tensor_bytes
            arm = factory.build_arm(samples)
            values = _read_peaks(lambda: arm.measure_pass(Stopwatch()), request.stretch, devices, ballast_bytes)
        missing = {
            name_reading(_TENSORS[request.stretch], device): problem
            for device, problem in problems.items()
            if problem is not None
        }
        return ArmReadings(seed=request.seed, values=values, missing=missing, read_ns=0)


def _read_step(request: ReadRequest, factory: ArmFactory, devices: tuple[str, ...]) -> dict[str, float]:
    """Return the peaks of one step of an arm that is warm."""
    arm = factory.build_arm(factory.make_samples(_STEP_BATCHES * request.case.batch_size))
    with contextlib.closing(arm.open_steps(Stopwatch())) as stepper:
        step_until_quiet(arm, stepper)
        return _read_peaks(stepper.measure_step, request.stretch, devices, ballast_bytes=0)


def _read_peaks(
    work: Callable[[], object], stretch: Stretch, devices: tuple[str, ...], ballast_bytes: int
) -> dict[str, float]:
    """Do the work and return the peaks it reached by key, with a tensor of `ballast_bytes` held meanwhile."""
    with _resident.watch_peak() as watch:
        reset_peaks(devices)
        ballast = tf.ones([ballast_bytes], tf.uint8) if ballast_bytes else None
        work()
        peaks = read_peaks(devices)
        del ballast
    values: dict[str, float] = {name_reading(_TENSORS[stretch], device): peak for device, peak in peaks.items()}
    return values | {_RESIDENT[stretch]: watch.rise_bytes}


PEAK_MEMORY: Gauge = PeakMemoryGauge()
