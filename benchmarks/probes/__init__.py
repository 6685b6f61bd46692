"""How is each question measured inside a block? One file per question; its row in `benchmarks.questions` names it.

A probe opens arms that are timed slice by slice, a gauge reads the bytes or counts of one arm alone.

An arm is ready for that when its samples make whole batches and its steps no longer trace: a last batch of another size
would be traced anew while it is timed.

Times are wall time, and the processor time of all threads of the process meanwhile. Whoever does the work starts and
stops the watch, so that nothing but the work lies between. Processor time says what work costs where a free core hides
it; what threads still do after the watch was stopped counts to whoever is timed next.
"""

from __future__ import annotations

import pkgutil
import time
from typing import TYPE_CHECKING, Any

from benchmarks.errors import BlockError, CaseError
from benchmarks.protocols import Clock, Times
from benchmarks.records import Case, Question

if TYPE_CHECKING:
    from benchmarks.protocols import Gauge, Probe, Stepper, TrainingArm

_QUIET_STEPS = 2
_STEPS_TO_QUIET_AT_MOST = 20
"""TensorFlow traces in the first step, and in the second where a shape is relaxed; later ones show a fault."""


def load_probe(question: str) -> Probe:
    """Return the probe that measures this timed question.

    Args:
        question: a `Question`, or its value.

    Raises:
        CaseError: when no probe measures it.
    """
    probe: Probe = _load(question, timed=True)
    return probe


def load_gauge(question: str) -> Gauge:
    """Return the gauge that reads the bytes or counts of this question; imports TensorFlow.

    Args:
        question: a `Question`, or its value.

    Raises:
        CaseError: when no gauge reads them.
    """
    gauge: Gauge = _load(question, timed=False)
    return gauge


def _load(question: str, *, timed: bool) -> Any:
    """Return what the row of this question names, where it is of this kind."""
    known = {each.value: each for each in Question if each.is_timed is timed}
    if question not in known:
        raise CaseError(
            f"question: expected one of {', '.join(known)}, got {str(question)!r}; choose one of them, "
            "or add yours to benchmarks/questions.py"
        )
    return pkgutil.resolve_name(known[question].row.location)


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


class Stopwatch:
    """Reads a wall clock and a processor clock."""

    def __init__(self, clock: Clock = time.perf_counter_ns, cpu_clock: Clock = time.process_time_ns) -> None:
        """Start nothing yet.

        Args:
            clock: nanoseconds of wall time.
            cpu_clock: nanoseconds of processor time, of all threads of the process.
        """
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._begin_ns = 0
        self._begin_cpu_ns = 0
        self._end_ns = 0

    def start(self) -> None:
        """Begin a stretch of work. The wall clock is read last, so that reading clocks is not in the wall time."""
        self._begin_cpu_ns = self._cpu_clock()
        self._begin_ns = self._clock()

    def stop(self) -> Times:
        """End the stretch and return its times."""
        self._end_ns = self._clock()
        return Times(wall_ns=self._end_ns - self._begin_ns, cpu_ns=self._cpu_clock() - self._begin_cpu_ns)

    def read_since_stop_ns(self) -> int:
        """Return the wall time since the watch was last stopped: what a call still took after its work was done."""
        return self._clock() - self._end_ns
