"""What can be done with runs besides measuring them? Commands, each started by `python -m benchmarks.commands.NAME`.

Here is how a command reads its command line, writes its file, and ends: with 0, or after one line that says why not.
That line says what was expected, what came, and the remedy. The exit status is 2 where the command line asks for what
cannot be, as in any program, and 1 where the work did not succeed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from benchmarks.errors import AxisError, CaseError, SuiteError

_Value = TypeVar("_Value")

_OPTION = re.compile(r"^argument (\S+): (\1: )?")
"""How argparse begins a refusal, and where the reason names the option too."""


_PICTURES = (".svg", ".png")


class MisuseError(SuiteError):
    """The command line asks for what cannot be."""


class CommandParser(argparse.ArgumentParser):
    """Reads a command line, and refuses it in one line."""

    def __init__(self, name: str, description: str) -> None:
        """Begin without any argument; `name` is that of the command's module."""
        super().__init__(prog=f"python -m benchmarks.commands.{name}", description=description)

    def error(self, message: str) -> NoReturn:
        """Raise MisuseError; a message that has no remedy gets the one that always helps."""
        told = _OPTION.sub(r"\1: ", message)
        raise MisuseError(told if "; " in told else f"{told}; see {self.prog} --help")


def run_command(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None, work: Callable[[argparse.Namespace], None]
) -> int:
    """Do what the command line asks for, that of the process for None, and return the exit status of the command."""
    try:
        work(parser.parse_args(arguments))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SuiteError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, (AxisError, CaseError, MisuseError)) else 1
    return 0


def refuse(parse: Callable[[str], _Value]) -> Callable[[str], _Value]:
    """Return a reader of an argument whose refusal names the argument and has the words of the suite's own error."""

    def read(text: str) -> _Value:
        try:
            return parse(text)
        except SuiteError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """Return a reader of an argument that is one of these names."""

    def parse(text: str) -> str:
        if text not in names:
            raise MisuseError(f"expected one of {', '.join(names)}, got {text!r}; choose one of them")
        return text

    return refuse(parse)


@refuse
def read_count(text: str) -> int:
    """Read a whole number of at least 1."""
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise MisuseError(f"expected a whole number of at least 1, got {text!r}; write it in digits")
    return int(text)


@refuse
def read_place(text: str) -> Path:
    """Read the path of a file that can be made or written over."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        remedy = "name a file in it" if path.is_dir() else f"make {path.parent} first"
        raise MisuseError(f"expected a file in a folder that exists, got {text!r}; {remedy}")
    return path


def read_picture(group: str) -> Callable[[str], Path]:
    """Return a reader of where to draw, which sees that it can be done before anything is measured.

    Args:
        group: the dependency group that brings matplotlib.
    """

    def parse(text: str) -> Path:
        if Path(text).suffix not in _PICTURES:
            raise MisuseError(f"expected a file that ends in {' or '.join(_PICTURES)}, got {text!r}; rename it")
        if importlib.util.find_spec("matplotlib") is None:
            raise MisuseError(f"expected matplotlib to draw with, got none; pip install --group {group}")
        return read_place(text)

    return refuse(parse)


def write_whole(path: Path, text: str, option: str) -> None:
    """Write a file beside its place and move it there, so that nobody finds half of it; `option` named the file.

    Raises:
        SuiteError: when it cannot be written.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as error:
        raise SuiteError(
            f"{option}: expected a file that can be written, got {str(path)!r} ({error.strerror}); name another"
        ) from error
    finally:
        half.unlink(missing_ok=True)
