"""An arm on fake time, for probes without TensorFlow."""

from __future__ import annotations

from typing import Any

from benchmarks.probes import Stopwatch
from benchmarks.protocols import Evaluation, Samples, Stepper, Times, Watch

STEP_NS = 10
STARTUP_NS = 500
EVALUATION_NS = 60
STEPS_PER_PASS = 7
TAKEDOWN_NS = 35


class FakeArm:
    """Takes STEP_NS for each step and STARTUP_NS for its start, all of it on two cores.

    Traces in the steps numbered in `traces_in`. A pass takes TAKEDOWN_NS to return once its training is over.
    """

    model: Any = None
    steps_per_pass = STEPS_PER_PASS
    steps_per_call = 1

    def __init__(self, *, traces_in: tuple[int, ...] = (1,), traces_always: bool = False) -> None:
        self.now_ns = 0
        self.steps = 0
        self.evaluations = 0
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

    def replace_samples(self, samples: Samples, batch_size: int) -> None:
        self.samples = samples

    def make_watch(self) -> Stopwatch:
        return Stopwatch(self.clock, lambda: 2 * self.now_ns)

    def open_steps(self, watch: Watch) -> Stepper:
        self._watch = watch
        self.is_open = True
        return self

    def measure_step(self) -> Times:
        self._watch.start()
        self._step()
        return self._watch.stop()

    def _step(self) -> None:
        self.steps += 1
        self.now_ns += STEP_NS
        if self._traces_always or self.steps in self._traces_in:
            self.trace_count += 1

    def close(self) -> None:
        self.is_open = False

    def measure_pass(self, watch: Watch) -> Times:
        watch.start()
        for _ in range(self.steps_per_pass):
            self._step()
        times = watch.stop()
        self.now_ns += TAKEDOWN_NS
        return times

    def evaluate(self, watch: Watch) -> Evaluation:
        watch.start()
        self.trace_count += self.evaluations in self._traces_in
        self.evaluations += 1
        self.now_ns += EVALUATION_NS
        times = watch.stop()
        self.now_ns += TAKEDOWN_NS
        return Evaluation(times=times, loss=0.5)

    def measure_startup(self, watch: Watch) -> Times:
        watch.start()
        self.now_ns += STARTUP_NS
        return watch.stop()
