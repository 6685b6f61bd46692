"""What do studies that measure share? Their cases, a core kept busy, and a file by which they go on where they stopped.

Each measurement is a line of JSON in a file, written as it comes. Leaves out: what a line holds, which a study knows.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from benchmarks.cases import parse_axis
from benchmarks.errors import RecordError
from benchmarks.records import Case, Json, Question
from benchmarks.sweeps import Profile, expand

_Item = TypeVar("_Item")
_Key = TypeVar("_Key")


def load_lines(path: Path, read: Callable[[Json], _Item]) -> list[_Item]:
    """Return what the lines of a file hold, in their order; an absent file holds nothing.

    Args:
        path: the file of a study.
        read: makes of the JSON of a line what the study works with.

    Raises:
        RecordError: when a line is not one of this study, such as one that was torn by an interruption.
    """
    if not path.exists():
        return []
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return [_read_line(line, read, f"{path}, line {number}") for number, line in lines]


def _read_line(line: str, read: Callable[[Json], _Item], place: str) -> _Item:
    try:
        return read(json.loads(line))
    except (ValueError, LookupError, TypeError, RecordError) as error:
        raise RecordError(
            f"{place}: expected a line of this study, got something else ({type(error).__name__}: {error}); remove "
            "that line, and it is measured again"
        ) from error


def append_line(path: Path, line: Json) -> None:
    """Add a line to the file of a study, at once."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def group_by_key(pairs: Iterable[tuple[_Key, _Item]]) -> dict[_Key, list[_Item]]:
    """Return the items of each key; keys and items keep their order."""
    groups: dict[_Key, list[_Item]] = {}
    for key, item in pairs:
        groups.setdefault(key, []).append(item)
    return groups


def list_cases(question: Question, methods: str) -> list[Case]:
    """Return the quick sweep's cases of these methods, null cases first."""
    asked = expand(question, Profile.QUICK, {"method": parse_axis("method", methods)})
    return [case for case in asked if isinstance(case, Case)]


@contextlib.contextmanager
def keep_a_core_busy(*, busy: bool) -> Iterator[None]:
    """Run another process that never waits, for as long as the context lasts."""
    if not busy:
        yield
        return
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()
