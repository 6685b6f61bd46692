"""Which tests does a sweep make, in which order do they run, and which of them belong to this shard?

There is one test per case. Its parameters are the values of the case on the axes, by which pytest-benchmark names and
groups it; the case itself rides in the marker `case`. Null cases run before those they vouch for, or these would be
judged without them: whatever reordered the tests (node ids in another order, `--failed-first`, a plugin that shuffles),
the places that a test function's cases have are kept, and within them null cases come first; all else stays as it was.
A shard has an even share of the expected time, a null case with the cases it vouches for; every shard computes the same
division from the same selection of cases, so that nothing has to be agreed on.

A test's clock is read by pytest-benchmark before and after each round, and answers so that round i appears to take as
long as sample i, measured elsewhere, did: its table, JSON, storage, grouping and histogram then work as on any
benchmark. Its grouping by a parameter (`--benchmark-group-by=param:dataset_size`) ends in a KeyError where a benchmark
lacks it; those without an axis are a group of their own here.

Leaves out: which cases there are, which is in `benchmarks.sweeps`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import pytest

from benchmarks.cases import AXIS_NAMES, Rejected, null_case_of
from benchmarks.plugin.options import list_grouping_axes
from benchmarks.plugin.run import find_run
from benchmarks.plugin.settings import SETTINGS
from benchmarks.records import Case, Json, Question
from benchmarks.sweeps import expand

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


REPLAY = pytest.StashKey[ReplayTimer]()

_NO_TIMES = "seconds are the readings' own, bytes and counts are in extra_info"
"""What a group's title says where pytest-benchmark has no column for what is measured."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the suite's markers known, also where its pyproject.toml is not in use."""
    config.addinivalue_line("markers", "case(case): what a test of a sweep measures")
    config.addinivalue_line("markers", "rejected(reason): what was asked for and is no case")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test per case for a function that carries the `sweep` marker."""
    marker = metafunc.definition.get_closest_marker("sweep")
    if marker is None:
        return
    settings = metafunc.config.stash[SETTINGS]
    question = Question(marker.args[0])
    axes = [axis for axis in AXIS_NAMES if axis != "dataset_size" or question.needs_dataset_size]
    cases = expand(question, settings.profile, settings.overrides)
    metafunc.parametrize(axes, [_make_parameters(case, axes) for case in cases])


def _make_parameters(case: Case | Rejected, axes: Sequence[str]) -> Any:
    """Return the values, the id and the markers of one test; what is no case has no values."""
    marks = [pytest.mark.null] if case.null else []
    if isinstance(case, Rejected):
        return pytest.param(*(None for _ in axes), id=case.id, marks=[pytest.mark.rejected(case.reason), *marks])
    values = (case.asked_method if axis == "method" else getattr(case, axis) for axis in axes)
    return pytest.param(*values, id=case.params_id, marks=[pytest.mark.case(case), *marks])


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each measured test a clock of its own: pytest-benchmark takes it from the marker."""
    sweep = item.get_closest_marker("sweep")
    if sweep is None:
        return
    replay = ReplayTimer()
    item.stash[REPLAY] = replay
    question = Question(sweep.args[0])
    group = question.value if question.is_timed else f"{question.value}: {_NO_TIMES}"
    item.add_marker(pytest.mark.benchmark(timer=replay, group=group))


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
    places: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        places.setdefault(_name_function(item), []).append(place)
    ordered = list(items)
    for own in places.values():
        for place, item in zip(own, sorted((items[place] for place in own), key=_is_vouched_for), strict=True):
            ordered[place] = item
    return ordered


def _name_function(item: pytest.Item) -> str:
    """Return the node id of a test without its parameters, which may hold brackets of their own."""
    function = item.originalname if isinstance(item, pytest.Function) else item.name
    return f"{item.nodeid.removesuffix(item.name)}{function}"


def _is_vouched_for(item: pytest.Item) -> bool:
    """Whether a null case has a say in the verdict of this one; neither null cases nor refused values have one."""
    marker = item.get_closest_marker("case")
    return marker is not None and not marker.args[0].null


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the other shards' cases out, as `-k` leaves out what it does not name, and questions without a case."""
    run = find_run(config)
    items[:] = [item for item in items if not _is_without_case(item)]
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


def _is_without_case(item: pytest.Item) -> bool:
    """Whether pytest made a test that it would skip, of a question that the sweep does not ask."""
    markers = {marker.name for marker in item.iter_markers()}
    return "sweep" in markers and not markers & {"case", "rejected"}


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
