"""How long does training take to start in a fresh process? One slice is the start of its only arm, to the first step.

A person pays for the first start of a process and seldom for a second one, and the first is the longer: TensorFlow and
Keras set up what later starts find ready. So each slice has a process to itself, which imports TensorFlow beforehand,
as a program does. Building and compiling the model is not in the slice; making the input pipeline from the arrays,
tracing and the first update are.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.errors import BlockError
from benchmarks.probes import round_to_batches
from benchmarks.protocols import Probe, Slices, Times, TrainingArm, Watch
from benchmarks.records import Case


class StartupSlices:
    """One fresh arm, started once; satisfies `protocols.Slices`."""

    steps_per_slice = 1
    trace_count = 0
    """Tracing is part of what is measured here, so none of it counts as a fault."""

    def __init__(self, arm: TrainingArm, watch: Watch) -> None:
        """Take an arm that has not been started."""
        self._arm: TrainingArm | None = arm
        self._watch = watch

    def measure_slice(self) -> Times:
        """Start the arm and return how long that took.

        Raises:
            BlockError: when it was started before: a second start of a process is another thing.
        """
        if self._arm is None:
            raise BlockError("start-up: expected one start in a process, got a second one; give each its own")
        arm, self._arm = self._arm, None
        return arm.measure_startup(self._watch)

    def close(self) -> None:
        """Let the arm go."""
        self._arm = None


class StartupTimeProbe:
    """Satisfies `protocols.Probe`."""

    warmup_rounds = 0

    is_cold = True

    def count_samples(self, case: Case) -> int:
        """Return the dataset size rounded down to whole batches."""
        return round_to_batches(case)

    def open_slices(self, build_arm: Callable[[], TrainingArm], watch: Watch) -> Slices:
        """Build the arm and return its one slice."""
        return StartupSlices(build_arm(), watch)


STARTUP_TIME: Probe = StartupTimeProbe()
