"""Steps are made on a few ready batches, warmed up until nothing traces, and watched for traces."""

from __future__ import annotations

import pytest

from benchmarks.errors import BlockError
from benchmarks.methods import METHODS
from benchmarks.probes.step_time import STEP_TIME
from benchmarks.records import Question
from tests.examples import make_case
from tests.probes.fake_arm import STEP_NS, FakeArm
from tests.probes.measure_real_arms import ONE_OF_EACH_ARM, measure_real_arms


@pytest.mark.parametrize(
    ("batch_size", "samples"),
    [(1, 16), (32, 16 * 32), (256, 16 * 256), (8192, 8 * 8192), (100_000, 4 * 100_000)],
)
def test_a_few_batches_are_gone_round_and_fit_in_little_memory(batch_size: int, samples: int) -> None:
    """16 batches, or fewer where they hold more than 65,536 samples, but 4 batches at least."""
    assert STEP_TIME.count_samples(make_case(batch_size=batch_size)) == samples


def test_the_first_slice_comes_after_two_steps_without_a_trace() -> None:
    arm = FakeArm(traces_in=(1, 3))
    slices = STEP_TIME.open_slices(lambda: arm, arm.make_watch())
    assert arm.steps == 5
    assert slices.trace_count == 0
    assert slices.steps_per_slice == 1
    assert slices.measure_slice().wall_ns == STEP_NS


def test_a_trace_after_the_warm_up_is_counted() -> None:
    arm = FakeArm(traces_in=(1, 4))
    slices = STEP_TIME.open_slices(lambda: arm, arm.make_watch())
    slices.measure_slice()
    assert slices.trace_count == 1


def test_an_arm_that_traces_on_and_on_is_refused_and_closed() -> None:
    arm = FakeArm(traces_always=True)
    with pytest.raises(BlockError, match="expected 2 steps in a row without a trace within 20 steps, got 20 traces"):
        STEP_TIME.open_slices(lambda: arm, arm.make_watch())
    assert not arm.is_open


def test_closing_ends_the_training() -> None:
    arm = FakeArm()
    slices = STEP_TIME.open_slices(lambda: arm, arm.make_watch())
    assert arm.is_open
    slices.close()
    assert not arm.is_open


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "method", [name for name in ONE_OF_EACH_ARM if Question.STEP_TIME not in METHODS[name].without]
)
def test_real_arms_step_without_tracing(method: str) -> None:
    arms = measure_real_arms(Question.STEP_TIME, method, rounds=3)
    assert [slices.trace_count for slices in arms] == [0, 0]
