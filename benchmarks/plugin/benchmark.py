"""How does the suite go together with pytest-benchmark? It replays times to it, and refuses what cannot end well.

A test's clock is read by pytest-benchmark before and after each round, and answers so that round i appears to take as
long as sample i, measured elsewhere, did: its table, JSON, storage, grouping and histogram then work as on any
benchmark. Its grouping by a parameter (`--benchmark-group-by=param:dataset_size`) ends in a KeyError where a benchmark
lacks it; those without an axis are a group of their own here.

Refused are options that contradict each other, and places that cannot be written: a run takes minutes to hours, and
pytest-benchmark finds most of this out at its end, or does something else than what was meant. Leaves out: how the
suite's own options are read (`options`).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cases import AXIS_NAMES
from benchmarks.records import Json, Question

_NS_PER_SECOND = 1e9

_PARAM_PREFIX = "param:"
"""What pytest-benchmark calls a group by the value of one parameter."""

_GROUPINGS = ("group", "name", "func", "fullname", "fullfunc", "param")
"""What `--benchmark-group-by` takes beside `param:NAME`."""

_WITHOUT = "none"
"""What the title of a group says in place of a value: `dataset_size=none`."""

_NO_TIMES = "seconds are the readings' own, bytes and counts are in extra_info"
"""What a group's title says where pytest-benchmark has no column for what is measured."""

_FILE_SCHEME = "file://"


class ReplayTimer:
    """A timer in seconds that gives each pair of readings the distance of the next recorded duration."""

    def __init__(self) -> None:
        """Start without durations."""
        self._readings_s: Iterator[float] = iter(())

    def __call__(self) -> float:
        """Return 0.0 at the beginning of a round and its duration at the end."""
        return next(self._readings_s)

    def replay(self, benchmark: Any, durations_ns: Sequence[float]) -> None:
        """Hand the durations to a `benchmark` fixture as its rounds.

        Args:
            benchmark: pytest-benchmark's fixture, whose timer this is; not used before.
            durations_ns: nanoseconds per step, one for each round; at least one.
        """
        durations_s = (duration_ns / _NS_PER_SECOND for duration_ns in durations_ns)
        self._readings_s = itertools.chain.from_iterable((0.0, duration_s) for duration_s in durations_s)
        benchmark.pedantic(lambda: None, rounds=len(durations_ns), iterations=1)


REPLAY = pytest.StashKey[ReplayTimer]()


def add_clock(item: pytest.Item, question: Question) -> None:
    """Give a measured test a clock of its own, which pytest-benchmark takes from the marker, and its group."""
    replay = item.stash[REPLAY] = ReplayTimer()
    group = question.value if question.is_timed else f"{question.value}: {_NO_TIMES}"
    item.add_marker(pytest.mark.benchmark(timer=replay, group=group))


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_benchmark_group_stats(benchmarks: Sequence[Json], group_by: str) -> Generator[None, object, object]:
    """Let each benchmark have the parameters that are grouped by; this is for display, runs are saved before it."""
    labels = group_by.split(",")
    axes = (label.removeprefix(_PARAM_PREFIX) for label in labels if label.startswith(_PARAM_PREFIX))
    missing = dict.fromkeys(axes, _WITHOUT)
    for benchmark in benchmarks:
        benchmark["params"] = missing | (benchmark["params"] or {})
    return (yield)


def find_contradiction(config: pytest.Config) -> str | None:
    """Return why this command line cannot end well, in one line with what to write instead; None where it can."""
    problems = (*_list_contradictions(config), *_list_bad_places(config), *_list_unknown_groups(config))
    return problems[0] if problems else None


