"""What does a further sample cost in memory and at start-up, with weights and without? Lines over dataset sizes.

Per method and reading three lines are fitted: control, weighted, and weighted - control, block by block; of start-up
time by the block's medians. The last one's slope is what weighting costs per sample; that of bytes stands beside the
number that the dtype of the weights predicts. What the line says of a dataset that was not measured is a projection,
and is called one.

Leaves out: what is judged, which a slope is not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks.methods import METHODS
from benchmarks.records import Case, CaseReport, Interval, Measurement, Question
from benchmarks.records.quantities import Stretch, Unit, find_quantity, title_reading
from benchmarks.reports.summary import SampleCost
from benchmarks.reports.tables import Section, Table, name_rows
from benchmarks.stats.lines import estimate_line
from benchmarks.units import format_bytes, format_duration, format_extra_bytes, format_extra_duration

_PROJECTED_SAMPLES = (10**6, 10**8, 10**9)

_CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """What both arms of one block had of each key, at one dataset size."""

    size: int
    control: Mapping[str, float]
    weighted: Mapping[str, float]

    def list_keys(self) -> list[str]:
        """Return the keys that both arms have."""
        return [key for key in self.control if key in self.weighted]


def estimate_sample_costs(reports: Sequence[CaseReport]) -> tuple[SampleCost, ...]:
    """Return the costs per sample of each method whose peaks or start-ups were measured at two dataset sizes or more.

    Those in bytes come first.
    """
    by_method: dict[Case, list[_Point]] = {}
    for report in reports:
        case = report.case
        if case.question not in _LIST_POINTS or case.null or case.dataset_size is None or report.measurement is None:
            continue
        method = dataclasses.replace(case, dataset_size=case.batch_size)
        points = _LIST_POINTS[case.question](report.measurement, case.dataset_size)
        by_method.setdefault(method, []).extend(points)
    costs = (cost for case, points in by_method.items() for cost in _estimate(case, points))
    return tuple(sorted(costs, key=lambda cost: list(Unit).index(cost.unit)))


def _list_peaks(measurement: Measurement, size: int) -> list[_Point]:
    """Return the peaks of each block over a pass; those over a step do not depend on the dataset's size."""
    return [
        _Point(size=size, control=_choose_pass(block.control.values), weighted=_choose_pass(block.weighted.values))
        for block in measurement.readings
    ]


def _choose_pass(values: Mapping[str, float]) -> dict[str, float]:
    return {key: value for key, value in values.items() if find_quantity(key).stretch is Stretch.PASS}


def _list_startups(measurement: Measurement, size: int) -> list[_Point]:
    """Return the median start-up of each arm in each block."""
    key = Question.STARTUP_TIME.value
    return [
        _Point(size=size, control={key: block.control_median_ns}, weighted={key: block.weighted_median_ns})
        for block in measurement.blocks
    ]


_LIST_POINTS: Mapping[Question, Callable[[Measurement, int], list[_Point]]] = {
    Question.PEAK_MEMORY: _list_peaks,
    Question.STARTUP_TIME: _list_startups,
}
"""The questions whose answers grow with the dataset."""


def _estimate(case: Case, points: Sequence[_Point]) -> Iterator[SampleCost]:
    """Yield the lines of one method, one for each key that all points have."""
    sizes = [point.size for point in points]
    distinct = tuple(sorted(set(sizes)))
    if len(distinct) < 2 or len(points) < 3:  # noqa: PLR2004 - a line has two parameters
        return
    unit = Unit.NS if case.question.is_timed else Unit.BYTES
    predicted = METHODS[case.method].weight_bytes_per_sample if case.method in METHODS else 0
    for key in points[0].list_keys():
        if not all(key in point.list_keys() for point in points):
            continue
        extras = [point.weighted[key] - point.control[key] for point in points]
        yield SampleCost(
            case_name=f"{case.workload}-depth{case.depth}-batch{case.batch_size}-{case.method}",
            key=key,
            unit=unit,
            sizes=distinct,
            control=estimate_line(sizes, [point.control[key] for point in points], _CONFIDENCE),
            weighted=estimate_line(sizes, [point.weighted[key] for point in points], _CONFIDENCE),
            extra=estimate_line(sizes, extras, _CONFIDENCE),
            predicted_bytes=predicted if unit is Unit.BYTES else None,
        )


def make_sample_cost_section(costs: Sequence[SampleCost]) -> Section:
    """Return the table of costs per sample in one unit, with their projections.

    Args:
        costs: in the same unit, at least one.
    """
    unit = costs[0].unit
    in_bytes = unit is Unit.BYTES
    format_extra = format_extra_bytes if in_bytes else format_extra_duration
    title = f"what one more sample costs, in {'bytes' if in_bytes else 'nanoseconds'}"
    title, names = name_rows(title, [cost.case_name for cost in costs])
    rows = tuple(
        (
            names[cost.case_name],
            title_reading(cost.key) if in_bytes else Question(cost.key).row.title,
            f"{cost.control.slope.estimate:.2f}",
            f"{cost.weighted.slope.estimate:.2f}",
            _format_slope(cost.extra.slope),
            *([str(cost.predicted_bytes)] if in_bytes else []),
            *(format_extra(cost.extra.predict(samples)) for samples in _PROJECTED_SAMPLES),
        )
        for cost in costs
    )
    headers = (
        *(f"{unit.value} per sample", "reading" if in_bytes else "time", "control", "weighted"),
        *("weighting (95 % interval)", *(["by dtype"] if in_bytes else [])),
        *(f"at {samples:.0e}".replace("e+0", "e") for samples in _PROJECTED_SAMPLES),
    )
    table = Table(title=title, headers=headers, rows=rows, numbers=range(2, len(headers)))
    write = format_bytes if in_bytes else format_duration
    return Section(heading="Growth", tables=(table,), legend=tuple(_explain_sample_costs(costs, write)))


def _explain_sample_costs(costs: Sequence[SampleCost], write: Callable[[float], str]) -> Iterator[str]:
    """Yield how to read the table of the costs in one unit."""
    *smaller, largest_size = (f"{size:,}" for size in costs[0].sizes)
    yield (
        f"Lines through {', '.join(smaller)} and {largest_size} samples; the columns 'at' are projections of what "
        "weighting adds, not measurements."
    )
    if costs[0].unit is Unit.BYTES:
        yield "By dtype: one copy of the weights."
    if any(cost.extra.slope.lower <= 0.0 <= cost.extra.slope.upper for cost in costs):
        yield "Where an interval spans 0, no cost per sample was shown, and what is projected of it is noise."
    largest = max(costs, key=lambda cost: abs(cost.extra.intercept))
    yield f"Weighting adds {write(largest.extra.intercept)} at most whatever the size."


def _format_slope(slope: Interval) -> str:
    """Write a cost per sample with its interval: `+4.02 (+3.98 to +4.06)`."""
    return f"{slope.estimate:+.2f} ({slope.lower:+.2f} to {slope.upper:+.2f})"
