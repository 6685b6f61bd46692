"""When is an arm warm? When two steps in a row have passed without a trace."""

from __future__ import annotations

from benchmarks.errors import BlockError
from benchmarks.protocols import Stepper, TrainingArm

_QUIET_STEPS = 2
_STEPS_TO_QUIET_AT_MOST = 20
"""TensorFlow traces in the first step, and in the second where a shape is relaxed; later ones show a fault."""


def step_until_quiet(arm: TrainingArm, stepper: Stepper) -> None:
    """Step until enough steps in a row did not trace.

    Raises:
        BlockError: when the arm traces on and on.
    """
    quiet_steps = 0
    for _ in range(_STEPS_TO_QUIET_AT_MOST):
        traces_before = arm.trace_count
        stepper.measure_step()
        quiet_steps = quiet_steps + 1 if arm.trace_count == traces_before else 0
        if quiet_steps == _QUIET_STEPS:
            return
    raise BlockError(
        f"warm-up: expected {_QUIET_STEPS} steps in a row without a trace within {_STEPS_TO_QUIET_AT_MOST} steps, "
        f"got {arm.trace_count} traces so far; look for Python values or shapes that change from step to step"
    )
