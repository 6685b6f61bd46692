"""Does it matter which process measures, and which other ones run? Blocks by their server, and starts by their company.

    python -m benchmarks.studies.processes servers --question step_time --method fit_class_weight_dataset [--busy]
    python -m benchmarks.studies.processes servers --question peak_memory --method loop_graph --blocks 2 [--fixed]
    python -m benchmarks.studies.processes starts --method fit_array,loop_graph --rounds 16 [--weighted] [--busy]

**Servers.** How much of a case's spread belongs to the server that its blocks are forked from? Starts several servers
of one target, which draw an address space and a hash seed each, or with `--fixed` have the layouts 0, 1, 2, 3, 0, … as
those that the suite reads in, and measures or reads the same arms in all of them in turns. Prints what each server's
blocks gave, the spread between blocks of one server, and the spread of the servers' means beside the one that would
follow from it if servers were alike. Of times that is the log-ratio of weighted ÷ control in percent, of peaks the
weighted arm's tensor bytes of a pass in units of 10⁶.

**Starts.** May both arms of a round start at the same time? Measures pairs of rounds, one in either order of the arms,
one after the other and at the same time, in an order drawn anew each time, as a server of the suite does. Prints for
each way how far the log-ratios of weighted ÷ control of its rounds spread, their mean and its standard error, in wall
and in processor time, how long a control took, and how long a round. Null cases are measured, whose mean should be 0,
or with `--weighted` the methods against their controls. If starting at the same time disturbed a start, its control
would take longer; if it disturbed one more than the other, its log-ratios would spread further.

`--busy` keeps one core busy with another process. What both printed is in docs/how-it-measures.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks import studies
from benchmarks.launch.launcher import ServerLauncher, open_servers
from benchmarks.launch.pool import LAYOUTS
from benchmarks.launch.targets import find_target
from benchmarks.measuring.session import MeasuringSettings
from benchmarks.records import Arm, Block, BlockRequest, Case, Question, ReadRequest
from benchmarks.records.quantities import PASS_PEAK_TENSORS, name_reading
from benchmarks.stats.estimators import summarise_block
from benchmarks.target.jobs import do_job
from benchmarks.target.serving import RunChildren, measure_cold_block

_TENSORS = name_reading(PASS_PEAK_TENSORS.name, "CPU:0")

_SEED = 1

_ROUNDS_OF_A_BLOCK = 2

_TITLES: Mapping[bool, str] = {False: "one after the other", True: "at the same time"}
"""The two ways of starting, by whether both arms start at once."""

Starts = Mapping[bool, Sequence[Block]]
"""Blocks of two rounds by whether both arms were started at once."""


def measure_in_server(case: Case, launcher: ServerLauncher, number: int) -> float:
    """Return what one block of a server gives: a log-ratio in percent, or a peak in 10⁶ bytes."""
    if not case.question.is_timed:
        return launcher.read_arm(ReadRequest(case=case, arm=Arm.WEIGHTED, seed=number)).values[_TENSORS] / 1e6
    request = MeasuringSettings(seed=_SEED).make_block_request(case, number)
    return 100.0 * summarise_block(launcher.run_block(request)).log_ratio


def measure_servers(case: Case, servers: int, blocks: int, *, fixed: bool) -> NDArray[np.float64]:
    """Return what each server's blocks gave, float64 [servers, blocks], measured in turns over the servers."""
    targets = [
        dataclasses.replace(find_target(None), layout=number % LAYOUTS if fixed else None) for number in range(servers)
    ]
    values = np.empty((servers, blocks))
    with open_servers(targets, studies.find_limits(), set()) as launchers:
        for number in range(blocks):
            for index, launcher in enumerate(launchers):
                values[index, number] = measure_in_server(case, launcher, number)
            studies.report_progress(f"block {number + 1} of {blocks} in each server")
    return values


def render_servers(values: NDArray[np.float64]) -> str:
    """Return a row per server, and how far their means lie apart beside what blocks of one server would make of it.

    Args:
        values: float64 [servers, blocks], at least 2 of either.
    """
    rows = [
        {"server": index, "blocks": " ".join(f"{value:+.2f}" for value in row), "mean": f"{row.mean():+.2f}"}
        for index, row in enumerate(values, start=1)
    ]
    within = float(np.sqrt(values.var(axis=1, ddof=1).mean()))
    between = float(values.mean(axis=1).std(ddof=1))
    return (
        f"{studies.render_table(rows)}\n\n"
        f"Spread (SD) of the blocks of one server {within:.2f}; of the servers' means {between:.2f}, where "
        f"{within / np.sqrt(values.shape[1]):.2f} would follow from the blocks alone."
    )


def measure_starts(case: Case, rounds: int) -> Starts:
    """Measure so many cold starts of a case in either way, forked from this process, which has to be a fresh one."""
    studies.prepare_to_fork(case, _SEED)
    return measure_in_turns(case, rounds, lambda jobs: studies.run_forked(partial(do_job, job) for job in jobs))


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
    return studies.render_table(rows)


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


def _study_servers(options: argparse.Namespace) -> str:
    cases = studies.list_cases(Question(options.question), options.method or "loop_graph")
    (case,) = (each for each in cases if not each.null)
    return render_servers(measure_servers(case, options.servers, options.blocks, fixed=options.fixed))


def _study_starts(options: argparse.Namespace) -> str:
    cases = studies.list_cases(Question.STARTUP_TIME, options.method or "fit_array,loop_graph")
    wanted = [case for case in cases if case.null is not options.weighted]
    return render_starts(studies.measure_afresh(wanted, partial(measure_starts, rounds=options.rounds)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = studies.make_measuring_parser("processes", __doc__)
    parser.add_argument("of", choices=("servers", "starts"), help="what is compared")
    parser.add_argument("--method", help="whose case is measured in servers (default: loop_graph), whose in starts")
    parser.add_argument("--question", default=Question.STEP_TIME.value, help="of servers: step_time or peak_memory")
    parser.add_argument("--servers", type=int, default=6, help="how many servers")
    parser.add_argument("--blocks", type=int, default=4, help="in each server")
    parser.add_argument("--fixed", action="store_true", help="give the servers the layouts that the suite reads in")
    parser.add_argument("--rounds", type=int, default=16, help="rounds of starts of either way")
    parser.add_argument("--weighted", action="store_true", help="start the methods and their controls, no null cases")
    options = parser.parse_args(arguments)
    if options.rounds < _ROUNDS_OF_A_BLOCK:
        parser.error(f"--rounds: expected at least {_ROUNDS_OF_A_BLOCK}, got {options.rounds}; one round has no spread")
    with studies.keep_a_core_busy(busy=options.busy):
        print(_study_servers(options) if options.of == "servers" else _study_starts(options))


if __name__ == "__main__":
    main()
