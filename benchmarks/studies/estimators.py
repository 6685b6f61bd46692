"""Which estimator, and how should 20 s be split into blocks and turns? Decided on real slices, not on a model of them.

Measures raw blocks of a null case and of a weighted case, each longer than any block in use, and keeps them in a
file, so that an interrupted study goes on where it stopped. Then cuts each block to several lengths and prints, per
length and estimator, the standard deviation over blocks of the log-ratio, and the half width of the 95 % interval that
as many such blocks as fit into 20 s of wall time would give. Run it on the machine in question:

    python -m benchmarks.studies.estimators --question step_time --blocks 16 --file arms.jsonl [--busy]
    python -m benchmarks.studies.estimators targets --blocks 10 --length 1 --file targets.jsonl

The second asks how much an arm's own times differ between two targets that run the same code, the noise that
`--against` meets: it measures a block of each of two servers of one interpreter, in turns of several lengths, and
prints, per length of a turn and way of putting a column of slices into one number, the standard deviation over pairs
of blocks of the log-change between the two controls. What both printed is in docs/how-it-measures.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from benchmarks import studies
from benchmarks.baselines.lines import append_line, group_by_key, load_lines
from benchmarks.errors import RecordError, SuiteError
from benchmarks.launch.launcher import ServerLauncher, open_servers
from benchmarks.launch.pool import run_together
from benchmarks.launch.targets import find_target
from benchmarks.records import Block, BlockRequest, Case, Question
from benchmarks.records.blocks import COLUMNS
from benchmarks.records.json_form import JsonRecord
from benchmarks.stats.estimators import LOCATIONS, Estimator, estimate_log_ratio
from benchmarks.studies.spreads import estimate_half_width

_WALL_BUDGET_S = 20.0
"""What a case may take; the suite promises an interval of ±2 % or better in this time."""

_LENGTHS_NS = (500_000_000, 1_000_000_000, 2_000_000_000, 4_000_000_000, 8_000_000_000)

_TURNS_MS = (1_000_000, 200, 50, 10)
"""The first is longer than a block: one whole block after the other."""

Key = tuple[str, int]
"""A case id and the length of a turn in milliseconds, 0 where one target was measured by itself."""

Together = tuple[Block, ...]
"""The block of one target, or those that two targets measured in turns."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlocksLine(JsonRecord):
    """The raw block of a case, or a pair of such that took turns of this length."""

    json_name: ClassVar[str] = "a line of this study"

    case_id: str
    turn_ms: int = 0
    blocks: Together

    def __post_init__(self) -> None:
        """Raise RecordError where there are not as many blocks as targets."""
        expected = 2 if self.turn_ms else 1
        if len(self.blocks) != expected:
            raise RecordError(f"blocks: expected {expected}, got {len(self.blocks)}; remove that line")


def load_blocks(path: Path) -> dict[Key, list[Together]]:
    """Return what was measured so far; an absent file holds none."""
    return group_by_key(((line.case_id, line.turn_ms), line.blocks) for line in load_lines(path, BlocksLine))


def measure_blocks(
    cases: Sequence[Case], turns_ms: Sequence[int], count: int, length_ns: int, path: Path
) -> dict[Key, list[Together]]:
    """Measure blocks of the cases by turns until each has `count`, adding each to the file at once."""
    measured = load_blocks(path)
    targets = [find_target(None)] * (2 if any(turns_ms) else 1)
    with open_servers(targets, studies.find_limits(), set()) as launchers:
        for index in range(count):
            for case, turn_ms in ((case, turn_ms) for case in cases for turn_ms in turns_ms):
                found = measured.setdefault((case.case_id, turn_ms), [])
                if len(found) > index:
                    continue
                request = BlockRequest(
                    case=case, seed=1000 + index, timed_budget_ns=length_ns, min_rounds=20 if turn_ms else 4
                )
                found.append(_measure_together(launchers, request, turn_ms))
                append_line(path, BlocksLine(case_id=case.case_id, turn_ms=turn_ms, blocks=found[-1]))
                turn = f", {turn_ms} ms" if turn_ms else ""
                studies.report_progress(f"block {index + 1} of {count}: {case.case_id}{turn}")
    return measured


def _measure_together(launchers: Sequence[ServerLauncher], request: BlockRequest, turn_ms: int) -> Together:
    """Measure a block of each server, in turns of this length; raise the first error where one is missing."""
    if not turn_ms:
        return (launchers[0].run_block(request),)
    blocks = []
    order = f"{request.seed} {turn_ms}"
    for result in run_together(launchers, [request] * len(launchers), order, turn_ns=turn_ms * 1_000_000):
        if isinstance(result, SuiteError):
            raise result
        blocks.append(result)
    return tuple(blocks)


