"""What was this run asked to do? The command line, read once into frozen settings.

A value of an axis that makes no sense is not refused here: it becomes a failing case, so that the others still run.
Every other nonsensical option ends the run before anything is measured, with one line. Leaves out: what the options are
called and explained as (`options`).
"""

from __future__ import annotations

import dataclasses
import math
import secrets
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from benchmarks.cases import AXIS_NAMES, AxisValue, Rejected, parse_axis
from benchmarks.errors import AxisError
from benchmarks.launch.targets import Target, find_target
from benchmarks.measuring.session import MeasuringSettings
from benchmarks.records import Plant, Question
from benchmarks.sweeps import Profile
from benchmarks.target.supervise import Limits
from benchmarks.units import parse_bytes, parse_percent

DEFAULT_BLOCK_TIMEOUT_S = 180.0
"""Far above the few seconds of a usual block, below what a person waits for a hung one."""

DEFAULT_SEED = 1

_MEMORY_SHARE = 0.8
"""Part of the machine's memory that a block may use by default, so that the system's killer is not woken."""


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


def read_settings(config: pytest.Config) -> Settings:
    """Read the options of this run; raise AxisError for one that makes no sense."""
    timeout_s = _read_quantity(config, "--block-timeout")
    memory_gib = _read_quantity(config, "--block-memory")
    memory_bytes = psutil.virtual_memory().total * _MEMORY_SHARE if memory_gib is None else memory_gib * 2**30
    return Settings(
        profile=_read_profile(config.getoption("--sweep")),
        overrides={axis: parse_axis(axis, text) for axis in AXIS_NAMES if (text := config.getoption(axis)) is not None},
        target=find_target(config.getoption("--target")),
        target_named=config.getoption("--target") is not None,
        against=_read_against(config),
        anchor=None if (anchor := config.getoption("--anchor")) is None else Path(anchor),
        explain=config.getoption("--explain"),
        summary=_read_summary(config.getoption("--summary")),
        shard=_read_shard(config.getoption("--shard")),
        tolerances=_read_tolerances(config.getoption("--tolerance")),
        floor_bytes=_read_floor(config.getoption("--byte-floor")),
        strict_verdicts=config.getoption("--strict-verdicts"),
        plant=_read_plant(config),
        blocks=_read_count(config, "--blocks"),
        block_seconds=_read_quantity(config, "--block-seconds"),
        limits=Limits(
            timeout_s=DEFAULT_BLOCK_TIMEOUT_S if timeout_s is None else timeout_s, memory_bytes=round(memory_bytes)
        ),
        seed=_read_count(config, "--seed") or DEFAULT_SEED,
        order_seed=_read_count(config, "--seed") or secrets.randbelow(2**31),
        intra_op_threads=_read_count(config, "--intra-op-threads"),
        inter_op_threads=_read_count(config, "--inter-op-threads"),
    )


def _read_summary(text: str | None) -> Path | None:
    """Return the file to write the summary to, in a folder that exists: the run ends with it, and is not to be lost."""
    if text is None:
        return None
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise AxisError(f"--summary: expected a file in a folder that exists, got {text!r}; make {path.parent} first")
    return path


def _read_profile(text: str) -> Profile:
    """Return the profile that `text` names."""
    try:
        return Profile(text)
    except ValueError:
        names = ", ".join(profile.value for profile in Profile)
        raise AxisError(f"--sweep: expected one of {names}, got {text!r}; choose one of them") from None


def _read_count(config: pytest.Config, option: str) -> int | None:
    """Return the whole number above 0 given for `option`; None where none was given."""
    text = config.getoption(option)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise AxisError(f"{option}: expected a whole number above 0, got {text!r}; write for example {option} 5")
    return int(text)


def _read_quantity(config: pytest.Config, option: str) -> float | None:
    """Return the number above 0 given for `option`; None where none was given."""
    text = config.getoption(option)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0.0 < number < math.inf:
        raise AxisError(f"{option}: expected a number above 0, got {text!r}; write for example {option} 5")
    return number


def _read_tolerances(text: str | None) -> Mapping[Question, float]:
    """Return the tolerated rise by question; empty where the command line does not say."""
    if text is None:
        return {}
    tolerances: dict[Question, float] = {}
    for part in text.split(","):
        name, separator, percent = part.rpartition("=")
        fraction = parse_percent(percent)
        if fraction <= 0.0:
            raise AxisError(f"--tolerance: expected a percentage above 0, got {percent!r}; write for example 2%")
        try:
            questions = [Question(name)] if separator else _TOLERANT_QUESTIONS
        except ValueError:
            names = ", ".join(question.value for question in Question)
            raise AxisError(f"--tolerance: expected one of {names} before '=', got {name!r}") from None
        for question in questions:
            if question not in _TOLERANT_QUESTIONS:
                limit = (
                    "its bytes are limited by --byte-floor"
                    if question.row.floor_bytes
                    else "counts are compared exactly"
                )
                raise AxisError(f"--tolerance: expected a question that has one, got {name!r}; {limit}")
        tolerances.update(dict.fromkeys(questions, fraction))
    return tolerances


def _read_plant(config: pytest.Config) -> Plant | None:
    """Return the planted fault, and refuse it while a run is being saved."""
    text = config.getoption("--plant")
    if text is None:
        return None
    saving = [
        option
        for option, name in (
            ("--benchmark-save", "benchmark_save"),
            ("--benchmark-autosave", "benchmark_autosave"),
            ("--benchmark-json", "benchmark_json"),
        )
        if config.getoption(name)
    ]
    if saving:
        raise AxisError(f"--plant: expected a run that is not saved, got {saving[0]} as well; leave one of the two out")
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
        f"--plant: expected step=+PERCENT, tensor=+PERCENT, leak=BYTES or retrace, got {text!r}; "
        "write for example --plant step=+10%"
    )


def _read_shard(text: str | None) -> Shard | None:
    """Return the part of the cases to measure; None where all are."""
    if text is None:
        return None
    number, _, count = text.partition("/")
    if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return Shard(number=int(number), count=int(count))
    raise AxisError(f"--shard: expected K/N with K from 1 to N, got {text!r}; write for example --shard 2/4")


def _read_against(config: pytest.Config) -> str | None:
    """Return what names the other target, and refuse it beside a stored run: a run is held against one thing."""
    text: str | None = config.getoption("--against")
    if text is None:
        return None
    if not text.strip():
        raise AxisError("--against: expected an interpreter or pip requirements, got nothing; write what to measure")
    if config.getoption("benchmark_compare", None):
        raise AxisError(
            "--against: expected one thing to compare with, got --benchmark-compare as well; leave one of the two out: "
            "a second target is measured now, a stored run was measured then"
        )
    return text.strip()


def _read_floor(text: str | None) -> int | None:
    """Return the tolerated rise in bytes; None where the command line does not say."""
    if text is None:
        return None
    floor_bytes = parse_bytes(text)
    if floor_bytes <= 0:
        raise AxisError(f"--byte-floor: expected more than 0 bytes, got {text!r}; write for example --byte-floor 64KiB")
    return floor_bytes
