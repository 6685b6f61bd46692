"""A slice is a whole pass over whole batches, after one that traces."""

from __future__ import annotations

import pytest

from benchmarks.errors import CaseError
from benchmarks.methods import METHODS
from benchmarks.probes.epoch_time import EPOCH_TIME
from benchmarks.protocols import Times
from benchmarks.records import Question
from tests.examples import make_case
from tests.probes.fake_arm import STEP_NS, STEPS_PER_PASS, TAKEDOWN_NS, FakeArm
from tests.probes.measure_real_arms import measure_real_arms


def test_samples_are_rounded_down_to_whole_batches() -> None:
    case = make_case(question=Question.EPOCH_TIME, batch_size=256, dataset_size=10_000)
    assert EPOCH_TIME.count_samples(case) == 39 * 256


def test_a_case_without_a_dataset_size_is_refused() -> None:
    with pytest.raises(CaseError, match="expected a dataset size, got none; pass --dataset-size"):
        EPOCH_TIME.count_samples(make_case(dataset_size=None))


def test_a_slice_is_a_pass_and_says_how_many_steps_it_holds() -> None:
    arm = FakeArm(traces_in=(1, STEPS_PER_PASS + 1))
    slices = EPOCH_TIME.open_slices(lambda: arm, arm.make_watch())
    assert (arm.steps, slices.trace_count) == (STEPS_PER_PASS, 0)
    assert slices.measure_slice().wall_ns == STEPS_PER_PASS * STEP_NS
    assert slices.steps_per_slice == STEPS_PER_PASS
    assert slices.trace_count == 1
    slices.close()


def test_what_a_call_takes_to_return_after_training_is_no_part_of_the_pass_and_is_given_apart() -> None:
    arm = FakeArm()
    times = EPOCH_TIME.open_slices(lambda: arm, arm.make_watch()).measure_slice()
    assert times == Times(
        wall_ns=STEPS_PER_PASS * STEP_NS, cpu_ns=2 * STEPS_PER_PASS * STEP_NS, takedown_ns=TAKEDOWN_NS
    )


@pytest.mark.tensorflow
@pytest.mark.parametrize("method", METHODS)
def test_real_arms_pass_without_tracing(method: str) -> None:
    arms = measure_real_arms(Question.EPOCH_TIME, method, rounds=2)
    assert [slices.trace_count for slices in arms] == [0, 0]
    assert [slices.steps_per_slice for slices in arms] == [4, 4]
