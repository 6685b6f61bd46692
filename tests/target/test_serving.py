"""A server starts both arms of a round of cold starts at the same time where each has a core to itself."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from benchmarks.records import Block, BlockRequest, Json, Question
from benchmarks.target.serving import serve
from tests.examples import make_case

REQUEST = BlockRequest(
    case=make_case(question=Question.STARTUP_TIME, dataset_size=512, null=True), seed=1, timed_budget_ns=1, min_rounds=2
)


def ask(request: Json) -> Json:
    """Return the reply of a server that forks and is asked for this alone."""
    read_fd, write_fd = os.pipe()
    os.write(write_fd, json.dumps(request | {"id": 1, "limits": {"timeout_s": 30.0, "memory_bytes": 2**40}}).encode())
    os.write(write_fd, b"\n")
    replies: list[Json] = []

    def send(reply: Json) -> None:
        replies.append(reply)
        os.close(write_fd)

    with os.fdopen(read_fd) as requests:
        serve(requests, send, fork=True)
    (reply,) = replies
    return reply


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
