"""The answer says yes where something was shown to cost, as seldom as promised where nothing does."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.gate.answer import Answer, TimeAnswer, answer_in_time, is_off
from benchmarks.records import Aspect, Case, CaseReport, Change, Outcome, Question, Verdict
from tests.examples import (
    make_block_summary,
    make_case,
    make_case_report,
    make_comparison,
    make_environment,
    make_measurement,
    make_read_block,
    make_read_measurement,
)


def make_report(
    case: Case, log_ratios: Sequence[float], outcome: Outcome | None = None, *, compared: bool = False
) -> CaseReport:
    blocks = [
        make_block_summary(value, weighted_built_first=number % 2 == 0) for number, value in enumerate(log_ratios)
    ]
    measurement = dataclasses.replace(make_measurement(case), blocks=tuple(blocks), environment=make_environment())
    comparison = make_comparison() if compared else None
    verdict = None if outcome is None else Verdict(outcome=outcome, reason="", comparison=comparison)
    return make_case_report(measurement, verdict)


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
    null = make_report(find_null(case), [0.06] * 6, Outcome.FAILED, compared=True)
    found = answer(null, make_report(case, [0.06, 0.061] * 3))
    assert found.answer is Answer.NOT_KNOWN
    assert found.costs == ()


def test_a_null_case_that_could_not_be_measured_to_its_end_takes_no_case_out() -> None:
    """It says nothing against the measurement; what its blocks showed is still no cost of the case."""
    case = name_case(0)
    found = answer(make_report(find_null(case), [0.0], Outcome.FAILED), make_report(case, [0.06, 0.061] * 3))
    assert [cost.case for cost in found.costs if cost.costs] == [case]
    assert (
        answer(make_report(find_null(case), [0.07], Outcome.FAILED), make_report(case, [0.06, 0.061] * 3)).answer
        is Answer.NOT_SHOWN
    )


@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_a_null_case_is_off_where_its_blocks_were_compared_and_failed(outcome: Outcome | None) -> None:
    null = make_report(find_null(name_case(0)), [0.06] * 6, outcome, compared=True)
    assert is_off(null) is (outcome is Outcome.FAILED)


def test_a_null_case_is_off_where_two_targets_or_what_was_read_say_so() -> None:
    """Verdicts on readings and on two targets have no comparison; of a case that could not be measured none is left."""
    unmeasured = make_report(find_null(name_case(0)), [0.06] * 6, Outcome.FAILED)
    change = Change(aspect=Aspect.OVERHEAD, outcome=Outcome.FAILED, reason="", brief="", rises=True)
    graph = make_case(question=Question.TRAINING_GRAPH, null=True)
    readings = make_read_measurement(graph, [make_read_block("graph_nodes", 100.0, 103.0)])
    assert not is_off(unmeasured)
    assert is_off(dataclasses.replace(unmeasured, changes=(change,)))
    assert is_off(dataclasses.replace(unmeasured, case=graph, measurement=readings))


def test_one_block_alone_shows_nothing() -> None:
    found = answer(make_report(name_case(0), [0.5]))
    assert found.answer is Answer.NOT_KNOWN
    assert found.costs[0].overhead_ratio.upper == math.inf


def test_only_weighted_cases_that_were_timed_are_asked() -> None:
    """What was read, null cases, and cases that could not be measured share no error level."""
    read, unmeasured = make_case(question=Question.PEAK_MEMORY, dataset_size=1000), make_case(depth=7)
    weighted = make_report(make_case(), [0.1, 0.11, 0.1, 0.11])
    blocks = [make_read_block("graph_nodes", 1, 2)]
    reports = [
        weighted,
        make_report(find_null(make_case()), [0.0, 0.0, 0.001, 0.0]),
        dataclasses.replace(weighted, case=read, measurement=make_read_measurement(read, blocks)),
        dataclasses.replace(weighted, case=unmeasured, measurement=None),
    ]
    found = answer(*reports)
    assert [cost.case for cost in found.costs] == [make_case()]
    # One case alone: either bound at the whole level of 5 %.
    assert found.costs[0].overhead_ratio.confidence == pytest.approx(0.9)
