"""A slice is a whole pass over whole batches, after one that traces; an evaluation is a pass of its own kind."""

from __future__ import annotations

import pytest

from benchmarks.errors import CaseError
from benchmarks.methods import METHODS
from benchmarks.probes.pass_time import EPOCH_TIME, EVALUATION_TIME
from benchmarks.protocols import Probe, Times
from benchmarks.records import Question
from tests.examples import make_case
from tests.probes.fake_arm import EVALUATION_NS, STEP_NS, STEPS_PER_PASS, TAKEDOWN_NS, FakeArm
from tests.probes.measure_real_arms import ONE_OF_EACH_ARM, measure_real_arms

PROBES = [(Question.EPOCH_TIME, EPOCH_TIME), (Question.EVALUATION_TIME, EVALUATION_TIME)]


@pytest.mark.parametrize(("question", "probe"), PROBES)
def test_samples_are_rounded_down_to_whole_batches(question: Question, probe: Probe) -> None:
    case = make_case(question=question, batch_size=256, dataset_size=10_000)
    assert probe.count_samples(case) == 39 * 256


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


def test_a_slice_of_an_evaluation_is_one_and_what_the_call_takes_to_return_is_given_apart() -> None:
    arm = FakeArm(traces_in=(0, 1))
    slices = EVALUATION_TIME.open_slices(lambda: arm, arm.make_watch())
    assert (slices.steps_per_slice, slices.trace_count, arm.steps) == (STEPS_PER_PASS, 0, 0)
    times = slices.measure_slice()
    assert times == Times(wall_ns=EVALUATION_NS, cpu_ns=2 * EVALUATION_NS, takedown_ns=TAKEDOWN_NS)
    assert slices.trace_count == 1
    slices.close()


@pytest.mark.tensorflow
@pytest.mark.parametrize("question", [question for question, _ in PROBES])
@pytest.mark.parametrize("method", ONE_OF_EACH_ARM)
def test_real_arms_pass_without_tracing(method: str, question: Question) -> None:
    if question.value in METHODS[method].without:
        return
    arms = measure_real_arms(question, method, rounds=2)
    assert [slices.trace_count for slices in arms] == [0, 0]
    assert [slices.steps_per_slice for slices in arms] == [4, 4]
