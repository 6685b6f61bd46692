"""How do two processes train the arms of one block together? The second one follows the first, slice by slice.

A method whose replicas are two processes has each of its jobs done by two workers, a process each, which the server
starts at the same time and ends together (`supervise`): where one fails, dies or takes too long, the other goes with
it, and both go with the server. Both build the same arms in the same order. The chief measures: before each slice it
tells its follower which arm is next, and begins when that has answered. So both make the same sequence of slices,
however long the chief goes on, and the follower is at work when the chief's watch starts. A follower collects garbage
before it answers. What is not made of slices, such as a pass that is read, is of a fixed length, and both make it. They
speak through named pipes, which end with either of them. A chief waits for the end of its follower's job, since
TensorFlow is not to find it gone.

Leaves out: what a strategy needs of its processes (`methods._replicas`), and what is measured (`jobs`).
Source: prctl(2) for PR_SET_PDEATHSIG, fifo(7).
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import gc
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.errors import BlockError, CaseError
from benchmarks.methods import METHODS, Replicas
from benchmarks.protocols import Slices, Times
from benchmarks.records import Arm, Json
from benchmarks.target.interleave import COLLECT_EVERY_NS, defer_collection

_COUNT = 2

_HOST = "127.0.0.1"
"""A number, so that no name has to be looked up; ports of other hosts are none of ours."""

FOLLOWER_NAME = "the block's second worker"

_PR_SET_PDEATHSIG = 1

_CODES = {Arm.CONTROL: b"c", Arm.WEIGHTED: b"w"}
_ARMS = {code: arm for arm, code in _CODES.items()}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Which of the workers a process is, where they serve, and where they meet.

    `index` 0 is the chief. The follower is told at `told_path` and answers at `answered_path`, named pipes.
    """

    addresses: tuple[str, ...]
    index: int
    told_path: str
    answered_path: str

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> Membership:
        """Read the JSON form."""
        return cls(**(data | {"addresses": tuple(data["addresses"])}))


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def find_replicas(job: Json) -> Replicas:
    """Return on what the method of a job trains; one device where there is no method that is known.

    Args:
        job: what a process is asked for, of a case or of none.
    """
    case = job.get("request", job).get("case", {})
    entry = METHODS.get(case.get("method", ""))
    return Replicas.ONE if entry is None else entry.replicas


def is_follower(job: Json) -> bool:
    """Return whether a job is that of the second of two workers, whose result nobody needs."""
    return bool(job.get("member", {}).get("index"))


@contextlib.contextmanager
def open_jobs(job: Json) -> Iterator[list[Json]]:
    """Yield what each process is asked for that does a job: the job itself, or that of the chief and of its follower.

    Raises:
        CaseError: when the method trains replicas, and there is no core for each.
        BlockError: when no ports are to be had.
    """
    replicas = find_replicas(job)
    if replicas is not Replicas.ONE and count_cores() < _COUNT:
        raise CaseError(
            f"replicas: expected {_COUNT} cores for {replicas.value}, got {count_cores()}; "
            "measure this method where there are more"
        )
    if replicas is not Replicas.TWO_PROCESSES:
        yield [job]
        return
    with tempfile.TemporaryDirectory() as folder:
        told, answered = (str(Path(folder, name)) for name in ("told", "answered"))
        for path in (told, answered):
            os.mkfifo(path)
        addresses = find_addresses()
        memberships = [
            Membership(addresses=addresses, index=index, told_path=told, answered_path=answered)
            for index in range(_COUNT)
        ]
        yield [job | {"member": each.to_json()} for each in memberships]


def find_addresses() -> tuple[str, ...]:
    """Return where the workers are to serve: free ports of this machine, which nobody keeps for them.

    Raises:
        BlockError: when the system gives none.
    """
    try:
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(_COUNT)]
            for each in sockets:
                each.bind((_HOST, 0))
            return tuple(f"{_HOST}:{each.getsockname()[1]}" for each in sockets)
    except OSError as error:
        raise BlockError(
            f"replicas: expected {_COUNT} free ports at {_HOST}, got none ({error}); allow processes to listen there"
        ) from error


