"""A block of cold starts gives each arm of each round a process of its own."""

from __future__ import annotations

import pytest

from benchmarks.blocks.cold_starts import ChildError, measure_cold_block, profile_cold_block
from benchmarks.records import Block, BlockRequest, Json, Plant, Profile, Question
from tests.examples import make_case

REQUEST = BlockRequest(
    case=make_case(question=Question.STARTUP_TIME, dataset_size=512),
    seed=1,
    order_seed=3,
    timed_budget_ns=1,
    min_rounds=4,
    plant=Plant(step_fraction=0.1),
)


class FakeProcesses:
    """Fresh processes: the weighted arm takes 110 ns to start, the control 100 ns."""

    def __init__(self) -> None:
        self.jobs: list[Json] = []

    def run(self, job: Json) -> Json:
        self.jobs.append(job)
        if job["do"] == "profile_start":
            return {"result": {f"start {job['arm']}": 5.0}}
        wall_ns = 110 if job["arm"] == "weighted" else 100
        return {"result": {"wall_ns": wall_ns, "cpu_ns": wall_ns + 7, "takedown_ns": 0}}


def test_each_arm_of_each_round_has_a_process_and_either_leads_in_half_of_them() -> None:
    processes = FakeProcesses()
    block = Block.from_json(measure_cold_block(REQUEST, None, processes.run, forks=False))
    assert [job["do"] for job in processes.jobs] == ["start"] * 8
    assert block.control_slice_ns == (100,) * 4
    assert block.weighted_slice_ns == (110,) * 4
    assert block.weighted_cpu_ns == (117,) * 4
    assert [job["arm"] == "weighted" for job in processes.jobs[::2]] == list(block.weighted_first)
    assert sum(block.weighted_first) == 2
    assert block.weighted_built_first is None


def test_every_process_is_asked_for_the_same_case_with_the_same_plant() -> None:
    processes = FakeProcesses()
    measure_cold_block(REQUEST, None, processes.run, forks=False)
    assert all(job["request"] == REQUEST.to_json() for job in processes.jobs)


def test_a_process_that_fails_ends_the_block_with_what_it_said() -> None:
    reply = {"error": "method: expected one of fit_array, got 'sideways'", "kind": "CaseError"}
    with pytest.raises(ChildError, match="sideways") as caught:
        measure_cold_block(REQUEST, None, lambda _: reply, forks=False)
    assert caught.value.reply == reply


def test_the_first_start_of_either_arm_is_profiled() -> None:
    processes = FakeProcesses()
    profile = Profile.from_json(profile_cold_block(REQUEST, processes.run))
    assert profile.control_own_ns_per_step == {"start control": 5.0}
    assert profile.weighted_own_ns_per_step == {"start weighted": 5.0}
    assert [job["do"] for job in processes.jobs] == ["profile_start"] * 2
