"""When is an arm ready to be measured? When its samples make whole batches, and its steps no longer trace.

A last batch of another size would be traced anew while it is timed.
"""

from __future__ import annotations

from benchmarks.errors import BlockError, CaseError
from benchmarks.protocols import Stepper, TrainingArm
from benchmarks.records import Case

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


def round_to_batches(case: Case) -> int:
    """Return the dataset size of the case rounded down to whole batches.

    Raises:
        CaseError: when the case has no dataset size.
    """
    if case.dataset_size is None:
        raise CaseError(f"{case.question.value}: expected a dataset size, got none; pass --dataset-size")
    return case.dataset_size // case.batch_size * case.batch_size
