"""An error is one line."""

from __future__ import annotations

from benchmarks.errors import SuiteError


def test_an_error_is_one_line_whatever_it_is_made_of() -> None:
    assert str(SuiteError("expected\n  this,\n got that")) == "expected this, got that"
