"""Which methods are there beside those of static weights? Their rows, made of schemes, paths and controls.

A scheme that is computed inside the step has four methods: in `fit` and in a loop, each against the unweighted control
of its path and, named `..._over_static`, against the arm of the same path that is handed its weights. None of them is
an entry point of its own, and so they stand at the end, where none stands for its entry point in the gate sweep.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from benchmarks.methods._entry import (
    BETWEEN_STEPS,
    EVALUATION,
    GRAPH,
    OWN_LOOP,
    PEAK,
    RETAINED,
    STARTUP,
    EntryPoint,
    Kind,
    MethodEntry,
)

STEP_SCHEMES = ("focal", "class_balanced", "loss_proportional", "self_paced", "ohem", "meta_reweight")
"""What is computed inside the step, as `_schemes.SCHEMES` names it."""

OVER_STATIC = "_over_static"

_SCHEME_GRADIENT = "benchmarks.probes.scheme_gradient:check_scheme_gradient"
_RESAMPLING = "benchmarks.probes.resampled_classes:check_resampling"

_FIT = "model.fit(tf.data.Dataset of (x, y))"
_FIT_WEIGHTED = "model.fit(tf.data.Dataset of (x, y, w))"
_LOOP = "a GradientTape loop over (x, y), its step a tf.function"
_LOOP_WEIGHTED = "a GradientTape loop over (x, y, w), its step a tf.function"

_NOT_EVALUATED = {EVALUATION: "what training makes of its losses is no part of an evaluation"}
_OWN_BETWEEN_STEPS = {**BETWEEN_STEPS, GRAPH: "its step has the graph of fit_dataset"}
_DRAWN = {**_OWN_BETWEEN_STEPS, EVALUATION: "what is drawn more often is drawn for training alone"}

_OTHER_EXAMPLES = {
    "mlp_batchnorm": "batch normalisation looks at a whole batch, and an example alone is none",
    "gru": "tf.vectorized_map cannot differentiate TensorFlow's loop over time steps",
    "gru_steps": "an example has one gradient, and here a weight for each of its time steps",
    "transformer": "with oneDNN, TensorFlow 2.21 ends in a segmentation fault where attention is mapped over examples",
}
_LARGE_GRADIENTS = {"tabular": "the gradient of each example would be as large as the embedding of 100,000 categories"}


def _add_twin(entry: MethodEntry, control_path: str) -> Iterator[MethodEntry]:
    """Yield a row, and that of the same weighted arm against the arm of static weights, which this path describes.

    The twin is asked how long steps and passes take and what the graph holds; where nothing is timed step by step, the
    other control says what there is to say.
    """
    reason = f"it is asked of {entry.name}, whose control has no weights"
    yield entry
    yield dataclasses.replace(
        entry,
        name=f"{entry.name}{OVER_STATIC}",
        control_path=control_path,
        without={**dict.fromkeys((STARTUP, PEAK, RETAINED), reason), **entry.without},
        proof=_SCHEME_GRADIENT,
    )


def _make_entries() -> Iterator[MethodEntry]:
    """Yield all rows, in the order in which sweeps show them."""
    for scheme in STEP_SCHEMES:
        yield from _add_twin(
            MethodEntry(
                name=f"fit_{scheme}",
                entry_point=EntryPoint.FIT_CUSTOM,
                control_path=f"{_FIT} with a train_step that takes the mean of the losses",
                location="benchmarks.methods.dynamic_fit:DYNAMIC_FIT",
                weight_bytes_per_sample=0,
                without=_NOT_EVALUATED,
                kind=Kind.DYNAMIC,
                proof=_SCHEME_GRADIENT,
            ),
            f"{_FIT_WEIGHTED} with a train_step that takes the mean of the weighted losses",
        )
    for scheme in STEP_SCHEMES:
        yield from _add_twin(
            MethodEntry(
                name=f"loop_{scheme}",
                entry_point=EntryPoint.OWN_LOOP,
                control_path=_LOOP,
                location="benchmarks.methods.dynamic_loops:DYNAMIC_LOOPS",
                weight_bytes_per_sample=0,
                without=OWN_LOOP,
                kind=Kind.DYNAMIC,
                proof=_SCHEME_GRADIENT,
            ),
            _LOOP_WEIGHTED,
        )
    yield from _add_twin(
        MethodEntry(
            name="fit_refreshed",
            entry_point=EntryPoint.FIT_DATASET,
            control_path=_FIT,
            location="benchmarks.methods.refreshed_weights:REFRESHED_WEIGHTS",
            without={**_OWN_BETWEEN_STEPS, **_NOT_EVALUATED},
            kind=Kind.DYNAMIC,
            proof=_SCHEME_GRADIENT,
        ),
        _FIT_WEIGHTED,
    )
    for way, refused in (("map", _OTHER_EXAMPLES), ("jacobian", {})):
        yield from _add_twin(
            MethodEntry(
                name=f"loop_per_example_{way}",
                entry_point=EntryPoint.OWN_LOOP,
                control_path=_LOOP,
                location="benchmarks.methods.per_example:PER_EXAMPLE",
                without=OWN_LOOP,
                without_workloads={**_LARGE_GRADIENTS, **refused},
                kind=Kind.PER_EXAMPLE,
            ),
            _LOOP_WEIGHTED,
        )
    for way in ("map", "py_function"):
        yield MethodEntry(
            name=f"fit_class_weight_{way}",
            entry_point=EntryPoint.FIT_DATASET,
            control_path=_FIT,
            location="benchmarks.methods.pipeline_weights:PIPELINE_WEIGHTS",
            weight_bytes_per_sample=0,
            by_class=True,
            kind=Kind.PIPELINE,
        )
    for way in ("rejection_resample", "sample_from_datasets", "oversampled_indices"):
        yield MethodEntry(
            name=f"fit_{way}",
            entry_point=EntryPoint.FIT_DATASET,
            control_path=_FIT,
            location="benchmarks.methods.resampling:RESAMPLING",
            weight_bytes_per_sample=0,
            without=_DRAWN,
            by_class=True,
            kind=Kind.RESAMPLED,
            proof=_RESAMPLING,
        )


COMPUTED_ENTRIES: tuple[MethodEntry, ...] = tuple(_make_entries())
