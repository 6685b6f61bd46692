"""Which tests does a sweep make, in which order do they run, and which of them belong to this shard?

There is one test per case. Its parameters are the values of the case on the axes, by which pytest-benchmark names and
groups it; the case itself rides in the marker `case`. Null cases run before those they vouch for, or these would be
judged without them: whatever reordered the tests (node ids in another order, `--failed-first`, a plugin that shuffles),
the places that a test function's cases have are kept, and within them null cases come first; all else stays as it was.
A shard has an even share of the expected time, a null case with the cases it vouches for; every shard computes the same
division from the same selection of cases, so that nothing has to be agreed on.

Leaves out: which cases there are, which is in `benchmarks.sweeps`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import pytest

from benchmarks.baselines.lines import group_by_key
from benchmarks.cases import AXIS_NAMES, Rejected, null_case_of
from benchmarks.plugin.benchmark import add_clock
from benchmarks.plugin.options import SETTINGS
from benchmarks.plugin.run import find_case, find_question, find_run, name_case
from benchmarks.records import Case
from benchmarks.sweeps import expand, list_left_out


def pytest_configure(config: pytest.Config) -> None:
    """Make the suite's markers known, also where its pyproject.toml is not in use."""
    config.addinivalue_line("markers", "case(case): what a test of a sweep measures")
    config.addinivalue_line("markers", "rejected(reason): what was asked for and is no case")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test per case for a function that carries the `sweep` marker."""
    question = find_question(metafunc.definition)
    if question is None:
        return
    settings = metafunc.config.stash[SETTINGS]
    axes = [axis for axis in AXIS_NAMES if axis != "dataset_size" or question.needs_dataset_size]
    cases = expand(question, settings.profile, settings.overrides)
    metafunc.parametrize(axes, [_make_parameters(case, axes) for case in cases])
    find_run(metafunc.config).left_out |= list_left_out(question, settings.profile, settings.overrides)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say what was named on the command line and is not asked, and why."""
    return [f"not asked: {name}: {reason}" for name, reason in find_run(config).left_out.items()]


def _make_parameters(case: Case | Rejected, axes: Sequence[str]) -> Any:
    """Return the values, the id and the markers of one test; what is no case has no values."""
    marks = [pytest.mark.null] if case.null else []
    if isinstance(case, Rejected):
        return pytest.param(*(None for _ in axes), id=case.id, marks=[pytest.mark.rejected(case.reason), *marks])
    values = (case.asked_method if axis == "method" else getattr(case, axis) for axis in axes)
    return pytest.param(*values, id=case.params_id, marks=[pytest.mark.case(case), *marks])


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each measured test its clock, and remember its case also where `-k` or `-m` will leave it out."""
    question = find_question(item)
    if question is not None:
        add_clock(item, question)
    case_id = name_case(item)
    if case_id is not None:  # it is not gone from the suite
        find_run(item.config).collected.add(case_id)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> Generator[None, object, object]:
    """Put null cases first, after every plugin that reorders tests has done so and before anyone counts or shows them.

    No implementation of `pytest_collection_modifyitems` is sure to be the last: `--failed-first` is a wrapper too.
    """
    session.items[:] = put_nulls_first(session.items)
    return (yield)


def put_nulls_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests with the null cases of each function before its other cases, in the places of that function.

    Args:
        items: in the order in which they would run.
    """
    ordered = list(items)
    for places in group_by_key((_name_function(item), place) for place, item in enumerate(items)).values():
        for place, item in zip(places, sorted((items[place] for place in places), key=_is_vouched_for), strict=True):
            ordered[place] = item
    return ordered


def _name_function(item: pytest.Item) -> str:
    """Return the node id of a test without its parameters, which may hold brackets of their own."""
    function = item.originalname if isinstance(item, pytest.Function) else item.name
    return f"{item.nodeid.removesuffix(item.name)}{function}"


def _is_vouched_for(item: pytest.Item) -> bool:
    """Whether a null case has a say in the verdict of this one; neither null cases nor refused values have one."""
    case = find_case(item)
    return case is not None and not case.null


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the other shards' cases out, as `-k` leaves out what it does not name, and questions without a case."""
    run = find_run(config)
    items[:] = [item for item in items if not _is_without_case(item)]
    shard = run.settings.shard
    if shard is None:
        return
    groups = group_by_key((_name_group(item), item) for item in items)
    costs = {name: sum(map(_expect_seconds, group)) for name, group in groups.items()}
    mine = divide(costs, shard.count)[shard.number - 1]
    kept = {id(item) for name in mine for item in groups[name]}
    dropped = [item for item in items if id(item) not in kept]
    items[:] = [item for item in items if id(item) in kept]
    if dropped:
        run.in_other_shards = dropped
        config.hook.pytest_deselected(items=dropped)


def _is_without_case(item: pytest.Item) -> bool:
    """Whether pytest made a test that it would skip, of a question that the sweep does not ask."""
    is_case = any(item.get_closest_marker(name) is not None for name in ("case", "rejected"))
    return find_question(item) is not None and not is_case


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
    case = find_case(item)
    if case is None:
        return item.nodeid
    case = null_case_of(case)
    return f"{case.question.value} {case.method} {case.batch_size} {case.depth} {case.workload}"


def _expect_seconds(item: pytest.Item) -> float:
    """Return how long a case will take, by its question."""
    question = find_question(item)
    return 0.0 if question is None else question.row.case_seconds
