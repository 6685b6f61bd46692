"""A slice is the first start of a fresh arm in its process, and its tracing counts as no fault."""

from __future__ import annotations

import pytest

from benchmarks.errors import BlockError
from benchmarks.probes.startup_time import STARTUP_TIME
from benchmarks.records import Question
from tests.examples import make_case
from tests.probes.fake_arm import STARTUP_NS, FakeArm
from tests.probes.measure_real_arms import ONE_OF_EACH_ARM, measure_real_arms


def test_samples_are_rounded_down_to_whole_batches() -> None:
    case = make_case(question=Question.STARTUP_TIME, batch_size=256, dataset_size=1000)
    assert STARTUP_TIME.count_samples(case) == 3 * 256


def test_the_slice_is_the_start_of_the_one_arm_of_its_process() -> None:
    arm = FakeArm()
    slices = STARTUP_TIME.open_slices(lambda: arm, arm.make_watch())
    assert slices.measure_slice().wall_ns == STARTUP_NS
    assert (slices.steps_per_slice, slices.trace_count) == (1, 0)


def test_a_second_start_in_a_process_is_refused_since_it_is_not_cold() -> None:
    arm = FakeArm()
    slices = STARTUP_TIME.open_slices(lambda: arm, arm.make_watch())
    slices.measure_slice()
    with pytest.raises(BlockError, match="expected one start in a process, got a second one"):
        slices.measure_slice()


@pytest.mark.tensorflow
@pytest.mark.parametrize("method", ONE_OF_EACH_ARM)
def test_real_arms_start(method: str) -> None:
    arms = measure_real_arms(Question.STARTUP_TIME, method, rounds=1)
    assert [slices.trace_count for slices in arms] == [0, 0]
