"""Does weighting slow convergence? Epochs, steps and seconds to a recall and to a loss, with weights and without.

    python -m benchmarks.commands.convergence --raw convergence.jsonl --page convergence.md --picture convergence.svg

Both arms are trained from the same seeds on two real data sets that are made imbalanced and a drawn one, by two
optimizers at three learning rates each. Each block is written down as it comes, and what is written down is not trained
again, so that an interrupted measurement goes on with the same command. With the same file and more seeds it becomes
sharper. docs/convergence.md explains the method and has what was found. Leaves out: how it is trained
(`benchmarks.measuring.convergence`) and told (`benchmarks.reports.convergence`).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.baselines.trainings import load_trainings
from benchmarks.commands import (
    CommandParser,
    MisuseError,
    read_count,
    read_picture,
    read_place,
    refuse,
    run_command,
    write_whole,
)
from benchmarks.errors import SuiteError
from benchmarks.imbalanced import DATA_SETS, parse_data_sets
from benchmarks.launch.targets import Target, find_target
from benchmarks.measuring.convergence import Plan, list_settings, measure_convergence
from benchmarks.records.convergence import FEWEST_EPOCHS
from benchmarks.reports.convergence.comparisons import compare_arms
from benchmarks.reports.convergence.curves import draw_curves, plan_curves
from benchmarks.reports.convergence.page import render_page, render_terminal
from benchmarks.units import format_clock

_SEEDS = 20
_EPOCHS = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is missing, tell what was found; return 0, or 1 or 2 after one line that says why not."""
    parser = CommandParser("convergence", "Measure whether weighting slows convergence.")
    parser.add_argument(
        "--raw", type=read_place, required=True, help="JSON lines: what was trained, and is gone on with"
    )
    parser.add_argument(
        "--data",
        type=refuse(parse_data_sets),
        help=f"some of {', '.join(DATA_SETS)}, apart by commas (default: all)",
    )
    parser.add_argument("--seeds", type=read_count, default=_SEEDS, help=f"of each setting (default: {_SEEDS})")
    parser.add_argument("--epochs", type=_read_epochs, default=_EPOCHS, help=f"of each training (default: {_EPOCHS})")
    parser.add_argument(
        "--target", type=refuse(find_target), help="interpreter whose TensorFlow trains (default: this one)"
    )
    parser.add_argument("--page", type=read_place, help="Markdown page to write")
    parser.add_argument(
        "--picture",
        type=read_picture("convergence"),
        help="SVG or PNG to draw survival curves to, with another beside; needs matplotlib",
    )
    parser.add_argument("--only-render", action="store_true", help="train nothing more")
    return run_command(parser, arguments, _measure_and_render)


def _measure_and_render(options: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    if not options.only_render:
        names = parse_data_sets(",".join(DATA_SETS)) if options.data is None else options.data
        plan = Plan(settings=list_settings(names), seeds=options.seeds, epochs=options.epochs)
        target: Target = find_target(None) if options.target is None else options.target
        try:
            measure_convergence(target, plan, options.raw, _make_progress())
        except KeyboardInterrupt:
            raise SuiteError(
                f"interrupted; what was trained is in {options.raw}, and the same command goes on with it"
            ) from None
    blocks = load_trainings(options.raw)
    if options.data is not None:
        blocks = {place: lines for place, lines in blocks.items() if place[0].data in options.data}
    if not blocks:
        raise MisuseError(f"--raw: expected trainings to tell of, got none in {options.raw}; measure some first")
    convergence = compare_arms(blocks)
    print(render_terminal(convergence))
    links = {}
    if options.picture is not None:
        draw_curves(convergence, options.picture)
        folder = Path() if options.page is None else options.page.parent
        links = {target: os.path.relpath(path, folder) for target, path in plan_curves(options.picture).items()}
    if options.page is not None:
        write_whole(options.page, render_page(convergence, links) + "\n", "--page")


@refuse
def _read_epochs(text: str) -> int:
    """Read a number of epochs."""
    epochs = read_count(text)
    if epochs < FEWEST_EPOCHS:
        raise MisuseError(
            f"expected at least {FEWEST_EPOCHS}, got {epochs}; what a pass takes is known from the second on"
        )
    return epochs


def _make_progress(clock: Callable[[], float] = time.monotonic) -> Callable[[int, int], None]:
    """Return what tells after each block how far the measurement is, and how long it may take yet."""
    began_s = clock()
    trained = 0

    def report(done: int, planned: int) -> None:
        nonlocal trained
        trained += 1
        left_s = (clock() - began_s) / trained * (planned - done)
        print(f"{done} of {planned} blocks, {format_clock(left_s)} left", file=sys.stderr, flush=True)

    return report


if __name__ == "__main__":
    sys.exit(main())
