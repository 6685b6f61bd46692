"""How is the summary of a run made? Once, from the reports on its cases and from what the run knows beside them.

What a further sample costs is estimated here. Per method and reading three lines are fitted over dataset sizes:
control, weighted, and weighted - control, block by block; of start-up time by the block's medians. The last one's slope
is what weighting costs per sample; that of bytes stands beside the number that the dtype of the weights predicts. What
the line says of a dataset that was not measured is a projection, and is called one.

Leaves out: every judgement, which the reports on the cases hold, and how anything is shown.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.methods import METHODS
from benchmarks.records import Arm, Case, CaseReport, Environment, Measurement, Outcome, Question, Stretch
from benchmarks.records.blocks import list_shared_keys, subtract_op_types
from benchmarks.records.quantities import OPTIMISED_NODES, Unit, find_quantity
from benchmarks.reports.sentences import (
    answer_on_changes,
    answer_on_costs,
    describe_compared,
    list_run_remarks,
    list_time_remarks,
    list_warnings,
)
from benchmarks.reports.summary import (
    CaseChanges,
    CaseVerdict,
    GraphChange,
    MissingQuantity,
    QuantityRow,
    Remark,
    RunFacts,
    SampleCost,
    Summary,
    TimeRow,
    Topic,
)
from benchmarks.stats.lines import estimate_line
from benchmarks.workloads import WORKLOADS

RED_FIRST = (
    Outcome.REGRESSED,
    Outcome.FAILED,
    Outcome.NOT_COMPARABLE,
    Outcome.UNDECIDED,
    Outcome.IMPROVED,
    Outcome.HELD,
)
"""The order of verdicts: what turns a run red comes first."""

_GROWING = frozenset({Question.PEAK_MEMORY, Question.STARTUP_TIME})
"""The questions whose answers grow with the dataset."""

_CONFIDENCE = 0.95


def summarise_run(reports: Sequence[CaseReport], facts: RunFacts) -> Summary:
    """Return all that reports say of a run.

    Args:
        reports: what is known of each case, in the order of running.
        facts: what the run knows beside them.
    """
    quantities = tuple(row for report in reports for row in _list_quantities(report))
    on_changes = answer_on_changes(reports, facts.provenance.against)
    answers = [*([on_changes] if on_changes else []), *([answer_on_costs(reports, quantities)] if reports else [])]
    remarks = [
        *(Remark(topic=Topic.TIMES, text=text) for text in list_time_remarks(reports)),
        *(Remark(topic=Topic.RUN, text=text) for text in list_run_remarks(facts, reports)),
    ]
    return Summary(
        head=describe_compared(facts),
        answers=tuple(answers),
        warnings=tuple(list_warnings(reports)),
        verdicts=tuple(_list_verdicts(reports)),
        times=tuple(_make_time_row(report) for report in reports if report.case.question.is_timed),
        quantities=quantities,
        missing=tuple(missing for report in reports for missing in _list_missing(report)),
        sample_costs=estimate_sample_costs(reports),
        changes=tuple(_list_changes(reports)),
        graph_changes=tuple(change for report in reports for change in _list_graph_changes(report)),
        explanations={report.case.case_id: report.explanation for report in reports if report.explanation},
        remarks=tuple(remarks),
        provenance=dataclasses.replace(
            facts.provenance,
            targets=_list_places(report.measurement for report in reports),
            other_targets=_list_places(report.other for report in reports),
        ),
    )


def _list_verdicts(reports: Sequence[CaseReport]) -> Iterator[CaseVerdict]:
    """Yield the verdicts, what turns a run red first."""
    for outcome in RED_FIRST:
        for report in reports:
            if report.outcome is outcome:
                yield CaseVerdict(case_id=report.case.case_id, outcome=outcome, reason=report.reason)


def _make_time_row(report: CaseReport) -> TimeRow:
    """Return the row of a timed case: the medians of its blocks, the overheads and their intervals."""
    measurement = report.measurement
    if measurement is None or report.overhead_ratio is None:
        return TimeRow(case=report.case, outcome=report.outcome)
    return TimeRow(
        case=report.case,
        blocks=len(measurement.blocks),
        control_ns=statistics.median(block.control_median_ns for block in measurement.blocks),
        weighted_ns=statistics.median(block.weighted_median_ns for block in measurement.blocks),
        overhead_ratio=report.overhead_ratio,
        cpu_overhead_ratio=report.cpu_overhead_ratio,
        outcome=report.outcome,
    )


def _list_quantities(report: CaseReport) -> Iterator[QuantityRow]:
    """Yield a row for each quantity that was read in all blocks of a case."""
    blocks = () if report.measurement is None else report.measurement.readings
    for key in list_shared_keys(blocks) if blocks else ():
        differences = [block.find_extra(key) for block in blocks]
        yield QuantityRow(
            case=report.case,
            key=key,
            unit=find_quantity(key).unit,
            blocks=len(blocks),
            control=statistics.median(block.control.values[key] for block in blocks),
            weighted=statistics.median(block.weighted.values[key] for block in blocks),
            difference=statistics.median(differences),
            least_difference=min(differences),
            greatest_difference=max(differences),
            op_types=blocks[0].find_extra_op_types(key),
            outcome=report.outcome,
        )


def _list_missing(report: CaseReport) -> Iterator[MissingQuantity]:
    """Yield what could not be read of a case."""
    if report.measurement is not None and report.measurement.readings:
        block = report.measurement.readings[0]
        for key, reason in {**block.control.missing, **block.weighted.missing}.items():
            yield MissingQuantity(case=report.case, key=key, reason=reason)


def _list_changes(reports: Sequence[CaseReport]) -> Iterator[CaseChanges]:
    """Yield what differs between two targets, of each case that was measured in both."""
    for report in reports:
        if report.measurement is not None and report.other is not None:
            yield CaseChanges(case=report.case, changes=report.changes, outcome=report.outcome)


def _list_graph_changes(report: CaseReport) -> Iterator[GraphChange]:
    """Yield how the optimised graph of each arm's step differs between two targets; nothing of a null case."""
    for arm in () if report.case.null else Arm:
        here, there = _find_op_types(report.measurement, arm), _find_op_types(report.other, arm)
        if here and there and here != there:
            yield GraphChange(
                case_id=report.case.case_id,
                arm=arm,
                nodes_there=sum(there.values()),
                nodes_here=sum(here.values()),
                op_types=subtract_op_types(here, there),
            )


