"""When is a step done? When its loss can be read and, where there is a GPU, when the GPU has nothing left to do.

On a CPU an operation or a `tf.function` returns after its work is done, updates of variables included. A GPU is
handed work and goes on: the loss is known before the optimizer has applied its gradients.
Source: https://www.tensorflow.org/api_docs/python/tf/test/experimental/sync_devices, there since TensorFlow 2.12.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf


def find_device_wait() -> Callable[[], None]:
    """Return what waits for the devices of this process: nothing at all where there is no GPU."""
    if not tf.config.list_physical_devices("GPU"):
        return _wait_for_nothing
    wait: Callable[[], None] = tf.test.experimental.sync_devices
    return wait


def _wait_for_nothing() -> None:
    """Return at once."""
