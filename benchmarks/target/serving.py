"""How does a target answer requests? It starts a fresh child for each, watches it, and passes its answer on.

Where starts are to be cold, each arm of each round has one. A child is forked after the import of TensorFlow and before
its runtime starts, which costs 50 ms instead of an import; where fork is not to be had it is a new interpreter. Unless
the asking side knows that it was done, one more child proves before that the method computes the weighted gradient.

Before the first request it introduces itself; a reply carries the number of its request.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TextIO

from benchmarks.errors import CaseError, SuiteError
from benchmarks.methods import METHODS
from benchmarks.probes import load_probe
from benchmarks.records import BlockRequest, Json, Meeting, Question
from benchmarks.records.cases import WIRE_VERSION, Introduction
from benchmarks.target import worker
from benchmarks.target.cold_starts import (
    RunChildren,
    has_core_for_each_arm,
    measure_cold_block,
    profile_cold_block,
)
from benchmarks.target.jobs import do_job
from benchmarks.target.supervise import Child, ChildError, Limits, start_forked, start_fresh, supervise
from benchmarks.workloads import WORKLOADS


def introduce() -> Introduction:
    """Return what this server speaks, has and runs on."""
    return Introduction(
        wire_version=WIRE_VERSION,
        questions=tuple(question.value for question in Question),
        methods=tuple(METHODS),
        workloads=tuple(WORKLOADS),
        tensorflow=_find_version("tensorflow"),
        keras=_find_version("keras"),
        numpy=_find_version("numpy"),
        python=platform.python_version(),
    )


def _find_version(package: str) -> str:
    return str(importlib.import_module(package).__version__)


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
            starts = [partial(_start_child, job, fork=fork) for job in jobs]
            return supervise(starts, limits, parent_fd=requests.fileno())

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
        meeting = request.get("meeting")
        where = None if meeting is None else Meeting.from_json(meeting)
        return measure_cold_block(wanted, where, run, forks=fork, at_once=has_core_for_each_arm())
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
    if fork:
        return start_forked(lambda: do_job(job))
    return start_fresh([sys.executable, "-m", worker.__name__, "--one-job"], job)
