"""What is refused before anything is measured? Options that contradict each other, and places that cannot be written.

A run takes minutes to hours, and pytest-benchmark finds most of this out at its end, or does something else than what
was meant. Leaves out: the values of the suite's own options (`settings`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from benchmarks.cases import AXIS_NAMES
from benchmarks.errors import AxisError

PARAM_PREFIX = "param:"
"""What pytest-benchmark calls a group by the value of one parameter."""

_GROUPINGS = ("group", "name", "func", "fullname", "fullfunc", "param")
"""What `--benchmark-group-by` takes beside `param:NAME`."""

_FILE_SCHEME = "file://"


def check_combinations(config: pytest.Config) -> None:
    """Refuse what can only end in a run that compared nothing, or something else than was meant.

    Raises:
        AxisError: with one line that says which option to leave out and what to write instead.
    """
    comparing = [option for option in ("--benchmark-compare", "--against") if _is_given(config, option)]
    several = _name_processes(config)
    if comparing and several:
        raise AxisError(
            f"{comparing[0]}: expected a run in one process, got {several} as well; leave one of the two out: cases "
            "that are measured side by side slow each other down"
        )
    if config.getoption("anchor", None) is not None:
        _check_anchor(comparing)
    strict = ["--strict-verdicts"] if _is_given(config, "--strict-verdicts") else []
    if _is_disabled(config) and (comparing or strict):
        raise AxisError(
            f"{(comparing + strict)[0]}: expected a run that measures, got --benchmark-disable as well; leave one of "
            "the two out: nothing is judged of a case that is only tried"
        )
    if _is_given(config, "--benchmark-compare-fail"):
        raise AxisError(
            "--benchmark-compare-fail: expected overheads to be compared, got absolute times, which say more of the "
            "machine than of the code; write --tolerance 2% for the rise of the overhead that is tolerated"
        )
    if _is_given(config, "--benchmark-cprofile"):
        raise AxisError(
            "--benchmark-cprofile: expected a profile of training steps, got one of the replay of their times, which "
            "were measured in other processes; write --explain, which profiles both arms"
        )


def _check_anchor(comparing: Sequence[str]) -> None:
    """Refuse an anchor where no baseline is compared with."""
    if "--against" in comparing:
        raise AxisError(
            "--anchor: expected a run that is compared with stored ones, got --against as well; leave one of the two "
            "out: a second target is measured now, an anchor was measured long ago"
        )
    if not comparing:
        raise AxisError(
            "--anchor: expected a run that is compared with a baseline, got none; write --benchmark-compare as well: "
            "an anchor is held beside the baseline, not in its place"
        )


def check_places(config: pytest.Config) -> None:
    """Refuse a place to write to at the end that cannot be written now; folders that would be made may be missing.

    Raises:
        AxisError: with one line that names the place.
    """
    path = config.getoption("benchmark_json", None)
    if path is not None and (
        Path(path).is_dir() or not Path(path).parent.is_dir() or not _may_write(Path(path).parent)
    ):
        raise AxisError(
            f"--benchmark-json: expected a file in a folder that exists, got {str(path)!r}; make {Path(path).parent} "
            "first, and see that it may be written to"
        )
    storage = str(config.getoption("benchmark_storage", ""))
    saving = _is_given(config, "--benchmark-save") or _is_given(config, "--benchmark-autosave")
    if saving and (_FILE_SCHEME in storage or "://" not in storage):
        _check_folder("--benchmark-storage", Path(storage.removeprefix(_FILE_SCHEME)))
    for prefix in config.getoption("benchmark_histogram", None) or ():
        _check_folder("--benchmark-histogram", Path(prefix).parent)


def check_grouping(config: pytest.Config) -> None:
    """Refuse to group by what there is not.

    Raises:
        AxisError: with one line that names what there is.
    """
    known = [*_GROUPINGS, *(f"{PARAM_PREFIX}{axis}" for axis in AXIS_NAMES)]
    for label in str(config.getoption("benchmark_group_by", None) or _GROUPINGS[0]).split(","):
        if label not in known:
            raise AxisError(
                f"--benchmark-group-by: expected some of {', '.join(known)}, got {label!r}; choose among them"
            )


def list_grouping_axes(group_by: str) -> Iterator[str]:
    """Yield the parameters that a grouping names: `dataset_size` of `func,param:dataset_size`."""
    for label in group_by.split(","):
        if label.startswith(PARAM_PREFIX):
            yield label.removeprefix(PARAM_PREFIX)


def _is_given(config: pytest.Config, option: str) -> bool:
    """Whether an option is on; one that no plugin has is off."""
    return bool(config.getoption(option.removeprefix("--").replace("-", "_"), None))


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


def _check_folder(option: str, folder: Path) -> None:
    """Refuse a folder that is not there and cannot be made, or may not be written to."""
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not nearest.is_dir() or not _may_write(nearest):
        raise AxisError(
            f"{option}: expected a folder that can be made, got {str(folder)!r}; see that {nearest} is a folder that "
            "may be written to"
        )


def _may_write(folder: Path) -> bool:
    """Whether files may be made in a folder."""
    return os.access(folder, os.W_OK | os.X_OK)
