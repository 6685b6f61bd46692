"""How long does one evaluation of the data take? One slice is a pass through the method's way of evaluating.

`evaluate` takes weights as `fit` does, and `test_on_batch` as `train_on_batch` does, but no class weights. A slice ends
when the loss has been read: in `on_test_end` of `evaluate`. What the call still does until it returns is told apart, as
its take-down (see `epoch_time`). Leaves out: loops, which evaluate as their authors write it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from benchmarks.probes import round_to_batches
from benchmarks.protocols import Probe, Slices, Times, TrainingArm, Watch
from benchmarks.records import Case


class EvaluationSlices:
    """One arm, evaluation by evaluation; satisfies `protocols.Slices`."""

    def __init__(self, arm: TrainingArm, watch: Watch) -> None:
        """Take an arm that has evaluated once."""
        self.steps_per_slice = arm.steps_per_pass
        self._arm = arm
        self._watch = watch
        self._traces_before = arm.trace_count

    def measure_slice(self) -> Times:
        """Evaluate once and return how long it took, and how long the call took to return after it."""
        times = self._arm.evaluate(self._watch).times
        return dataclasses.replace(times, takedown_ns=self._watch.read_since_stop_ns())

    def close(self) -> None:
        """Do nothing: between evaluations nothing is open."""

    @property
    def trace_count(self) -> int:
        """How often this arm has traced since it was warmed up."""
        return self._arm.trace_count - self._traces_before


class EvaluationTimeProbe:
    """Satisfies `protocols.Probe`."""

    warmup_rounds = 1
    """A second evaluation after the one that traces: the first in which both arms are alive."""

    is_cold = False

    def count_samples(self, case: Case) -> int:
        """Return the dataset size rounded down to whole batches."""
        return round_to_batches(case)

    def open_slices(self, build_arm: Callable[[], TrainingArm], watch: Watch) -> Slices:
        """Build the arm and let it evaluate once, which traces."""
        arm = build_arm()
        arm.evaluate(watch)
        return EvaluationSlices(arm, watch)


EVALUATION_TIME: Probe = EvaluationTimeProbe()
