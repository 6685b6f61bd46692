"""Reports on cases for the tests of what is said of them, and the summary that is made of such reports."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from benchmarks.gate.times import estimate_overhead
from benchmarks.records import (
    ArmReadings,
    Aspect,
    CaseReport,
    Interval,
    Measurement,
    Outcome,
    Question,
    ReadBlock,
    Verdict,
)
from benchmarks.reports.summarising import summarise_run
from benchmarks.reports.summary import RunFacts, Summary
from benchmarks.reports.terminal import render_terminal
from tests.examples import (
    make_block_summary,
    make_case,
    make_case_report,
    make_comparison,
    make_environment,
    make_measurement,
    make_read_measurement,
)

FREE, COSTLY, COSTLIER = math.log(1.003), math.log(1.031), math.log(1.08)
"""Log-ratios of cases."""

DEVIATIONS = (-0.006, 0.006, -0.006, 0.006)
"""Of the blocks of a case. A 95 % interval reaches t(0.975, 3) · 0.006 · √(4/3) ÷ √4 = 0.011 to either side, and so do
the bounds of the answer where two cases share its error level of 5 %."""

EXTRA_CPU = 0.01
"""How much larger the log-ratio of processor time is."""


def make_interval(estimate: float, lower: float, upper: float) -> Interval:
    return Interval(estimate=estimate, lower=lower, upper=upper, confidence=0.95)


def make_timed(
    method: str = "loop_graph",
    log_ratio: float | None = None,
    *,
    deviations: Sequence[float] = DEVIATIONS,
    outcome: Outcome | None = None,
    reason: str = "",
    **values: Any,
) -> CaseReport:
    """Return a report whose blocks show this log-ratio; without one nothing could be measured."""
    case = make_case(method=method, depth=2, **values)
    compared = make_comparison() if outcome is Outcome.FAILED and log_ratio is not None else None
    verdict = None if outcome is None else Verdict(outcome=outcome, reason=reason, comparison=compared)
    if log_ratio is None:
        return CaseReport(
            case=case, measurement=None, overhead_ratio=None, position_ratio=None, timed_share=None, verdict=verdict
        )
    summaries = tuple(
        make_block_summary(each, cpu_log_ratio=each + EXTRA_CPU, weighted_median_ns=1e6 * math.exp(each))
        for each in (log_ratio + deviation for deviation in deviations)
    )
    overhead, cpu = (
        estimate_overhead(summaries, aspect).estimate_interval(0.95) for aspect in (Aspect.OVERHEAD, Aspect.CPU)
    )
    return CaseReport(
        case=case,
        measurement=dataclasses.replace(make_measurement(case), blocks=summaries),
        overhead_ratio=overhead,
        cpu_overhead_ratio=cpu,
        position_ratio=make_interval(1.004, 0.999, 1.009),
        timed_share=0.5,
        verdict=verdict,
    )


def make_null(method: str, outcome: Outcome, log_ratio: float | None = FREE, **values: Any) -> CaseReport:
    return make_timed(method, log_ratio, null=True, outcome=outcome, reason="as told", **values)


def make_read(question: Question, *blocks: ReadBlock, outcome: Outcome | None = None, **values: Any) -> CaseReport:
    """Return a report on these readings."""
    sized: dict[str, Any] = {"dataset_size": 100_000 if question.needs_dataset_size else None}
    case = make_case(question=question, **(sized | values))
    return make_case_report(
        make_read_measurement(case, blocks), None if outcome is None else Verdict(outcome=outcome, reason="because")
    )


def make_graph() -> ReadBlock:
    """Return the counts of a step to which weighting adds two nodes, which optimisation removes."""

    def read(nodes: dict[str, int], after: dict[str, int]) -> ArmReadings:
        types = {"graph_nodes": nodes, "optimised_graph_nodes": after}
        values = {name: float(sum(each.values())) for name, each in types.items()}
        return ArmReadings(
            seed=1, values={"first_pass_traces": 2, "steady_traces": 0} | values, op_types=types, read_ns=1
        )

    return ReadBlock(control=read({"MatMul": 9}, {"MatMul": 8}), weighted=read({"MatMul": 9, "Mul": 2}, {"MatMul": 8}))


def make_startup(
    size: int, *, per_sample_ns: float = 2.0, scatter_ns: Sequence[float] = (0.0, 0.0, 0.0), null: bool = False
) -> CaseReport:
    """Half a second and 30 ns a sample in the control; 1 ms and `per_sample_ns` more with weights."""
    case = make_case(question=Question.STARTUP_TIME, batch_size=32, dataset_size=size, method="fit_array", null=null)
    control_ns = 5e8 + 30.0 * size
    blocks = [
        make_block_summary(
            control_median_ns=control_ns + common_ns,
            weighted_median_ns=control_ns + common_ns + 1e6 + per_sample_ns * size + own_ns,
        )
        for common_ns, own_ns in zip((1e7, -1e7, 0.0), scatter_ns, strict=True)
    ]
    return make_case_report(Measurement(case=case, blocks=tuple(blocks), environment=make_environment()))


def summarise(reports: Sequence[CaseReport], **facts: Any) -> Summary:
    """Return the summary of these reports."""
    return summarise_run(reports, RunFacts(**facts))


def show(*reports: CaseReport, **facts: Any) -> str:
    """Return what a terminal shows of these reports."""
    return render_terminal(summarise(reports, **facts))
