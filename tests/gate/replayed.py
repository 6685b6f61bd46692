"""Stored blocks, played again as if they were being measured: unchanged, and with rises and falls added to them.

`replayed_blocks.json` holds blocks of a recorded run. `python -m tests.gate.test_replay` writes what is concluded of
them to `replayed_verdicts.json`, which is to change only where a rule is meant to.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.records import BlockSummary, Case, Measurement, ReadBlock
from benchmarks.records.quantities import find_quantity

Measured = TypeVar("Measured")

FOLDER = Path(__file__).parent

LOG_SHIFTS = (-0.08, 0.0, 0.025, 0.04, 0.08, 0.12)
"""Added to the log-ratios of the weighted arm; the tolerances are 2 to 5 %."""

BYTES_SHIFTS = (-0.05, 0.0, 0.012, 0.05)
"""Parts of the control's bytes that are added to the weighted arm; 1 % is tolerated, and 5 % of an arm by itself."""

COUNT_SHIFTS = (-1, 0, 1)
LEAK_SHIFTS = (0, 12 * 1024, 20 * 1024, 64 * 1024)
"""16 KiB are tolerated."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replay(Generic[Measured]):
    """Blocks to be judged: `now` as the current run or target, and what they are held against."""

    name: str
    case: Case
    now: Sequence[Measured]
    baseline: Sequence[Measured] = ()
    anchor: Sequence[Measured] = ()
    other: Sequence[Measured] = ()


class Dealer(Generic[Measured]):
    """Deals out blocks in order, from the beginning again when they are used up, and remembers how many were asked."""

    def __init__(self, blocks: Sequence[Measured]) -> None:
        self._blocks = itertools.cycle(blocks)
        self.asked: list[int] = []

    def measure_more(self, count: int) -> list[Measured]:
        """Return the next blocks."""
        self.asked.append(count)
        return list(itertools.islice(self._blocks, count))


def load_measurements() -> list[Measurement]:
    """Return the stored measurements, each of 12 blocks, or of one where counts are read."""
    return [Measurement.from_json(each) for each in json.loads((FOLDER / "replayed_blocks.json").read_text())]


def list_timed() -> list[Replay[BlockSummary]]:
    """Return the replays of timed cases."""
    return [
        replay
        for measurement in load_measurements()
        if measurement.blocks
        for shift in LOG_SHIFTS
        for replay in _replay(measurement.case, measurement.blocks, shift, _shift_times)
    ]


def list_read() -> list[Replay[ReadBlock]]:
    """Return the replays of cases of bytes and counts."""
    replays: list[Replay[ReadBlock]] = []
    for measurement in load_measurements():
        if measurement.readings:
            for shift in _list_shifts(measurement.readings[0]):
                replays += _replay(measurement.case, measurement.readings, shift, _shift_readings)
    return replays


def _replay(
    case: Case, blocks: Sequence[Measured], shift: float, add: Callable[[Measured, float], Measured]
) -> Iterator[Replay[Measured]]:
    """Yield the ways in which shifted blocks are held against the same blocks unshifted."""
    now = [add(block, shift) for block in blocks]
    half = len(blocks) // 2
    other = [*blocks[half:], *blocks[:half]]
    name = f"{case.case_id} {shift:+g}"
    yield Replay(name=f"{name} against another target", case=case, now=now, other=other)
    if case.null:
        yield Replay(name=name, case=case, now=now)
        yield Replay(name=f"{name} in both targets", case=case, now=now, other=[add(block, shift) for block in other])
        return
    yield Replay(name=f"{name} against a baseline", case=case, now=now, baseline=blocks)
    nearer = [add(block, shift if isinstance(shift, int) else shift - math.copysign(0.01, shift)) for block in blocks]
    yield Replay(name=f"{name} against baseline and anchor", case=case, now=now, baseline=nearer, anchor=blocks)


def _shift_times(block: BlockSummary, shift: float) -> BlockSummary:
    return dataclasses.replace(
        block,
        log_ratio=block.log_ratio + shift,
        cpu_log_ratio=block.cpu_log_ratio + shift,
        weighted_median_ns=block.weighted_median_ns * math.exp(shift),
    )


def _list_shifts(block: ReadBlock) -> Sequence[float]:
    (rules,) = {find_quantity(key).in_bytes for key in block.list_keys()}
    if not rules:
        return COUNT_SHIFTS
    return LEAK_SHIFTS if "retained_bytes_per_epoch" in block.list_keys() else BYTES_SHIFTS


def _shift_readings(block: ReadBlock, shift: float) -> ReadBlock:
    """Add a part of the control's bytes where the shift is a fraction, so many bytes or counts where it is whole."""
    values = {
        key: value + (shift if isinstance(shift, int) else shift * block.control.values[key])
        for key, value in block.weighted.values.items()
    }
    values = {key: max(0.0, value) if key == "steady_traces" else value for key, value in values.items()}
    return dataclasses.replace(block, weighted=dataclasses.replace(block.weighted, values=values))
