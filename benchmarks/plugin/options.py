"""What can be asked for on the command line, and what is refused before anything is measured?

The suite's options stand beside pytest's and pytest-benchmark's. Refused are options that contradict each other, and
places that cannot be written: a run takes minutes to hours, and pytest-benchmark finds most of this out at its end, or
does something else than what was meant. Leaves out: how the suite's own options are read (`settings`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from benchmarks.cases import AXIS_NAMES
from benchmarks.errors import AxisError, SuiteError
from benchmarks.plugin.settings import DEFAULT_BLOCK_TIMEOUT_S, DEFAULT_SEED, SETTINGS, read_settings
from benchmarks.sweeps import Profile

_PARAM_PREFIX = "param:"
"""What pytest-benchmark calls a group by the value of one parameter."""

_GROUPINGS = ("group", "name", "func", "fullname", "fullfunc", "param")
"""What `--benchmark-group-by` takes beside `param:NAME`."""

_FILE_SCHEME = "file://"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options to pytest's."""
    group = parser.getgroup("sample weighting", "performance of sample weighting in TensorFlow")
    group.addoption(
        "--sweep",
        default=Profile.QUICK.value,
        metavar="PROFILE",
        help="which cases to measure: quick (minutes), gate (for CI) or full (over 1,000); default quick",
    )
    for axis, example in (
        ("workload", "mlp,cnn"),
        ("depth", "2,8"),
        ("batch_size", "32,256"),
        ("dataset_size", "1e4,1e5"),
        ("method", "fit_array,loop_graph"),
    ):
        option = f"--{axis.replace('_', '-')}"
        group.addoption(option, dest=axis, metavar="LIST", help=f"values of this axis, for example {option} {example}")
    group.addoption("--target", metavar="PYTHON", help="interpreter whose TensorFlow is measured; default: this one")
    group.addoption(
        "--against",
        metavar="WHAT",
        help="measure another target in turns with this one and judge what differs: an interpreter, or pip "
        "requirements such as tensorflow-cpu==2.19.1",
    )
    group.addoption(
        "--anchor",
        metavar="FILE",
        help="hold the run against this older run too, at twice the tolerance; it stays while baselines are recorded "
        "anew, and finds small rises that add up; with --benchmark-compare only",
    )
    group.addoption(
        "--shard",
        metavar="K/N",
        help="measure part K of N of the cases; python -m benchmarks.commands.merge joins them",
    )
    group.addoption("--summary", metavar="FILE", help="write the summary to this file too, as Markdown")
    group.addoption(
        "--explain",
        action="store_true",
        help="tell what the overhead of each timed case is made of: op types, traces, Python functions; done for a "
        "REGRESSED case in any run",
    )
    group.addoption(
        "--tolerance",
        metavar="PERCENT",
        help="tolerated rise of the overhead over the baseline: 2%% for all questions, or step_time=2%%,epoch_time=3%%",
    )
    group.addoption(
        "--byte-floor",
        metavar="BYTES",
        help="rise in bytes that is tolerated whatever it is in percent, for example 64KiB; default: by question",
    )
    group.addoption(
        "--strict-verdicts",
        action="store_true",
        help="fail on UNDECIDED and NOT COMPARABLE too, and when a case of the baseline was not measured",
    )
    group.addoption(
        "--plant",
        metavar="WHAT",
        help="verify the gate by a fault in the weighted arms: step=+10%%, leak=64KiB, tensor=+5%% or retrace; "
        "refused while saving",
    )
    group.addoption("--blocks", metavar="N", help="fresh processes per case before a case may ask for more")
    group.addoption("--block-seconds", metavar="S", help="seconds each block spends in timed slices")
    group.addoption(
        "--block-timeout", metavar="S", help=f"seconds a block may take; default {DEFAULT_BLOCK_TIMEOUT_S:g}"
    )
    group.addoption("--block-memory", metavar="GIB", help="memory a block may use; default 80%% of the machine's")
    group.addoption("--seed", metavar="N", help=f"seed of data, weights, models and orders; default {DEFAULT_SEED}")
    group.addoption("--intra-op-threads", metavar="N", help="TensorFlow's threads within an operation")
    group.addoption("--inter-op-threads", metavar="N", help="TensorFlow's threads between operations")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, or end the run with one line that says which option makes no sense."""
    try:
        config.stash[SETTINGS] = read_settings(config)
        _check_combinations(config)
        _check_places(config)
        _check_grouping(config)
    except SuiteError as error:
        raise pytest.UsageError(str(error)) from None


def _check_combinations(config: pytest.Config) -> None:
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


def _check_places(config: pytest.Config) -> None:
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


def _check_grouping(config: pytest.Config) -> None:
    """Refuse to group by what there is not.

    Raises:
        AxisError: with one line that names what there is.
    """
    known = [*_GROUPINGS, *(f"{_PARAM_PREFIX}{axis}" for axis in AXIS_NAMES)]
    for label in str(config.getoption("benchmark_group_by", None) or _GROUPINGS[0]).split(","):
        if label not in known:
            raise AxisError(
                f"--benchmark-group-by: expected some of {', '.join(known)}, got {label!r}; choose among them"
            )


def list_grouping_axes(group_by: str) -> Iterator[str]:
    """Yield the parameters that a grouping names: `dataset_size` of `func,param:dataset_size`."""
    for label in group_by.split(","):
        if label.startswith(_PARAM_PREFIX):
            yield label.removeprefix(_PARAM_PREFIX)


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
