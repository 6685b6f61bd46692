"""Every report that is registered is there, and an unknown one is refused with what there is."""

from __future__ import annotations

import pytest

from benchmarks.errors import AxisError
from benchmarks.reports import REPORTS, load_report
from benchmarks.reports.summary import Summary


@pytest.mark.parametrize("name", REPORTS)
def test_a_registered_report_can_be_loaded_and_shows_nothing_of_nothing(name: str) -> None:
    assert REPORTS[name].name == name
    assert load_report(name)(Summary()) == ""


def test_an_unknown_report_is_refused() -> None:
    with pytest.raises(AxisError, match="expected one of the reports terminal, markdown, got 'verse'"):
        load_report("verse")
