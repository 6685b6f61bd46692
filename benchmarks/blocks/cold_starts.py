"""How is a block of cold starts measured? Round by round, each arm in a fresh process of its own.

Both processes of a round are forked from one server, one after the other, in an order drawn anew in each pair of
rounds; the samples are made once, in the server, before the first. Leaves out: what a process does (`jobs`) and its
limits (`supervise`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from benchmarks.blocks.interleave import Round, draw_orders, make_block, measure_rounds
from benchmarks.blocks.jobs import make_samples
from benchmarks.blocks.turns import Turns
from benchmarks.errors import BlockError
from benchmarks.probes import load_probe
from benchmarks.protocols import Times
from benchmarks.records import Arm, BlockRequest, Json, Meeting, Profile

RunChild = Callable[[Json], Json]
"""Has a fresh process do one job and returns its reply: `{"result": …}`, or `{"error": …}`."""


class ChildError(BlockError):
    """A process of a block replied with an error; `reply` is what it said."""

    def __init__(self, reply: Json) -> None:
        """Keep the reply, which names the kind of the error."""
        super().__init__(reply["error"])
        self.reply = reply


def measure_cold_block(request: BlockRequest, meeting: Meeting | None, run_child: RunChild, *, forks: bool) -> Json:
    """Measure a block of a question whose slices are cold, and return it.

    Args:
        request: what to measure.
        meeting: where it takes turns with blocks of other targets; None where it has the machine to itself.
        run_child: has a fresh process do one job.
        forks: whether processes inherit what this one has made.

    Raises:
        BlockError: when a process ended without a result, or replied with an error.
    """
    begin_ns = time.perf_counter_ns()
    case = request.case
    if forks:
        make_samples(case.workload, load_probe(case.question).count_samples(case), request.seed)

    def measure(weighted_first: bool) -> Round:  # noqa: FBT001 - the one thing that is drawn
        arms = reversed(Arm) if weighted_first else iter(Arm)
        times = {arm: Times(**_ask(run_child, "start", request, arm)) for arm in arms}
        return Round(control=times[Arm.CONTROL], weighted=times[Arm.WEIGHTED], weighted_first=weighted_first)

    with contextlib.ExitStack() as stack:
        turns: Turns | None = None
        if meeting is not None:
            turns = stack.enter_context(contextlib.closing(Turns(meeting, time.perf_counter_ns)))
        rounds = measure_rounds(measure, request, draw_orders(request.order_seed), turns)
    block = make_block(rounds, request, steps_per_slice=1, traces=0, weighted_built_first=None)
    waited_ns = 0 if turns is None else turns.waited_ns
    return block.to_json() | {"wall_ns": time.perf_counter_ns() - begin_ns - waited_ns}


def profile_cold_block(request: BlockRequest, run_child: RunChild) -> Json:
    """Return the profile of one cold start of either arm.

    Args:
        request: the case whose arms are started.
        run_child: has a fresh process do one job.

    Raises:
        BlockError: when a process ended without a result, or replied with an error.
    """
    control, weighted = (_ask(run_child, "profile_start", request, arm) for arm in Arm)
    return Profile(control_own_ns_per_step=control, weighted_own_ns_per_step=weighted).to_json()


def _ask(run_child: RunChild, do: str, request: BlockRequest, arm: Arm) -> Json:
    """Return the result of one process."""
    reply = run_child({"do": do, "request": request.to_json(), "arm": arm.value})
    if "error" in reply:
        raise ChildError(reply)
    result: Json = reply["result"]
    return result
