"""Which quantities does a history follow, and how does each run through the versions?

Leaves out: how they are told (`history`) and drawn (`history_picture`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence

from packaging.version import Version

from benchmarks.records import BlockSummary, Case, HistoryEntry, Question
from benchmarks.records.quantities import OPTIMISED_NODES, PASS_PEAK_RESIDENT, PASS_PEAK_TENSORS, name_reading
from benchmarks.stats.lines import Track, estimate_track
from benchmarks.units import format_bytes, format_duration, format_overhead

FAMILY_ALPHA: float = 0.05
"""The error level of all changes of a history together."""

_TENSORS = name_reading(PASS_PEAK_TENSORS.name, "CPU:0")
_RESIDENT = PASS_PEAK_RESIDENT.name


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Quantity:
    """A quantity of a case: its name, the arm it is of (empty for both), how its value is found and written.

    `is_overhead` marks a ratio that is written as a percentage.
    """

    name: str
    arm: str = ""
    find: Callable[[HistoryEntry], float | None]
    write: Callable[[float], str]
    is_overhead: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A quantity through the versions; lines of one `panel` share a plot."""

    panel: str
    label: str
    method: str
    track: Track
    write: Callable[[float], str]
    is_overhead: bool


def list_versions(entries: Sequence[HistoryEntry]) -> list[str]:
    """Return the versions that were asked for, oldest first."""
    return sorted({entry.version for entry in entries}, key=Version)


def estimate_lines(entries: Sequence[HistoryEntry]) -> list[Line]:
    """Return each quantity of each case through the versions."""
    versions = list_versions(entries)
    wanted = [(case, quantity) for case in dict.fromkeys(entry.case for entry in entries) for quantity in _list(case)]
    alpha = FAMILY_ALPHA / max(1, len(wanted) * (len(versions) - 1))
    lines = []
    for case, quantity in wanted:
        values = {
            version: {
                (entry.number, entry.occasion): value
                for entry in entries
                if entry.case == case and entry.version == version and (value := quantity.find(entry)) is not None
            }
            for version in versions
        }
        name = ", ".join(filter(None, (quantity.name, quantity.arm, case.method)))
        track = estimate_track(name, values, alpha, together=case.question.is_timed)
        if track.points:
            panel = f"{quantity.name}, {case.method}"
            lines.append(
                Line(
                    panel=panel,
                    label=quantity.arm,
                    method=case.method,
                    track=track,
                    write=quantity.write,
                    is_overhead=quantity.is_overhead,
                )
            )
    return lines


def _list(case: Case) -> Iterator[_Quantity]:
    """Yield the quantities of a case."""
    if case.question.is_timed:
        name = "step time" if case.question is Question.STEP_TIME else "start-up at 1e5 samples"
        yield _Quantity(
            name=f"overhead of {name}",
            find=_of_block(lambda block: math.exp(block.log_ratio)),
            write=format_overhead,
            is_overhead=True,
        )
        for arm in ("control", "weighted"):
            yield _Quantity(name=name, arm=arm, find=_of_median(arm), write=format_duration)
        return
    for arm in ("control", "weighted"):
        if case.question is Question.PEAK_MEMORY:
            yield _Quantity(name="peak tensors", arm=arm, find=_of_arm(arm, _TENSORS), write=format_bytes)
            yield _Quantity(name="peak resident", arm=arm, find=_of_arm(arm, _RESIDENT), write=format_bytes)
        else:
            yield _Quantity(name="graph nodes", arm=arm, find=_of_arm(arm, OPTIMISED_NODES.name), write=_format_count)


def _of_block(find: Callable[[BlockSummary], float]) -> Callable[[HistoryEntry], float | None]:
    return lambda entry: None if entry.block is None else find(entry.block)


def _of_median(arm: str) -> Callable[[HistoryEntry], float | None]:
    return _of_block(lambda block: block.control_median_ns if arm == "control" else block.weighted_median_ns)


def _of_arm(arm: str, key: str) -> Callable[[HistoryEntry], float | None]:
    def find(entry: HistoryEntry) -> float | None:
        return None if entry.readings is None else getattr(entry.readings, arm).values.get(key)

    return find


def _format_count(value: float) -> str:
    return f"{value:.0f}"