def _find_op_types(measurement: Measurement | None, arm: Arm) -> Mapping[str, int]:
    """Return the optimised graph of an arm's step by op type; empty without one."""
    if measurement is None or not measurement.readings:
        return {}
    block = measurement.readings[0]
    readings = block.control if arm is Arm.CONTROL else block.weighted
    return readings.op_types.get(OPTIMISED_NODES.name, {})


def _list_places(measurements: Iterable[Measurement | None]) -> tuple[Environment, ...]:
    """Return where these were measured, each place once."""
    return tuple(dict.fromkeys(measurement.environment for measurement in measurements if measurement is not None))


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
        if case.question not in _GROWING or case.null or case.dataset_size is None or report.measurement is None:
            continue
        method = dataclasses.replace(case, dataset_size=case.batch_size)
        by_method.setdefault(method, []).extend(_list_points(report.measurement, case.dataset_size))
    costs = (cost for case, points in by_method.items() for cost in _estimate(case, points))
    return tuple(sorted(costs, key=lambda cost: list(Unit).index(cost.unit)))


def _list_points(measurement: Measurement, size: int) -> Iterator[_Point]:
    """Yield what each block had: the median start-up of each arm, or its peaks over a pass; a step's do not grow."""
    key = Question.STARTUP_TIME.value
    for block in measurement.blocks:
        yield _Point(size=size, control={key: block.control_median_ns}, weighted={key: block.weighted_median_ns})
    for arms in measurement.readings:
        control, weighted = (
            {key: value for key, value in arm.values.items() if find_quantity(key).stretch is Stretch.PASS}
            for arm in (arms.control, arms.weighted)
        )
        yield _Point(size=size, control=control, weighted=weighted)


def _predict_bytes(case: Case) -> int:
    """Return what one copy of a sample's weights takes; 0 of what is not registered here, as in a foreign run."""
    if case.method not in METHODS or case.workload not in WORKLOADS:
        return 0
    return METHODS[case.method].weight_bytes_per_sample * WORKLOADS[case.workload].weights_per_sample


def _estimate(case: Case, points: Sequence[_Point]) -> Iterator[SampleCost]:
    """Yield the lines of one method, one for each key that all points have."""
    sizes = [point.size for point in points]
    distinct = tuple(sorted(set(sizes)))
    if len(distinct) < 2 or len(points) < 3:  # noqa: PLR2004 - a line has two parameters
        return
    unit = Unit.NS if case.question.is_timed else Unit.BYTES
    predicted = _predict_bytes(case)
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
