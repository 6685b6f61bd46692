"""What does a run look like in a pull request or on the page of a workflow? The summary as Markdown, GitHub's kind.

The answer comes first, then what turned the run red, then tables, remarks, and where the numbers come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from benchmarks.gate.confirm import FAILING
from benchmarks.records import Outcome
from benchmarks.reports.sections import make_sections
from benchmarks.reports.summary import CaseVerdict, Provenance, Statement, Summary, Topic
from benchmarks.reports.tables import Section, name_target, pad_columns

_ESCAPED = str.maketrans({"\\": r"\\", "|": r"\|", "*": r"\*", "`": r"\`", "&": "&amp;", "<": "&lt;", "\n": " "})
"""What Markdown would take for its own."""

_OUTER_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""One that could begin or end emphasis, as those of `__init__`; that of `step_time` cannot."""


def render_markdown(summary: Summary) -> str:
    """Return the page of a run; empty where there is nothing to tell."""
    if summary == Summary():
        return ""
    red = [verdict for verdict in summary.verdicts if verdict.outcome in FAILING]
    rest = [verdict for verdict in summary.verdicts if verdict.outcome not in {*FAILING, Outcome.HELD}]
    remarks = summary.list_remarks(Topic.RUN)
    paragraphs = [
        "# Sample weighting in TensorFlow",
        _escape(summary.head),
        *(
            paragraph
            for answer in summary.answers
            for paragraph in (
                f"## {_escape(answer.question)}",
                "\n".join(line for statement in answer.statements for line in _render_statement(statement)),
                _escape(answer.how_sure),
            )
        ),
        *(f"> {_escape(warning)}" for warning in summary.warnings),
        *_render_verdicts("Red verdicts", red),
        *(paragraph for section in make_sections(summary) for paragraph in _render_section(section)),
        *_render_verdicts("Other verdicts", rest),
        *_render_explanations(summary),
        *(["## Remarks", _render_list(remarks)] if remarks else []),
        *_render_provenance(summary.provenance),
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def render_table(headers: Sequence[str], rows: Sequence[Sequence[str]], numbers: range = range(0)) -> str:
    """Return a table; the columns `numbers` are aligned to the right.

    Args:
        headers: texts, of each column one.
        rows: texts, as many as there are headers in each.
        numbers: of columns, counted from 0.
    """
    lines = [[_escape(cell) for cell in row] for row in (headers, *rows)]
    header, *body = pad_columns(lines, numbers, least_width=3)
    rule = [f"{'-' * (len(cell) - 1)}{':' if column in numbers else '-'}" for column, cell in enumerate(header)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *body))


def _render_statement(statement: Statement) -> Iterator[str]:
    yield f"- {_escape(statement.text)}"
    yield from (f"  - {_escape(detail)}" for detail in statement.details)


def _render_section(section: Section) -> Iterator[str]:
    """Yield the paragraphs of a section."""
    yield f"## {section.heading}"
    yield _render_list(section.before)
    for table in section.tables:
        yield f"### {_escape(table.title)}"
        yield render_table(table.headers, table.rows, table.numbers)
    yield _render_list(section.legend)
    for listing in section.listings:
        yield f"**{_escape(listing.text)}**"
        yield _render_list(listing.details)


def _render_list(lines: Sequence[str]) -> str:
    """Return a list with a bullet for each line; empty where there is none."""
    return "\n".join(f"- {_escape(line)}" for line in lines)


def _render_verdicts(heading: str, verdicts: Sequence[CaseVerdict]) -> Iterator[str]:
    """Yield the table of some verdicts with their reasons; nothing where there is none."""
    if verdicts:
        yield f"## {heading}"
        rows = [(verdict.outcome.value, verdict.case_id, verdict.reason) for verdict in verdicts]
        yield render_table(("verdict", "case", "why"), rows)


def _render_explanations(summary: Summary) -> Iterator[str]:
    """Yield what overheads are made of, in the lines in which it was found."""
    if summary.explanations:
        yield "## What an overhead is made of"
        yield from (f"```text\n{text}\n```" for text in summary.explanations.values())


def _render_provenance(told: Provenance) -> Iterator[str]:
    """Yield where the numbers come from, and how to have them again."""
    rows = [
        *(("target", name_target(target)) for target in told.targets),
        *(("other target", name_target(target)) for target in told.other_targets),
        ("sweep", told.sweep),
        ("part", told.shard or ""),
        ("anchor", told.anchor or ""),
        ("seed of data, weights and models", "" if told.seed is None else str(told.seed)),
        ("seed of orders", "" if told.order_seed is None else str(told.order_seed)),
        ("repeat it", told.command),
    ]
    known = [row for row in rows if row[1]]
    if known:
        yield "## Where and how it was measured"
        yield render_table(("what", "which"), known)


def _escape(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return _OUTER_UNDERSCORE.sub(r"\\_", text.translate(_ESCAPED))
