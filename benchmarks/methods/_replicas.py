"""How does a process come to train replicas of a model? What it has to do before TensorFlow's runtime starts.

Two replicas either live on two logical CPU devices of one process (`MirroredStrategy`), or in two processes that speak
gRPC (`MultiWorkerMirroredStrategy`), which each are told by `TF_CONFIG` where the other one is and which of the two
they are. The strategy is made at once: TensorFlow wants it before the first operation where processes work together.
Replicas are on CPUs, also where there are GPUs.

Leaves out: how processes are started, and take the same steps (`target.workers`).
Source: https://www.tensorflow.org/guide/distributed_training, https://www.tensorflow.org/guide/gpu (logical devices)
and https://www.tensorflow.org/tutorials/distribute/multi_worker_with_ctl (TF_CONFIG).
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from benchmarks.errors import BlockError, CaseError
from benchmarks.methods._entry import Replicas

_COUNT = 2

_CLUSTER_VARIABLE = "TF_CONFIG"


def prepare_replicas(replicas: Replicas, addresses: Sequence[str] = (), index: int = 0) -> None:
    """Set this process up for replicas, and make their strategy; do nothing where there is one device.

    To be called once, after the thread pools were set and before anything else is asked of TensorFlow.

    Args:
        replicas: what the method trains on.
        addresses: of the processes, as `127.0.0.1:4711`; none where there is one process.
        index: which of them this one is.

    Raises:
        BlockError: when the process cannot serve at its address.
    """
    if replicas is Replicas.ONE:
        return
    tf.config.set_visible_devices([], "GPU")
    if replicas is Replicas.TWO_DEVICES:
        (cpu, *_) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * _COUNT)
        find_strategy(replicas)
        return
    task = {"type": "worker", "index": index}
    os.environ[_CLUSTER_VARIABLE] = json.dumps({"cluster": {"worker": list(addresses)}, "task": task})
    hosts = ",".join(address.partition(":")[0] for address in addresses)
    os.environ["no_grpc_proxy"] = hosts  # noqa: SIM112 - gRPC reads it so
    try:
        find_strategy(replicas)
    except (RuntimeError, tf.errors.OpError) as error:
        raise BlockError(
            f"replicas: expected to serve at {addresses[index]}, got {type(error).__name__} ({error}); "
            "measure the case again, since something else may have taken the port"
        ) from error


@functools.lru_cache(maxsize=1)
def find_strategy(replicas: Replicas) -> Any:
    """Return the strategy under which this process trains replicas.

    Raises:
        CaseError: when the process was not set up for them.
    """
    if replicas is Replicas.TWO_DEVICES:
        devices = [device.name for device in tf.config.list_logical_devices("CPU")]
        if len(devices) != _COUNT:
            raise CaseError(
                f"replicas: expected {replicas.value}, got {len(devices)}; prepare the process before TensorFlow starts"
            )
        return tf.distribute.MirroredStrategy(devices)
    if _CLUSTER_VARIABLE not in os.environ:
        raise CaseError(f"replicas: expected {replicas.value}, got one alone; measure the method in a target")
    return tf.distribute.MultiWorkerMirroredStrategy()


def shard_by_samples(dataset: Any) -> Any:
    """Return the dataset, of which each process is to read a part of every batch, with the weights of its samples."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.with_options(options)


@tf.autograph.experimental.do_not_convert
def is_first_here(strategy: Any) -> bool:
    """Return whether the replica that asks is the first one of its process: what all do, one of them may note."""
    context = tf.distribute.get_replica_context()
    number = None if context is None else tf.get_static_value(context.replica_id_in_sync_group)
    return number is None or int(number) % len(strategy.extended.worker_devices) == 0
