"""How long does one pass over the data take? One slice is a whole pass through the method's public entry point.

In it is what step time leaves out: the input pipeline, `fit`'s work around steps and epochs, copying arrays where
`fit` does so in each call. Leaves out: making a `tf.data.Dataset`, which is made once and kept (start-up time).
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.probes._batches import round_to_batches
from benchmarks.protocols import Clock, Probe, Slices, TrainingArm
from benchmarks.records import Case


class EpochSlices:
    """One arm, pass by pass; satisfies `protocols.Slices`."""

    def __init__(self, arm: TrainingArm, clock: Clock) -> None:
        """Take an arm that has been through a pass."""
        self.steps_per_slice = arm.steps_per_pass
        self._arm = arm
        self._clock = clock
        self._traces_before = arm.trace_count

    def measure_slice_ns(self) -> int:
        """Do one pass and return how long it took."""
        begin_ns = self._clock()
        self._arm.run_pass()
        return self._clock() - begin_ns

    def close(self) -> None:
        """Do nothing: between passes nothing is open."""

    @property
    def trace_count(self) -> int:
        """How often this arm has traced since it was warmed up."""
        return self._arm.trace_count - self._traces_before


class EpochTimeProbe:
    """Satisfies `protocols.Probe`."""

    warmup_rounds = 1
    """A second pass after the one that traces: the first in which both arms are alive."""

    def count_samples(self, case: Case) -> int:
        """Return the dataset size rounded down to whole batches."""
        return round_to_batches(case)

    def open_slices(self, build_arm: Callable[[], TrainingArm], clock: Clock) -> Slices:
        """Build the arm and send it through one pass, which traces."""
        arm = build_arm()
        arm.run_pass()
        return EpochSlices(arm, clock)


EPOCH_TIME: Probe = EpochTimeProbe()
