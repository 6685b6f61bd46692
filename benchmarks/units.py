"""How are quantities written and read? Pairs of `parse_` and `format_` for ratios, times and bytes.

Leaves out: what the quantities mean. A ratio of 1.02 is written as the percentage `+2.0 %`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from benchmarks.errors import AxisError

_PERCENT = re.compile(r"^([+-]?\d+(?:\.\d+)?)\s*%$")
_NS_PER_UNIT = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_BYTES = re.compile(r"^\+?(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB)$")
_BYTES_PER_UNIT = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10}
_THREE_DIGITS = 100


def format_percent(fraction: float) -> str:
    """Write a signed fraction as a percentage: 0.02 becomes `+2.0 %`.

    Args:
        fraction: a change as a fraction of 1; NaN and infinities are written as such.
    """
    percent = 100.0 * fraction
    if not math.isfinite(percent):
        return f"{percent:+} %"
    text = f"{percent:+.1f}"
    return f"{text.replace('-0.0', '+0.0') if text == '-0.0' else text} %"


def format_overhead(ratio: float) -> str:
    """Write a weighted ÷ control ratio as a signed percentage: 1.006 becomes `+0.6 %`.

    Args:
        ratio: the overhead ratio, 1.00 = free.
    """
    return format_percent(ratio - 1.0)


def parse_percent(text: str) -> float:
    """Read a percentage as a fraction: `2%`, `+10 %` and `-1.5%` become 0.02, 0.1 and -0.015.

    Raises:
        AxisError: when the text is not a number followed by a percent sign.
    """
    match = _PERCENT.match(text.strip())
    if match is None:
        raise AxisError(f"expected a percentage such as 2% or +10%, got {text!r}; write a number and a percent sign")
    return float(match.group(1)) / 100.0


def format_duration(duration_ns: float) -> str:
    """Write a duration with three significant digits in the largest unit that keeps it at or above 1.

    Args:
        duration_ns: a duration in nanoseconds.
    """
    return _format_in_units(duration_ns, _NS_PER_UNIT, "ns")


def format_extra_duration(duration_ns: float) -> str:
    """Write a difference between durations with its sign: 1,500 becomes `+1.50 us`."""
    return _sign(format_duration(duration_ns))


def _format_in_units(value: float, size_by_unit: Mapping[str, int], smallest: str) -> str:
    """Write a value in the first unit that keeps it at or above 1, or whole in the smallest, whose size is 1."""
    for unit, size in size_by_unit.items():
        number = value / size
        if abs(number) >= _THREE_DIGITS:
            return f"{number:.0f} {unit}"
        if abs(number) >= 1:
            return f"{number:#.3g}".rstrip(".") + f" {unit}"
    return f"{value:.0f} {smallest}".replace("-0 ", "0 ")


def _sign(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def format_clock(seconds: float) -> str:
    """Write a span of wall time as `m:ss`, or `h:mm:ss` from an hour on.

    Args:
        seconds: a span of wall time; rounded to whole seconds.
    """
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute}:{second:02d}"


def format_bytes(count: float) -> str:
    """Write a number of bytes with three significant digits in the largest binary unit that keeps it at or above 1.

    Args:
        count: bytes; a negative number keeps its sign.
    """
    return _format_in_units(count, _BYTES_PER_UNIT, "B")


def format_extra_bytes(count: float) -> str:
    """Write a difference in bytes with its sign: 1536 becomes `+1.50 KiB`."""
    return _sign(format_bytes(count))


def parse_bytes(text: str) -> int:
    """Read a number of bytes with its unit: `64KiB` and `1.5 MiB` become 65536 and 1572864.

    Raises:
        AxisError: when the text is not a number followed by B, KiB, MiB or GiB.
    """
    match = _BYTES.match(text.strip())
    if match is None:
        raise AxisError(f"expected a number of bytes such as 64KiB or 2MiB, got {text!r}; write a number and its unit")
    return round(float(match.group(1)) * _BYTES_PER_UNIT.get(match.group(2), 1))