def _list_contradictions(config: pytest.Config) -> Iterator[str]:
    """Yield what can only end in a run that compared nothing, or something else than was meant."""
    saving = [name for name in ("save", "autosave", "json") if _is_given(config, f"--benchmark-{name}")]
    comparing = [option for option in ("--benchmark-compare", "--against") if _is_given(config, option)]
    strict = ["--strict-verdicts"] if _is_given(config, "--strict-verdicts") else []
    several = _name_processes(config)
    if saving and _is_given(config, "--plant"):
        yield _refuse_both("--plant", f"--benchmark-{saving[0]}", "a run that is not saved")
    if len(comparing) > 1:
        why = "a second target is measured now, a stored run was measured then"
        yield _refuse_both("--against", "--benchmark-compare", "one thing to compare with", why)
    if comparing and several:
        why = "cases that are measured side by side slow each other down"
        yield _refuse_both(comparing[0], several, "a run in one process", why)
    if _is_given(config, "--anchor") and "--against" in comparing:
        why = "a second target is measured now, an anchor was measured long ago"
        yield _refuse_both("--anchor", "--against", "a run that is compared with stored ones", why)
    if _is_given(config, "--anchor") and not comparing:
        yield (
            "--anchor: expected a run that is compared with a baseline, got none; write --benchmark-compare as well: "
            "an anchor is held beside the baseline, not in its place"
        )
    if _is_disabled(config) and (comparing or strict):
        why = "nothing is judged of a case that is only tried"
        yield _refuse_both((comparing + strict)[0], "--benchmark-disable", "a run that measures", why)
    if _is_given(config, "--benchmark-compare-fail"):
        yield (
            "--benchmark-compare-fail: expected overheads to be compared, got absolute times, which say more of the "
            "machine than of the code; write --tolerance 2% for the rise of the overhead that is tolerated"
        )
    if _is_given(config, "--benchmark-cprofile"):
        yield (
            "--benchmark-cprofile: expected a profile of training steps, got one of the replay of their times, which "
            "were measured in other processes; write --explain, which profiles both arms"
        )


def _refuse_both(option: str, other: str, expected: str, why: str = "") -> str:
    """Return the refusal of two options that exclude each other."""
    return f"{option}: expected {expected}, got {other} as well; leave one of the two out{f': {why}' if why else ''}"


def _list_bad_places(config: pytest.Config) -> Iterator[str]:
    """Yield which place to write to at the end cannot be written now; folders that would be made may be missing."""
    for option in ("--summary", "--benchmark-json"):
        path = config.getoption(option, None)
        folder = Path(path or "").parent
        if path is not None and (Path(path).is_dir() or not folder.is_dir() or not _may_write(folder)):
            yield (
                f"{option}: expected a file in a folder that exists, got {str(path)!r}; make {folder} first, and see "
                "that it may be written to"
            )
    storage = str(config.getoption("benchmark_storage", ""))
    saving = _is_given(config, "--benchmark-save") or _is_given(config, "--benchmark-autosave")
    folders = [("--benchmark-histogram", Path(p).parent) for p in config.getoption("benchmark_histogram", None) or ()]
    if saving and (_FILE_SCHEME in storage or "://" not in storage):
        folders.insert(0, ("--benchmark-storage", Path(storage.removeprefix(_FILE_SCHEME))))
    for option, folder in folders:
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if not nearest.is_dir() or not _may_write(nearest):
            yield (
                f"{option}: expected a folder that can be made, got {str(folder)!r}; see that {nearest} is a folder "
                "that may be written to"
            )


def _list_unknown_groups(config: pytest.Config) -> Iterator[str]:
    """Yield by what it is to be grouped and cannot be."""
    known = [*_GROUPINGS, *(f"{_PARAM_PREFIX}{axis}" for axis in AXIS_NAMES)]
    for label in str(config.getoption("benchmark_group_by", None) or _GROUPINGS[0]).split(","):
        if label not in known:
            yield f"--benchmark-group-by: expected some of {', '.join(known)}, got {label!r}; choose among them"


def _is_given(config: pytest.Config, option: str) -> bool:
    """Whether an option is on; one that no plugin has is off."""
    return bool(config.getoption(option, None))


def _is_disabled(config: pytest.Config) -> bool:
    """Whether pytest-benchmark was told to try each case only."""
    return _is_given(config, "--benchmark-disable") and not _is_given(config, "--benchmark-enable")


def _name_processes(config: pytest.Config) -> str:
    """Return the option by which pytest-xdist runs tests in several processes; empty where it does not."""
    count = config.getoption("numprocesses", None)
    if count:
        return f"-n {count}"
    dist = config.getoption("dist", None) or "no"
    return "" if dist == "no" else f"--dist {dist}"


def _may_write(folder: Path) -> bool:
    """Whether files may be made in a folder."""
    return os.access(folder, os.W_OK | os.X_OK)
