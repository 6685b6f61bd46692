"""How is an exception told that nobody foresaw? In one line: its type, its text, and where it was raised.

Leaves out: SuiteError, which says all of that itself, and what becomes of the case (`casework`).
"""

from __future__ import annotations

import traceback

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


def render_traceback(error: Exception) -> str:
    """Return the traceback of an exception as Python prints it, with what it was raised from."""
    return "".join(traceback.format_exception(error))
