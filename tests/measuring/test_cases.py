"""A case comes to its report without pytest: in one target or in two, and whatever goes wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.baselines.store import Baseline
from benchmarks.measuring.cases import MeasuredCase, measure_case
from benchmarks.measuring.session import MeasuringSettings, OpenTarget, Session
from benchmarks.measuring.standards import Standards
from benchmarks.records import (
    Aspect,
    Block,
    BlockRequest,
    Case,
    CaseReport,
    Measurement,
    Meeting,
    Outcome,
    Question,
    Verdict,
)
from tests.examples import EXAMPLE_CASE, make_case
from tests.plugin.fakes import FakeLauncher, fail_block, interrupt_block, make_introduction

NULL = dataclasses.replace(EXAMPLE_CASE, null=True)
GRAPH = make_case(question=Question.TRAINING_GRAPH)


def open_session(launcher: FakeLauncher, **values: Any) -> Session:
    settings = MeasuringSettings(seed=1, order_seed=1)
    return Session(settings=settings, target=OpenTarget(lambda: launcher), **values)


def measure(case: Case, session: Session) -> MeasuredCase:
    published: list[CaseReport] = []

    def publish(report: CaseReport, samples_ns: Sequence[float]) -> None:
        published.append(report)

    measured = measure_case(
        case, session, next_step="look closer", on_block=lambda blocks, overhead: None, publish=publish
    )
    assert published == [measured.report] == session.reports[-1:]
    return measured


def compare_with(measurement: Measurement | None) -> Standards:
    assert measurement is not None
    stored = Baseline(measurements={measurement.case.case_id: measurement}, unreadable={})
    return Standards(comparing=True, baseline=stored)


def find_outcome(measured: MeasuredCase) -> Outcome | None:
    return None if measured.report.verdict is None else measured.report.verdict.outcome


@pytest.mark.parametrize("case", [EXAMPLE_CASE, GRAPH])
def test_a_case_is_held_against_what_was_stored_of_it(case: Case) -> None:
    stored = measure(case, open_session(FakeLauncher(0.02))).report.measurement
    unchanged = measure(case, open_session(FakeLauncher(0.02, run_seed=2), standards=compare_with(stored)))
    assert find_outcome(unchanged) is Outcome.HELD
    worse = FakeLauncher(0.15, extra_nodes=9, run_seed=2)
    risen = measure(case, open_session(worse, standards=compare_with(stored)))
    assert find_outcome(risen) is Outcome.REGRESSED
    assert risen.message.startswith(f"{case.case_id}: weighting samples costs more than it")
    assert "look closer" in risen.message


def test_a_case_that_is_held_against_nothing_has_no_verdict_and_takes_blocks_until_it_is_known_well() -> None:
    class Wavering(FakeLauncher):
        """A target that is slower by 5 % in every other pair of blocks, which no number of blocks makes precise."""

        def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
            self._overhead = 0.05 * (len(self.requests) // 2 % 2)
            return super().run_block(request, meeting)

    measured = measure(EXAMPLE_CASE, open_session(Wavering()))
    assert find_outcome(measured) is None
    assert measured.message == ""
    assert measured.report.measurement is not None
    assert len(measured.report.measurement.blocks) == Question.STEP_TIME.row.most_blocks


def test_a_baseline_that_lacks_the_case_makes_it_not_comparable() -> None:
    measured = measure(EXAMPLE_CASE, open_session(FakeLauncher(), standards=Standards(comparing=True)))
    assert find_outcome(measured) is Outcome.NOT_COMPARABLE
    assert measured.report.measurement is not None
    assert len(measured.report.measurement.blocks) == Question.STEP_TIME.row.screen_blocks


def test_a_null_case_that_is_off_makes_a_change_doubtful() -> None:
    stored = measure(EXAMPLE_CASE, open_session(FakeLauncher(0.02))).report.measurement
    session = open_session(FakeLauncher(0.15, run_seed=2), standards=compare_with(stored))
    session.null_verdicts[NULL] = Verdict(outcome=Outcome.FAILED, reason="the null case shows +6.0 %")
    assert find_outcome(measure(EXAMPLE_CASE, session)) is Outcome.NOT_COMPARABLE


def test_two_targets_are_held_against_each_other() -> None:
    other = OpenTarget(lambda: FakeLauncher(run_seed=5))
    measured = measure(EXAMPLE_CASE, open_session(FakeLauncher(0.15), other=other))
    assert find_outcome(measured) is Outcome.REGRESSED
    assert measured.message.startswith(f"{EXAMPLE_CASE.case_id}: slower here than in the other target.")
    assert {change.aspect for change in measured.report.changes} == set(Aspect)
    assert measured.report.other is not None


def test_a_case_that_the_other_target_does_not_have_is_measured_here() -> None:
    other = FakeLauncher(introduction=make_introduction(methods=("fit_array",)))
    measured = measure(EXAMPLE_CASE, open_session(FakeLauncher(), other=OpenTarget(lambda: other)))
    assert find_outcome(measured) is Outcome.NOT_COMPARABLE
    assert measured.report.measurement is not None
    assert not other.requests


def test_a_block_that_dies_fails_its_case_which_keeps_the_others() -> None:
    measured = measure(EXAMPLE_CASE, open_session(FakeLauncher(before_block=fail_block("loop_graph", at=2))))
    assert find_outcome(measured) is Outcome.FAILED
    assert "SIGKILL" in measured.message
    assert not measured.traceback
    assert measured.report.measurement is not None


def test_an_exception_that_nobody_foresaw_fails_its_case_and_has_its_traceback() -> None:
    def fail(case: Case, index: int) -> None:
        raise KeyError("x")

    measured = measure(EXAMPLE_CASE, open_session(FakeLauncher(before_block=fail)))
    assert find_outcome(measured) is Outcome.FAILED
    assert measured.message.startswith("KeyError: 'x', at ")
    assert measured.traceback.startswith("Traceback")


def test_an_exception_that_ends_the_run_passes_through_and_the_report_is_kept() -> None:
    class EndOfRunError(Exception):
        """As pytest has one."""

    def end(case: Case, index: int) -> None:
        raise EndOfRunError

    session = open_session(FakeLauncher(before_block=end), ends_run=(EndOfRunError,))
    with pytest.raises(EndOfRunError):
        measure(EXAMPLE_CASE, session)
    assert [report.verdict for report in session.reports] == [None]


def test_an_interrupted_case_is_kept_with_the_blocks_it_has() -> None:
    session = open_session(FakeLauncher(before_block=interrupt_block("loop_graph", at=2)))
    with pytest.raises(KeyboardInterrupt):
        measure(EXAMPLE_CASE, session)
    (report,) = session.reports
    assert report.measurement is not None
    assert len(report.measurement.blocks) == 2
