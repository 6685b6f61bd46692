"""The summary at the end of a run."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from benchmarks.records import Aspect, CaseReport, Comparison, Interval, Outcome, Question, Verdict
from benchmarks.reports.terminal import render_summary
from tests.examples import make_block_summary, make_case, make_measurement


def interval(estimate: float, lower: float, upper: float) -> Interval:
    return Interval(estimate=estimate, lower=lower, upper=upper, confidence=0.95)


def report(
    method: str = "loop_graph",
    overhead: Interval | None = None,
    *,
    outcome: Outcome | None = None,
    reason: str = "",
    **values: Any,
) -> CaseReport:
    """Return a report with an overhead; without one nothing could be measured."""
    case = make_case(method=method, depth=2, **values)
    comparison = None
    if overhead is not None:
        comparison = Comparison(
            aspect=Aspect.OVERHEAD,
            source="",
            outcome=outcome or Outcome.HELD,
            overhead_ratio=overhead,
            expected_ratio=None,
            change_ratio=overhead,
            tolerance=0.02,
            blocks=4,
            fresh=False,
            smallest_visible_change=0.03,
        )
    return CaseReport(
        case=case,
        measurement=None if overhead is None else make_measurement(case),
        overhead_ratio=overhead,
        position_ratio=None if overhead is None else interval(1.004, 0.999, 1.009),
        timed_share=None if overhead is None else 0.5,
        verdict=None if outcome is None else Verdict(outcome=outcome, reason=reason, comparison=comparison),
    )


FREE = interval(1.003, 0.992, 1.014)
COSTLY = interval(1.031, 1.02, 1.042)
COSTLIER = interval(1.08, 1.05, 1.11)


def answer(*reports: CaseReport) -> str:
    return render_summary(reports).splitlines()[1]


def warnings(*reports: CaseReport) -> list[str]:
    return [line for line in render_summary(reports).splitlines() if line.startswith("WARNING")]


def null(method: str, outcome: Outcome, overhead: Interval | None = FREE, **values: Any) -> CaseReport:
    return report(method, overhead, null=True, outcome=outcome, reason="as told", **values)


def test_a_run_that_only_measures_gets_an_answer_and_a_table_without_verdicts() -> None:
    assert render_summary([report("fit_array", FREE), report("loop_graph", COSTLY)]) == (
        """\
Does sample weighting slow TensorFlow training here, or cost it memory?
Yes: step time rises by +3.1 % (95 % interval +2.0 % to +4.2 %) with loop_graph, the most of 2 methods.
Here is TensorFlow 2.21.0 with Keras 3.15.1 and Python 3.11.7 on CPU; AMD EPYC, 2 cores.

case                                         control    weighted    overhead     95 % interval
-----------------------------------------  ---------  ----------  ----------  ----------------
step_time[mlp-depth2-batch256-fit_array]     1.00 ms     1.01 ms      +0.3 %  -0.8 % to +1.4 %
step_time[mlp-depth2-batch256-loop_graph]    1.00 ms     1.01 ms      +3.1 %  +2.0 % to +4.2 %

Times are medians per step; a start-up is one step. Overhead 0 % means that weighting is free.
Position effect, second arm of a round against the first: +0.4 % in the median case, +0.4 % at most; \
the order is drawn anew each round, so it favours neither arm.
Timed slices took 50 % of the wall time of 6 blocks."""
    )


def test_a_gate_run_tells_verdicts_warnings_and_reasons() -> None:
    reports = [
        report("loop_graph", COSTLY, null=True, outcome=Outcome.FAILED, reason="the null case shows +3.1 %"),
        report("fit_array", FREE, null=True, outcome=Outcome.HELD, reason="the null case shows +0.3 %"),
        report("fit_array", COSTLY, outcome=Outcome.REGRESSED, reason="overhead changed by +3.0 %"),
        report("fit_packed", outcome=Outcome.FAILED, reason="the block was killed by signal 9"),
        report("loop_graph", COSTLIER, outcome=Outcome.NOT_COMPARABLE, reason="its null case was off"),
    ]
    text = render_summary(reports, notes=["removed since the baseline: step_time[mlp-depth2-batch256-fit_old]"])
    assert text == (
        """\
Does sample weighting slow TensorFlow training here, or cost it memory?
Yes: step time rises by +3.1 % (95 % interval +2.0 % to +4.2 %) with fit_array.
Here is TensorFlow 2.21.0 with Keras 3.15.1 and Python 3.11.7 on CPU; AMD EPYC, 2 cores.

WARNING: this run's own measurement is not to be trusted beside these null cases, whose identical arms came out \
different; the answer leaves their methods out: step_time[mlp-depth2-batch256-loop_graph-null]

case                                              control    weighted    overhead      95 % interval  verdict
----------------------------------------------  ---------  ----------  ----------  -----------------  --------------
step_time[mlp-depth2-batch256-loop_graph-null]    1.00 ms     1.01 ms      +3.1 %   +2.0 % to +4.2 %  FAILED
step_time[mlp-depth2-batch256-fit_array-null]     1.00 ms     1.01 ms      +0.3 %   -0.8 % to +1.4 %  HELD
step_time[mlp-depth2-batch256-fit_array]          1.00 ms     1.01 ms      +3.1 %   +2.0 % to +4.2 %  REGRESSED
step_time[mlp-depth2-batch256-fit_packed]               -           -           -                  -  FAILED
step_time[mlp-depth2-batch256-loop_graph]         1.00 ms     1.01 ms      +8.0 %  +5.0 % to +11.0 %  NOT COMPARABLE

