"""How far is a case shifted in all blocks of one occasion, and not in those of the next? From runs of unchanged code.

Reads what `benchmarks.studies.verify_gate` wrote down of several runs, and measures nothing:

    python -m benchmarks.studies.occasions null.jsonl quick.jsonl

Of each case the means of its runs scatter by more than the blocks within them explain, if occasions differ. By the
method of moments (random effects) sd_occasion² = Var(means of runs) - mean(squared standard errors within runs), and 0
where that is negative. Cases are pooled by question, each with the weight of its degrees of freedom, runs - 1; the 95 %
interval is a bootstrap over runs, whose variances are scaled by runs / (runs - 1), since a resample holds some runs
twice. With few runs it is rough. What comes out for wall time is the value for `occasion_sd` in `questions.py`.

Leaves out: shifts that all occasions share, which no number of runs shows.

Source: R. DerSimonian and N. Laird, Meta-analysis in clinical trials, Controlled Clinical Trials 7 (1986), for the
moments; B. Efron and R. Tibshirani, An Introduction to the Bootstrap, chapter 13, for the interval.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines.lines import load_lines
from benchmarks.errors import StatisticsError, SuiteError
from benchmarks.records import Aspect, Question
from benchmarks.records.cases import NULL_SUFFIX
from benchmarks.stats.intervals import estimate_mean
from benchmarks.studies import TITLES, make_parser, render_table
from benchmarks.studies.verify_gate import CaseBlocks, RunRecord

FEWEST_RUNS: int = 3
"""Two tell of one difference, which is no spread."""

_RESAMPLES = 2000
_PERCENTILES = (2.5, 97.5)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The mean log-ratio of a case by run and its squared standard error, float64 [runs]; NaN where there is none."""

    means: NDArray[np.float64]
    squared_errors: NDArray[np.float64]

    @property
    def runs(self) -> int:
        """In how many runs the case has a mean."""
        return int(np.isfinite(self.means).sum())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OccasionSd:
    """The standard deviation of the shift of an occasion, of `cases` cases together, with its 95 % interval."""

    estimate: float
    lower: float
    upper: float
    cases: int


def collect_means(records: Sequence[RunRecord], aspect: Aspect) -> dict[str, Means]:
    """Return the means of each case, in wall or processor time, in the runs that hold its blocks, by case id.

    Raises:
        StatisticsError: when fewer than three runs hold values.
    """
    runs = [record.blocks for record in records if record.blocks]
    if len(runs) < FEWEST_RUNS:
        raise StatisticsError(
            f"occasions: expected at least {FEWEST_RUNS} runs with the values of their blocks, got {len(runs)}; "
            "repeat them with benchmarks.studies.verify_gate"
        )
    case_ids = dict.fromkeys(case_id for blocks in runs for case_id in blocks)
    return {case_id: _find_means([blocks.get(case_id) for blocks in runs], aspect) for case_id in case_ids}


def _find_means(runs: Sequence[CaseBlocks | None], aspect: Aspect) -> Means:
    means, squared_errors = np.full(len(runs), np.nan), np.full(len(runs), np.nan)
    for index, blocks in enumerate(runs):
        if blocks is None:
            continue
        log_ratios = blocks.cpu_log_ratios if aspect is Aspect.CPU else blocks.log_ratios
        estimate = estimate_mean(log_ratios, blocks.weighted_built_first)
        if math.isfinite(estimate.standard_error):
            means[index], squared_errors[index] = estimate.log_ratio, estimate.standard_error**2
    return Means(means=means, squared_errors=squared_errors)


def estimate_occasion_sd(cases: Sequence[Means], *, seed: int = 1) -> OccasionSd:
    """Return the shift of an occasion, pooled over cases that were measured in the same runs.

    Raises:
        StatisticsError: when no case has means in enough runs.
    """
    enough = [case for case in cases if case.runs >= FEWEST_RUNS]
    if not enough:
        raise StatisticsError(
            f"occasions: expected a case with several blocks in each of at least {FEWEST_RUNS} runs, got none; "
            "repeat the runs"
        )
    means = np.array([case.means for case in enough])
    squared_errors = np.array([case.squared_errors for case in enough])
    runs = means.shape[1]
    rng = np.random.default_rng(seed)
    drawn = rng.integers(runs, size=(_RESAMPLES, runs))
    resampled = _pool(means[:, drawn], squared_errors[:, drawn], runs / (runs - 1))
    lower, upper = np.percentile(np.sqrt(np.maximum(resampled, 0.0)), _PERCENTILES)
    estimate = math.sqrt(max(0.0, float(_pool(means, squared_errors, 1.0))))
    return OccasionSd(estimate=estimate, lower=float(lower), upper=float(upper), cases=len(enough))


