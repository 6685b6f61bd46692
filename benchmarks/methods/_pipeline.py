"""How do samples reach a method that takes a `tf.data.Dataset`? One pipeline for all of them, without weights or with.

It neither shuffles nor drops the last, smaller batch: `batch` does not by default. Probes round the samples down to
whole batches (`count_samples`), because a loop's `tf.function` would trace anew for a batch of another size.
"""

from __future__ import annotations

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
