"""What does the end of a run show on a terminal? The summary as plain text, in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.records import Outcome
from benchmarks.reports.sections import make_sections
from benchmarks.reports.summary import Statement, Summary, Topic
from benchmarks.reports.tables import Section, Table, name_target, pad_columns


def render_terminal(summary: Summary) -> str:
    """Return the text that ends a run; empty where there is nothing to tell."""
    red = {verdict.case_id for verdict in summary.verdicts if verdict.outcome is Outcome.REGRESSED}
    paragraphs = [
        summary.head,
        *("\n".join(_render_answer(summary, index)) for index in range(len(summary.answers))),
        "\n".join(summary.warnings),
        *(paragraph for section in make_sections(summary) for paragraph in _render_section(section)),
        # The test of a red case failed, and has shown its own.
        *(text for case_id, text in summary.explanations.items() if case_id not in red),
        "\n".join([*_render_reasons(summary), *summary.list_remarks(Topic.RUN)]),
        "\n".join(_render_provenance(summary)),
    ]
    return "\n\n".join(filter(None, paragraphs))


def _render_answer(summary: Summary, index: int) -> Iterator[str]:
    """Yield a question, its answer, and below the last one where that holds."""
    answer = summary.answers[index]
    yield answer.question
    yield from _render_statements(answer.statements)
    if answer.how_sure:
        yield answer.how_sure
    if index == len(summary.answers) - 1:
        for environment in summary.provenance.targets:
            yield f"Measured with {name_target(environment)}."


def _render_section(section: Section) -> Iterator[str]:
    """Yield the paragraphs of a section."""
    yield "\n".join(section.before)
    yield from map(render_table, section.tables)
    yield "\n".join(section.legend)
    yield "\n".join(_render_statements(section.listings))


def _render_statements(statements: Sequence[Statement]) -> Iterator[str]:
    """Yield the lines of some statements."""
    for statement in statements:
        yield statement.text
        yield from (f"  {detail}" for detail in statement.details)


def render_table(table: Table) -> str:
    """Return a table below its title, its columns two blanks apart."""
    headers, *rows = pad_columns([table.headers, *table.rows], table.numbers)
    rule = ["-" * len(header) for header in headers]
    return "\n".join([table.title, *("  ".join(line).rstrip() for line in (headers, rule, *rows))])


def _render_reasons(summary: Summary) -> Iterator[str]:
    """Yield one line for each case whose verdict needs a reason; HELD is what the tables say."""
    width = max(len(outcome.value) for outcome in Outcome)
    for verdict in summary.verdicts:
        if verdict.outcome is not Outcome.HELD:
            yield f"{verdict.outcome.value:<{width}}  {verdict.case_id}: {verdict.reason}"


def _render_provenance(summary: Summary) -> Iterator[str]:
    """Yield what was asked for, and how to ask for it again."""
    told = summary.provenance
    if told.sweep:
        shard = f", part {told.shard}" if told.shard else ""
        seeds = f"data, weights and models from seed {told.seed}, orders from seed {told.order_seed}"
        yield f"Sweep {told.sweep}{shard}; {seeds}."
    if told.command:
        yield f"Repeat it: {told.command}"