def cut_block(block: Block, timed_ns: int) -> Block:
    """Return the first rounds of a block, up to `timed_ns` of timed slices, as if it had been stopped there.

    The wall time is what setting up the block took and the part of the rest that these rounds are of it.
    """
    spent = list(accumulate(c + w for c, w in zip(block.control_slice_ns, block.weighted_slice_ns, strict=True)))
    rounds = min(len(spent), 1 + sum(1 for so_far in spent if so_far < timed_ns))
    columns: dict[str, Any] = {name: getattr(block, name)[:rounds] for name in COLUMNS}
    return dataclasses.replace(block, **columns, wall_ns=block.wall_ns - (spent[-1] - spent[rounds - 1]))


def list_rows(blocks: Sequence[Block], length_ns: int) -> Iterator[dict[str, str]]:
    """Yield, for each estimator, what it makes of the blocks cut to `length_ns` of timed slices, in percent."""
    cut = [cut_block(block, length_ns) for block in blocks]
    in_budget = int(_WALL_BUDGET_S * 1e9 // float(np.mean([block.wall_ns for block in cut])))
    for estimator in Estimator:
        log_ratios = [
            estimate_log_ratio(block.control_slice_ns, block.weighted_slice_ns, block.weighted_first, estimator)
            for block in cut
        ]
        deviation = float(np.std(log_ratios, ddof=1))
        half_width = ""
        if in_budget > 1:
            half_width = f"±{100 * estimate_half_width(deviation, blocks=in_budget, kinds=1):.2f}"
        yield {
            "timed s per block": f"{length_ns / 1e9:g}",
            "estimator": estimator.value,
            "rounds": f"{np.mean([len(block.control_slice_ns) for block in cut]):.0f}",
            "mean log-ratio %": f"{100 * np.mean(log_ratios):+.2f}",
            "SD over blocks %": f"{100 * deviation:.2f}",
            f"blocks in {_WALL_BUDGET_S:g} s": str(in_budget),
            "half width %": half_width,
        }


def render_arms(measured: Mapping[Key, Sequence[Together]], longest_ns: float) -> str:
    """Return a table for each case, by length of a block up to the longest, and estimator."""
    lengths_ns = [length_ns for length_ns in _LENGTHS_NS if length_ns <= longest_ns]
    parts = []
    for (case_id, _), found in measured.items():
        blocks = [block for (block,) in found]
        rows = [row for length_ns in lengths_ns for row in list_rows(blocks, length_ns)]
        parts.append(f"\n{case_id}, {len(blocks)} blocks\n\n{studies.render_table(rows)}")
    return "\n".join(parts)


def render_targets(measured: Mapping[Key, Sequence[Together]]) -> str:
    """Return the standard deviation over pairs in percent, by case, length of a turn and location, as a table."""
    rows = []
    for (case_id, turn_ms), pairs in measured.items():
        deviations = np.std([_compare(*pair) for pair in pairs], axis=0, ddof=1)
        turn = "a whole block" if turn_ms == _TURNS_MS[0] else f"{turn_ms} ms"
        cells = {name: f"{100.0 * deviation:.1f}" for name, deviation in zip(LOCATIONS, deviations, strict=True)}
        rows.append({"case": case_id, "turn": turn, "pairs": str(len(pairs)), **cells})
    return studies.render_table(rows)


def _compare(one: Block, two: Block) -> list[float]:
    """Return the log-change between the controls of two blocks, by location."""
    slices = [np.asarray(block.control_slice_ns, float) for block in (one, two)]
    return [float(np.log(locate(slices[0]) / locate(slices[1]))) for locate in LOCATIONS.values()]


def main() -> None:
    """Measure what is missing and print the tables."""
    parser = studies.make_measuring_parser("estimators", __doc__)
    parser.add_argument("between", nargs="?", choices=("arms", "targets"), default="arms", help="what is compared")
    parser.add_argument("--blocks", type=int, default=16, help="blocks, or pairs of them, per case and turn")
    parser.add_argument("--question", default=Question.STEP_TIME.value, help="which question's cases")
    parser.add_argument("--length", type=float, default=4.0, help="seconds of timed slices in each block")
    parser.add_argument("--file", type=Path, help="where raw blocks are kept (default: arms.jsonl or targets.jsonl)")
    parser.add_argument("--methods", default="loop_graph,fit_array", help="methods to measure, each with its null case")
    parser.add_argument("--workload", default="mlp", help="what is trained")
    options = parser.parse_args()
    targets = options.between == "targets"
    cases = studies.list_cases(Question(options.question), options.methods, options.workload)
    if targets:
        cases = [case for case in cases if case.null]
    path = options.file or Path(f"{options.between}.jsonl")
    length_ns = round(options.length * 1e9)
    with studies.keep_a_core_busy(busy=options.busy):
        measured = measure_blocks(cases, _TURNS_MS if targets else (0,), options.blocks, length_ns, path)
    print(render_targets(measured) if targets else render_arms(measured, length_ns))


if __name__ == "__main__":
    main()