def _pool(means: NDArray[np.float64], squared_errors: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Return the variance of the shift, pooled over cases, which may come out negative.

    Means and squared errors are float64 [cases, ..., runs], NaN where a case has none; `factor` scales the variance.
    """
    there = np.isfinite(means)
    runs = there.sum(axis=-1)
    filled, errors = np.where(there, means, 0.0), np.where(there, squared_errors, 0.0)
    centre = filled.sum(axis=-1) / np.maximum(runs, 1)
    squares = np.where(there, (filled - centre[..., np.newaxis]) ** 2, 0.0).sum(axis=-1)
    degrees = np.maximum(runs - 1, 0)
    # Each case has the weight of its degrees of freedom, in which its variance is their share of the squares.
    excess = factor * squares - degrees * errors.sum(axis=-1) / np.maximum(runs, 1)
    pooled: NDArray[np.float64] = excess.sum(axis=0) / np.maximum(degrees.sum(axis=0), 1)
    return pooled


def render_occasions(records: Sequence[RunRecord]) -> str:
    """Return a row for each case and one for each pool of a question, in percent, and the values that follow.

    Raises:
        StatisticsError: when there are too few runs.
    """
    means = {aspect: collect_means(records, aspect) for aspect in TITLES}
    by_case = [
        {"case": case_id, "runs": each.runs}
        | {
            f"{title}: SD of run means / expected / occasion %": _describe_case(means[aspect][case_id])
            for aspect, title in TITLES.items()
        }
        for case_id, each in means[Aspect.OVERHEAD].items()
    ]
    pools = _list_pools([case_id for case_id, each in means[Aspect.OVERHEAD].items() if each.runs >= FEWEST_RUNS])
    rows, values = [], []
    for (question, kind), case_ids in pools.items():
        found = {aspect: estimate_occasion_sd([means[aspect][case_id] for case_id in case_ids]) for aspect in TITLES}
        sds = {f"{title}: SD of an occasion, 95 % interval": _format_sd(found[each]) for each, title in TITLES.items()}
        rows.append({"question": question, "of": kind, "cases": found[Aspect.OVERHEAD].cases} | sds)
        if kind == _ALL:
            values.append(_advise(question, found[Aspect.OVERHEAD]))
    return "\n\n".join([render_table(by_case), render_table(rows), "\n".join(values)])


_ALL, _NULL = "all cases", "null cases"


def _list_pools(case_ids: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """Return the cases of each question, null ones and all of them."""
    pools: dict[tuple[str, str], list[str]] = {}
    for question in Question:
        of_question = [case_id for case_id in case_ids if case_id.startswith(f"{question.value}[")]
        null = [case_id for case_id in of_question if case_id.endswith(f"{NULL_SUFFIX}]")]
        pools |= {(question.value, kind): ids for kind, ids in ((_NULL, null), (_ALL, of_question)) if ids}
    return pools


def _describe_case(case: Means) -> str:
    """Return how the means of the runs scatter, how they would by the blocks alone, and what that leaves."""
    if case.runs < FEWEST_RUNS:
        return ""
    spread, expected = float(np.nanvar(case.means, ddof=1)), float(np.nanmean(case.squared_errors))
    return " / ".join(f"{100.0 * math.sqrt(max(0.0, part)):.2f}" for part in (spread, expected, spread - expected))


def _format_sd(found: OccasionSd) -> str:
    return f"{100.0 * found.estimate:.2f} % ({100.0 * found.lower:.2f} to {100.0 * found.upper:.2f})"


def _advise(question: str, found: OccasionSd) -> str:
    """Return the value for the row of a question; 0 where the interval reaches down to it."""
    if found.lower > 0.0:
        return f"{question}: occasion_sd={found.estimate:.4f}"
    return f"{question}: occasion_sd=0.0, since no shift was shown; it may be up to {found.upper:.4f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables of the runs in all files."""
    parser = make_parser("occasions", __doc__)
    parser.add_argument("files", type=Path, nargs="+", help="what verify_gate wrote of runs of unchanged code")
    options = parser.parse_args(arguments)
    try:
        print(render_occasions([record for path in options.files for record in load_lines(path, RunRecord)]))
    except SuiteError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
