"""What stands on the page of convergence, and at the end of the command? Answer, what holds everywhere, tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.imbalanced import DATA_SETS
from benchmarks.records import Arm
from benchmarks.reports.convergence.comparisons import Comparison, Convergence, Target
from benchmarks.reports.convergence.wording import (
    QUESTION,
    TITLES,
    answer,
    tell_how,
    tell_target,
    tell_what_holds,
    write_finding,
    write_median,
    write_never,
    write_p_value,
    write_ratio,
)
from benchmarks.reports.markdown import render_table
from benchmarks.reports.tables import Table, name_target
from benchmarks.reports.terminal import render_table as render_plain
from benchmarks.units import format_duration

_SETTING = ("data", "optimizer", "rate")


def render_terminal(convergence: Convergence) -> str:
    """Return the text that ends the command."""
    parts = [
        "\n".join([QUESTION, *answer(convergence)]),
        "\n".join(["What holds for all optimizers and learning rates:", *tell_what_holds(convergence)]),
    ]
    for target in Target:
        parts.append(tell_target(target, convergence))
        parts += [render_plain(table) for table in make_tables(target, convergence)]
    parts += ["\n".join(tell_how(convergence)), f"Measured with {name_target(convergence.environment)}."]
    return "\n\n".join(parts)


def render_page(convergence: Convergence, pictures: dict[Target, str]) -> str:
    """Return the page as Markdown.

    Args:
        convergence: what was measured.
        pictures: the files of the survival curves by target, as seen from the page; none where there are none.
    """
    parts = [
        f"# {QUESTION}",
        *answer(convergence),
        "## What holds for all optimizers and learning rates",
        "\n".join(f"- {line}" for line in tell_what_holds(convergence)),
    ]
    for target in Target:
        parts += [f"## {TITLES[target]}", tell_target(target, convergence)]
        if target in pictures:
            parts.append(f"![Share of seeds that have yet to reach it, by epoch]({pictures[target]})")
        for table in make_tables(target, convergence):
            parts += [f"### {table.title}", render_table(table.headers, table.rows, table.numbers)]
    parts += ["## How it was measured", *tell_how(convergence), "\n".join(_list_data(convergence))]
    parts.append(
        f"Measured by `python -m benchmarks.commands.convergence` with {name_target(convergence.environment)}."
    )
    return "\n\n".join(parts)


def make_tables(target: Target, convergence: Convergence) -> tuple[Table, Table]:
    """Return the tables of a target: epochs, and steps and seconds."""
    comparisons = convergence.list_of(target)
    return _make_epochs(comparisons), _make_times(comparisons)


def _make_epochs(comparisons: Sequence[Comparison]) -> Table:
    rows = tuple(
        (
            *_name(each),
            *(write_median(each.epochs, arm, _write_count) for arm in Arm),
            write_never(each.epochs),
            write_ratio(each.epochs.ratio),
            write_p_value(each.epochs.p_value),
            write_p_value(each.epochs.unpaired_p_value),
            write_finding(each.epochs),
        )
        for each in comparisons
    )
    headers = (*_SETTING, "control", "weighted", "never", "weighted ÷ control", "p", "log-rank", "weighted is")
    return Table(title="Epochs", headers=headers, rows=rows, numbers=range(2, 3))


def _make_times(comparisons: Sequence[Comparison]) -> Table:
    rows = []
    for each in comparisons:
        steps_per_epoch = each.steps_per_epoch

        def write_steps(epochs: float, steps_per_epoch: int = steps_per_epoch) -> str:
            return _write_count(epochs * steps_per_epoch)

        rows.append(
            (
                *_name(each),
                *(write_median(each.epochs, arm, write_steps) for arm in Arm),
                *(write_median(each.time_ns, arm, format_duration) for arm in Arm),
                write_ratio(each.time_ns.ratio),
                write_p_value(each.time_ns.p_value),
                write_finding(each.time_ns),
            )
        )
    headers = (
        *_SETTING,
        "control steps",
        "weighted steps",
        "control time",
        "weighted time",
        "time, weighted ÷ control",
        "p",
        "weighted is",
    )
    return Table(title="Steps, and time in training passes", headers=headers, rows=tuple(rows), numbers=range(2, 3))


def _name(comparison: Comparison) -> tuple[str, str, str]:
    setting = comparison.setting
    return setting.data, setting.optimizer.value, f"{setting.learning_rate:g}"


def _write_count(count: float) -> str:
    return f"{count:,.0f}"


def _list_data(convergence: Convergence) -> Iterator[str]:
    for name in dict.fromkeys(each.setting.data for each in convergence.comparisons):
        yield f"- {name}: {DATA_SETS[name].title}"
