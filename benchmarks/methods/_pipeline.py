"""How do samples reach a step, and when is the step done? One `tf.data` pipeline for all methods, and one wait.

The pipeline neither shuffles nor drops the last, smaller batch: `batch` does not by default. Probes round the samples
down to whole batches (`count_samples`), because a loop's `tf.function` would trace anew for a batch of another size.

A step is done when its loss can be read and, where there is a GPU, when the GPU has nothing left to do. On a CPU an
operation or a `tf.function` returns after its work is done, updates of variables included. A GPU is handed work and
goes on: the loss is known before the optimizer has applied its gradients.
Source: https://www.tensorflow.org/api_docs/python/tf/test/experimental/sync_devices, there since TensorFlow 2.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from benchmarks.protocols import Samples


def build_pipeline(arrays: Any, batch_size: int) -> Any:
    """Return a dataset of batches: slices of the arrays, batched, prefetched.

    Args:
        arrays: nested tuples of NumPy arrays with the samples along their first axis; copied into tensors here.
        batch_size: samples in a batch.
    """
    return tf.data.Dataset.from_tensor_slices(arrays).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def build_step_pipeline(arrays: Any, batch_size: int) -> Any:
    """Return a dataset that goes round its batches without end; from the second time on each of them is ready.

    A step's time then holds the update and little else. Nothing is tuned while it runs: with Keras' own pipeline from
    arrays, one of two identical arms was now and then 10 % slower for a whole block. The batch dimension stays open, as
    it is in a pass, so that the same graph is timed.

    Args:
        arrays: nested tuples of NumPy arrays with the samples along their first axis; whole batches of them.
        batch_size: samples in a batch.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensor_slices(arrays).batch(batch_size).cache().repeat().with_options(options)


def count_steps(samples: Samples, batch_size: int) -> int:
    """Return how many optimizer updates one pass over the samples takes, the last batch included where smaller."""
    return -(-len(samples.labels) // batch_size)


def find_device_wait() -> Callable[[], None]:
    """Return what waits for the devices of this process: nothing at all where there is no GPU."""
    if not tf.config.list_physical_devices("GPU"):
        return _wait_for_nothing
    wait: Callable[[], None] = tf.test.experimental.sync_devices
    return wait


def _wait_for_nothing() -> None:
    """Return at once."""
