"""The answer says yes where something was shown to cost, as seldom as promised where nothing does."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.records import Case, CaseReport, Outcome, Verdict
from benchmarks.verdicts.answer import Answer, TimeAnswer, answer_in_time
from tests.examples import make_block_summary, make_case, make_environment, make_measurement


def make_report(case: Case, log_ratios: Sequence[float], outcome: Outcome | None = None) -> CaseReport:
    blocks = [
        make_block_summary(value, weighted_built_first=number % 2 == 0) for number, value in enumerate(log_ratios)
    ]
    measurement = dataclasses.replace(make_measurement(case), blocks=tuple(blocks), environment=make_environment())
    verdict = None if outcome is None else Verdict(outcome=outcome, reason="")
    return CaseReport(
        case=case,
        measurement=measurement,
        overhead_ratio=None,
        position_ratio=None,
        timed_share=None,
        verdict=verdict,
    )


def find_null(case: Case) -> Case:
    return dataclasses.replace(case, null=True)


def answer(*reports: CaseReport) -> TimeAnswer:
    return answer_in_time(reports, {report.case: find_null(report.case) for report in reports})


def name_case(number: int) -> Case:
    return make_case(depth=number + 1)


def draw_run(generator: np.random.Generator, costs: Sequence[float], *, blocks: int = 6) -> list[CaseReport]:
    """Return a run of weighted cases with these true costs and the null case of each; blocks spread by 0.5 %."""
    reports = []
    for number, cost in enumerate(costs):
        case = name_case(number)
        reports.append(make_report(find_null(case), generator.normal(0.0, 0.005, blocks).tolist(), Outcome.HELD))
        reports.append(make_report(case, generator.normal(math.log1p(cost), 0.005, blocks).tolist()))
    return reports


@pytest.mark.parametrize("cases", [9, 19])
def test_where_nothing_costs_a_run_says_yes_in_five_percent_at_most(cases: int) -> None:
    """One bound after the other at 95 % said yes in 21 and 38 % of such runs; three standard errors of 400: 3.3 %."""
    generator = np.random.default_rng(1)
    runs = 400
    yes = sum(answer(*draw_run(generator, [0.0] * cases)).answer is Answer.YES for _ in range(runs))
    assert yes / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_what_clearly_costs_is_named_and_nothing_else() -> None:
    generator = np.random.default_rng(2)
    found = answer(*draw_run(generator, [0.0, 0.05, 0.0, 0.08, 0.0, 0.0]))
    assert found.answer is Answer.YES
    assert [cost.case for cost in found.costs if cost.costs] == [name_case(1), name_case(3)]


def test_all_bounds_of_a_run_hold_together_as_often_as_they_say() -> None:
    """Six methods that cost 1 % each: the largest of six estimates is no better known than the others."""
    generator = np.random.default_rng(3)
    runs, held = 300, 0
    for _ in range(runs):
        found = answer(*draw_run(generator, [0.01] * 6))
        held += all(cost.overhead_ratio.lower <= 1.01 for cost in found.costs)
    assert held / runs >= found.confidence - 3 * math.sqrt(0.05 * 0.95 / runs)


def test_a_cost_that_identical_arms_show_as_well_is_none() -> None:
    case = name_case(0)
    spread = (-0.0002, 0.0002, 0.0003, -0.0003, 0.0001, -0.0001)
    weighted = make_report(case, [0.010 + value for value in spread])
    assert answer(weighted).answer is Answer.YES
    null = make_report(find_null(case), [-0.012 + value for value in spread], Outcome.HELD)
    assert answer(null, weighted).answer is Answer.NOT_SHOWN


def test_a_case_beside_a_null_case_that_failed_is_left_out() -> None:
    case = name_case(0)
    null = make_report(find_null(case), [0.06] * 6, Outcome.FAILED)
    found = answer(null, make_report(case, [0.06, 0.061] * 3))
    assert found.answer is Answer.NOT_KNOWN
    assert found.costs == ()


def test_one_block_alone_shows_nothing() -> None:
    found = answer(make_report(name_case(0), [0.5]))
    assert found.answer is Answer.NOT_KNOWN
    assert found.costs[0].overhead_ratio.upper == math.inf
