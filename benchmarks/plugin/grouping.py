"""How are cases grouped by an axis that not all of them have? Those without it are a group of their own.

Leaves out: the grouping, which is pytest-benchmark's (`--benchmark-group-by=param:dataset_size`); it ends in a KeyError
where a benchmark lacks the parameter.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest

from benchmarks.plugin.refusals import list_grouping_axes
from benchmarks.records import Json

_WITHOUT = "none"
"""What the title of a group says in place of a value: `dataset_size=none`."""


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_benchmark_group_stats(benchmarks: Sequence[Json], group_by: str) -> Generator[None, object, object]:
    """Let each benchmark have the parameters that are grouped by; this is for display, runs are saved before it."""
    missing = dict.fromkeys(list_grouping_axes(group_by), _WITHOUT)
    for benchmark in benchmarks:
        benchmark["params"] = missing | (benchmark["params"] or {})
    return (yield)
