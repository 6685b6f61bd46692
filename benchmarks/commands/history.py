"""How did the cost of weighting change from one TensorFlow, or Keras, to the next? A small sweep over many versions.

    python -m benchmarks.commands.history --versions released --raw history.jsonl --table history.md

Weighting lives in Keras, and people upgrade Keras alone, so a version is a pair: a TensorFlow with a Keras, `2.16/3.3`,
or with the newest Keras that pip installs with it now, `2.16`. `--versions newest` has every TensorFlow with the newest
Keras, `released` with that of its time, and `keras` every Keras 3 with one TensorFlow.

Blocks of all versions are interleaved: in each round a block of a case is set up in every version, and they take short
turns (`benchmarks.launch.pool`), so that the machine's moods meet all versions alike; that needs half a gigabyte of
memory per version. Each block is written down as it comes, and what is written down is not measured again, so that an
interrupted history goes on where it stopped. With the same files and more rounds it becomes sharper. What people write
about a change in the file of `--notes` is on each page that is written with it. Leaves out: which versions there are
(`benchmarks.launch.versions`), and how a history is told (`benchmarks.reports.history`).
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import importlib.util
import os
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.baselines.histories import find_place, load_history
from benchmarks.baselines.lines import append_line
from benchmarks.commands import CommandParser, MisuseError, read_count, read_place, refuse, run_command, write_whole
from benchmarks.errors import RecordError, SuiteError, attempt
from benchmarks.launch.launcher import ServerLauncher, open_servers
from benchmarks.launch.pool import BLOCKS_AT_ONCE
from benchmarks.launch.targets import build_target
from benchmarks.launch.versions import SETS, name_requirement, parse_versions
from benchmarks.measuring.session import MeasuringSettings
from benchmarks.measuring.timed import TimedSource, measure_together
from benchmarks.methods import METHODS, STATIC_METHODS
from benchmarks.records import Arm, BlockSummary, Case, Environment, HistoryEntry, Question, ReadBlock, ReadRequest
from benchmarks.reports.history.notes import load_notes
from benchmarks.reports.history.page import Links, render_page
from benchmarks.reports.history.pictures import Pictures, draw_pictures, plan_pictures
from benchmarks.reports.history.tracks import History, estimate_history
from benchmarks.reports.history.values import render_values
from benchmarks.target.supervise import Limits

_EVALUATED = ("fit_array", "fit_dataset", "fit_sequence", "fit_weighted_metrics", "loop_train_on_batch")
"""One method for each way into an evaluation: `evaluate` on arrays, a dataset, an object, with metrics; on a batch."""

_IN_MEMORY = ("fit_array", "fit_array_float64", "fit_class_weight", "fit_dataset", "loop_train_on_batch", "loop_graph")
"""One method for each way in which data and weights lie in memory."""

_CALLED_AGAIN = ("fit_array", "fit_validation", "fit_sequence", "fit_dataset", "loop_train_on_batch", "loop_graph")
"""One method for each entry point that may keep something from call to call."""

_LIMITS = Limits(timeout_s=180.0, memory_bytes=8 * 2**30)

_SETTINGS = MeasuringSettings(seed=1, order_seed=1)

_ROUNDS = 6

_PICTURES = (".svg", ".png")

_USUAL_SET = "newest"

_ENOUGH_ROUNDS = {Question.PEAK_MEMORY: 3, Question.RETAINED_MEMORY: 3, Question.TRAINING_GRAPH: 2}
"""Bytes repeat to 1 %, and counts exactly, as two of them show; more rounds are for what is timed."""


def list_cases() -> tuple[Case, ...]:
    """Return what is measured in each version: the steps of every method of static weights, its start and its graph.

    Passes are measured where a method has no steps of its own. What few methods differ in is measured for those:
    evaluations, and what lies in memory.
    """
    with_steps = _list_with_steps()
    return tuple(
        Case(question=question, workload="mlp", depth=2, batch_size=batch_size, dataset_size=size, method=method)
        for question, batch_size, size, methods in (
            (Question.STEP_TIME, 256, None, with_steps),
            (Question.EPOCH_TIME, 256, 20_480, tuple(name for name in STATIC_METHODS if name not in with_steps)),
            (Question.EVALUATION_TIME, 256, 20_480, _EVALUATED),
            (Question.STARTUP_TIME, 256, 100_000, STATIC_METHODS),
            (Question.PEAK_MEMORY, 512, 100_000, _IN_MEMORY),
            (Question.RETAINED_MEMORY, 256, 2_560, _CALLED_AGAIN),
            (Question.TRAINING_GRAPH, 256, None, STATIC_METHODS),
        )
        for method in methods
    )


def _list_with_steps() -> tuple[str, ...]:
    """Return the methods whose steps are timed; a step of `fit_array` is one of `fit_dataset`."""
    return tuple(
        name for name in STATIC_METHODS if Question.STEP_TIME not in METHODS[name].without and name != "fit_array"
    )


def measure_history(versions: Sequence[str], rounds: int, raw: Path, *, retry_failed: bool = False) -> None:
    """Measure what is not written down yet of so many rounds of these versions, and write it down.

    Args:
        versions: TensorFlow and Keras, as `parse_versions` returns them.
        rounds: blocks of each case in each version, fewer of what repeats.
        raw: JSON lines, gone on with.
        retry_failed: measure anew what failed, and with it what is timed beside it.

    Raises:
        TargetError: when the environment of a version cannot be built.
        RecordError: when what is written down was measured on another machine, or cannot be read.
    """
    written = load_history(raw)
    targets = {version: build_target(name_requirement(version)) for version in versions}
    done = {find_place(entry) for entry in written if not (entry.failed and retry_failed)}
    for number in range(rounds):
        cases = [case for case in list_cases() if number < _ENOUGH_ROUNDS.get(case.question, rounds)]
        if all((version, case, number) in done for version in targets for case in cases):
            continue
        with open_servers(targets.values(), _LIMITS) as opened:  # so that each round draws address spaces of its own
            launchers = dict(zip(targets, opened, strict=True))
            for version, launcher in launchers.items():
                here = launcher.describe_environment()
                print(f"{version}: TensorFlow {here.tensorflow}, Keras {here.keras}", file=sys.stderr, flush=True)
                _check_same(raw, written, version, here)
            for case in cases:
                missing = {
                    version: launcher for version, launcher in launchers.items() if (version, case, number) not in done
                }
                if not missing:
                    continue
                if case.question.is_timed:
                    missing = launchers  # times of one version tell nothing beside those of another hour
                for entry in _measure(missing, case, number):
                    append_line(raw, entry)
                print(f"round {number + 1} of {rounds}: {case.case_id}", file=sys.stderr, flush=True)


def _check_same(raw: Path, written: Sequence[HistoryEntry], version: str, here: Environment) -> None:
    """Refuse to go on with what was measured on another machine, or with other packages under the same version."""
    for entry in written:
        if entry.version == version and _name_packages(entry.environment) != _name_packages(here):
            raise RecordError(
                f"{raw}: expected blocks of {_name_packages(here)} as {version}, got some of "
                f"{_name_packages(entry.environment)}; name another file with --raw"
            )
        if _name_machine(entry.environment) != _name_machine(here):
            raise RecordError(
                f"{raw}: expected blocks of this machine ({_name_machine(here)}), got some of another "
                f"({_name_machine(entry.environment)}); name another file with --raw"
            )


def _name_packages(environment: Environment) -> str:
    return f"TensorFlow {environment.tensorflow}, Keras {environment.keras} and NumPy {environment.numpy}"


def _name_machine(environment: Environment) -> str:
    python = ".".join(environment.python.split(".")[:2])
    return f"{environment.cpu_model}, {environment.cores} cores, Python {python}"


def _measure(launchers: Mapping[str, ServerLauncher], case: Case, number: int) -> Iterator[HistoryEntry]:
    """Measure one block in each version, or read both arms; yield what came of it, a failure with its reason."""
    versions = list(launchers)
    occasion = datetime.now(timezone.utc).isoformat(timespec="seconds")
    random.Random(f"{number} {case.case_id}").shuffle(versions)  # noqa: S311 - an order, not a secret
    opened = [launchers[version] for version in versions]
    results: Iterable[BlockSummary | ReadBlock | SuiteError]
    results = (_measure_times if case.question.is_timed else _read_all)(opened, case, number)
    for version, result in zip(versions, results, strict=True):
        yield HistoryEntry(
            version=version,
            environment=launchers[version].describe_environment(),
            case=case,
            number=number,
            occasion=occasion if case.question.is_timed else "",
            block=result if isinstance(result, BlockSummary) else None,
            readings=result if isinstance(result, ReadBlock) else None,
            failed=str(result) if isinstance(result, SuiteError) else None,
        )


def _measure_times(launchers: Sequence[ServerLauncher], case: Case, number: int) -> list[BlockSummary | SuiteError]:
    """Measure block `number` in each version, all in turns; return for each the block, or why there is none."""
    sources = [TimedSource(case, launcher, _SETTINGS, measured_before=number) for launcher in launchers]
    errors = measure_together(sources, f"{number} {case.case_id}")
    return [source.blocks[-1] if error is None else error for source, error in zip(sources, errors, strict=True)]


def _read_all(launchers: Sequence[ServerLauncher], case: Case, number: int) -> Iterator[ReadBlock | SuiteError]:
    """Yield both arms of each version as they are read, so that each can be written down at once, or why not."""

    def read(launcher: ServerLauncher) -> ReadBlock:
        control, weighted = (launcher.read_arm(ReadRequest(case=case, arm=arm, seed=number + 1)) for arm in Arm)
        return ReadBlock(control=control, weighted=weighted)

    with ThreadPoolExecutor(BLOCKS_AT_ONCE) as pool:
        yield from pool.map(functools.partial(attempt, read), launchers)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, write table and picture; return 0, or 1 or 2 after one line that says why not."""
    parser = CommandParser("history", "Measure many TensorFlow versions in turns.")
    parser.add_argument(
        "--versions",
        type=refuse(parse_versions),
        help=f"{', '.join(SETS)}, or versions apart by commas: TensorFlow, or TensorFlow/Keras; {_USUAL_SET} where "
        "nothing is asked for, and all that were measured with --only-render",
    )
    parser.add_argument("--rounds", type=read_count, default=_ROUNDS, help="blocks of each case in each version")
    parser.add_argument("--raw", type=read_place, required=True, help="JSON lines: what was measured, and is gone on")
    parser.add_argument("--table", type=read_place, help="Markdown page to write; printed where there is none")
    parser.add_argument("--values", type=read_place, help="Markdown file for all values; without, they are on the page")
    parser.add_argument(
        "--notes", type=_read_notes, default={}, help="Markdown file, a section for each change to tell of"
    )
    parser.add_argument(
        "--picture", type=_read_picture, help="SVG or PNG to draw, with others beside; needs matplotlib"
    )
    parser.add_argument("--retry-failed", action="store_true", help="measure anew what failed, as after it was mended")
    parser.add_argument("--only-render", action="store_true", help="measure nothing more")
    return run_command(parser, arguments, _measure_and_render)


