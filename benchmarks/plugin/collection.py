"""Which tests does a sweep make? One per case, each with a clock that replays the samples measured elsewhere.

A test's parameters are the values of its case on the axes, by which pytest-benchmark names and groups it; the case
itself rides in the marker `case`. Leaves out: which cases there are, which is in `benchmarks.sweeps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.cases import AXIS_NAMES, Rejected
from benchmarks.plugin.replay import ReplayTimer
from benchmarks.plugin.settings import SETTINGS
from benchmarks.records import Case, Question
from benchmarks.sweeps import expand

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
