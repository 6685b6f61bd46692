"""Which cases belong to this shard? An even share of the expected time, a null case with the cases it vouches for.

Every shard computes the same division from the same selection of cases, so that nothing has to be agreed on.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmarks.cases import null_case_of
from benchmarks.plugin.run import find_run
from benchmarks.records import Question


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the other shards' cases out, as `-k` leaves out what it does not name."""
    run = find_run(config)
    shard = run.settings.shard
    if shard is None:
        return
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(_name_group(item), []).append(item)
    costs = {name: sum(map(_expect_seconds, group)) for name, group in groups.items()}
    mine = divide(costs, shard.count)[shard.number - 1]
    kept = {id(item) for name in mine for item in groups[name]}
    dropped = [item for item in items if id(item) not in kept]
    items[:] = [item for item in items if id(item) in kept]
    if dropped:
        run.in_other_shards = dropped
        config.hook.pytest_deselected(items=dropped)


def divide(costs: Mapping[str, float], count: int) -> list[list[str]]:
    """Return `count` parts of about the same cost: the dearest first, each to the part that is cheapest so far.

    Args:
        costs: by name, in any unit.
        count: how many parts; some are empty where there are fewer names.
    """
    parts: list[list[str]] = [[] for _ in range(count)]
    totals = [0.0] * count
    for name in sorted(costs, key=lambda name: (-costs[name], name)):
        cheapest = totals.index(min(totals))
        parts[cheapest].append(name)
        totals[cheapest] += costs[name]
    return parts


def _name_group(item: pytest.Item) -> str:
    """Return what must stay together: a control's null case and the methods that have this control, in all sizes.

    A cost per sample is a slope over the sizes.
    """
    marker = item.get_closest_marker("case")
    if marker is None:
        return item.nodeid
    case = null_case_of(marker.args[0])
    return f"{case.question.value} {case.method} {case.batch_size} {case.depth} {case.workload}"


def _expect_seconds(item: pytest.Item) -> float:
    """Return how long a case will take, by its question."""
    sweep = item.get_closest_marker("sweep")
    return 0.0 if sweep is None else Question(sweep.args[0]).row.case_seconds
