"""How long does one pass over the data take? One slice is a pass through the method's public entry point.

In it is what step time leaves out: the input pipeline, `fit`'s work around steps and epochs, copying arrays where
`fit` does so in each call. A slice ends when the loss of the last step has been read: in `on_train_end` of `fit`, and
before a loop drops its iterator. What the call still does until it returns is told apart, as its take-down: it waits
for the threads of its input pipeline, 35 to 40 ms in some passes and not in others, with next to no processor time.
Leaves out: making a `tf.data.Dataset`, which is made once and kept (start-up time).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from benchmarks.probes import round_to_batches
from benchmarks.protocols import Probe, Slices, Times, TrainingArm, Watch
from benchmarks.records import Case


class EpochSlices:
    """One arm, pass by pass; satisfies `protocols.Slices`."""

    def __init__(self, arm: TrainingArm, watch: Watch) -> None:
        """Take an arm that has been through a pass."""
        self.steps_per_slice = arm.steps_per_pass
        self._arm = arm
        self._watch = watch
        self._traces_before = arm.trace_count

    def measure_slice(self) -> Times:
        """Do one pass and return how long it took, and how long the call took to return after it."""
        times = self._arm.measure_pass(self._watch)
        return dataclasses.replace(times, takedown_ns=self._watch.read_since_stop_ns())

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

    is_cold = False

    def count_samples(self, case: Case) -> int:
        """Return the dataset size rounded down to whole batches."""
        return round_to_batches(case)

    def open_slices(self, build_arm: Callable[[], TrainingArm], watch: Watch) -> Slices:
        """Build the arm and send it through one pass, which traces."""
        arm = build_arm()
        arm.measure_pass(watch)
        return EpochSlices(arm, watch)


EPOCH_TIME: Probe = EpochTimeProbe()