class Chief:
    """The end of the pipes that says which slice is next."""

    def __init__(self, membership: Membership) -> None:
        """Wait until the follower has opened its end."""
        self._told_fd = os.open(membership.told_path, os.O_WRONLY)
        self._answered_fd = os.open(membership.answered_path, os.O_RDONLY)

    def lead(self, slices: Mapping[Arm, Slices]) -> Mapping[Arm, Slices]:
        """Return the same slices, each of which the follower makes too."""
        return {arm: _LedSlices(each, arm, self) for arm, each in slices.items()}

    def begin(self, arm: Arm) -> None:
        """Have the follower begin a slice of this arm, and return when it does.

        Raises:
            BlockError: when it is gone.
        """
        with contextlib.suppress(BrokenPipeError):
            os.write(self._told_fd, _CODES[arm])
            if os.read(self._answered_fd, 1):
                return
        raise BlockError(f"{FOLLOWER_NAME} ended before the last slice; measure the case again")

    def wait_for_end(self) -> None:
        """Say that there are no more slices, and wait until the follower has done its job."""
        os.close(self._told_fd)
        self._told_fd = -1
        os.read(self._answered_fd, 1)

    def close(self) -> None:
        """Close the pipes."""
        if self._told_fd >= 0:
            os.close(self._told_fd)
        os.close(self._answered_fd)


class Follower:
    """The end of the pipes that is told which slice is next."""

    def __init__(self, membership: Membership) -> None:
        """Wait until the chief has opened its end."""
        self._told_fd = os.open(membership.told_path, os.O_RDONLY)
        self._answered_fd = os.open(membership.answered_path, os.O_WRONLY)

    def follow(self, slices: Mapping[Arm, Slices]) -> None:
        """Make the slices that the chief makes, until it says that there are no more, or is gone."""
        since_collection_ns = 0
        with defer_collection():
            while code := os.read(self._told_fd, 1):
                if since_collection_ns > COLLECT_EVERY_NS:
                    gc.collect()
                    since_collection_ns = 0
                os.write(self._answered_fd, code)
                since_collection_ns += slices[_ARMS[code]].measure_slice().wall_ns

    def wait_for_end(self) -> None:
        """Return: it is the chief that waits."""

    def close(self) -> None:
        """Close the pipes, by which the chief hears that the job is done."""
        os.close(self._told_fd)
        os.close(self._answered_fd)


class _LedSlices:
    """One arm of a chief; satisfies `protocols.Slices`."""

    def __init__(self, slices: Slices, arm: Arm, chief: Chief) -> None:
        self._slices = slices
        self._arm = arm
        self._chief = chief

    @property
    def steps_per_slice(self) -> int:
        """How many optimizer updates one slice holds."""
        return self._slices.steps_per_slice

    def measure_slice(self) -> Times:
        """Have the follower begin, do one slice and return how long it took here."""
        self._chief.begin(self._arm)
        return self._slices.measure_slice()

    def close(self) -> None:
        """End the work and free what it needed."""
        self._slices.close()

    @property
    def trace_count(self) -> int:
        """How often this arm has traced here since it was prepared and warmed up."""
        return self._slices.trace_count


@contextlib.contextmanager
def open_partner(member: Json | None) -> Iterator[Chief | Follower | None]:
    """Meet the other worker where a job has one; None where it is done by one process."""
    if member is None:
        yield None
        return
    _die_with_parent()
    membership = Membership.from_json(member)
    with contextlib.closing(Follower(membership) if membership.index else Chief(membership)) as partner:
        yield partner
        partner.wait_for_end()


def _die_with_parent() -> None:
    """Have this process killed when the one that started it dies, where the system can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
