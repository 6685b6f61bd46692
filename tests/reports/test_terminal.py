"""The summary at the end of a run; the words of its answer on time are in `test_answer`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from benchmarks.gate.times import estimate_overhead
from benchmarks.records import Aspect, CaseReport, Interval, Outcome, Question, Verdict
from benchmarks.reports.terminal import render_summary
from tests.examples import make_block_summary, make_case, make_comparison, make_measurement

FREE, COSTLY, COSTLIER = math.log(1.003), math.log(1.031), math.log(1.08)
"""Log-ratios of cases."""

DEVIATIONS = (-0.006, 0.006, -0.006, 0.006)
"""Of the blocks of a case. A 95 % interval reaches t(0.975, 3) · 0.006 · √(4/3) ÷ √4 = 0.011 to either side, and so do
the bounds of the answer where two cases share its error level of 5 %."""

EXTRA_CPU = 0.01
"""How much larger the log-ratio of processor time is."""


def interval(estimate: float, lower: float, upper: float) -> Interval:
    return Interval(estimate=estimate, lower=lower, upper=upper, confidence=0.95)


def report(
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
        position_ratio=interval(1.004, 0.999, 1.009),
        timed_share=0.5,
        verdict=verdict,
    )


def warnings(*reports: CaseReport) -> list[str]:
    return [line for line in render_summary(reports).splitlines() if line.startswith("WARNING")]


def null(method: str, outcome: Outcome, log_ratio: float | None = FREE, **values: Any) -> CaseReport:
    return report(method, log_ratio, null=True, outcome=outcome, reason="as told", **values)


def take_down(measured: CaseReport, control_ns: float, weighted_ns: float) -> CaseReport:
    """Return a report whose calls took so long to return."""
    assert measured.measurement is not None
    blocks = tuple(
        dataclasses.replace(block, control_takedown_ns=control_ns, weighted_takedown_ns=weighted_ns)
        for block in measured.measurement.blocks
    )
    return dataclasses.replace(measured, measurement=dataclasses.replace(measured.measurement, blocks=blocks))


def test_a_run_that_only_measures_gets_an_answer_and_a_table_without_verdicts() -> None:
    assert render_summary([report("fit_dataset", FREE), report("loop_graph", COSTLY)]) == (
        """\
Does sample weighting slow TensorFlow training here, or cost it memory?
Yes: step time rises with loop_graph by +3.1 % (at least +2.0 %), by no more than +1.4 % with the 1 other method \
measured. All that is said to be at least so much holds together with 95 % confidence, and so do all upper limits.
Here is TensorFlow 2.21.0 with Keras 3.15.1 and Python 3.11.7 on CPU; AMD EPYC, 2 cores.

case                                          control    weighted    overhead     95 % interval    in processor time
------------------------------------------  ---------  ----------  ----------  ----------------  -------------------
step_time[mlp-depth2-batch256-fit_dataset]    1.00 ms     1.00 ms      +0.3 %  -0.8 % to +1.4 %       +1.3 % ± 1.1 %
step_time[mlp-depth2-batch256-loop_graph]     1.00 ms     1.03 ms      +3.1 %  +2.0 % to +4.2 %       +4.1 % ± 1.1 %

Times are medians per step; a start-up is one step. Overhead 0 % means that weighting is free. Processor time is that \
of all threads: it says what weighting costs where a free core hides it.
Position effect, second arm of a round against the first: +0.4 % in the median case, +0.4 % at most; \
the order is drawn anew each round, so it favours neither arm.
Timed slices took 50 % of the wall time of 8 blocks."""
    )


def test_a_gate_run_tells_verdicts_warnings_and_reasons() -> None:
    reports = [
        report("loop_graph", COSTLY, null=True, outcome=Outcome.FAILED, reason="the null case shows +3.1 %"),
        report("fit_dataset", FREE, null=True, outcome=Outcome.HELD, reason="the null case shows +0.3 %"),
        report("fit_dataset", COSTLY, outcome=Outcome.REGRESSED, reason="overhead changed by +3.0 %"),
        report("fit_packed", outcome=Outcome.FAILED, reason="the block was killed by signal 9"),
        report("loop_graph", COSTLIER, outcome=Outcome.NOT_COMPARABLE, reason="its null case was off"),
    ]
    text = render_summary(reports, notes=["removed since the baseline: step_time[mlp-depth2-batch256-fit_old]"])
    assert text == (
        """\
Does sample weighting slow TensorFlow training here, or cost it memory?
Yes: step time rises with fit_dataset by +3.1 % (at least +2.0 %). \
All that is said to be at least so much holds together with 95 % confidence.
Here is TensorFlow 2.21.0 with Keras 3.15.1 and Python 3.11.7 on CPU; AMD EPYC, 2 cores.

WARNING: this run's own measurement is not to be trusted beside these null cases, whose identical arms came out \
different; the answer leaves their methods out: step_time[mlp-depth2-batch256-loop_graph-null]

case                                               control    weighted    overhead     95 % interval\
    in processor time  verdict
-----------------------------------------------  ---------  ----------  ----------  ----------------\
  -------------------  --------------
