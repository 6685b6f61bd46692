"""How far do null blocks spread, in wall time and in processor time, on an idle machine and on a busy one?

Measures blocks of null cases of the gate sweep as the suite does, two at a time, and writes each down as it comes, so
that an interrupted study goes on where it stopped:

    python -m benchmarks.studies.spreads --blocks 12 --file spreads.jsonl [--busy] [--questions step_time,epoch_time]
    python -m benchmarks.studies.spreads --run <a stored run>

The second prints the same of the timed cases of a run that the suite saved, weighted ones included, and measures none.
Prints for each case the standard deviation over blocks of the log-ratio, as is and within groups of one build order,
the effect of that order (weighted arm built first less control built first), and the 95 % interval that as many blocks
as a case is screened with would give; and how far neighbouring blocks of a case resemble each other. Where they do, the
machine has moods longer than a block, and a case's blocks should be spread over the run. `--busy` keeps one core busy
with another process; what was measured beside it stands in the same file, marked. Leaves out: weighted cases, whose
blocks spread no less.

Formulas: with k groups of n_g blocks the spread within groups is s² = Σ (x - group mean)² / (n - k), the effect of two
groups the difference of their means with s √(1/n₁ + 1/n₂), and the squared error of the mean of groups
s² Σ 1/(k² n_g). The serial correlation of lag 1 is the mean product of neighbouring residuals, each divided by the
spread of its series; without any it scatters with 1/√pairs (Bartlett). Taking out group means shifts it by about -1/n
where neighbours are of one group, and not at all where groups alternate. Source: NIST/SEMATECH e-Handbook of
Statistical Methods, section 1.3.5.12.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks import studies
from benchmarks.baselines.lines import append_line, group_by_key, load_lines
from benchmarks.baselines.store import load_run, read_baseline
from benchmarks.errors import AxisError, StatisticsError, SuiteError
from benchmarks.gate.times import list_groups, list_log_ratios
from benchmarks.launch.pool import BLOCKS_AT_ONCE, launch_target
from benchmarks.launch.targets import find_target
from benchmarks.measuring.session import MeasuringSettings
from benchmarks.measuring.timed import TimedSource, estimate_timed_share
from benchmarks.protocols import Launcher
from benchmarks.records import Aspect, BlockSummary, Case, Interval, Question
from benchmarks.records.json_form import JsonRecord
from benchmarks.stats.intervals import Groups, LogEstimate
from benchmarks.sweeps import Profile, expand

_USUAL_METHODS: Mapping[Question, tuple[str, ...]] = {
    Question.STEP_TIME: ("fit_dataset", "loop_graph", "loop_eager"),
    Question.EPOCH_TIME: ("fit_array", "fit_dataset", "loop_graph"),
    Question.STARTUP_TIME: ("fit_array", "loop_graph"),
}

_CONFIDENCE = 0.95

FEWEST_BLOCKS: int = 4
"""Two of either build order, which tell of a spread within it."""

Key = tuple[Case, bool]
"""A case, and whether it was measured beside a busy process."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SpreadLine(JsonRecord):
    """A block of a case, and whether it was measured beside a busy process."""

    json_name: ClassVar[str] = "a line of this study"

    case: Case
    busy: bool
    block: BlockSummary


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A difference of log-ratios or a correlation with its standard error, and of how many blocks or pairs it is."""

    estimate: float
    standard_error: float
    count: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """How the log-ratios of a case's blocks scatter, in log units.

    `residuals` are those within groups of one build order, float64 [blocks] in the order of measuring. `order_effect`
    is weighted arm built first less control built first; None where it is not known of each block.
    """

    as_is_sd: float
    residual_sd: float
    order_effect: Estimate | None
    residuals: NDArray[np.float64]


def estimate_scatter(log_ratios: ArrayLike, weighted_built_first: Groups) -> Scatter:
    """Return how blocks scatter: float [blocks] in the order of measuring, None where no arm was built first.

    Raises:
        StatisticsError: when there are too few blocks to tell.
    """
    values = np.asarray(log_ratios, dtype=np.float64)
    kinds = list(dict.fromkeys(weighted_built_first))
    if values.size < FEWEST_BLOCKS or len(weighted_built_first) != values.size or len(kinds) >= values.size:
        raise StatisticsError(f"a spread: expected at least {FEWEST_BLOCKS} blocks, got {values.size}; measure more")
    members = {kind: np.array([each == kind for each in weighted_built_first]) for kind in kinds}
    residuals = np.empty_like(values)
    for chosen in members.values():
        residuals[chosen] = values[chosen] - values[chosen].mean()
    residual_sd = math.sqrt(float((residuals**2).sum()) / (values.size - len(kinds)))
    order_effect = None
    if set(kinds) == {True, False}:
        weighted, control = values[members[True]], values[members[False]]
        order_effect = Estimate(
            estimate=float(weighted.mean() - control.mean()),
            standard_error=residual_sd * math.sqrt(1.0 / weighted.size + 1.0 / control.size),
            count=values.size,
        )
    return Scatter(
        as_is_sd=float(values.std(ddof=1)), residual_sd=residual_sd, order_effect=order_effect, residuals=residuals
    )


def estimate_half_width(residual_sd: float, *, blocks: int, kinds: int) -> float:
    """Return the half width of the 95 % interval over blocks that take turns in `kinds` build orders, in log units.

    Raises:
        StatisticsError: when so few blocks leave no degree of freedom.
    """
    if blocks <= kinds:
        raise StatisticsError(f"an interval: expected more than {kinds} blocks, got {blocks}; plan more")
    sizes = [len(range(kind, blocks, kinds)) for kind in range(kinds)]
    squared_error = residual_sd**2 * sum(1.0 / size for size in sizes) / kinds**2
    estimate = LogEstimate(log_ratio=0.0, standard_error=math.sqrt(squared_error), degrees_of_freedom=blocks - kinds)
    return estimate.estimate_upper_bound((1.0 - _CONFIDENCE) / 2.0)


def estimate_serial_correlation(series: Sequence[NDArray[np.float64]]) -> Estimate | None:
    """Return the correlation of neighbouring residuals, pooled over series; None where there is nothing to correlate.

    A series that does not vary, or has fewer than two, is left out.
    """
    scaled = [each / spread for each in series if each.size > 1 and (spread := math.sqrt(float((each**2).mean())))]
    products = [float(product) for each in scaled for product in each[:-1] * each[1:]]
    if not products:
        return None
    mean, error = float(np.mean(products)), 1.0 / math.sqrt(len(products))
    return Estimate(estimate=mean, standard_error=error, count=len(products))


def list_null_cases(questions: Sequence[str], methods: Sequence[str] | None) -> list[Case]:
    """Return the null cases of the gate sweep of these methods; None takes the usual ones of each question.

    Raises:
        AxisError: when a question is not timed, or the gate sweep has no such case.
    """
    cases: list[Case] = []
    known = {question.value: question for question in _USUAL_METHODS}
    for name in questions:
        if name not in known:
            raise AxisError(f"--questions: expected some of {', '.join(known)}, got {name!r}; choose among them")
        question = known[name]
        wanted = _USUAL_METHODS[question] if methods is None else methods
        swept = [case for case in expand(question, Profile.GATE, {}) if isinstance(case, Case)]
        cases += [case for case in swept if case.null and case.method in wanted]
    if not cases:
        raise AxisError(
            f"--methods: expected methods whose null cases are in the gate sweep, got {', '.join(methods or ())}; "
            "name for example loop_graph"
        )
    return cases


def load_spreads(path: Path) -> dict[Key, list[BlockSummary]]:
    """Return the blocks measured so far, by case and whether beside a busy process; an absent file holds none."""
    return group_by_key(((line.case, line.busy), line.block) for line in load_lines(path, SpreadLine))


def list_blocks_of_run(path: Path) -> dict[Key, Sequence[BlockSummary]]:
    """Return the blocks of the timed cases of a stored run; what else the machine did meanwhile is not known of it.

    Raises:
        BaselineError: when the file is not there, or is no run of this suite.
    """
    measured = read_baseline(load_run(path, "run")).measurements.values()
    return {(each.case, False): each.blocks for each in measured if each.blocks}


def measure_case(launcher: Launcher, case: Case, count: int, path: Path, *, busy: bool) -> None:
    """Measure what a timed case lacks of `count` blocks, adding each to the file at once, with a note of the machine.

    Blocks in the file keep their numbers, so that build orders alternate on.
    """

    def keep(number: int, overhead: Interval | None) -> None:
        del overhead
        append_line(path, SpreadLine(case=case, busy=busy, block=source.blocks[-1]))
        studies.report_progress(f"block {number} of {count}: {case.case_id}")

    source = TimedSource(case, launcher, MeasuringSettings(seed=1), keep)
    source.blocks += load_spreads(path).get((case, busy), [])
    source.measure_more(max(0, count - len(source.blocks)))


def render_spreads(spreads: Mapping[Key, Sequence[BlockSummary]]) -> str:
    """Return a row for each case of enough blocks, log-ratios in percent, and how far neighbouring blocks agree."""
    enough = {key: blocks for key, blocks in spreads.items() if len(blocks) >= FEWEST_BLOCKS}
    table = studies.render_table([_describe_case(case, blocks, busy=busy) for (case, busy), blocks in enough.items()])
    parts = [table, _render_correlations(enough)]
    if len(enough) < len(spreads):
        parts.append(f"Cases of fewer than {FEWEST_BLOCKS} blocks are left out: {len(spreads) - len(enough)}.")
    return "\n\n".join(parts)


def _describe_case(case: Case, blocks: Sequence[BlockSummary], *, busy: bool) -> dict[str, str]:
    row = case.question.row
    groups = list_groups(blocks)
    kinds = len(set(groups))
    scatter = {aspect: estimate_scatter(list_log_ratios(blocks, aspect), groups) for aspect in studies.TITLES}
    cells = {"case": case.case_id, "core": "busy" if busy else "idle", "blocks": str(len(blocks))}
    for aspect, title in studies.TITLES.items():
        cells[f"{title} SD %"] = f"{100.0 * scatter[aspect].as_is_sd:.2f}"
        cells[f"{title} SD within orders %"] = f"{100.0 * scatter[aspect].residual_sd:.2f}"
        cells[f"{title} build order %"] = _format_effect(scatter[aspect].order_effect)
    half_width = estimate_half_width(scatter[Aspect.OVERHEAD].residual_sd, blocks=row.first_blocks, kinds=kinds)
    timed_share = estimate_timed_share(case.question, blocks)
    return cells | {
        "take-down control ms": f"{np.median([block.control_takedown_ns for block in blocks]) / 1e6:.2f}",
        "take-down weighted ms": f"{np.median([block.weighted_takedown_ns for block in blocks]) / 1e6:.2f}",
        "wall s per block": f"{np.mean([block.wall_ns for block in blocks]) / 1e9:.1f}",
        "timed share": "" if timed_share is None else f"{timed_share:.0%}",
        "95 % half width at first %": f"±{100.0 * half_width:.2f} ({row.first_blocks} blocks)",
    }


def _format_effect(effect: Estimate | None) -> str:
    """Return the effect in percent; nothing where there were no two orders, or each arm had its own process."""
    return "" if effect is None else f"{100.0 * effect.estimate:+.2f} ± {100.0 * effect.standard_error:.2f}"


def _render_correlations(spreads: Mapping[Key, Sequence[BlockSummary]]) -> str:
    """Return a table of the correlation of neighbouring blocks, by question and of all of them."""
    kinds = list(dict.fromkeys((case.question, busy) for case, busy in spreads))
    rows = []
    for aspect, title in studies.TITLES.items():
        for kind in [None, *kinds]:
            series = [
                estimate_scatter(list_log_ratios(blocks, aspect), list_groups(blocks)).residuals
                for (case, busy), blocks in spreads.items()
                if kind in {None, (case.question, busy)}
            ]
            found = estimate_serial_correlation(series)
            if found is not None:
                name = "all" if kind is None else f"{kind[0].value}, {'busy' if kind[1] else 'idle'}"
                told = f"{found.estimate:+.2f} ± {found.standard_error:.2f}"
                row = {"blocks of": name, "time": title, "pairs": str(found.count)}
                rows.append(row | {"correlation of neighbouring blocks, ± its standard error": told})
    return studies.render_table(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing and print the tables."""
    parser = studies.make_measuring_parser("spreads", __doc__)
    usual = ",".join(question.value for question in _USUAL_METHODS)
    parser.add_argument("--questions", default=usual, help=f"which timed questions (default: {usual})")
    parser.add_argument("--methods", help="whose null cases, of all questions (default: some of each question)")
    parser.add_argument("--blocks", type=int, default=12, help="blocks per case (default: 12)")
    parser.add_argument("--file", type=Path, default=Path("spreads.jsonl"), help="where blocks are kept")
    parser.add_argument("--only-render", action="store_true", help="measure nothing, print what is in the file")
    parser.add_argument("--run", type=Path, help="measure nothing, print what is in this stored run of the suite")
    options = parser.parse_args(arguments)
    try:
        if options.run is not None:
            print(render_spreads(list_blocks_of_run(options.run)))
            return
        if not options.only_render:
            methods = None if options.methods is None else options.methods.split(",")
            cases = list_null_cases(options.questions.split(","), methods)
            launcher = launch_target(find_target(None), studies.find_limits())
            with studies.keep_a_core_busy(busy=options.busy), contextlib.closing(launcher):
                launcher.start(BLOCKS_AT_ONCE)
                for case in cases:
                    measure_case(launcher, case, options.blocks, options.file, busy=options.busy)
        print(render_spreads(load_spreads(options.file)))
    except SuiteError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
