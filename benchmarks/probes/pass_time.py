"""How long does one pass over the data take, training or evaluating? One slice is a call of the method's entry point.

In it is what step time leaves out: the input pipeline, `fit`'s work around steps and epochs, copying arrays where
`fit` does so in each call. A slice ends when the last loss has been read: in `on_train_end` of `fit`, in `on_test_end`
of `evaluate`, and before a loop drops its iterator. What the call still does until it returns is told apart, as its
take-down: it waits for the threads of its input pipeline, 35 to 40 ms in some passes and not in others, with next to no
processor time. Leaves out: making a `tf.data.Dataset`, which is made once and kept (start-up time).

`evaluate` takes weights as `fit` does, and `test_on_batch` as `train_on_batch` does, but no class weights. Loops
evaluate as their authors write it, and are not asked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from benchmarks.probes import round_to_batches
from benchmarks.protocols import Probe, Slices, Times, TrainingArm, Watch
from benchmarks.records import Case

MeasurePass = Callable[[TrainingArm, Watch], Times]
"""Sends an arm through one pass and returns how long that took."""


class PassSlices:
    """One arm, pass by pass; satisfies `protocols.Slices`."""

    def __init__(self, arm: TrainingArm, measure_pass: MeasurePass, watch: Watch) -> None:
        """Send the arm through one pass, which traces."""
        measure_pass(arm, watch)
        self.steps_per_slice = arm.steps_per_pass
        self._arm = arm
        self._measure_pass = measure_pass
        self._watch = watch
        self._traces_before = arm.trace_count

    def measure_slice(self) -> Times:
        """Do one pass and return how long it took, and how long the call took to return after it."""
        times = self._measure_pass(self._arm, self._watch)
        return dataclasses.replace(times, takedown_ns=self._watch.read_since_stop_ns())

    def close(self) -> None:
        """Do nothing: between passes nothing is open."""

    @property
    def trace_count(self) -> int:
        """How often this arm has traced since it was warmed up."""
        return self._arm.trace_count - self._traces_before


class PassTimeProbe:
    """Satisfies `protocols.Probe`."""

    warmup_rounds = 1
    """A second pass after the one that traces: the first in which both arms are alive."""

    is_cold = False

    def __init__(self, measure_pass: MeasurePass) -> None:
        """Measure this kind of pass."""
        self._measure_pass = measure_pass

    def count_samples(self, case: Case) -> int:
        """Return the dataset size rounded down to whole batches."""
        return round_to_batches(case)

    def open_slices(self, build_arm: Callable[[], TrainingArm], watch: Watch) -> Slices:
        """Build the arm and warm it up."""
        return PassSlices(build_arm(), self._measure_pass, watch)


EPOCH_TIME: Probe = PassTimeProbe(lambda arm, watch: arm.measure_pass(watch))
EVALUATION_TIME: Probe = PassTimeProbe(lambda arm, watch: arm.evaluate(watch).times)