step_time[mlp-depth2-batch256-loop_graph-null]     1.00 ms     1.03 ms      +3.1 %  +2.0 % to +4.2 %\
       +4.1 % ± 1.1 %  FAILED
step_time[mlp-depth2-batch256-fit_dataset-null]    1.00 ms     1.00 ms      +0.3 %  -0.8 % to +1.4 %\
       +1.3 % ± 1.1 %  HELD
step_time[mlp-depth2-batch256-fit_dataset]         1.00 ms     1.03 ms      +3.1 %  +2.0 % to +4.2 %\
       +4.1 % ± 1.1 %  REGRESSED
step_time[mlp-depth2-batch256-fit_packed]                -           -           -                 -\
                    -  FAILED
step_time[mlp-depth2-batch256-loop_graph]          1.00 ms     1.08 ms      +8.0 %  +6.8 % to +9.2 %\
       +9.1 % ± 1.2 %  NOT COMPARABLE

Times are medians per step; a start-up is one step. Overhead 0 % means that weighting is free. Processor time is that \
of all threads: it says what weighting costs where a free core hides it.
-null marks a null case, control against control, whose overhead should be 0 %.
Position effect, second arm of a round against the first: +0.4 % in the median case, +0.4 % at most; \
the order is drawn anew each round, so it favours neither arm.
Timed slices took 50 % of the wall time of 16 blocks.

REGRESSED       step_time[mlp-depth2-batch256-fit_dataset]: overhead changed by +3.0 %
FAILED          step_time[mlp-depth2-batch256-loop_graph-null]: the null case shows +3.1 %
FAILED          step_time[mlp-depth2-batch256-fit_packed]: the block was killed by signal 9
NOT COMPARABLE  step_time[mlp-depth2-batch256-loop_graph]: its null case was off
removed since the baseline: step_time[mlp-depth2-batch256-fit_old]"""
    )


def test_nothing_measured_and_nothing_to_note_is_no_text() -> None:
    assert render_summary([]) == ""


def test_notes_alone_are_told() -> None:
    assert render_summary([], notes=["the baseline cannot be read"]) == "the baseline cannot be read"


def test_a_null_case_that_is_open_or_was_not_measured_warns_without_accusing_the_measurement() -> None:
    assert warnings(
        null("fit_dataset", Outcome.HELD), null("loop_jit", Outcome.UNDECIDED), null("loop_graph", Outcome.FAILED, None)
    ) == [
        (
            "WARNING: these null cases did not show that identical arms come out alike: "
            "step_time[mlp-depth2-batch256-loop_jit-null]"
        ),
        (
            "WARNING: these null cases could not be measured, so nothing checks the measurement beside them: "
            "step_time[mlp-depth2-batch256-loop_graph-null]"
        ),
    ]


def test_null_cases_that_held_warn_of_nothing() -> None:
    assert warnings(null("fit_dataset", Outcome.HELD), report("fit_dataset", COSTLY)) == []


def test_medians_are_taken_over_blocks() -> None:
    case = make_case(depth=2)
    blocks = tuple(
        make_block_summary(control_median_ns=control_ns, weighted_median_ns=2 * control_ns)
        for control_ns in (1e6, 2e6, 9e6)
    )
    measured = dataclasses.replace(
        report("loop_graph", FREE), measurement=dataclasses.replace(make_measurement(case), blocks=blocks)
    )
    assert "    2.00 ms     4.00 ms      +0.3 %" in render_summary([measured])


def test_a_single_block_has_no_interval_in_either_column() -> None:
    lines = render_summary([report(log_ratio=COSTLY, deviations=(0.0,))]).splitlines()
    (row,) = [line.partition("]")[2] for line in lines if line.startswith("step_time[")]
    assert " ".join(row.split()) == "1.00 ms 1.03 ms +3.1 % unknown +4.1 % ± ?"


def test_what_a_pass_takes_to_return_after_its_training_is_told_beside_epoch_time_alone() -> None:
    """Medians over the blocks of all weighted cases; null cases are left out."""
    sized: dict[str, Any] = {"question": Question.EPOCH_TIME, "dataset_size": 10_000}
    summary = render_summary(
        [
            take_down(report("fit_dataset", FREE, null=True, **sized), 7e6, 8e6),
            take_down(report("fit_dataset", FREE, **sized), 1e6, 2e6),
            take_down(report("loop_graph", FREE), 9e6, 9e6),
        ]
    )
    assert (
        "Once the training of a pass was over, its call took another 1.00 ms to return in the median control and "
        "2.00 ms in the median weighted arm, which is not in epoch time: it waits for the threads of its pipeline."
    ) in summary.splitlines()
    assert "Once the training" not in render_summary([take_down(report("loop_graph", FREE), 9e6, 9e6)])


def test_what_has_to_be_known_before_the_answer_comes_first() -> None:
    assert render_summary([report("fit_dataset", FREE)], head="Compared 1 of 2 cases.").splitlines()[:3] == [
        "Compared 1 of 2 cases.",
        "",
        "Does sample weighting slow TensorFlow training here, or cost it memory?",
    ]
    assert render_summary([], head="Compared 0 of 2 cases.") == "Compared 0 of 2 cases."
