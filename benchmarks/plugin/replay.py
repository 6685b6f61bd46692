"""How does pytest-benchmark get samples that were measured elsewhere, and groups that not all cases have?

It reads its timer before and after each round; the one here answers so that round i appears to take as long as sample i
did. Its table, JSON, storage, comparison, grouping and histogram then work as on any benchmark. Its grouping by a
parameter (`--benchmark-group-by=param:dataset_size`) ends in a KeyError where a benchmark lacks it; those without an
axis are a group of their own here.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from benchmarks.plugin.refusals import list_grouping_axes
from benchmarks.records import Json

_NS_PER_SECOND = 1e9


class ReplayTimer:
    """A timer in seconds that gives each pair of readings the distance of the next recorded duration."""

    def __init__(self) -> None:
        """Start without durations."""
        self._durations_s: list[float] = []
        self._readings = 0

    def __call__(self) -> float:
        """Return 0.0 at the beginning of a round and its duration at the end."""
        position, at_end = divmod(self._readings, 2)
        self._readings += 1
        return self._durations_s[position] if at_end else 0.0

    def replay(self, benchmark: Any, durations_ns: Sequence[float]) -> None:
        """Hand the durations to a `benchmark` fixture as its rounds.

        Args:
            benchmark: pytest-benchmark's fixture, whose timer this is; not used before.
            durations_ns: nanoseconds per step, one for each round; at least one.
        """
        self._durations_s = [duration_ns / _NS_PER_SECOND for duration_ns in durations_ns]
        self._readings = 0
        benchmark.pedantic(lambda: None, rounds=len(durations_ns), iterations=1)


_WITHOUT = "none"
"""What the title of a group says in place of a value: `dataset_size=none`."""


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_benchmark_group_stats(benchmarks: Sequence[Json], group_by: str) -> Generator[None, object, object]:
    """Let each benchmark have the parameters that are grouped by; this is for display, runs are saved before it."""
    missing = dict.fromkeys(list_grouping_axes(group_by), _WITHOUT)
    for benchmark in benchmarks:
        benchmark["params"] = missing | (benchmark["params"] or {})
    return (yield)
