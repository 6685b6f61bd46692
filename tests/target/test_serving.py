"""A server starts both arms of a round of cold starts at the same time where each has a core to itself.

A block of cold starts gives each arm of each round a process of its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.records import Block, BlockRequest, Json, Plant, Profile, Question
from benchmarks.target.serving import has_core_for_each_arm, measure_cold_block, profile_cold_block
from benchmarks.target.supervise import ChildError
from tests.examples import make_case
from tests.target.asking import ask

REQUEST = BlockRequest(
    case=make_case(question=Question.STARTUP_TIME, dataset_size=512, null=True), seed=1, timed_budget_ns=1, min_rounds=2
)


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have starts of 0.2 s, each of which writes down when it began; return the folder where it does."""

    def start(job: Json) -> Json:
        (tmp_path / f"{time.monotonic_ns()}-{job['arm']}").touch()
        time.sleep(0.2)
        return {"wall_ns": 200_000_000, "cpu_ns": 1, "takedown_ns": 0}

    monkeypatch.setattr("benchmarks.target.serving.do_job", start)
    monkeypatch.setattr("benchmarks.target.serving.make_samples", lambda *_: None)
    return tmp_path


@pytest.mark.parametrize(("cores", "at_once"), [({0, 1}, True), ({0}, False)])
def test_two_cores_are_used_by_both_arms_and_one_by_one_after_the_other(
    cores: set[int],
    at_once: bool,  # noqa: FBT001
    starts: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores, raising=False)
    block = Block.from_json(ask({"do": "measure", "request": REQUEST.to_json()})["result"])
    assert len(block.control_slice_ns) == 2
    began = sorted(int(path.name.partition("-")[0]) for path in starts.iterdir())
    gaps_ns = [later - earlier for earlier, later in zip(began[::2], began[1::2], strict=True)]
    assert [gap_ns < 200_000_000 for gap_ns in gaps_ns] == [at_once] * 2


def test_what_one_arm_says_of_its_failure_is_the_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(job: Json) -> Json:
        if job["arm"] == "weighted":
            raise ValueError("shapes (3,) and (4,)")
        time.sleep(60)
        return {}

    monkeypatch.setattr("benchmarks.target.serving.do_job", start)
    monkeypatch.setattr("benchmarks.target.serving.make_samples", lambda *_: None)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    reply = ask({"do": "measure", "request": REQUEST.to_json()})
    assert reply == {"id": 1, "error": "the block raised ValueError: shapes (3,) and (4,)"}


def test_other_requests_are_passed_on_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.target.serving.do_job", lambda job: {"did": job["do"]})
    assert ask({"do": "describe"}) == {"id": 1, "result": {"did": "describe"}}


def test_a_method_that_is_not_proven_is_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(job: Json) -> Json:
        raise RuntimeError(f"cannot {job['do']}")

    monkeypatch.setattr("benchmarks.target.serving.do_job", refuse)
    case = make_case(question=Question.STARTUP_TIME, dataset_size=512)
    reply = ask({"do": "measure", "request": {"case": case.to_json()}, "proven": False})
    assert reply == {"id": 1, "error": "the block raised RuntimeError: cannot prove", "kind": "CaseError"}


PLANTED = BlockRequest(
    case=make_case(question=Question.STARTUP_TIME, dataset_size=512),
    seed=1,
    order_seed=3,
    timed_budget_ns=1,
    min_rounds=4,
    plant=Plant(step_fraction=0.1),
)


class FakeProcesses:
    """Fresh processes: the weighted arm takes 110 ns to start, the control 100 ns. Remembers who ran with whom."""

    def __init__(self) -> None:
        self.together: list[list[Json]] = []

    @property
    def jobs(self) -> list[Json]:
        return [job for jobs in self.together for job in jobs]

    def run(self, jobs: Sequence[Json]) -> list[Json]:
        self.together.append(list(jobs))
        return [self._do(job) for job in jobs]

    def _do(self, job: Json) -> Json:
        if job["do"] == "profile_start":
            return {f"start {job['arm']}": 5.0}
        wall_ns = 110 if job["arm"] == "weighted" else 100
        return {"wall_ns": wall_ns, "cpu_ns": wall_ns + 7, "takedown_ns": 0}


@pytest.mark.parametrize(("at_once", "together"), [(True, [2] * 4), (False, [1] * 8)])
def test_each_arm_of_each_round_has_a_process_and_either_leads_in_half_of_them(
    *, at_once: bool, together: list[int]
) -> None:
    processes = FakeProcesses()
    block = Block.from_json(measure_cold_block(PLANTED, None, processes.run, forks=False, at_once=at_once))
    assert [len(jobs) for jobs in processes.together] == together
    assert [job["do"] for job in processes.jobs] == ["start"] * 8
    assert block.control_slice_ns == (100,) * 4
    assert block.weighted_slice_ns == (110,) * 4
    assert block.weighted_cpu_ns == (117,) * 4
    assert [job["arm"] == "weighted" for job in processes.jobs[::2]] == list(block.weighted_first)
    assert [job["arm"] == "weighted" for job in processes.jobs[1::2]] == [not first for first in block.weighted_first]
    assert sum(block.weighted_first) == 2
    assert block.weighted_built_first is None


def test_every_process_is_asked_for_the_same_case_with_the_same_plant() -> None:
    processes = FakeProcesses()
    measure_cold_block(PLANTED, None, processes.run, forks=False, at_once=True)
    assert all(job["request"] == PLANTED.to_json() for job in processes.jobs)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_process_that_fails_ends_the_block_with_what_it_said(*, at_once: bool) -> None:
    reply = {"error": "method: expected one of fit_array, got 'sideways'", "kind": "CaseError"}

    def fail(_: Sequence[Json]) -> list[Json]:
        raise ChildError(reply)

    with pytest.raises(ChildError, match="sideways") as caught:
        measure_cold_block(PLANTED, None, fail, forks=False, at_once=at_once)
    assert caught.value.reply == reply


def test_the_first_start_of_either_arm_is_profiled_by_itself() -> None:
    processes = FakeProcesses()
    profile = Profile.from_json(profile_cold_block(PLANTED, processes.run))
    assert profile.control_own_ns_per_step == {"start control": 5.0}
    assert profile.weighted_own_ns_per_step == {"start weighted": 5.0}
    assert [[job["do"] for job in jobs] for jobs in processes.together] == [["profile_start"]] * 2


@pytest.mark.parametrize(("cores", "enough"), [({5}, False), ({0, 3}, True)])
def test_the_cores_that_count_are_those_that_this_process_may_use(
    cores: set[int],
    enough: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert has_core_for_each_arm() is enough


@pytest.mark.parametrize(("cores", "enough"), [(None, False), (1, False), (2, True)])
def test_where_that_is_not_known_all_cores_of_the_machine_count(
    cores: int | None,
    enough: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert has_core_for_each_arm() is enough
