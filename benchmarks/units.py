"""How are quantities written and read? Pairs of `parse_` and `format_` for ratios and times.

Leaves out: what the quantities mean. A ratio of 1.02 is written as the percentage `+2.0 %`.
"""

from __future__ import annotations

import math
import re

from benchmarks.errors import AxisError

_PERCENT = re.compile(r"^([+-]?\d+(?:\.\d+)?)\s*%$")
_NS_PER_UNIT = (("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 1.0))


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
    for unit, ns_per_unit in _NS_PER_UNIT:
        if abs(duration_ns) >= ns_per_unit:
            return f"{duration_ns / ns_per_unit:#.3g}".rstrip(".") + f" {unit}"
    return f"{duration_ns:.0f} ns"


def format_clock(seconds: float) -> str:
    """Write a span of wall time as `m:ss`, or `h:mm:ss` from an hour on.

    Args:
        seconds: a span of wall time; rounded to whole seconds.
    """
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute}:{second:02d}"
