"""How does a target answer requests? It starts a fresh child for each, watches it, and passes its answer on.

The child is forked after the import of TensorFlow and before its runtime starts, which costs 50 ms instead of an
import; where fork is not to be had it is a new interpreter. Unless the asking side knows that it was done, one more
child proves before that the method computes the weighted gradient.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TextIO

from benchmarks.blocks.cold_starts import ChildError, RunChild, measure_cold_block, profile_cold_block
from benchmarks.blocks.jobs import do_job
from benchmarks.blocks.supervise import Child, Limits, start_forked, start_fresh, supervise
from benchmarks.errors import CaseError, SuiteError
from benchmarks.probes import load_probe
from benchmarks.records import BlockRequest, Json, Meeting


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

        def run(job: Json, limits: Limits = limits) -> Json:
            return supervise(_start_child(job, fork=fork), limits, parent_fd=requests.fileno())

        try:
            if not request.get("proven", True):
                _prove(request["request"]["case"], run)
            send(_answer(request, run, fork=fork))
        except ChildError as failed:
            send(failed.reply)
        except SuiteError as error:
            send({"error": str(error), "kind": type(error).__name__})


def _answer(request: Json, run: RunChild, *, fork: bool) -> Json:
    """Return the reply to a request: one child's, or what several of them come to where each start is to be cold."""
    if request["do"] in {"measure", "profile"} and load_probe(request["request"]["case"]["question"]).is_cold:
        wanted = BlockRequest.from_json(request["request"])
        if request["do"] == "profile":
            return {"result": profile_cold_block(wanted, run)}
        meeting = request.get("meeting")
        where = None if meeting is None else Meeting.from_json(meeting)
        return {"result": measure_cold_block(wanted, where, run, forks=fork)}
    return run(request)


def _prove(case: Json, run: RunChild) -> None:
    """Prove in a child of its own that the method weights the gradient; a null case weights nothing.

    Raises:
        CaseError: when it does not.
    """
    if case["null"]:
        return
    reply = run({"do": "prove", "case": case})
    if "error" in reply:
        raise CaseError(reply["error"])


def _start_child(job: Json, *, fork: bool) -> Child:
    """Start the process that does one job."""
    if fork:
        return start_forked(lambda: do_job(job))
    return start_fresh([sys.executable, "-m", "benchmarks.blocks.worker", "--one-job"], job)
