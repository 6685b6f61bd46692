"""What can be asked for on the command line, and what was? Options, read once into frozen settings.

A value of an axis that makes no sense is not refused here: it becomes a failing case, so that the others still run.
Every other nonsensical option ends the run before anything is measured, with one line. Leaves out: which options cannot
be had together, and what is refused of pytest-benchmark's (`benchmark`).
"""

from __future__ import annotations

import dataclasses
import math
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import psutil
import pytest

from benchmarks.cases import AXIS_NAMES, AxisValue, Rejected, parse_axis
from benchmarks.errors import AxisError, CaseError, SuiteError
from benchmarks.launch.targets import Target, find_target
from benchmarks.measuring.session import MeasuringSettings
from benchmarks.plugin.benchmark import find_contradiction
from benchmarks.records import Plant, Question
from benchmarks.sweeps import Profile
from benchmarks.target.supervise import Limits
from benchmarks.units import parse_bytes, parse_percent

_Value = TypeVar("_Value")

DEFAULT_BLOCK_TIMEOUT_S = 180.0
"""Far above the few seconds of a usual block, below what a person waits for a hung one."""

DEFAULT_SEED = 1

_MEMORY_SHARE = 0.8
"""Part of the machine's memory that a block may use by default, so that the system's killer is not woken."""

_AXIS = "values of this axis, for example"

OPTIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "--sweep": (
            "PROFILE",
            "which cases to measure: quick (minutes), gate (for CI) or full (over 1,000); default quick",
        ),
        "--workload": ("LIST", f"{_AXIS} --workload mlp,cnn"),
        "--depth": ("LIST", f"{_AXIS} --depth 2,8"),
        "--batch-size": ("LIST", f"{_AXIS} --batch-size 32,256"),
        "--dataset-size": ("LIST", f"{_AXIS} --dataset-size 1e4,1e5"),
        "--method": ("LIST", f"{_AXIS} --method fit_array,loop_graph"),
        "--target": ("PYTHON", "interpreter whose TensorFlow is measured; default: this one"),
        "--against": (
            "WHAT",
            (
                "measure another target in turns with this one and judge what differs: an interpreter, or pip "
                "requirements such as tensorflow-cpu==2.19.1"
            ),
        ),
        "--anchor": (
            "FILE",
            (
                "hold the run against this older run too, at twice the tolerance; it stays while baselines are "
                "recorded anew, and finds small rises that add up; with --benchmark-compare only"
            ),
        ),
        "--shard": ("K/N", "measure part K of N of the cases; python -m benchmarks.commands.merge joins them"),
        "--summary": ("FILE", "write the summary to this file too, as Markdown"),
        "--tolerance": (
            "PERCENT",
            "tolerated rise of the overhead over the baseline: 2%% for all questions, or step_time=2%%,epoch_time=3%%",
        ),
        "--byte-floor": (
            "BYTES",
            "rise in bytes that is tolerated whatever it is in percent, for example 64KiB; default: by question",
        ),
        "--plant": (
            "WHAT",
            (
                "verify the gate by a fault in the weighted arms: step=+10%%, leak=64KiB, tensor=+5%% or retrace; "
                "refused while saving"
            ),
        ),
        "--blocks": ("N[-M]", "fresh processes per case at first; with M up to so many until its interval is narrow"),
        "--block-seconds": ("S", "seconds each block spends in timed slices"),
        "--block-timeout": ("S", f"seconds a block may take; default {DEFAULT_BLOCK_TIMEOUT_S:g}"),
        "--block-memory": ("GIB", "memory a block may use; default 80%% of the machine's"),
        "--seed": ("N", f"seed of data, weights, models and orders; default {DEFAULT_SEED}"),
        "--intra-op-threads": ("N", "TensorFlow's threads within an operation"),
        "--inter-op-threads": ("N", "TensorFlow's threads between operations"),
    }
)
"""By the name of an option what its value is called, and what `--help` says of it."""

FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "--explain": "tell what the overhead of each timed case is made of: op types, traces, Python functions; done "
        "for a REGRESSED case in any run",
        "--strict-verdicts": "fail on UNDECIDED and NOT COMPARABLE too, and when a case of the baseline was not "
        "measured",
    }
)
"""By the name of an option without a value what `--help` says of it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Part `number` of `count` of the cases, counted from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings(MeasuringSettings):
    """What this run was asked to do; what the command line does not say is None.

    `order_seed` is drawn anew where no `--seed` is given.
    """

    profile: Profile
    overrides: Mapping[str, tuple[AxisValue | Rejected, ...]]
    target: Target
    target_named: bool
    against: str | None
    anchor: Path | None
    summary: Path | None
    shard: Shard | None
    strict_verdicts: bool
    limits: Limits


SETTINGS = pytest.StashKey[Settings]()

_TOLERANT_QUESTIONS = [question for question in Question if question.row.tolerance is not None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options to pytest's."""
    group = parser.getgroup("sample weighting", "performance of sample weighting in TensorFlow")
    for option, (metavar, told) in OPTIONS.items():
        group.addoption(option, metavar=metavar, help=told)
    for option, told in FLAGS.items():
        group.addoption(option, action="store_true", help=told)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, or end the run with one line that says which option makes no sense."""
    try:
        config.stash[SETTINGS] = read_settings(config)
    except SuiteError as error:
        raise pytest.UsageError(str(error)) from None
    contradiction = find_contradiction(config)
    if contradiction is not None:
        raise pytest.UsageError(contradiction)


def read_settings(config: pytest.Config) -> Settings:
    """Read the options of this run; raise AxisError for one that makes no sense."""

    def read(option: str, parse: Callable[[str], _Value]) -> _Value | None:
        """Return what was given for an option; None where nothing was."""
        text = config.getoption(option)
        try:
            return None if text is None else parse(text)
        except (AxisError, CaseError) as error:
            raise AxisError(f"{option}: {error}") from error

    timeout_s = read("--block-timeout", _read_number)
    memory_gib = read("--block-memory", _read_number)
    memory_bytes = psutil.virtual_memory().total * _MEMORY_SHARE if memory_gib is None else memory_gib * 2**30
    seed = read("--seed", _read_count)
    blocks, most_blocks = read("--blocks", _read_blocks) or (None, None)
    return Settings(
        profile=read("--sweep", _read_profile) or Profile.QUICK,
        overrides={axis: parse_axis(axis, text) for axis in AXIS_NAMES if (text := config.getoption(axis)) is not None},
        target=find_target(config.getoption("--target")),
        target_named=config.getoption("--target") is not None,
        against=read("--against", _read_against),
        anchor=read("--anchor", Path),
        explain=config.getoption("--explain"),
        summary=read("--summary", Path),
        shard=read("--shard", _read_shard),
        tolerances=read("--tolerance", _read_tolerances) or {},
        floor_bytes=read("--byte-floor", _read_floor),
        strict_verdicts=config.getoption("--strict-verdicts"),
        plant=read("--plant", _read_plant),
        blocks=blocks,
        most_blocks=most_blocks,
        block_seconds=read("--block-seconds", _read_number),
        limits=Limits(
            timeout_s=DEFAULT_BLOCK_TIMEOUT_S if timeout_s is None else timeout_s, memory_bytes=round(memory_bytes)
        ),
        seed=DEFAULT_SEED if seed is None else seed,
        order_seed=secrets.randbelow(2**31) if seed is None else seed,
        intra_op_threads=read("--intra-op-threads", _read_count),
        inter_op_threads=read("--inter-op-threads", _read_count),
    )


def _read_profile(text: str) -> Profile:
    try:
        return Profile(text)
    except ValueError:
        names = ", ".join(profile.value for profile in Profile)
        raise AxisError(f"expected one of {names}, got {text!r}; choose one of them") from None


def _read_count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise AxisError(f"expected a whole number above 0, got {text!r}; write for example 5")
    return int(text)


def _read_blocks(text: str) -> tuple[int, int | None]:
    """Return how many blocks a case has at first, and at most where that was said."""
    first, separator, most = text.partition("-")
    counts = _read_count(first), _read_count(most) if separator else None
    if counts[1] is not None and counts[1] < counts[0]:
        raise AxisError(f"expected the most blocks last, got {text!r}; write for example 12-24")
    return counts


def _read_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0.0 < number < math.inf:
        raise AxisError(f"expected a number above 0, got {text!r}; write for example 5")
    return number


def _read_tolerances(text: str) -> dict[Question, float]:
    """Return the tolerated rise by question."""
    tolerances: dict[Question, float] = {}
    for part in text.split(","):
        name, separator, percent = part.rpartition("=")
        fraction = parse_percent(percent)
        if fraction <= 0.0:
            raise AxisError(f"expected a percentage above 0, got {percent!r}; write for example 2%")
        try:
            questions = [Question(name)] if separator else _TOLERANT_QUESTIONS
        except ValueError:
            names = ", ".join(question.value for question in Question)
            raise AxisError(f"expected one of {names} before '=', got {name!r}; choose one of them") from None
        for question in questions:
            if question not in _TOLERANT_QUESTIONS:
                bytes_limited = "its bytes are limited by --byte-floor"
                limit = bytes_limited if question.row.floor_bytes else "counts are compared exactly"
                raise AxisError(f"expected a question that has one, got {name!r}; {limit}")
        tolerances.update(dict.fromkeys(questions, fraction))
    return tolerances


def _read_plant(text: str) -> Plant:
    what, _, amount = text.partition("=")
    if text == "retrace":
        return Plant(retrace=True)
    if what == "leak" and amount:
        return Plant(leak_bytes=parse_bytes(amount))
    if what == "step" and amount:
        return Plant(step_fraction=parse_percent(amount))
    if what == "tensor" and amount:
        return Plant(tensor_fraction=parse_percent(amount))
    raise AxisError(
        f"expected step=+PERCENT, tensor=+PERCENT, leak=BYTES or retrace, got {text!r}; write for example step=+10%"
    )


def _read_shard(text: str) -> Shard:
    number, _, count = text.partition("/")
    if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return Shard(number=int(number), count=int(count))
    raise AxisError(f"expected K/N with K from 1 to N, got {text!r}; write for example 2/4")


def _read_against(text: str) -> str:
    if not text.strip():
        raise AxisError("expected an interpreter or pip requirements, got nothing; write what to measure")
    return text.strip()


def _read_floor(text: str) -> int:
    """Return the tolerated rise in bytes."""
    floor_bytes = parse_bytes(text)
    if floor_bytes <= 0:
        raise AxisError(f"expected more than 0 bytes, got {text!r}; write for example 64KiB")
    return floor_bytes
