"""What do TensorFlow's allocators say of their peak? Device by device, through the public API that GPUs have too.

A CPU's allocator keeps statistics only with `TF_CPU_ALLOCATOR_USE_BFC=true`, set before the device is first used; the
process that reads an arm is set up so. A device without statistics raises ValueError, or says 0 bytes whatever it holds
(seen with TensorFlow 2.21), and is told of.
Source: https://www.tensorflow.org/api_docs/python/tf/config/experimental/get_memory_info.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import tensorflow as tf

_SMALL_TENSOR = 16
"""Elements of a tensor that is held to see whether the allocator counts it."""


def find_devices() -> tuple[str, ...]:
    """Return the devices that hold tensors, as `CPU:0` and `GPU:0`."""
    devices = tf.config.list_logical_devices()
    return tuple(device.name.rpartition("device:")[2] for device in devices if device.device_type in {"CPU", "GPU"})


def reset_peaks(devices: Iterable[str]) -> None:
    """Let the peaks begin anew at the present level, on the devices that have statistics."""
    for device in devices:
        if find_problem(device) is None:
            tf.config.experimental.reset_memory_stats(device)


def read_peaks(devices: Iterable[str]) -> Mapping[str, int]:
    """Return the peak since the last reset by device, in bytes; devices without statistics are left out."""
    return {
        device: int(tf.config.experimental.get_memory_info(device)["peak"])
        for device in devices
        if find_problem(device) is None
    }


def find_problem(device: str) -> str | None:
    """Return why the device has no statistics; None where it has."""
    try:
        with tf.device(f"/{device}"):
            held = tf.ones([_SMALL_TENSOR])
        info = tf.config.experimental.get_memory_info(device)
        del held
    except (ValueError, tf.errors.OpError) as error:
        words = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return f"{device} keeps no allocator statistics: {words}"
    if not info["peak"]:
        return f"{device} keeps no allocator statistics: it says 0 bytes while a tensor is held"
    return None
