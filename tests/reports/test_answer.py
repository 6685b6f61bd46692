"""The answer on time is one sentence that names all that costs, with bounds that hold together."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

from benchmarks.records import CaseReport, Outcome, Question, Verdict
from benchmarks.reports.answer import render_time_answer
from tests.examples import make_case, make_comparison, make_measurement

NOTHING, SOME, MUCH = 0.0, math.log(1.031), math.log(1.08)

SIZED: dict[str, Any] = {"dataset_size": 10_000}


def report(method: str, log_ratio: float | None, outcome: Outcome | None = None, **values: Any) -> CaseReport:
    """Return a report whose eight blocks lie within 0.1 % of a log-ratio; without one nothing could be measured."""
    case = make_case(method=method, depth=2, **values)
    log_ratios = [] if log_ratio is None else [log_ratio + jitter for jitter in (-0.001, 0.001) * 4]
    compared = make_comparison() if outcome is Outcome.FAILED and log_ratio is not None else None
    return CaseReport(
        case=case,
        measurement=None if log_ratio is None else make_measurement(case, log_ratios),
        overhead_ratio=None,
        position_ratio=None,
        timed_share=None,
        verdict=None if outcome is None else Verdict(outcome=outcome, reason="as told", comparison=compared),
    )


def null(method: str, outcome: Outcome, **values: Any) -> CaseReport:
    return report(method, NOTHING, outcome, null=True, **values)


def matches(pattern: str, *reports: CaseReport) -> bool:
    """Whether the answer on these reports is as the pattern, in which `#` stands for a percentage."""
    text = render_time_answer(reports)
    wanted = re.escape(pattern).replace(r"\#", r"[+-]\d+\.\d %")
    assert re.fullmatch(wanted, text), text
    return True


LEAST_HOLDS = " All that is said to be at least so much holds together with 95 % confidence."
LIMITS_HOLD = " All these limits hold together with 95 % confidence."
BOTH_HOLD = " All that is said to be at least so much holds together with 95 % confidence, and so do all upper limits."


def test_all_that_costs_is_named_the_dearest_first() -> None:
    assert matches(
        "Yes: step time rises with loop_jit by +8.0 % (at least #), with loop_graph by +3.1 % (at least #), "
        f"by no more than # with the 1 other method measured.{BOTH_HOLD}",
        report("fit_dataset", NOTHING),
        report("loop_graph", SOME),
        report("loop_jit", MUCH),
    )


def test_an_answer_without_a_cost_says_how_small_it_must_be() -> None:
    assert matches(
        f"No cost was shown: step time rises by no more than # with any of 2 methods.{LIMITS_HOLD}",
        report("fit_dataset", NOTHING),
        report("loop_jit", -0.002),
    )


def test_each_question_has_a_clause() -> None:
    assert matches(
        "Yes: step time rises by no more than # with the 1 method measured; epoch time rises with fit_dataset by "
        "+8.0 % (at least #), with fit_array by +3.1 % (at least #); start-up time rises by no more than # with the 1 "
        f"method measured.{BOTH_HOLD}",
        report("fit_array", NOTHING, question=Question.STARTUP_TIME, **SIZED),
        report("fit_array", SOME, question=Question.EPOCH_TIME, **SIZED),
        report("fit_dataset", MUCH, question=Question.EPOCH_TIME, **SIZED),
        report("fit_dataset", NOTHING),
    )


def test_the_whole_case_is_named_where_methods_were_measured_at_several_sizes() -> None:
    assert matches(
        "Yes: step time rises with mlp-depth2-batch32-fit_dataset by +8.0 % (at least #), with "
        f"mlp-depth2-batch256-fit_dataset by +3.1 % (at least #).{LEAST_HOLDS}",
        report("fit_dataset", SOME),
        report("fit_dataset", MUCH, batch_size=32),
    )


def test_a_single_block_tells_nothing() -> None:
    whole = report("fit_dataset", SOME)
    assert whole.measurement is not None
    single = dataclasses.replace(
        whole, measurement=dataclasses.replace(whole.measurement, blocks=whole.measurement.blocks[:1])
    )
    assert matches("Not known: step time was measured in too few blocks to tell.", single)
    assert matches(
        "No cost was shown: step time rises by no more than # with the 1 method measured, and nothing is known of 1 "
        f"more with too few blocks.{LIMITS_HOLD}",
        single,
        report("loop_graph", NOTHING),
    )


def test_where_there_is_no_answer_it_says_why() -> None:
    assert matches("Not known: no weighted case could be measured.", report("fit_dataset", None))
    assert matches("Not asked: all cases were null cases.", null("fit_dataset", Outcome.HELD))
    assert matches(
        "Not known: where a weighted case was measured, its null case came out different.",
        report("fit_dataset", SOME),
        null("fit_dataset", Outcome.FAILED),
    )


def test_a_null_case_that_is_off_takes_every_method_with_that_control_out() -> None:
    assert matches(
        f"Yes: step time rises with loop_jit by +3.1 % (at least #).{LEAST_HOLDS}",
        null("fit_dataset", Outcome.FAILED),
        report("fit_dataset", MUCH),
        report("fit_class_weight_dataset", MUCH),
        report("loop_jit", SOME),
    )
    assert matches(
        f"Yes: step time rises with fit_dataset by +8.0 % (at least #).{LEAST_HOLDS}",
        null("fit_dataset", Outcome.FAILED),
        report("fit_dataset", SOME),
        report("fit_dataset", MUCH, batch_size=32),
    ), "it vouches for its own sizes alone"


def test_a_null_case_that_could_not_be_measured_takes_no_method_out() -> None:
    assert matches(
        f"Yes: step time rises with fit_dataset by +8.0 % (at least #).{LEAST_HOLDS}",
        report("fit_dataset", None, Outcome.FAILED, null=True),
        report("fit_dataset", MUCH),
    )
