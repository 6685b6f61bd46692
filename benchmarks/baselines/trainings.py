"""What is written down of convergence? Each arm that was trained from a seed, a line each (`baselines.lines`).

Leaves out: how they are trained (`benchmarks.measuring.convergence`), and what they say
(`benchmarks.reports.convergence`).
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.baselines.lines import load_lines
from benchmarks.records import Arm
from benchmarks.records.convergence import Setting, TrainingLine

BlockPlace = tuple[Setting, int, bool]
"""What a block is of: a setting, a seed, and whether it is a null case."""

Blocks = dict[BlockPlace, dict[Arm, TrainingLine]]


def load_trainings(raw: Path) -> Blocks:
    """Return the blocks that are written down, both arms of each; an absent file holds none.

    A block of which one arm alone was written, when an interruption came between, is taken for not there.

    Raises:
        RecordError: when a line is not one of a training.
    """
    blocks: Blocks = {}
    for line in load_lines(raw, TrainingLine):
        blocks.setdefault((line.setting, line.seed, line.null), {})[line.arm] = line
    return {place: lines for place, lines in blocks.items() if len(lines) == len(Arm)}
