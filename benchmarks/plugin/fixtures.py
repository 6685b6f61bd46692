"""What does a test of this suite call? `measure`: it measures the test's case, judges it, and hands its samples on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from benchmarks.plugin.run import Run, find_run, name_case
from benchmarks.plugin.showing import VERDICT_PROPERTY, find_display
from benchmarks.records import Case, Outcome

if TYPE_CHECKING:
    from benchmarks.plugin.measure import CaseUnderTest

Measure = Callable[[], "CaseUnderTest"]
"""Measures and judges the case of the test that calls it, once."""


@pytest.fixture
def dataset_size() -> None:
    """Stand for the dataset size of a question whose answer does not depend on it."""


@pytest.fixture
def measure(  # noqa: PLR0913, PLR0917 - pytest parametrizes a test by the names that it or its fixtures ask for
    request: pytest.FixtureRequest,
    benchmark: Any,
    workload: str,  # noqa: ARG001 - as above, and below
    depth: int,  # noqa: ARG001
    batch_size: int,  # noqa: ARG001
    dataset_size: int | None,  # noqa: ARG001
    method: str,  # noqa: ARG001
) -> Measure:
    """Measure a case in fresh processes, judge it, and give its samples to pytest-benchmark."""
    # SciPy, which judging needs, takes longer to import than 1,000 cases take to be listed.
    from benchmarks.plugin.measure import measure_in_test  # noqa: PLC0415

    run = find_run(request.config)
    display = find_display(request.config)

    def measure_and_show() -> CaseUnderTest:
        rejected = request.node.get_closest_marker("rejected")
        if rejected is not None:
            _refuse(request.node, run, rejected.args[0])
        case: Case = request.node.get_closest_marker("case").args[0]
        display.begin_case(case)
        measured = measure_in_test(request, benchmark, run, case, display.show_blocks)
        display.end_case(measured.report)
        if measured.report.verdict is not None:
            _add_verdict(request.node, measured.report.verdict.outcome)
        return measured

    return measure_and_show


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
