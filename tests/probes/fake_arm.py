"""An arm on fake time, for probes without TensorFlow."""

from __future__ import annotations

from typing import Any

from benchmarks.protocols import Clock, Samples, Stepper

STEP_NS = 10
STARTUP_NS = 500
STEPS_PER_PASS = 7


class FakeArm:
    """Takes STEP_NS for each step and STARTUP_NS for its start; traces in the steps numbered in `traces_in`."""

    model: Any = None
    steps_per_pass = STEPS_PER_PASS

    def __init__(self, *, traces_in: tuple[int, ...] = (1,), traces_always: bool = False) -> None:
        self.now_ns = 0
        self.steps = 0
        self.trace_count = 0
        self.is_open = False
        self.samples: Samples | None = None
        self._traces_in = traces_in
        self._traces_always = traces_always

    def clock(self) -> int:
        return self.now_ns

    def explain_traces(self, since: int) -> tuple[str, ...]:
        return tuple(f"trace {number}" for number in range(since, self.trace_count))

    def count_compiled_ops(self) -> dict[str, dict[str, int]]:
        return {}

    def replace_samples(self, samples: Samples) -> None:
        self.samples = samples

    def open_steps(self, clock: Clock) -> Stepper:
        assert clock == self.clock
        self.is_open = True
        return self

    def measure_step_ns(self) -> int:
        self.steps += 1
        self.now_ns += STEP_NS
        if self._traces_always or self.steps in self._traces_in:
            self.trace_count += 1
        return STEP_NS

    def close(self) -> None:
        self.is_open = False

    def run_pass(self) -> None:
        for _ in range(self.steps_per_pass):
            self.measure_step_ns()

    def measure_startup_ns(self, clock: Clock) -> int:
        assert clock == self.clock
        self.now_ns += STARTUP_NS
        return STARTUP_NS
