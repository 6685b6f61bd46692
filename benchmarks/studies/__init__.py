"""Scripts that chose a number of this suite by simulation or measurement; each prints the table it rests on.

Here is what they share: a command line, cases to measure and limits, fresh processes, a core kept busy, and tables in
Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

import psutil

from benchmarks.cases import parse_axis
from benchmarks.probes import load_probe
from benchmarks.records import Aspect, Case, Json, Question
from benchmarks.reports import markdown
from benchmarks.sweeps import Profile, expand
from benchmarks.target.jobs import make_samples
from benchmarks.target.supervise import Limits, start_forked, supervise

_Measured = TypeVar("_Measured")

TITLES: Mapping[Aspect, str] = {Aspect.OVERHEAD: "wall", Aspect.CPU: "CPU"}
"""The two kinds of time, as they head columns."""


def make_parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """Return the command line of the study of this name, which the first line of its docstring describes."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.studies.{name}", description=(doc or "").split("\n", maxsplit=1)[0]
    )


def make_simulation_parser(name: str, doc: str | None, cases: str) -> argparse.ArgumentParser:
    """Return the command line of a study that simulates: how much, which is `cases`, and the seed of the draws."""
    parser = make_parser(name, doc)
    parser.add_argument("--cases", type=int, default=2000, help=f"{cases} (default: 2000)")
    parser.add_argument("--seed", type=int, default=20260101, help="seed of the draws (default: 20260101)")
    return parser


def make_measuring_parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """Return the command line of a study that measures, perhaps beside a busy process."""
    parser = make_parser(name, doc)
    parser.add_argument("--busy", action="store_true", help="keep one core busy with another process")
    return parser


def list_cases(question: Question, methods: str, workload: str = "mlp") -> list[Case]:
    """Return the quick sweep's cases of these methods with a workload, null cases first."""
    given = {"method": parse_axis("method", methods), "workload": parse_axis("workload", workload)}
    asked = expand(question, Profile.QUICK, given)
    return [case for case in asked if isinstance(case, Case)]


def find_limits() -> Limits:
    """Return the limits of what a study measures: five minutes, and all memory there is."""
    return Limits(timeout_s=300.0, memory_bytes=psutil.virtual_memory().total)


def measure_afresh(cases: Iterable[Case], measure: Callable[[Case], _Measured]) -> dict[Case, _Measured]:
    """Return what each case was measured as, in a new interpreter that is set up as a server of the suite.

    Args:
        cases: what to measure.
        measure: a function that can be pickled; it calls `prepare_to_fork` before it forks.
    """
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}  # as servers are started
    measured = {}
    for case in cases:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            measured[case] = pool.submit(measure, case).result()
        report_progress(f"measured {case.case_id}")
    return measured


def prepare_to_fork(case: Case, seed: int) -> None:
    """Import what each child of a server inherits, and make the samples of a case."""
    _ = importlib.import_module("tensorflow").keras.Model
    make_samples(case.workload, load_probe(case.question).count_samples(case), seed)


def run_forked(works: Iterable[Callable[[], Json]]) -> list[Json]:
    """Do each of these in a process forked for it, all at once, and return what they made."""
    return supervise([functools.partial(start_forked, work) for work in works], find_limits())


@contextlib.contextmanager
def keep_a_core_busy(*, busy: bool) -> Iterator[None]:
    """Run another process that never waits, for as long as the context lasts."""
    if not busy:
        yield
        return
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


def report_progress(text: str) -> None:
    """Tell a person how far a study is, apart from what it prints in the end."""
    print(text, file=sys.stderr, flush=True)


def render_table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return a table in Markdown, with a column for each key that a row has; empty where there is no row."""
    headers = list(dict.fromkeys(header for row in rows for header in row))
    if not headers:
        return ""
    return markdown.render_table(headers, [[str(row.get(header, "")) for header in headers] for row in rows])


def print_table(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Print a table below its title, at once."""
    print(f"{title}\n\n{render_table(rows)}\n", flush=True)
