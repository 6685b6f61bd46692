"""What does a test of this suite call? `measure_overhead`: it measures a case, judges it, and hands its samples on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import pytest

from benchmarks.axes import split_null
from benchmarks.errors import SuiteError
from benchmarks.plugin.run import Run, find_run, name_case
from benchmarks.plugin.showing import VERDICT_PROPERTY, find_display
from benchmarks.records import Case, Outcome, Question

if TYPE_CHECKING:
    from benchmarks.plugin.measure import CaseUnderTest


class MeasureOverhead(Protocol):
    """The fixture's value."""

    def __call__(self, question: Question, **values: Any) -> CaseUnderTest:
        """Measure one case and judge it.

        Args:
            question: what is compared between the arms.
            values: the case's value on each axis, by name; `method` may end in `-null`.
        """


@pytest.fixture
def measure_overhead(request: pytest.FixtureRequest, benchmark: Any) -> MeasureOverhead:
    """Measure a case in fresh processes, judge it, and give its samples to pytest-benchmark."""
    # SciPy, which judging needs, takes longer to import than 1,000 cases take to be listed.
    from benchmarks.plugin.measure import measure_in_test  # noqa: PLC0415

    run = find_run(request.config)
    display = find_display(request.config)

    def measure(question: Question, **values: Any) -> CaseUnderTest:
        rejected = request.node.get_closest_marker("rejected")
        if rejected is not None:
            _refuse(request.node, run, rejected.args[0])
        try:
            method, null = split_null(values["method"])
            case = Case(**{"dataset_size": None} | values | {"question": question, "method": method, "null": null})
        except SuiteError as error:
            _refuse(request.node, run, str(error))
        display.begin_case(case)
        measured = measure_in_test(request, benchmark, run, case, display.show_blocks)
        display.end_case(measured.report)
        if measured.report.verdict is not None:
            _add_verdict(request.node, measured.report.verdict.outcome)
        return measured

    return measure


def _refuse(node: pytest.Item, run: Run, reason: str) -> NoReturn:
    """Fail the test of a case that is none."""
    _add_verdict(node, Outcome.FAILED)
    case_id = name_case(node)
    if case_id is not None:
        run.refused_cases.add(case_id)
    pytest.fail(reason, pytrace=False)


def _add_verdict(node: pytest.Item, outcome: Outcome) -> None:
    """Let pytest's reports know the outcome of this test's case."""
    node.user_properties.append((VERDICT_PROPERTY, outcome.value))