def _measure_and_render(options: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    if not options.only_render:
        measure_history(
            options.versions or SETS[_USUAL_SET], options.rounds, options.raw, retry_failed=options.retry_failed
        )
    asked = options.versions
    entries = [entry for entry in load_history(options.raw) if asked is None or entry.version in asked]
    if not entries:
        raise MisuseError(f"--raw: expected a history to render, got nothing in {options.raw}; measure some first")
    _render(estimate_history(entries), options)


def _render(history: History, options: argparse.Namespace) -> None:
    """Write or print the page, and write what goes beside it; nothing where a note is refused."""
    pictures = Pictures() if options.picture is None else plan_pictures(history, options.picture)
    folder = Path() if options.table is None else options.table.parent
    paths = {**dataclasses.asdict(pictures), "values": options.values}
    links = Links(**{name: None if path is None else os.path.relpath(path, folder) for name, path in paths.items()})
    page = render_page(history, links, options.notes)
    if options.picture is not None:
        draw_pictures(history, pictures)
    if options.values is not None:
        text = f"# All values, from {history.axis.span}\n\n{render_values(history, '##')}\n"
        write_whole(options.values, text, "--values")
    if options.table is None:
        print(page)
    else:
        write_whole(options.table, page + "\n", "--table")


@refuse
def _read_notes(text: str) -> dict[str, str]:
    """Read what people wrote about changes."""
    return load_notes(Path(text))


@refuse
def _read_picture(text: str) -> Path:
    """Read where to draw, and see that it can be done before hours of measuring."""
    if Path(text).suffix not in _PICTURES:
        raise MisuseError(f"expected a file that ends in {' or '.join(_PICTURES)}, got {text!r}; rename it")
    if importlib.util.find_spec("matplotlib") is None:
        raise MisuseError("expected matplotlib to draw with, got none; pip install --group history")
    return read_place(text)


if __name__ == "__main__":
    sys.exit(main())
