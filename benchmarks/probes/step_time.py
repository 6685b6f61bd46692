"""How long does one optimizer update take? One slice is one step, the smallest work that two arms can take turns in.

Warmed up when two steps in a row have passed without a trace. Leaves out: what happens between steps and at the end
of an epoch (epoch time), and the first step (start-up time).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from benchmarks.errors import BlockError
from benchmarks.protocols import Clock, Probe, Slices, Stepper, TrainingArm
from benchmarks.records import Case

_BATCHES_AT_MOST = 16
_BATCHES_AT_LEAST = 4
_SAMPLES_AT_MOST = 2**16
"""Batches an arm goes round: few enough to stay in a cache, enough that training does not end in a loss of 0."""

_QUIET_STEPS = 2
_STEPS_TO_QUIET_AT_MOST = 20
"""TensorFlow traces in the first step, and in the second where a shape is relaxed; later ones show a fault."""


class StepSlices:
    """One arm, stepped; satisfies `protocols.Slices`."""

    steps_per_slice = 1

    def __init__(self, arm: TrainingArm, stepper: Stepper) -> None:
        """Take an arm and its open stepper, warmed up."""
        self._arm = arm
        self._stepper = stepper
        self._traces_before = arm.trace_count

    def measure_slice_ns(self) -> int:
        """Do one step and return how long it took."""
        return self._stepper.measure_step_ns()

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

    def count_samples(self, case: Case) -> int:
        """Return how many samples fill the batches that an arm goes round."""
        batches = min(_BATCHES_AT_MOST, max(_BATCHES_AT_LEAST, _SAMPLES_AT_MOST // case.batch_size))
        return batches * case.batch_size

    def open_slices(self, build_arm: Callable[[], TrainingArm], clock: Clock) -> Slices:
        """Build the arm and step until it no longer traces.

        Raises:
            BlockError: when it traces on and on.
        """
        arm = build_arm()
        with contextlib.ExitStack() as stack:
            stepper = arm.open_steps(clock)
            stack.callback(stepper.close)
            _step_until_quiet(arm, stepper)
            slices = StepSlices(arm, stepper)
            stack.pop_all()
        return slices


def _step_until_quiet(arm: TrainingArm, stepper: Stepper) -> None:
    """Step until enough steps in a row did not trace."""
    quiet_steps = 0
    for _ in range(_STEPS_TO_QUIET_AT_MOST):
        traces_before = arm.trace_count
        stepper.measure_step_ns()
        quiet_steps = quiet_steps + 1 if arm.trace_count == traces_before else 0
        if quiet_steps == _QUIET_STEPS:
            return
    raise BlockError(
        f"warm-up: expected {_QUIET_STEPS} steps in a row without a trace within {_STEPS_TO_QUIET_AT_MOST} steps, "
        f"got {arm.trace_count} traces so far; look for Python values or shapes that change from step to step"
    )


STEP_TIME: Probe = StepTimeProbe()
