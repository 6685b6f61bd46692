"""How does a target answer requests? It starts a fresh child for each, watches it, and passes its answer on.

A child is forked after the import of TensorFlow and before its runtime starts, which costs 50 ms instead of an import;
where fork is not to be had it is a new interpreter. Unless the asking side knows that it was done, one more child
proves before that the method computes the weighted gradient.

Before the first request it introduces itself; a reply carries the number of its request.

A block of cold starts is measured round by round, each arm in a child of its own. Both children of a round are started
at the same time where each has a core to itself: a start keeps one core busy, and the other arm on the next core
neither lengthens it nor makes it less steady (docs/how-it-measures.md). On a single core they run one after the other.
Which is started first is drawn anew in each pair of rounds. Where it forks, the samples are made once, in the server,
before the first. Where a method trains replicas, one start needs both cores, and a job may be done by two processes
(`workers`). Leaves out: what a child does (`jobs`) and its limits (`supervise`).
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TextIO

from benchmarks.errors import CaseError, SuiteError
from benchmarks.methods import METHODS, Replicas
from benchmarks.probes import load_probe
from benchmarks.protocols import Times
from benchmarks.records import Arm, BlockRequest, Json, Profile, Question
from benchmarks.records.cases import WIRE_VERSION, Introduction
from benchmarks.target import worker
from benchmarks.target.interleave import Round, draw_orders, make_block, measure_rounds, open_turns, write_block
from benchmarks.target.jobs import do_job, find_versions, make_samples
from benchmarks.target.supervise import THE_BLOCK, Child, ChildError, Limits, start_forked, start_fresh, supervise
from benchmarks.target.workers import FOLLOWER_NAME, count_cores, find_replicas, is_follower, open_jobs
from benchmarks.workloads import WORKLOADS

RunChildren = Callable[[Sequence[Json]], list[Json]]
"""Has fresh processes do these jobs, a process each and all at the same time, and returns their results in that order.

It raises BlockError where one of them fails, once all have ended.
"""


def introduce() -> Introduction:
    """Return what this server speaks, has and runs on."""
    return Introduction(
        wire_version=WIRE_VERSION,
        questions=tuple(question.value for question in Question),
        methods=tuple(METHODS),
        workloads=tuple(WORKLOADS),
        **find_versions(),
    )


def serve(requests: TextIO, send: Callable[[Json], None], *, fork: bool) -> None:
    """Answer one request a line until the requests end.

    Args:
        requests: JSON lines; also watched while a child works, for the end of the asking process.
        send: sends one reply.
        fork: fork a child per request, instead of starting an interpreter.
    """
    while line := requests.readline():
        request = json.loads(line)
        limits = Limits(**request["limits"])

        def run(jobs: Sequence[Json], limits: Limits = limits) -> list[Json]:
            with contextlib.ExitStack() as stack:
                children = [child for job in jobs for child in stack.enter_context(open_jobs(job))]
                starts = [partial(_start_child, child, fork=fork) for child in children]
                results = supervise(starts, limits, parent_fd=requests.fileno())
            return [result for child, result in zip(children, results, strict=True) if not is_follower(child)]

        try:
            if not request.get("proven", True):
                _prove(request["request"]["case"], run)
            reply: Json = {"result": _answer(request, run, fork=fork)}
        except ChildError as failed:
            reply = failed.reply
        except SuiteError as error:
            reply = {"error": str(error), "kind": type(error).__name__}
        send(reply | {"id": request["id"]})


def _answer(request: Json, run: RunChildren, *, fork: bool) -> Json:
    """Return the result of one child, or what those of several come to where each start is to be cold."""
    if request["do"] in {"measure", "profile"} and load_probe(request["request"]["case"]["question"]).is_cold:
        wanted = BlockRequest.from_json(request["request"])
        if request["do"] == "profile":
            return profile_cold_block(wanted, run)
        at_once = has_core_for_each_arm() and find_replicas(request) is Replicas.ONE
        return measure_cold_block(wanted, request.get("meeting"), run, forks=fork, at_once=at_once)
    (result,) = run([request])
    return result


def _prove(case: Json, run: RunChildren) -> None:
    """Prove in a child of its own that the method weights the gradient; a null case weights nothing.

    Raises:
        CaseError: when it does not.
    """
    if case["null"]:
        return
    try:
        run([{"do": "prove", "case": case}])
    except ChildError as failed:
        raise CaseError(str(failed)) from failed


def _start_child(job: Json, *, fork: bool) -> Child:
    """Start the process that does one job."""
    name = FOLLOWER_NAME if is_follower(job) else THE_BLOCK
    if fork:
        return start_forked(lambda: do_job(job), name)
    return start_fresh([sys.executable, "-m", worker.__name__, "--one-job"], job, name)


def has_core_for_each_arm() -> bool:
    """Whether this process may use as many cores as a block has arms."""
    return count_cores() >= len(Arm)


def measure_cold_block(
    request: BlockRequest, meeting: Json | None, run_children: RunChildren, *, forks: bool, at_once: bool
) -> Json:
    """Measure a block of a question whose slices are cold, and return it.

    Args:
        request: what to measure.
        meeting: the `Meeting` where it takes turns with blocks of other targets; None where it has the machine alone.
        run_children: has fresh processes do jobs.
        forks: whether processes inherit what this one has made.
        at_once: whether both arms of a round start at the same time.

    Raises:
        BlockError: when a process ended without a result, or replied with an error.
    """
    begin_ns = time.perf_counter_ns()
    case = request.case
    if forks:
        make_samples(case.workload, load_probe(case.question).count_samples(case), request.seed)

    def measure(weighted_first: bool) -> Round:  # noqa: FBT001 - the one thing that is drawn
        arms = list(reversed(Arm) if weighted_first else Arm)
        jobs = [_make_job("start", request, arm) for arm in arms]
        results = run_children(jobs) if at_once else _run_in_turn(jobs, run_children)
        times = {arm: Times(**result) for arm, result in zip(arms, results, strict=True)}
        return Round(control=times[Arm.CONTROL], weighted=times[Arm.WEIGHTED], weighted_first=weighted_first)

    with open_turns(meeting) as turns:
        rounds = measure_rounds(measure, request, draw_orders(request.order_seed), turns)
    block = make_block(rounds, request, steps_per_slice=1, traces=0, weighted_built_first=None)
    return write_block(block, begin_ns, turns)


def profile_cold_block(request: BlockRequest, run_children: RunChildren) -> Json:
    """Return the profile of one cold start of either arm, which are started one after the other.

    Args:
        request: the case whose arms are started.
        run_children: has fresh processes do jobs.

    Raises:
        BlockError: when a process ended without a result, or replied with an error.
    """
    control, weighted = _run_in_turn([_make_job("profile_start", request, arm) for arm in Arm], run_children)
    return Profile(control_own_ns_per_step=control, weighted_own_ns_per_step=weighted).to_json()


def _make_job(do: str, request: BlockRequest, arm: Arm) -> Json:
    """Return what one process is asked for."""
    return {"do": do, "request": request.to_json(), "arm": arm.value}


def _run_in_turn(jobs: Sequence[Json], run_children: RunChildren) -> list[Json]:
    """Return the results of processes that run one after the other."""
    return [result for job in jobs for result in run_children([job])]
