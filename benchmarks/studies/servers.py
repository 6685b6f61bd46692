"""How much of a case's spread belongs to the server that its blocks are forked from? And what does a busy machine add?

Starts several servers of one target, which draw an address space and a hash seed each, or have fixed ones, and measures
or reads the same arms in all of them in turns. Prints what each server's blocks gave, the spread between blocks of one
server, and the spread of the servers' means beside the one that would follow from it if servers were alike:

    python -m benchmarks.studies.servers --question step_time --method fit_class_weight [--busy]
    python -m benchmarks.studies.servers --question peak_memory --method loop_graph --blocks 2 [--fixed]

Of times that is the log-ratio of weighted ÷ control in percent, of peaks the weighted arm's tensor bytes of a pass in
units of 10⁶. With `--fixed` the servers have the layouts 0, 1, 2, 3, 0, … as those that the suite reads in. `--busy`
keeps one core busy with another process. What it printed is in docs/how-it-measures.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.launch.launcher import ServerLauncher
from benchmarks.launch.pool import LAYOUTS
from benchmarks.launch.targets import find_target
from benchmarks.questions import find_block_timing
from benchmarks.records import Arm, BlockRequest, Case, Question, ReadRequest
from benchmarks.records.quantities import PASS_PEAK_TENSORS, name_reading
from benchmarks.stats.estimators import summarise_block
from benchmarks.studies import (
    keep_a_core_busy,
    list_cases,
    make_measuring_parser,
    open_servers,
    render_table,
    report_progress,
)

_TENSORS = name_reading(PASS_PEAK_TENSORS.name, "CPU:0")


def measure(case: Case, launcher: ServerLauncher, number: int) -> float:
    """Return what one block of a server gives: a log-ratio in percent, or a peak in 10⁶ bytes."""
    if not case.question.is_timed:
        return launcher.read_arm(ReadRequest(case=case, arm=Arm.WEIGHTED, seed=number)).values[_TENSORS] / 1e6
    plan = find_block_timing(case.question, None)
    request = BlockRequest(
        case=case,
        seed=number,
        order_seed=number,
        weighted_built_first=number % 2 == 0,
        timed_budget_ns=plan.timed_budget_ns,
        min_rounds=plan.min_rounds,
    )
    return 100.0 * summarise_block(launcher.run_block(request)).log_ratio


def measure_servers(case: Case, servers: int, blocks: int, *, fixed: bool) -> NDArray[np.float64]:
    """Return what each server's blocks gave, float64 [servers, blocks], measured in turns over the servers."""
    targets = [
        dataclasses.replace(find_target(None), layout=number % LAYOUTS if fixed else None) for number in range(servers)
    ]
    values = np.empty((servers, blocks))
    with open_servers(targets) as launchers:
        for number in range(blocks):
            for index, launcher in enumerate(launchers):
                values[index, number] = measure(case, launcher, number)
            report_progress(f"block {number + 1} of {blocks} in each server")
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
        f"{render_table(rows)}\n\n"
        f"Spread (SD) of the blocks of one server {within:.2f}; of the servers' means {between:.2f}, where "
        f"{within / np.sqrt(values.shape[1]):.2f} would follow from the blocks alone."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = make_measuring_parser("servers", __doc__)
    parser.add_argument("--question", default=Question.STEP_TIME.value, help="step_time or peak_memory")
    parser.add_argument("--method", default="loop_graph", help="whose weighted case is measured")
    parser.add_argument("--servers", type=int, default=6)
    parser.add_argument("--blocks", type=int, default=4, help="in each server")
    parser.add_argument("--fixed", action="store_true", help="give the servers the layouts that the suite reads in")
    options = parser.parse_args(arguments)
    (case,) = (each for each in list_cases(Question(options.question), options.method) if not each.null)
    with keep_a_core_busy(busy=options.busy):
        print(render_servers(measure_servers(case, options.servers, options.blocks, fixed=options.fixed)))


if __name__ == "__main__":
    main()
