"""Does training keep memory that it should have given back? The resident level after each of many short epochs.

Each epoch is one call of the method's entry point on the same arm. After each, garbage is collected, freed memory is
given back to the system, and the level is read; the slope over epochs is estimated by who asked. Leaves out: memory
that grows within an epoch and is freed at its end, which is in the peak.
"""

from __future__ import annotations

import gc

from benchmarks.probes import Stopwatch, _resident, round_to_batches
from benchmarks.protocols import ArmFactory, Gauge
from benchmarks.records import ArmReadings, ReadRequest

_SETTLING_EPOCHS = 4
"""Caches and thread pools grow in the first epochs of any process; they are not counted."""

_READ_EPOCHS = 12


class RetainedMemoryGauge:
    """Satisfies `protocols.Gauge`."""

    needs_allocator_statistics = True

    def read_arm(self, request: ReadRequest, factory: ArmFactory) -> ArmReadings:
        """Train epoch after epoch and return the level after each, those for settling left out."""
        _resident.keep_large_arrays_apart()
        arm = factory.build_arm(factory.make_samples(round_to_batches(request.case)))
        leak: list[bytes] = []
        levels = []
        for epoch in range(_SETTLING_EPOCHS + _READ_EPOCHS):
            arm.measure_pass(Stopwatch())
            if epoch == _SETTLING_EPOCHS:
                gc.freeze()  # what is there by now is not looked through again: collections then take no time
            if request.plant is not None and request.plant.leak_bytes:
                leak.append(b"\x01" * request.plant.leak_bytes)
            levels.append(_resident.read_resident_bytes())
        return ArmReadings(
            seed=request.seed, values={}, resident_by_epoch_bytes=tuple(levels[_SETTLING_EPOCHS:]), read_ns=0
        )


RETAINED_MEMORY: Gauge = RetainedMemoryGauge()
