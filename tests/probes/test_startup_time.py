"""Each slice starts a fresh arm, the last one is gone by then, and its tracing counts as no fault."""

from __future__ import annotations

import gc
import weakref

import pytest

from benchmarks.methods import METHODS
from benchmarks.probes.startup_time import STARTUP_TIME
from benchmarks.records import Question
from tests.examples import make_case
from tests.probes.fake_arm import STARTUP_NS, FakeArm
from tests.probes.measure_real_arms import measure_real_arms


def test_samples_are_rounded_down_to_whole_batches() -> None:
    case = make_case(question=Question.STARTUP_TIME, batch_size=256, dataset_size=1000)
    assert STARTUP_TIME.count_samples(case) == 3 * 256


def test_each_slice_starts_a_fresh_arm_after_the_last_one_is_freed() -> None:
    """Reference cycles, which models are full of, are freed with garbage collection switched off as well."""
    alive: list[weakref.ref[FakeArm]] = []
    clock_owner = FakeArm()

    def build_arm() -> FakeArm:
        assert [arm for arm in alive if arm() is not None] == []
        arm = FakeArm()
        arm.clock = clock_owner.clock  # type: ignore[method-assign]
        arm.model = arm
        alive.append(weakref.ref(arm))
        return arm

    slices = STARTUP_TIME.open_slices(build_arm, clock_owner.clock)
    assert alive == []
    gc.disable()
    try:
        assert [slices.measure_slice_ns() for _ in range(3)] == [STARTUP_NS] * 3
    finally:
        gc.enable()
    assert len(alive) == 3
    assert (slices.steps_per_slice, slices.trace_count) == (1, 0)
    slices.close()


@pytest.mark.tensorflow
@pytest.mark.parametrize("method", METHODS)
def test_real_arms_start(method: str) -> None:
    arms = measure_real_arms(Question.STARTUP_TIME, method, rounds=1)
    assert [slices.trace_count for slices in arms] == [0, 0]
