"""Which things can go wrong, and how each is told: one tree, one line each.

Every message says what was expected, what came, and the remedy; of an exception that nobody foresaw, its type, its text
and where it was raised. Leaves out: how an error is shown, which is the plugin's business.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TypeVar

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


class SuiteError(Exception):
    """Anything this suite refuses or could not do; the message is one line that a person can act on."""

    def __init__(self, message: str) -> None:
        """Keep `message` on one line, whatever the source of its parts.

        Args:
            message: what was expected, what came, and the remedy.
        """
        super().__init__(" ".join(message.split()))


class AxisError(SuiteError):
    """A value on the command line is not a value of its axis."""


class CaseError(SuiteError):
    """A case that cannot be measured: its values contradict each other or name nothing known."""


class TargetError(SuiteError):
    """A TensorFlow environment cannot be used as a target."""


class UnsharedError(SuiteError):
    """The other target does not have a case that this one has, by its own list: there is nothing to compare it with."""


class BlockError(SuiteError):
    """A block ended without a result: it crashed, hung, ran out of memory or raised."""


class BaselineError(SuiteError):
    """A stored run cannot be read as a baseline."""


class StatisticsError(SuiteError):
    """The data do not allow the statistic that was asked for."""


class RecordError(SuiteError):
    """Data from a file or another process do not have the shape of the record they should be."""


def attempt(ask: Callable[[_Asked], _Answer], request: _Asked) -> _Answer | SuiteError:
    """Return the answer to a request, or the error in its place, where several are asked for and none may be lost.

    Args:
        ask: answers it, or raises SuiteError.
        request: what is asked for.
    """
    try:
        return ask(request)
    except SuiteError as error:
        return error


def place_error(error: SuiteError, place: str) -> SuiteError:
    """Return the same error, saying where it was: `in the other target`."""
    return type(error)(f"{place}: {error}")


_LONGEST_TEXT = 300
"""Longer texts are data that an exception quotes; the traceback has them whole."""


def describe_fault(error: Exception) -> str:
    """Return one line on an exception: `KeyError: 'x', at /…/benchmarks/measuring/read.py:107`."""
    text = " ".join(str(error).split())
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}…"
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    return f"{what}, at {frames[-1].filename}:{frames[-1].lineno}" if frames else what
