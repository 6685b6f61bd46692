"""Which tests does a sweep make? One per case, each with a clock that replays the samples measured elsewhere.

Leaves out: the axes and their values, which are in `benchmarks.sweeps`.
"""

from __future__ import annotations

import pytest

from benchmarks.axes import AXIS_NAMES
from benchmarks.plugin.replay import ReplayTimer
from benchmarks.plugin.settings import SETTINGS
from benchmarks.records import Question
from benchmarks.sweeps import CaseParams, expand

REPLAY = pytest.StashKey[ReplayTimer]()

_NO_TIMES = "seconds are the readings' own, bytes and counts are in extra_info"
"""What a group's title says where pytest-benchmark has no column for what is measured."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the suite's markers known, also where its pyproject.toml is not in use."""
    config.addinivalue_line("markers", "rejected(reason): a value on the command line that its axis does not have")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test per case for a function that carries the `sweep` marker."""
    marker = metafunc.definition.get_closest_marker("sweep")
    if marker is None:
        return
    settings = metafunc.config.stash[SETTINGS]
    names = [name for name in AXIS_NAMES if name in metafunc.fixturenames]
    cases = expand(Question(marker.args[0]), settings.profile, settings.overrides)
    metafunc.parametrize(
        names,
        [pytest.param(*(getattr(case, name) for name in names), id=case.id, marks=_mark(case)) for case in cases],
    )


def _mark(case: CaseParams) -> list[pytest.MarkDecorator]:
    """Return the markers of a case."""
    if case.rejected is not None:
        return [pytest.mark.rejected(case.rejected.reason)]
    return [pytest.mark.null] if case.null else []


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
