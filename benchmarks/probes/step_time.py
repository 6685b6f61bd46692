"""How long does one optimizer update take? One slice is one step, the smallest work that two arms can take turns in.

Warmed up when two steps in a row have passed without a trace. Leaves out: what happens between steps and at the end
of an epoch (epoch time), and the first step (start-up time).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from benchmarks.probes import step_until_quiet
from benchmarks.protocols import Probe, Slices, Stepper, Times, TrainingArm, Watch
from benchmarks.records import Case

_BATCHES_AT_MOST = 16
_BATCHES_AT_LEAST = 4
_SAMPLES_AT_MOST = 2**16
"""Batches an arm goes round: few enough to stay in a cache, enough that training does not end in a loss of 0."""


class StepSlices:
    """One arm, stepped; satisfies `protocols.Slices`."""

    def __init__(self, arm: TrainingArm, stepper: Stepper) -> None:
        """Take an arm and its open stepper, warmed up."""
        self.steps_per_slice = stepper.steps_per_call
        self._arm = arm
        self._stepper = stepper
        self._traces_before = arm.trace_count

    def measure_slice(self) -> Times:
        """Do one step and return how long it took."""
        return self._stepper.measure_step()

    def close(self) -> None:
        """End the training."""
        self._stepper.close()

    @property
    def trace_count(self) -> int:
        """How often this arm has traced since it was warmed up."""
        return self._arm.trace_count - self._traces_before


class StepTimeProbe:
    """Satisfies `protocols.Probe`."""

    warmup_rounds = 20
    """Once round the batches, which are ready from then on; meanwhile allocators and thread pools settle."""

    is_cold = False

    def count_samples(self, case: Case) -> int:
        """Return how many samples fill the batches that an arm goes round."""
        batches = min(_BATCHES_AT_MOST, max(_BATCHES_AT_LEAST, _SAMPLES_AT_MOST // case.batch_size))
        return batches * case.batch_size

    def open_slices(self, build_arm: Callable[[], TrainingArm], watch: Watch) -> Slices:
        """Build the arm and step until it no longer traces.

        Raises:
            BlockError: when it traces on and on.
        """
        arm = build_arm()
        with contextlib.ExitStack() as stack:
            stepper = arm.open_steps(watch)
            stack.callback(stepper.close)
            step_until_quiet(arm, stepper)
            slices = StepSlices(arm, stepper)
            stack.pop_all()
        return slices


STEP_TIME: Probe = StepTimeProbe()
