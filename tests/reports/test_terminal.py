"""The end of a run on a terminal; the words of answers and remarks are in `test_sentences`."""

from __future__ import annotations

import dataclasses

from benchmarks.records import CaseReport, Outcome
from benchmarks.reports.summary import Provenance, Summary
from benchmarks.reports.terminal import render_terminal
from tests.examples import make_block_summary, make_case, make_measurement
from tests.reports.example_reports import COSTLIER, COSTLY, FREE, make_timed, show


def test_a_run_that_only_measures_gets_an_answer_and_a_table_without_verdicts() -> None:
    assert show(make_timed("fit_dataset", FREE), make_timed("loop_graph", COSTLY)) == (
        """\
Does sample weighting slow TensorFlow training here, or cost it memory?
Yes: step time rises by +3.1 % (at least +2.0 %) with loop_graph, and by no more than +1.4 % with the 1 other method \
measured.
Of the times, all figures after 'at least' hold together with 95 % confidence, and so do all after 'no more than'.
Measured with TensorFlow 2.21.0, Keras 3.15.1, NumPy 2.4.6, Python 3.11.7; CPU, AMD EPYC, 2 cores.

Step time (mlp-depth2-batch256)
case         control  weighted  overhead     95 % interval  in processor time
-----------  -------  --------  --------  ----------------  -----------------
fit_dataset  1.00 ms   1.00 ms    +0.3 %  -0.8 % to +1.4 %     +1.3 % ± 1.1 %
loop_graph   1.00 ms   1.03 ms    +3.1 %  +2.0 % to +4.2 %     +4.1 % ± 1.1 %

Times are medians per step; a start-up is one step. Overhead 0 % means that weighting is free.
'in processor time' is the overhead in the time of all threads: what weighting costs where a free core hides it.
Position effect, second arm of a round against the first: +0.4 % in the median case, +0.4 % at most; \
the order is drawn anew each round, so it favours neither arm.
Timed slices took 50 % of the wall time of 8 blocks."""
    )


def test_a_gate_run_tells_verdicts_warnings_and_reasons() -> None:
    reports = [
        make_timed("loop_graph", COSTLY, null=True, outcome=Outcome.FAILED, reason="the null case shows +3.1 %"),
        make_timed("fit_dataset", FREE, null=True, outcome=Outcome.HELD, reason="the null case shows +0.3 %"),
        make_timed("fit_dataset", COSTLY, outcome=Outcome.REGRESSED, reason="overhead changed by +3.0 %"),
        make_timed("fit_packed", outcome=Outcome.FAILED, reason="the block was killed by signal 9"),
        make_timed("loop_graph", COSTLIER, outcome=Outcome.NOT_COMPARABLE, reason="its null case was off"),
    ]
    text = show(*reports, notes=("removed since the baseline: step_time[mlp-depth2-batch256-fit_old]",))
    assert text == (
        """\
Does sample weighting slow TensorFlow training here, or cost it memory?
Yes: step time rises by +3.1 % (at least +2.0 %) with fit_dataset.
Of the times, all figures after 'at least' hold together with 95 % confidence.
Measured with TensorFlow 2.21.0, Keras 3.15.1, NumPy 2.4.6, Python 3.11.7; CPU, AMD EPYC, 2 cores.

WARNING: this run's own measurement is not to be trusted beside these null cases, whose identical arms came out \
different; the answer leaves their methods out: step_time[mlp-depth2-batch256-loop_graph-null]

Step time (mlp-depth2-batch256)
case              control  weighted  overhead     95 % interval  in processor time  verdict
----------------  -------  --------  --------  ----------------  -----------------  --------------
loop_graph-null   1.00 ms   1.03 ms    +3.1 %  +2.0 % to +4.2 %     +4.1 % ± 1.1 %  FAILED
fit_dataset-null  1.00 ms   1.00 ms    +0.3 %  -0.8 % to +1.4 %     +1.3 % ± 1.1 %  HELD
fit_dataset       1.00 ms   1.03 ms    +3.1 %  +2.0 % to +4.2 %     +4.1 % ± 1.1 %  REGRESSED
fit_packed              -         -         -                 -                  -  FAILED
loop_graph        1.00 ms   1.08 ms    +8.0 %  +6.8 % to +9.2 %     +9.1 % ± 1.2 %  NOT COMPARABLE

Times are medians per step; a start-up is one step. Overhead 0 % means that weighting is free.
'in processor time' is the overhead in the time of all threads: what weighting costs where a free core hides it.
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
    assert show() == ""
    assert render_terminal(Summary()) == ""


def test_notes_alone_are_told() -> None:
    assert show(notes=("the baseline cannot be read",)) == "the baseline cannot be read"


def test_medians_are_taken_over_blocks() -> None:
    case = make_case(depth=2)
    blocks = tuple(
        make_block_summary(control_median_ns=control_ns, weighted_median_ns=2 * control_ns)
        for control_ns in (1e6, 2e6, 9e6)
    )
    measured = dataclasses.replace(
        make_timed("loop_graph", FREE), measurement=dataclasses.replace(make_measurement(case), blocks=blocks)
    )
    assert "loop_graph  2.00 ms   4.00 ms    +0.3 %" in show(measured)


def test_a_single_block_has_no_interval_in_either_column() -> None:
    lines = show(make_timed(log_ratio=COSTLY, deviations=(0.0,))).splitlines()
    (row,) = [line for line in lines if line.startswith("loop_graph ")]
    assert " ".join(row.split()) == "loop_graph 1.00 ms 1.03 ms +3.1 % unknown +4.1 % ± ?"


def test_what_has_to_be_known_before_the_answer_comes_first() -> None:
    compared = {"selected_cases": 2, "left_out": {"it is new; record it": 1}}
    assert show(make_timed("fit_dataset", FREE), **compared).splitlines()[:3] == [
        "Compared 1 of 2 cases; 1: it is new.",
        "",
        "Does sample weighting slow TensorFlow training here, or cost it memory?",
    ]
    assert show(selected_cases=2, left_out={"it is new; record it": 2}) == (
        "Compared 0 of 2 cases, and so this run fails; 2: it is new; record it."
    )


def test_what_was_asked_for_stands_last() -> None:
    provenance = Provenance(sweep="gate", shard="2/4", seed=1, order_seed=7, command="pytest benchmarks --sweep gate")
    text = show(make_timed("fit_dataset", FREE), provenance=provenance)
    assert text.splitlines()[-2:] == [
        "Sweep gate, part 2/4; data, weights and models from seed 1, orders from seed 7.",
        "Repeat it: pytest benchmarks --sweep gate",
    ]


def explain(report: CaseReport) -> CaseReport:
    return dataclasses.replace(report, explanation=f"{report.case.method} is made of this")


def test_an_explanation_is_not_shown_again_where_the_failed_test_has_shown_it() -> None:
    text = show(
        explain(make_timed("fit_dataset", FREE, outcome=Outcome.HELD)),
        explain(make_timed("loop_graph", COSTLY, outcome=Outcome.REGRESSED)),
    )
    assert "fit_dataset is made of this" in text
    assert "loop_graph is made of this" not in text


def test_questions_have_tables_of_their_own_and_what_differs_is_named() -> None:
    text = show(make_timed("loop_graph", FREE), make_timed("loop_graph", FREE, batch_size=32))
    assert [line.split()[0] for line in text.splitlines() if "loop_graph" in line and " ms" in line] == [
        "batch256-loop_graph",
        "batch32-loop_graph",
    ]
    assert "\nStep time (mlp-depth2)\n" in text
