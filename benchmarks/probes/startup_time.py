"""How long does training take to start? One slice is the start of a fresh arm, up to the end of its first step.

Building and compiling the model is not in it; making the input pipeline from the arrays, tracing and the first update
are. The last arm is freed before the next one is built. `clear_session` is not called: besides Keras' own names it
drops the kernels that TensorFlow has cached for eager operations, which a process that starts once never does.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from benchmarks.probes._batches import round_to_batches
from benchmarks.protocols import Clock, Probe, Slices, TrainingArm
from benchmarks.records import Case


class StartupSlices:
    """Fresh arms, started one after the other; satisfies `protocols.Slices`."""

    steps_per_slice = 1
    trace_count = 0
    """Tracing is part of what is measured here, so none of it counts as a fault."""

    def __init__(self, build_arm: Callable[[], TrainingArm], clock: Clock) -> None:
        """Build nothing yet."""
        self._build_arm = build_arm
        self._clock = clock

    def measure_slice_ns(self) -> int:
        """Build a fresh arm and return how long its start takes."""
        arm = self._build_arm()
        startup_ns = arm.measure_startup_ns(self._clock)
        del arm
        # Models are full of reference cycles: nothing is freed without a collection, and the caller may have it off.
        gc.collect()
        return startup_ns

    def close(self) -> None:
        """Do nothing: between slices nothing is alive."""


class StartupTimeProbe:
    """Satisfies `protocols.Probe`."""

    warmup_rounds = 1
    """The first start in a process also pays for what TensorFlow and Keras set up once."""

    def count_samples(self, case: Case) -> int:
        """Return the dataset size rounded down to whole batches."""
        return round_to_batches(case)

    def open_slices(self, build_arm: Callable[[], TrainingArm], clock: Clock) -> Slices:
        """Return the arm's slices; it is built anew for each of them."""
        return StartupSlices(build_arm, clock)


STARTUP_TIME: Probe = StartupTimeProbe()
