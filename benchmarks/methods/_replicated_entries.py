"""Which methods train several replicas of a model at the same time? Their rows, by `tf.distribute` strategy.

None of them is an entry point of its own, and so they stand at the end, where none stands for its entry point in the
gate sweep. What replicas do to single workloads is no fault of weighting, and is left out with its reason.
"""

from __future__ import annotations

from benchmarks.methods._entry import EVALUATION, OWN_LOOP, PEAK, EntryPoint, Kind, MethodEntry, Replicas

_FIT = {EVALUATION: "what replicas do to weights is asked where they train"}

_ONE_OF_TWO = {PEAK: "its memory is that of two processes, and a process is read by itself"}

_LOCAL_MEANS = {
    "mlp_batchnorm": "each replica normalises by the samples that it has, and so trains something else than one device"
}

REPLICATED_ENTRIES: tuple[MethodEntry, ...] = (
    MethodEntry(
        name="fit_mirrored",
        entry_point=EntryPoint.FIT_DATASET,
        control_path="model.fit(tf.data.Dataset of (x, y)) under MirroredStrategy, on two logical CPU devices",
        location="benchmarks.methods.replicated_fit:FIT_MIRRORED",
        without=_FIT,
        without_workloads=_LOCAL_MEANS,
        kind=Kind.REPLICATED,
        replicas=Replicas.TWO_DEVICES,
    ),
    MethodEntry(
        name="fit_multi_worker",
        entry_point=EntryPoint.FIT_DATASET,
        control_path="model.fit(tf.data.Dataset of (x, y)) under MultiWorkerMirroredStrategy, in two processes",
        location="benchmarks.methods.replicated_fit:FIT_MULTI_WORKER",
        without={**_FIT, **_ONE_OF_TWO},
        without_workloads=_LOCAL_MEANS,
        kind=Kind.REPLICATED,
        replicas=Replicas.TWO_PROCESSES,
        unswept="Keras 3 cannot do it, and a sweep is not to fail with every Keras of today",
    ),
    MethodEntry(
        name="loop_mirrored",
        entry_point=EntryPoint.OWN_LOOP,
        control_path="a GradientTape loop over (x, y) under MirroredStrategy, on two logical CPU devices",
        location="benchmarks.methods.replicated_loops:LOOP_MIRRORED",
        without=OWN_LOOP,
        without_workloads=_LOCAL_MEANS,
        kind=Kind.REPLICATED,
        replicas=Replicas.TWO_DEVICES,
    ),
    MethodEntry(
        name="loop_multi_worker",
        entry_point=EntryPoint.OWN_LOOP,
        control_path="a GradientTape loop over (x, y) under MultiWorkerMirroredStrategy, in two processes",
        location="benchmarks.methods.replicated_loops:LOOP_MULTI_WORKER",
        without={**OWN_LOOP, **_ONE_OF_TWO},
        without_workloads=_LOCAL_MEANS,
        kind=Kind.REPLICATED,
        replicas=Replicas.TWO_PROCESSES,
    ),
)
"""Their rows, in the order in which sweeps show them."""
