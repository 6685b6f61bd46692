"""How is a run shown to a person? One record, the `Summary`, is made of it, and each report here is a form of that.

A report is a function of a `Summary` and of nothing else, in a file of its own, and a row of `REPORTS`. Nothing here
measures, judges or prints.
"""

from __future__ import annotations

import dataclasses
import pkgutil
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmarks.errors import AxisError

if TYPE_CHECKING:
    from benchmarks.reports.summary import Summary


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReportEntry:
    """What is known of a report before it is imported; `location` is `module:function`."""

    name: str
    summary: str
    location: str


REPORTS: Mapping[str, ReportEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            ReportEntry(
                name="terminal",
                summary="plain text in columns, as at the end of a run",
                location="benchmarks.reports.terminal:render_terminal",
            ),
            ReportEntry(
                name="markdown",
                summary="headings and tables, for a pull request or a workflow",
                location="benchmarks.reports.markdown:render_markdown",
            ),
        )
    }
)
"""Every report by name."""


def load_report(name: str) -> Callable[[Summary], str]:
    """Return what renders the report of this name.

    Raises:
        AxisError: when no report has this name.
    """
    entry = REPORTS.get(name)
    if entry is None:
        raise AxisError(
            f"expected one of the reports {', '.join(REPORTS)}, got {name!r}; choose one of them, or register yours "
            "in benchmarks/reports/__init__.py"
        )
    render: Callable[[Summary], str] = pkgutil.resolve_name(entry.location)
    return render
