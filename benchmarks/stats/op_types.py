"""Which operations does one graph have more of than another? Differences of counts by op type, and their words.

Leaves out: how operations are wired; two graphs with the same counts can differ in that.
"""

from __future__ import annotations

from collections.abc import Mapping

OpCounts = Mapping[str, int]


def subtract_op_types(graph: OpCounts, other: OpCounts) -> dict[str, int]:
    """Return by op type how many nodes `graph` has more than `other`; op types of which both have as many are left out.

    Args:
        graph: nodes by op type.
        other: nodes by op type, or a difference of such.
    """
    differences = {name: graph.get(name, 0) - other.get(name, 0) for name in sorted({*graph, *other})}
    return {name: count for name, count in differences.items() if count}


def describe_op_types(difference: OpCounts) -> str:
    """Return a difference in words, the largest first: `+2 Mul, +1 Cast, -1 Sum`; `none` where there is none."""
    ranked = sorted(difference.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    return ", ".join(f"{count:+d} {name}" for name, count in ranked) or "none"
