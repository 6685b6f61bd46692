"""Which estimator, and how should 20 s be split into blocks? Decided on real slices, not on a model of them.

Measures raw blocks of a null case and of a weighted case, each longer than any block in use, and keeps them in a
file, so that an interrupted study goes on where it stopped. Then cuts each block to several lengths and prints, per
length and estimator, the standard deviation over blocks of the log-ratio, and the half width of the 95 % interval that
as many such blocks as fit into 20 s of wall time would give. Run it on the machine in question:

    python -m benchmarks.studies.estimators --question step_time --blocks 16 --file estimators.jsonl [--busy]

`--busy` keeps one core busy with another process meanwhile. What it printed is in docs/how-it-measures.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import psutil
from scipy import stats
from tabulate import tabulate

from benchmarks.baselines.lines import append_line, group_by_key, load_lines
from benchmarks.launch.launcher import ServerLauncher
from benchmarks.launch.targets import find_target
from benchmarks.records import Block, BlockRequest, Case, Question
from benchmarks.records.blocks import COLUMNS
from benchmarks.records.json_form import JsonRecord
from benchmarks.stats.estimators import Estimator, estimate_log_ratio
from benchmarks.studies._measuring import keep_a_core_busy, list_cases
from benchmarks.target.supervise import Limits

_WALL_BUDGET_S = 20.0
"""What a case may take; the suite promises an interval of ±2 % or better in this time."""

_LENGTHS_NS = (500_000_000, 1_000_000_000, 2_000_000_000, 4_000_000_000, 8_000_000_000)
_CONFIDENCE = 0.95
_FEWEST_BLOCKS = 2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockLine(JsonRecord):
    """A raw block of a case."""

    json_name: ClassVar[str] = "a line of this study"

    case_id: str
    block: Block


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one estimator made of blocks of one length; `half_width` is in log units, None for fewer than two blocks."""

    estimator: Estimator
    length_s: float
    rounds: float
    mean: float
    deviation: float
    blocks_in_budget: int
    half_width: float | None


def cut_block(block: Block, timed_ns: int) -> Block:
    """Return the first rounds of a block, up to `timed_ns` of timed slices, as if it had been stopped there.

    The wall time is what setting up the block took and the part of the rest that these rounds are of it.
    """
    spent = list(accumulate(c + w for c, w in zip(block.control_slice_ns, block.weighted_slice_ns, strict=True)))
    rounds = min(len(spent), 1 + sum(1 for so_far in spent if so_far < timed_ns))
    columns: dict[str, Any] = {name: getattr(block, name)[:rounds] for name in COLUMNS}
    return dataclasses.replace(
        block,
        **columns,
        wall_ns=block.wall_ns - (spent[-1] - spent[rounds - 1]),
    )


def estimate_rows(blocks: Sequence[Block], length_ns: int) -> Iterator[Row]:
    """Yield, for each estimator, what it makes of the blocks cut to `length_ns` of timed slices."""
    cut = [cut_block(block, length_ns) for block in blocks]
    in_budget = int(_WALL_BUDGET_S * 1e9 // float(np.mean([block.wall_ns for block in cut])))
    for estimator in Estimator:
        log_ratios = [
            estimate_log_ratio(block.control_slice_ns, block.weighted_slice_ns, block.weighted_first, estimator)
            for block in cut
        ]
        deviation = float(np.std(log_ratios, ddof=1))
        half_width = None
        if in_budget >= _FEWEST_BLOCKS:
            half_width = float(stats.t.ppf(0.5 + _CONFIDENCE / 2, in_budget - 1)) * deviation / math.sqrt(in_budget)
        yield Row(
            estimator=estimator,
            length_s=length_ns / 1e9,
            rounds=float(np.mean([len(block.control_slice_ns) for block in cut])),
            mean=float(np.mean(log_ratios)),
            deviation=deviation,
            blocks_in_budget=in_budget,
            half_width=half_width,
        )


def render_rows(rows: Sequence[Row]) -> str:
    """Return the rows as a markdown table, in percent."""
    return tabulate(
        [
            (
                f"{row.length_s:g}",
                row.estimator.value,
                f"{row.rounds:.0f}",
                f"{100 * row.mean:+.2f}",
                f"{100 * row.deviation:.2f}",
                row.blocks_in_budget,
                "" if row.half_width is None else f"±{100 * row.half_width:.2f}",
            )
            for row in rows
        ],
        headers=(
            "timed s per block",
            "estimator",
            "rounds",
            "mean log-ratio %",
            "SD over blocks %",
            f"blocks in {_WALL_BUDGET_S:g} s",
            "half width %",
        ),
        tablefmt="github",
        disable_numparse=True,
    )


def load_blocks(path: Path) -> dict[str, list[Block]]:
    """Return the blocks measured so far by case id; an absent file holds none."""
    return group_by_key((line.case_id, line.block) for line in load_lines(path, BlockLine))


def measure_blocks(cases: Sequence[Case], count: int, length_ns: int, path: Path) -> dict[str, list[Block]]:
    """Measure blocks of the cases in turns until each has `count`, adding each to the file at once."""
    blocks = load_blocks(path)
    launcher = ServerLauncher(find_target(None), Limits(timeout_s=300.0, memory_bytes=psutil.virtual_memory().total))
    try:
        for index in range(count):
            for case in cases:
                measured = blocks.setdefault(case.case_id, [])
                if len(measured) > index:
                    continue
                block = launcher.run_block(
                    BlockRequest(case=case, seed=1000 + index, timed_budget_ns=length_ns, min_rounds=4)
                )
                measured.append(block)
                append_line(path, BlockLine(case_id=case.case_id, block=block))
                print(f"block {index + 1} of {count}: {case.case_id}", file=sys.stderr, flush=True)
    finally:
        launcher.close()
    return blocks


def main() -> None:
    """Measure what is missing and print one table per case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--blocks", type=int, default=16, help="blocks per case")
    parser.add_argument("--question", default=Question.STEP_TIME.value, help="which question's cases")
    parser.add_argument("--length", type=float, default=4.0, help="seconds of timed slices in each block")
    parser.add_argument("--file", type=Path, default=Path("estimators.jsonl"), help="where raw blocks are kept")
    parser.add_argument("--methods", default="loop_graph,fit_array", help="methods to measure, each with its null case")
    parser.add_argument("--busy", action="store_true", help="keep one core busy with another process")
    arguments = parser.parse_args()
    cases = list_cases(Question(arguments.question), arguments.methods)
    with keep_a_core_busy(busy=arguments.busy):
        blocks = measure_blocks(cases, arguments.blocks, round(arguments.length * 1e9), arguments.file)
    lengths_ns = [length_ns for length_ns in _LENGTHS_NS if length_ns <= arguments.length * 1e9]
    for case_id, measured in blocks.items():
        print(f"\n{case_id}, {len(measured)} blocks\n")
        print(render_rows([row for length_ns in lengths_ns for row in estimate_rows(measured, length_ns)]))


if __name__ == "__main__":
    main()
