"""Two workers make the same slices in the same order, and where one fails the other goes with it, in one line."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.errors import BlockError, CaseError
from benchmarks.methods import Replicas
from benchmarks.probes import Stopwatch
from benchmarks.protocols import Times
from benchmarks.records import Arm, Block, BlockRequest, Json, Question
from benchmarks.target.interleave import interleave
from benchmarks.target.supervise import Limits, start_forked, supervise
from benchmarks.target.workers import (
    FOLLOWER_NAME,
    Chief,
    Follower,
    find_replicas,
    is_follower,
    open_jobs,
    open_partner,
)
from tests.examples import make_case
from tests.target.asking import ask

CASE = make_case(method="loop_multi_worker")
JOB: Json = {"do": "measure", "request": {"case": CASE.to_json()}}
REQUEST = BlockRequest(case=CASE, seed=1, order_seed=5, timed_budget_ns=1, min_rounds=6)

_LIMITS = Limits(timeout_s=20.0, memory_bytes=2**40)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)


@pytest.mark.parametrize(
    ("job", "replicas"),
    [
        (JOB, Replicas.TWO_PROCESSES),
        ({"do": "prove", "case": make_case(method="fit_mirrored").to_json()}, Replicas.TWO_DEVICES),
        ({"do": "read", "request": {"case": make_case(method="loop_graph").to_json()}}, Replicas.ONE),
        ({"do": "read", "request": {"case": make_case(method="sideways").to_json()}}, Replicas.ONE),
        ({"do": "describe"}, Replicas.ONE),
    ],
)
def test_the_method_of_a_job_says_on_what_it_trains(job: Json, replicas: Replicas) -> None:
    assert find_replicas(job) is replicas


def test_a_job_of_one_process_is_left_as_it_is() -> None:
    job = {"do": "measure", "request": {"case": make_case(method="loop_mirrored").to_json()}}
    with open_jobs(job) as jobs:
        assert jobs == [job]
        assert not is_follower(job)


def test_two_workers_are_told_of_ports_of_their_own_and_who_of_them_follows() -> None:
    with open_jobs(JOB) as jobs:
        assert [is_follower(job) for job in jobs] == [False, True]
        assert json.loads(json.dumps(jobs)) == json.loads(json.dumps([JOB | {"member": job["member"]} for job in jobs]))
        (addresses,) = {tuple(job["member"]["addresses"]) for job in jobs}
        assert len(set(addresses)) == 2
        assert all(address.startswith("127.0.0.1:") for address in addresses)
        folder = Path(jobs[0]["member"]["told_path"]).parent
        assert len(list(folder.iterdir())) == 2
    assert not folder.exists()


@pytest.mark.parametrize("method", ["loop_multi_worker", "fit_mirrored"])
def test_a_machine_of_one_core_is_told_that_replicas_need_two(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    job = {"do": "measure", "request": {"case": make_case(method=method).to_json()}}
    with pytest.raises(CaseError, match=r"replicas: expected 2 cores for two .*, got 1; measure"), open_jobs(job):
        pass


def test_ports_that_are_not_to_be_had_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    expected = r"expected 2 free ports at 127\.0\.0\.1, got none .*Permission denied"
    with pytest.raises(BlockError, match=expected), open_jobs(JOB):
        pass


@dataclasses.dataclass
class NotedSlices:
    """Slices that write down whose they are, in a file that is read after the process has ended."""

    arm: Arm
    path: Path
    steps_per_slice: int = 1
    trace_count: int = 0

    def measure_slice(self) -> Times:
        with self.path.open("a") as file:
            file.write(f"{self.arm.value}\n")
        return Times(wall_ns=1_000, cpu_ns=1_000)

    def close(self) -> None:
        """Nothing is open."""


def measure_together(folder: Path, job: Json) -> Json:
    """Interleave noted arms in the chief, and follow it in the other."""
    with open_partner(job["member"]) as partner:
        name = "follower" if is_follower(job) else "chief"
        slices = {arm: NotedSlices(arm, folder / name) for arm in Arm}
        if isinstance(partner, Follower):
            partner.follow(slices)
            return {}
        assert isinstance(partner, Chief)
        led = partner.lead(slices)
        block = interleave(led[Arm.CONTROL], led[Arm.WEIGHTED], REQUEST, warmup_rounds=2, watch=Stopwatch())
        return block.to_json()


@contextlib.contextmanager
def open_starts(work: Callable[[Json], Json]) -> Iterator[list[Callable[[], object]]]:
    """Yield what starts both workers of a job with this work."""
    with open_jobs(JOB) as jobs:
        names = ("the block", FOLLOWER_NAME)
        yield [
            functools.partial(start_forked, functools.partial(work, job), name)
            for job, name in zip(jobs, names, strict=True)
        ]


def run_both(work: Callable[[Json], Json], limits: Limits = _LIMITS) -> list[Json]:
    with open_starts(work) as starts:
        return supervise(starts, limits)  # type: ignore[arg-type]


def test_the_follower_makes_the_slices_of_the_chief_warm_up_and_all_in_its_order(tmp_path: Path) -> None:
    chief, follower = run_both(functools.partial(measure_together, tmp_path))
    assert follower == {}
    block = Block.from_json(chief)
    lines = (tmp_path / "chief").read_text()
    assert lines == (tmp_path / "follower").read_text()
    arms = lines.split()
    assert len(arms) == 2 * (2 + len(block.weighted_first))
    assert [arm == "weighted" for arm in arms[::2]][2:] == list(block.weighted_first)


def test_the_chief_begins_a_slice_when_the_follower_has_come_to_it(tmp_path: Path) -> None:
    """The first slice of the follower takes 0.3 s; the second of the chief begins after that."""

    class Slow(NotedSlices):
        def measure_slice(self) -> Times:
            time.sleep(0.3)
            return super().measure_slice()

    def work(job: Json) -> Json:
        with open_partner(job["member"]) as partner:
            if isinstance(partner, Follower):
                partner.follow({Arm.CONTROL: Slow(Arm.CONTROL, tmp_path / "follower")})
                return {}
            assert isinstance(partner, Chief)
            begin_s = time.monotonic()
            partner.begin(Arm.CONTROL)
            first_s = time.monotonic() - begin_s
            partner.begin(Arm.CONTROL)
            return {"first_s": first_s, "second_s": time.monotonic() - begin_s}

    waited, _ = run_both(work)
    assert waited["first_s"] < waited["second_s"]
    assert waited["second_s"] >= 0.3
    assert (tmp_path / "follower").read_text().split() == ["control"] * 2, "the chief waits for the end of its follower"


def hang(job: Json) -> Json:
    with open_partner(job["member"]) as partner:
        if isinstance(partner, Chief):
            partner.begin(Arm.CONTROL)
        time.sleep(60)
    return {}


def die_as_follower(job: Json) -> Json:
    with open_partner(job["member"]) as partner:
        if isinstance(partner, Chief):
            time.sleep(60)
        os.kill(os.getpid(), signal.SIGKILL)
    return {}


def raise_as_follower(job: Json) -> Json:
    with open_partner(job["member"]) as partner:
        if isinstance(partner, Chief):
            time.sleep(60)
        raise ValueError("no such device")


def die_as_chief(job: Json) -> Json:
    with open_partner(job["member"]) as partner:
        if isinstance(partner, Chief):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)
    return {}


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (die_as_follower, r"^the block's second worker was killed \(SIGKILL\)"),
        (raise_as_follower, r"^the block's second worker raised ValueError: no such device$"),
        (die_as_chief, r"^the block was killed \(SIGKILL\)"),
    ],
)
def test_where_one_of_them_fails_the_other_goes_with_it(work: Callable[[Json], Json], message: str) -> None:
    begin_s = time.monotonic()
    with pytest.raises(BlockError, match=message):
        run_both(work)
    assert time.monotonic() - begin_s < 10.0
    assert psutil.Process().children() == []


def test_a_follower_that_hangs_ends_with_the_limit_of_the_block() -> None:
    with pytest.raises(BlockError, match=r"no result within 0\.5 s and was ended; raise --block-timeout"):
        run_both(hang, Limits(timeout_s=0.5, memory_bytes=2**40))
    assert psutil.Process().children() == []


def test_a_follower_that_leaves_too_early_is_told_of_by_the_chief() -> None:
    def leave(job: Json) -> Json:
        with open_partner(job["member"]) as partner:
            if isinstance(partner, Chief):
                time.sleep(0.3)
                partner.begin(Arm.CONTROL)
        return {}

    with pytest.raises(BlockError, match="the block's second worker ended before the last slice; measure the case"):
        run_both(leave)


def test_both_die_with_the_process_that_started_them(tmp_path: Path) -> None:
    """Killed by a signal that nobody can catch, a server cannot end its children."""

    def work(job: Json) -> Json:
        with open_partner(job["member"]):
            (tmp_path / str(os.getpid())).touch()
            time.sleep(60)
        return {}

    def start_both() -> Json:
        run_both(work)
        return {}

    server = start_forked(start_both)
    while len(list(tmp_path.iterdir())) < 2:
        time.sleep(0.01)
    workers = [psutil.Process(int(path.name)) for path in tmp_path.iterdir()]
    server.close()
    _, alive = psutil.wait_procs(workers, timeout=10.0)
    assert alive == []


def test_a_server_has_a_job_of_two_workers_done_by_both_and_replies_with_what_the_chief_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.target.serving.do_job", functools.partial(measure_together, tmp_path))
    reply = ask({"do": "measure", "request": REQUEST.to_json()})
    assert len(Block.from_json(reply["result"]).control_slice_ns) == 6
    assert (tmp_path / "chief").read_text() == (tmp_path / "follower").read_text()


def test_a_cold_start_of_replicas_has_both_cores_and_so_the_arms_start_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(job: Json) -> Json:
        with open_partner(job["member"]):
            (tmp_path / f"{time.monotonic_ns()}-{job['arm']}").touch()
            time.sleep(0.1)
        return {"wall_ns": 100_000_000, "cpu_ns": 1, "takedown_ns": 0}

    monkeypatch.setattr("benchmarks.target.serving.do_job", start)
    monkeypatch.setattr("benchmarks.target.serving.make_samples", lambda *_: None)
    case = make_case(question=Question.STARTUP_TIME, dataset_size=512, method="fit_multi_worker")
    ask({"do": "measure", "request": dataclasses.replace(REQUEST, case=case, min_rounds=2).to_json()})
    began = sorted(path.name.split("-") for path in tmp_path.iterdir())
    arms = [arm for _, arm in began]
    assert len(arms) == 2 * 2 * 2
    assert all(first == second for first, second in zip(arms[::2], arms[1::2], strict=True)), "two workers, one arm"
    gaps_ns = [int(later[0]) - int(earlier[0]) for earlier, later in zip(began[1::2], began[2::2], strict=False)]
    assert min(gaps_ns) >= 90_000_000
