"""How much do an arm's own times differ between two targets that run the same code? The noise that `--against` meets.

Measures a block of each of two servers of one interpreter, in turns of several lengths, keeps the raw slices in a file,
so that an interrupted study goes on where it stopped, and prints, per length of a turn and way of putting a column of
slices into one number, the standard deviation over pairs of blocks of the log-change between the two. Run it on the
machine in question:

    python -m benchmarks.studies.target_pairs --pairs 10 --file target_pairs.jsonl

What it printed is in docs/how-it-measures.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import psutil
from tabulate import tabulate

from benchmarks.baselines.lines import append_line, group_by_key, load_lines
from benchmarks.errors import RecordError, SuiteError
from benchmarks.launch.launcher import ServerLauncher
from benchmarks.launch.lockstep import run_together
from benchmarks.launch.targets import find_target
from benchmarks.records import Block, BlockRequest, Case, Question
from benchmarks.records.json_form import JsonRecord
from benchmarks.stats.estimators import LOCATIONS
from benchmarks.studies._measuring import list_cases
from benchmarks.target.supervise import Limits

_TURNS_MS = (1_000_000, 200, 50, 10)
"""The first is longer than a block: one whole block after the other."""

Key = tuple[str, int]
"""A case id and the length of a turn in milliseconds."""

Pair = tuple[Block, ...]
"""A block of each of the two targets."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PairLine(JsonRecord):
    """A pair of blocks of a case that took turns of this length."""

    json_name: ClassVar[str] = "a line of this study"

    case_id: str
    turn_ms: int
    blocks: Pair

    def __post_init__(self) -> None:
        """Raise RecordError where the blocks are no pair."""
        if len(self.blocks) != 2:  # noqa: PLR2004 - a pair
            raise RecordError(f"a pair: expected two blocks, got {len(self.blocks)}; remove that line")


def measure_pairs(cases: Sequence[Case], count: int, length_s: float, path: Path) -> dict[Key, list[Pair]]:
    """Measure pairs of blocks until there are `count` of each case and length, adding each to the file at once."""
    pairs = load_pairs(path)
    limits = Limits(timeout_s=300.0, memory_bytes=psutil.virtual_memory().total)
    launchers = [ServerLauncher(find_target(None), limits) for _ in range(2)]
    try:
        for index in range(count):
            for case in cases:
                for turn_ms in _TURNS_MS:
                    measured = pairs.setdefault((case.case_id, turn_ms), [])
                    if len(measured) > index:
                        continue
                    request = BlockRequest(
                        case=case, seed=1000 + index, timed_budget_ns=round(length_s * 1e9), min_rounds=20
                    )
                    measured.append(_measure_pair(launchers, request, turn_ms))
                    append_line(path, PairLine(case_id=case.case_id, turn_ms=turn_ms, blocks=measured[-1]))
                    print(f"pair {index + 1} of {count}: {case.case_id}, {turn_ms} ms", file=sys.stderr, flush=True)
    finally:
        for launcher in launchers:
            launcher.close()
    return pairs


def _measure_pair(launchers: Sequence[ServerLauncher], request: BlockRequest, turn_ms: int) -> Pair:
    """Measure a block of each server, in turns of this length."""
    results = run_together(
        launchers, [request] * len(launchers), f"{request.seed} {turn_ms}", turn_ns=turn_ms * 1_000_000
    )
    return tuple(_expect_blocks(results))


def load_pairs(path: Path) -> dict[Key, list[Pair]]:
    """Return the pairs measured so far; an absent file holds none."""
    return group_by_key(((line.case_id, line.turn_ms), line.blocks) for line in load_lines(path, PairLine))


def render_deviations(pairs: dict[Key, list[Pair]]) -> str:
    """Return the standard deviation over pairs in percent, by case, length of a turn and location, as a table."""
    rows = []
    for (case_id, turn_ms), measured in pairs.items():
        changes = [_compare(one, two) for one, two in measured]
        turn = "a whole block" if turn_ms == _TURNS_MS[0] else f"{turn_ms} ms"
        deviations = [f"{100.0 * deviation:.1f}" for deviation in np.std(changes, axis=0, ddof=1)]
        rows.append([case_id, turn, len(measured), *deviations])
    return tabulate(rows, headers=["case", "turn", "pairs", *LOCATIONS], tablefmt="github", disable_numparse=True)


def _compare(one: Block, two: Block) -> list[float]:
    """Return the log-change between the controls of two blocks, by location."""
    slices = [np.asarray(block.control_slice_ns, float) for block in (one, two)]
    return [float(np.log(locate(slices[0]) / locate(slices[1]))) for locate in LOCATIONS.values()]


def _expect_blocks(results: Sequence[Block | SuiteError]) -> list[Block]:
    """Return the blocks of `run_together`; raise the first error where one of them is missing."""
    blocks = []
    for result in results:
        if isinstance(result, SuiteError):
            raise result
        blocks.append(result)
    return blocks


def main() -> None:
    """Measure what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=int, default=10, help="pairs of blocks per case and length of a turn")
    parser.add_argument("--length", type=float, default=1.0, help="seconds of timed slices in each block")
    parser.add_argument("--methods", default="loop_graph,fit_array", help="methods whose controls are measured")
    parser.add_argument("--file", type=Path, default=Path("target_pairs.jsonl"), help="where raw blocks are kept")
    arguments = parser.parse_args()
    cases = [case for case in list_cases(Question.STEP_TIME, arguments.methods) if case.null]
    print(render_deviations(measure_pairs(cases, arguments.pairs, arguments.length, arguments.file)))


if __name__ == "__main__":
    main()
