"""A loop of one's own counts its traces and steps, and starts and stops as asked."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from benchmarks.methods import load_method
from benchmarks.probes import Stopwatch
from tests.methods.make_task import make_task

pytestmark = pytest.mark.tensorflow


def build_arm(name: str, *, weighted: bool = True, samples: int = 32) -> Any:
    return load_method(name).build_arm(make_task(samples=samples), weighted=weighted)


@pytest.mark.parametrize(("name", "is_traced"), [("loop_eager", False), ("loop_graph", True), ("loop_jit", True)])
def test_an_arm_steps_passes_and_traces_as_it_says(name: str, *, is_traced: bool) -> None:
    """One arm for all of it, because each traces anew."""
    arm = build_arm(name)
    before = arm.model.get_weights()
    assert (arm.trace_count, arm.steps_per_pass) == (0, 4)

    stepper = arm.open_steps(Stopwatch())
    assert all(stepper.measure_step().wall_ns > 0 for _ in range(6)), "more steps than batches"
    traces = arm.trace_count
    assert (traces >= 1) == is_traced
    stepper.close()

    arm.measure_pass(Stopwatch())
    arm.measure_pass(Stopwatch())
    assert arm.trace_count == traces, "batches of the dataset look like those on the device"
    assert not np.array_equal(before[0], arm.model.get_weights()[0])


def test_a_retrace_is_counted() -> None:
    """20 samples in batches of 8 leave a last batch of 4, for which a `tf.function` is traced anew."""
    arm = build_arm("loop_graph", samples=20)
    arm.open_steps(Stopwatch()).measure_step()
    traces = arm.trace_count
    arm.measure_pass(Stopwatch())
    assert arm.trace_count == traces + 1
    assert arm.steps_per_pass == 3


@pytest.mark.parametrize("weighted", [False, True])
def test_a_start_ends_with_the_first_step(*, weighted: bool) -> None:
    arm = build_arm("loop_graph", weighted=weighted)
    begin_ns = time.perf_counter_ns()
    assert 0 < arm.measure_startup(Stopwatch()).wall_ns <= time.perf_counter_ns() - begin_ns
    assert arm.trace_count >= 1
