"""What does a further sample cost in memory, with weights and without? Lines through peaks over dataset sizes.

Per method and quantity three lines are fitted: control, weighted, and weighted - control, block by block. The last
one's slope is what weighting costs per sample; it stands beside the number that the dtype of the weights predicts.
What the line says of a dataset that was not measured is a projection, and is called one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from tabulate import tabulate

from benchmarks.methods import METHODS
from benchmarks.records import Case, CaseReport, Interval, Question, ReadBlock
from benchmarks.records.quantities import title_reading
from benchmarks.stats.slopes import Line, estimate_line
from benchmarks.units import format_bytes, format_extra_bytes

PROJECTED_SAMPLES: tuple[int, ...] = (10**6, 10**8, 10**9)

_CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SampleCost:
    """The lines of one method and one reading over dataset sizes; `predicted_bytes` is per sample, by dtype."""

    case_name: str
    key: str
    sizes: tuple[int, ...]
    control: Line
    weighted: Line
    extra: Line
    predicted_bytes: int


def estimate_sample_costs(reports: Sequence[CaseReport]) -> tuple[SampleCost, ...]:
    """Return the cost per sample of each method whose peak memory was read at two dataset sizes or more."""
    by_method: dict[Case, list[tuple[int, ReadBlock]]] = {}
    for report in reports:
        case = report.case
        if case.question is not Question.PEAK_MEMORY or case.null or case.dataset_size is None:
            continue
        if report.measurement is None:
            continue
        anchor = dataclasses.replace(case, dataset_size=case.batch_size)
        points = [(case.dataset_size, block) for block in report.measurement.readings]
        by_method.setdefault(anchor, []).extend(points)
    return tuple(cost for case, points in by_method.items() for cost in _estimate(case, points))


def _estimate(case: Case, points: Sequence[tuple[int, ReadBlock]]) -> Iterator[SampleCost]:
    """Yield the lines of one method, one per reading of a pass."""
    sizes = [size for size, _ in points]
    distinct = tuple(sorted(set(sizes)))
    if len(distinct) < 2 or len(points) < 3:  # noqa: PLR2004 - a line has two parameters
        return
    for key in points[0][1].list_keys():
        if not key.startswith("pass_") or not all(key in block.list_keys() for _, block in points):
            continue
        predicted = METHODS[case.method].weight_bytes_per_sample if case.method in METHODS else 0
        yield SampleCost(
            case_name=f"{case.workload}-depth{case.depth}-batch{case.batch_size}-{case.method}",
            key=key,
            sizes=distinct,
            control=estimate_line(sizes, [block.control.values[key] for _, block in points], _CONFIDENCE),
            weighted=estimate_line(sizes, [block.weighted.values[key] for _, block in points], _CONFIDENCE),
            extra=estimate_line(sizes, [block.find_extra(key) for _, block in points], _CONFIDENCE),
            predicted_bytes=predicted,
        )


def render_sample_costs(costs: Sequence[SampleCost]) -> str:
    """Return the table of costs per sample with their projections; empty where none could be fitted."""
    if not costs:
        return ""
    rows = [
        [
            cost.case_name,
            title_reading(cost.key),
            f"{cost.control.slope.estimate:.2f}",
            f"{cost.weighted.slope.estimate:.2f}",
            _format_slope(cost.extra.slope),
            cost.predicted_bytes,
            *(format_extra_bytes(cost.extra.predict(samples)) for samples in PROJECTED_SAMPLES),
        ]
        for cost in costs
    ]
    headers = [
        "bytes per sample",
        "reading",
        "control",
        "weighted",
        "weighting (95 % interval)",
        "by dtype",
        *(f"at {samples:.0e}".replace("e+0", "e") for samples in PROJECTED_SAMPLES),
    ]
    table = tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True)
    *smaller, largest_size = (f"{size:,}" for size in costs[0].sizes)
    sizes = f"{', '.join(smaller)} and {largest_size}"
    largest = max(costs, key=lambda cost: abs(cost.extra.intercept))
    remark = (
        f"Lines through {sizes} samples; the columns 'at' are projections of what weighting adds, not measurements. "
        f"By dtype: one copy of the weights. Weighting adds {format_bytes(largest.extra.intercept)} at most whatever "
        "the size."
    )
    return "\n".join([*(line.rstrip() for line in table.splitlines()), "", remark])


def _format_slope(slope: Interval) -> str:
    """Write bytes per sample with their interval: `+4.02 (+3.98 to +4.06)`."""
    return f"{slope.estimate:+.2f} ({slope.lower:+.2f} to {slope.upper:+.2f})"
