"""How did the cost of weighting change from one TensorFlow to the next? A small sweep over many versions, in one go.

    python -m benchmarks.commands.history --versions 2.12,2.13,2.14 --raw history.jsonl --table history.md

Blocks of all versions are interleaved: in each round every case is measured once in every version, in an order drawn
anew, so that the machine's moods meet all versions alike. Each block is written down as it comes, and what is written
down is not measured again, so that an interrupted history goes on where it stopped. With the same files and more rounds
it becomes sharper. Leaves out: how it is told (`benchmarks.reports.history`).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.blocks.environments import build_target
from benchmarks.blocks.launcher import ServerLauncher
from benchmarks.blocks.supervise import Limits
from benchmarks.commands._running import run_command
from benchmarks.errors import SuiteError
from benchmarks.plans import find_block_plan
from benchmarks.records import Arm, BlockRequest, Case, HistoryEntry, Question, ReadBlock, ReadRequest
from benchmarks.reports.history import draw_history, render_history
from benchmarks.stats.summaries import summarise_block

_VERSIONS = tuple(f"2.{minor}" for minor in range(12, 22))

_METHODS = ("fit_array", "fit_dataset", "loop_graph")

_LIMITS = Limits(timeout_s=180.0, memory_bytes=8 * 2**30)

_ROUNDS = 6


def list_cases() -> tuple[Case, ...]:
    """Return what is measured in each version."""
    step = [
        Case(question=Question.STEP_TIME, workload="mlp", depth=2, batch_size=256, dataset_size=None, method=method)
        for method in ("fit_array", "loop_graph")
    ]
    sized = [
        Case(question=question, workload="mlp", depth=2, batch_size=batch_size, dataset_size=100_000, method=method)
        for question, batch_size in ((Question.STARTUP_TIME, 256), (Question.PEAK_MEMORY, 512))
        for method in _METHODS
    ]
    graphs = [
        Case(
            question=Question.TRAINING_GRAPH, workload="mlp", depth=2, batch_size=256, dataset_size=None, method=method
        )
        for method in ("fit_dataset", "loop_graph")
    ]
    return (*step, *sized, *graphs)


def measure_history(versions: Sequence[str], rounds: int, raw: Path) -> None:
    """Measure what is not written down yet, and write it down.

    Args:
        versions: minor versions such as `2.15`.
        rounds: how often each case is measured in each version.
        raw: a file of JSON lines; made where there is none.

    Raises:
        TargetError: when the environment of a version cannot be built.
    """
    launchers = {}
    try:
        for version in versions:
            target = build_target(f"tensorflow-cpu=={version}.*")
            launchers[version] = ServerLauncher(target, _LIMITS)
            environment = launchers[version].describe_environment()
            print(f"{version}: TensorFlow {environment.tensorflow}, Keras {environment.keras}", file=sys.stderr)
        done = {(entry.version, entry.case.case_id, entry.number) for entry in load_history(raw)}
        for number, case, version in _plan(versions, rounds):
            if (version, case.case_id, number) in done:
                continue
            entry = _measure(launchers[version], version, case, number)
            with raw.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry.to_json()) + "\n")
            print(f"round {number + 1} of {rounds}: {case.case_id} on {version}", file=sys.stderr, flush=True)
    finally:
        for launcher in launchers.values():
            launcher.close()


def load_history(raw: Path) -> list[HistoryEntry]:
    """Return what is written down; an absent file holds nothing."""
    if not raw.exists():
        return []
    return [HistoryEntry.from_json(json.loads(line)) for line in raw.read_text(encoding="utf-8").splitlines()]


def _plan(versions: Sequence[str], rounds: int) -> Iterator[tuple[int, Case, str]]:
    """Yield number of the round, case and version, in the order of measuring; the same each time."""
    for number in range(rounds):
        for case in list_cases():
            order = list(versions)
            random.Random(f"{number} {case.case_id}").shuffle(order)  # noqa: S311 - an order, not a secret
            for version in order:
                yield number, case, version


def _measure(launcher: ServerLauncher, version: str, case: Case, number: int) -> HistoryEntry:
    """Measure one block, or read both arms; what could not be measured is written down with its reason."""
    known: dict[str, Any] = {
        "version": version,
        "environment": launcher.describe_environment(),
        "case": case,
        "number": number,
    }
    try:
        if case.question.is_timed:
            plan = find_block_plan(case.question, None)
            request = BlockRequest(
                case=case, seed=number + 1, timed_budget_ns=plan.timed_budget_ns, min_rounds=plan.min_rounds
            )
            return HistoryEntry(**known, block=summarise_block(launcher.run_block(request)))
        control, weighted = (launcher.read_arm(ReadRequest(case=case, arm=arm, seed=number + 1)) for arm in Arm)
        return HistoryEntry(**known, readings=ReadBlock(control=control, weighted=weighted))
    except SuiteError as error:
        return HistoryEntry(**known, failed=str(error))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, write table and picture; return 0, or 1 after one line that says why not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commands.history", description=(__doc__ or "")[:80])
    parser.add_argument("--versions", default=",".join(_VERSIONS), help="minor versions of TensorFlow, apart by commas")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="blocks of each case in each version")
    parser.add_argument("--raw", type=Path, required=True, help="JSON lines: what was measured, read and continued")
    parser.add_argument("--table", type=Path, help="Markdown file to write the table to; printed where there is none")
    parser.add_argument("--picture", type=Path, help="SVG or PNG file to draw; needs matplotlib")
    parser.add_argument("--only-render", action="store_true", help="measure nothing more")
    options = parser.parse_args(arguments)

    def work() -> None:
        if not options.only_render:
            measure_history(options.versions.split(","), options.rounds, options.raw)
        entries = load_history(options.raw)
        text = render_history(entries)
        if options.table is None:
            print(text)
        else:
            options.table.write_text(text + "\n", encoding="utf-8")
        if options.picture is not None:
            draw_history(entries, options.picture)

    return run_command(work)


if __name__ == "__main__":
    sys.exit(main())
