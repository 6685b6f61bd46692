"""May both arms of a round start at the same time? Cold starts one after the other and at once, in turns.

Measures pairs of rounds, one in either order of the arms, in the one way and in the other, in an order drawn anew each
time, as a server of the suite does. Prints for each way how far the log-ratios of weighted ÷ control of its rounds
spread, their mean and its standard error, in wall and in processor time, how long a control took, and how long a round:

    python -m benchmarks.studies.starts --method fit_array,loop_graph --rounds 16 [--weighted] [--busy]

Null cases are measured, whose mean should be 0, or with `--weighted` the methods against their controls. If starting at
the same time disturbed a start, its control would take longer; if it disturbed one more than the other, its log-ratios
would spread further. `--busy` keeps one core busy with another process, which leaves one for the starts. What it
printed is in docs/how-it-measures.md.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from benchmarks.probes import load_probe
from benchmarks.records import Block, BlockRequest, Case, Json, Question
from benchmarks.studies import (
    find_limits,
    keep_a_core_busy,
    list_cases,
    make_measuring_parser,
    render_table,
    report_progress,
)
from benchmarks.target.jobs import do_job, make_samples
from benchmarks.target.serving import RunChildren, measure_cold_block
from benchmarks.target.supervise import start_forked, supervise

_SEED = 1

_TITLES: Mapping[bool, str] = {False: "one after the other", True: "at the same time"}
"""The two ways, by whether both arms start at once."""

_ROUNDS_OF_A_BLOCK = 2

Starts = Mapping[bool, Sequence[Block]]
"""Blocks of two rounds by whether both arms were started at once."""


def measure_case(case: Case, rounds: int) -> Starts:
    """Measure so many cold starts of a case in either way, forked from this process, which has to be a fresh one."""
    _ = importlib.import_module("tensorflow").keras.Model  # as a server does: inherited by every child
    make_samples(case.workload, load_probe(case.question).count_samples(case), _SEED)

    def run_children(jobs: Sequence[Json]) -> list[Json]:
        return supervise([partial(start_forked, partial(do_job, job)) for job in jobs], find_limits())

    return measure_in_turns(case, rounds, run_children)


def measure_in_turns(case: Case, rounds: int, run_children: RunChildren) -> Starts:
    """Measure blocks of two rounds, in turns in either way.

    Args:
        case: of start-up time.
        rounds: how many there are to be of either way; an odd one is rounded up.
        run_children: has fresh processes do jobs; they have the samples.
    """
    generator = random.Random(_SEED)  # noqa: S311 - an order, not a secret
    starts: dict[bool, list[Block]] = {at_once: [] for at_once in _TITLES}
    for number in range(-(-rounds // _ROUNDS_OF_A_BLOCK)):
        request = BlockRequest(
            case=case, seed=_SEED, order_seed=number, timed_budget_ns=1, min_rounds=_ROUNDS_OF_A_BLOCK
        )
        for at_once in generator.sample(sorted(_TITLES), k=len(_TITLES)):
            block = measure_cold_block(request, None, run_children, forks=False, at_once=at_once)
            starts[at_once].append(Block.from_json(block))
    return starts


def render_starts(cases: Mapping[Case, Starts]) -> str:
    """Return a row for each case and way, log-ratios in percent, as a table; at least two rounds of each."""
    rows = [
        {"case": case.case_id, "arms start": _TITLES[at_once]} | _describe_blocks(blocks)
        for case, starts in cases.items()
        for at_once, blocks in starts.items()
    ]
    return render_table(rows)


def _describe_blocks(blocks: Sequence[Block]) -> dict[str, str]:
    columns = {
        name: np.array([value for block in blocks for value in getattr(block, name)], dtype=float)
        for name in ("control_slice_ns", "weighted_slice_ns", "control_cpu_ns", "weighted_cpu_ns")
    }
    rounds = len(columns["control_slice_ns"])
    cells = {"rounds": str(rounds)}
    for title, kind in (("wall", "slice"), ("CPU", "cpu")):
        log_ratios = 100.0 * np.log(columns[f"weighted_{kind}_ns"] / columns[f"control_{kind}_ns"])
        deviation = float(log_ratios.std(ddof=1))
        cells[f"{title} SD %"] = f"{deviation:.1f}"
        cells[f"{title} mean %"] = f"{log_ratios.mean():+.1f} ± {deviation / np.sqrt(rounds):.1f}"
    seconds = sum(block.wall_ns for block in blocks) / rounds / 1e9
    return cells | {
        "control ms": f"{np.median(columns['control_slice_ns']) / 1e6:.0f}",
        "control CPU ms": f"{np.median(columns['control_cpu_ns']) / 1e6:.0f}",
        "s per round": f"{seconds:.2f}",
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = make_measuring_parser("starts", __doc__)
    parser.add_argument("--rounds", type=int, default=16, help="rounds of either way")
    parser.add_argument("--method", default="fit_array,loop_graph", help="methods whose null cases are measured")
    parser.add_argument("--weighted", action="store_true", help="measure the methods against their controls instead")
    options = parser.parse_args(arguments)
    if options.rounds < _ROUNDS_OF_A_BLOCK:
        parser.error(f"--rounds: expected at least {_ROUNDS_OF_A_BLOCK}, got {options.rounds}; one round has no spread")
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}  # as servers are started
    measured = {}
    cases = [case for case in list_cases(Question.STARTUP_TIME, options.method) if case.null is not options.weighted]
    with keep_a_core_busy(busy=options.busy):
        for case in cases:
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                measured[case] = pool.submit(measure_case, case, options.rounds).result()
            report_progress(f"measured {case.case_id}")
    print(render_starts(measured))


if __name__ == "__main__":
    main()
