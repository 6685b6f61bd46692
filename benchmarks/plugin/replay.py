"""How does pytest-benchmark get samples that were measured in another process? From a timer that replays them.

pytest-benchmark reads its timer before and after each round; this one answers so that round i appears to take as
long as sample i did. Its table, JSON, storage, comparison, grouping and histogram then work as on any benchmark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
