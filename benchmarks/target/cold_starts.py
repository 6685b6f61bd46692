"""How is a block of cold starts measured? Round by round, each arm in a fresh process of its own.

Both processes of a round are forked from one server, at the same time where each has a core to itself: a start keeps
one core busy, and the other arm on the next core neither lengthens it nor makes it less steady
(docs/how-it-measures.md). On a single core they run one after the other. Which is forked first is drawn anew in each
pair of rounds. The samples are made once, in the server, before the first. Leaves out: what a process does (`jobs`) and
its limits (`supervise`).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence

from benchmarks.probes import load_probe
from benchmarks.protocols import Times
from benchmarks.records import Arm, BlockRequest, Json, Meeting, Profile
from benchmarks.target.interleave import Round, draw_orders, make_block, measure_rounds
from benchmarks.target.jobs import make_samples
from benchmarks.target.turns import Turns

RunChildren = Callable[[Sequence[Json]], list[Json]]
"""Has fresh processes do these jobs, a process each and all at the same time, and returns their results in that order.

It raises BlockError where one of them fails, once all have ended.
"""


def has_core_for_each_arm() -> bool:
    """Whether this process may use as many cores as a block has arms."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0)) >= len(Arm)
    return (os.cpu_count() or 1) >= len(Arm)


def measure_cold_block(
    request: BlockRequest, meeting: Meeting | None, run_children: RunChildren, *, forks: bool, at_once: bool
) -> Json:
    """Measure a block of a question whose slices are cold, and return it.

    Args:
        request: what to measure.
        meeting: where it takes turns with blocks of other targets; None where it has the machine to itself.
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

    with contextlib.ExitStack() as stack:
        turns: Turns | None = None
        if meeting is not None:
            turns = stack.enter_context(contextlib.closing(Turns(meeting, time.perf_counter_ns)))
        rounds = measure_rounds(measure, request, draw_orders(request.order_seed), turns)
    block = make_block(rounds, request, steps_per_slice=1, traces=0, weighted_built_first=None)
    waited_ns = 0 if turns is None else turns.waited_ns
    return block.to_json() | {"wall_ns": time.perf_counter_ns() - begin_ns - waited_ns}


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
