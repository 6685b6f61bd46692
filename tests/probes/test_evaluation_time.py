"""A slice is a whole evaluation of whole batches, after one that traces."""

from __future__ import annotations

import pytest

from benchmarks.methods import METHODS
from benchmarks.probes.evaluation_time import EVALUATION_TIME
from benchmarks.protocols import Times
from benchmarks.records import Question
from tests.examples import make_case
from tests.probes.fake_arm import EVALUATION_NS, STEPS_PER_PASS, TAKEDOWN_NS, FakeArm
from tests.probes.measure_real_arms import measure_real_arms


def test_samples_are_rounded_down_to_whole_batches() -> None:
    case = make_case(question=Question.EVALUATION_TIME, batch_size=256, dataset_size=10_000)
    assert EVALUATION_TIME.count_samples(case) == 39 * 256


def test_a_slice_is_an_evaluation_and_what_the_call_takes_to_return_is_given_apart() -> None:
    arm = FakeArm(traces_in=(0, 1))
    slices = EVALUATION_TIME.open_slices(lambda: arm, arm.make_watch())
    assert (slices.steps_per_slice, slices.trace_count) == (STEPS_PER_PASS, 0)
    times = slices.measure_slice()
    assert times == Times(wall_ns=EVALUATION_NS, cpu_ns=2 * EVALUATION_NS, takedown_ns=TAKEDOWN_NS)
    assert slices.trace_count == 1
    slices.close()


@pytest.mark.tensorflow
@pytest.mark.parametrize("method", [name for name in METHODS if "evaluation_time" not in METHODS[name].without])
def test_real_arms_evaluate_without_tracing(method: str) -> None:
    arms = measure_real_arms(Question.EVALUATION_TIME, method, rounds=2)
    assert [slices.trace_count for slices in arms] == [0, 0]
    assert [slices.steps_per_slice for slices in arms] == [4, 4]
