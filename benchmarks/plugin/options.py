"""What can be asked for on the command line? The suite's options, beside pytest's and pytest-benchmark's.

Leaves out: how they are read (`settings`).
"""

from __future__ import annotations

import pytest

from benchmarks.errors import SuiteError
from benchmarks.plugin.refusals import check_combinations, check_grouping, check_places
from benchmarks.plugin.settings import DEFAULT_BLOCK_TIMEOUT_S, DEFAULT_SEED, SETTINGS, read_settings
from benchmarks.sweeps import Profile


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
        check_combinations(config)
        check_places(config)
        check_grouping(config)
    except SuiteError as error:
        raise pytest.UsageError(str(error)) from None
