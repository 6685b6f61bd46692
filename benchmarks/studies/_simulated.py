"""What do studies that simulate the gate share? Blocks and plans of a step's time, a command line, printed tables.

Leaves out: what is simulated, which each study knows.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from benchmarks.gate import plan as gate_plan
from benchmarks.gate.confirm import MeasureMore, Standard, screen_then_confirm
from benchmarks.gate.judgement import conclude
from benchmarks.gate.plan import Plan
from benchmarks.gate.times import list_time_criteria
from benchmarks.records import Aspect, BlockSummary, Case, Environment, Outcome, Question

Draws = Sequence[float] | NDArray[np.float64]

NOWHERE = Environment(
    tensorflow="",
    keras="",
    numpy="",
    python="",
    cpu_model="simulated",
    cores=1,
    intra_op_threads=None,
    inter_op_threads=None,
    onednn="",
    device="",
)
"""Where simulated blocks were measured."""

TOLERANCE: float = gate_plan.make_plan(Question.STEP_TIME, judgements=1).tolerances[Aspect.OVERHEAD]
"""The tolerated rise of a simulated case: that of a step's time."""


def make_plan(*, judgements: int) -> Plan:
    """Return the plan that step times are judged by in wall time, in a run of so many judgements."""
    plan = gate_plan.make_plan(Question.STEP_TIME, judgements=judgements)
    return dataclasses.replace(plan, tolerances={Aspect.OVERHEAD: TOLERANCE})


SIMULATED_CASE = Case(
    question=Question.STEP_TIME, workload="simulated", depth=1, batch_size=1, dataset_size=None, method="simulated"
)


def judge_simulated(
    measure_more: MeasureMore[BlockSummary], standards: Sequence[Standard[BlockSummary]], plan: Plan
) -> Outcome:
    """Return how a simulated case comes out, by the gate itself; without standards it is a null case."""
    case = dataclasses.replace(SIMULATED_CASE, null=not standards)
    criteria = list_time_criteria(case, standards, plan)
    verdict = conclude(screen_then_confirm(measure_more, lambda _: criteria, plan))
    assert verdict is not None  # noqa: S101 - there are criteria
    return verdict.outcome


def make_summaries(log_ratios: Draws, cpu_log_ratios: Draws | None = None) -> list[BlockSummary]:
    """Return one block summary per log-ratio, with the rest of each made up.

    Args:
        log_ratios: float [blocks], of wall time.
        cpu_log_ratios: float [blocks], of processor time; None takes those of wall time.
    """
    return [
        BlockSummary(
            seed=number,
            log_ratio=float(log_ratio),
            position_log_ratio=0.0,
            control_median_ns=1e6,
            weighted_median_ns=1e6,
            cpu_log_ratio=float(cpu_log_ratio),
            control_cpu_median_ns=1e6,
            weighted_cpu_median_ns=1e6,
            control_takedown_ns=0.0,
            weighted_takedown_ns=0.0,
            weighted_built_first=number % 2 == 0,
            rounds=500,
            traces_while_timed=0,
            timed_ns=2_000_000_000,
            wall_ns=3_300_000_000,
        )
        for number, (log_ratio, cpu_log_ratio) in enumerate(
            zip(log_ratios, log_ratios if cpu_log_ratios is None else cpu_log_ratios, strict=True)
        )
    ]


def make_parser(module: str, doc: str | None, cases: str) -> argparse.ArgumentParser:
    """Return the command line of a study: how much to simulate, and the seed of the draws.

    Args:
        module: its name below `benchmarks.studies`.
        doc: its docstring, whose first line says what it is for.
        cases: what `--cases` counts.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.studies.{module}", description=(doc or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--cases", type=int, default=2000, help=f"{cases} (default: 2000)")
    parser.add_argument("--seed", type=int, default=20260101, help="seed of the draws (default: 20260101)")
    return parser


def print_table(title: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Print a table in Markdown below its title, at once."""
    table = tabulate([dict(row) for row in rows], headers="keys", tablefmt="github", disable_numparse=True)
    print(f"{title}\n\n{table}\n", flush=True)