Times are medians per step; a start-up is one step. Overhead 0 % means that weighting is free.
-null marks a null case, control against control, whose overhead should be 0 %.
Position effect, second arm of a round against the first: +0.4 % in the median case, +0.4 % at most; \
the order is drawn anew each round, so it favours neither arm.
Timed slices took 50 % of the wall time of 12 blocks.

REGRESSED       step_time[mlp-depth2-batch256-fit_array]: overhead changed by +3.0 %
FAILED          step_time[mlp-depth2-batch256-loop_graph-null]: the null case shows +3.1 %
FAILED          step_time[mlp-depth2-batch256-fit_packed]: the block was killed by signal 9
NOT COMPARABLE  step_time[mlp-depth2-batch256-loop_graph]: its null case was off
removed since the baseline: step_time[mlp-depth2-batch256-fit_old]"""
    )


def test_nothing_measured_and_nothing_to_note_is_no_text() -> None:
    assert render_summary([]) == ""


def test_notes_alone_are_told() -> None:
    assert render_summary([], notes=["the baseline cannot be read"]) == "the baseline cannot be read"


def test_the_answer_without_a_cost_says_how_small_it_must_be() -> None:
    assert answer(report("fit_array", FREE), report("loop_jit", interval(0.99, 0.961, 1.019))) == (
        "No cost was shown: step time rises by no more than +1.9 % with any of 2 methods (95 % intervals)."
    )


def test_the_answer_has_one_clause_for_each_question() -> None:
    sized: dict[str, Any] = {"dataset_size": 10_000}
    assert answer(
        report("fit_array", FREE, question=Question.STARTUP_TIME, **sized),
        report("fit_array", COSTLY, question=Question.EPOCH_TIME, **sized),
        report("fit_dataset", COSTLIER, question=Question.EPOCH_TIME, **sized),
        report("fit_array", FREE),
    ) == (
        "Yes: step time rises by no more than +1.4 % with the 1 method measured (95 % intervals); "
        "epoch time rises by +8.0 % (95 % interval +5.0 % to +11.0 %) with fit_dataset, the most of 2 methods; "
        "start-up time rises by no more than +1.4 % with the 1 method measured (95 % intervals)."
    )


def test_the_answer_names_the_whole_case_where_methods_were_measured_at_several_sizes() -> None:
    assert answer(report("fit_array", COSTLY), report("fit_array", COSTLIER, batch_size=32)) == (
        "Yes: step time rises by +8.0 % (95 % interval +5.0 % to +11.0 %) with mlp-depth2-batch32-fit_array, "
        "the most of 2 cases."
    )


def test_the_answer_claims_nothing_from_a_single_block() -> None:
    unbounded = interval(1.05, 0.0, math.inf)
    assert answer(report("fit_array", unbounded)) == "Not known: step time was measured in too few blocks to tell."
    assert "unknown" in render_summary([report("fit_array", unbounded)])
    assert answer(report("fit_array", unbounded), report("loop_graph", FREE)) == (
        "No cost was shown: step time rises by no more than +1.4 % with the 1 method measured (95 % intervals), "
        "and nothing is known of 1 more with too few blocks."
    )


def test_the_answer_says_when_there_is_none() -> None:
    assert answer(report("fit_array", outcome=Outcome.FAILED)) == "Not known: no weighted case could be measured."
    assert answer(null("fit_array", Outcome.HELD)) == "Not asked: all cases were null cases."
    assert answer(report("fit_array", FREE), null("fit_array", Outcome.FAILED)) == (
        "Not known: where a weighted case was measured, its null case came out different."
    )


def test_a_null_case_that_is_off_takes_every_method_with_that_control_out_of_the_answer() -> None:
    assert answer(
        null("fit_array", Outcome.FAILED),
        report("fit_array", COSTLY),
        report("fit_class_weight", COSTLIER),
        report("loop_jit", FREE),
        report("fit_array", COSTLY, batch_size=32),
    ) == ("Yes: step time rises by +3.1 % (95 % interval +2.0 % to +4.2 %) with fit_array, the most of 2 methods.")


def test_a_null_case_that_is_open_or_was_not_measured_warns_without_accusing_the_measurement() -> None:
    assert warnings(
        null("fit_array", Outcome.HELD), null("loop_jit", Outcome.UNDECIDED), null("loop_graph", Outcome.FAILED, None)
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
    assert warnings(null("fit_array", Outcome.HELD), report("fit_array", COSTLY)) == []


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


def test_what_has_to_be_known_before_the_answer_comes_first() -> None:
    assert render_summary([report("fit_array", FREE)], head="Compared 1 of 2 cases.").splitlines()[:3] == [
        "Compared 1 of 2 cases.",
        "",
        "Does sample weighting slow TensorFlow training here, or cost it memory?",
    ]
    assert render_summary([], head="Compared 0 of 2 cases.") == "Compared 0 of 2 cases."
