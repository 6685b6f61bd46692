"""How often is a whole run wrong, and what does it miss? Simulates runs with the code that judges them.

    python -m benchmarks.studies.gate_errors --cases 500

Prints, as tables in Markdown: how often a run answers that weighting costs time where nothing does; how often a rise is
seen, by how many judgements share the error level of the run; whether many small rises, with a baseline recorded after
each, are ever seen; and how often a rise as large as the tolerance is called HELD. Leaves out: real measurements, and
how many blocks and looks a plan should have (`gate_plan`).
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.gate.answer import Answer, answer_in_time
from benchmarks.gate.confirm import Pair, Standard, screen_then_confirm
from benchmarks.gate.plan import (
    ADVISED_BASELINE_BLOCKS,
    ANCHOR_FACTOR,
    Plan,
    count_judgements,
    count_steps,
    plan_bisection,
)
from benchmarks.gate.times import estimate_overhead, list_time_criteria_of_pairs
from benchmarks.measuring.timed import make_plain_report
from benchmarks.records import Aspect, BlockSummary, Case, CaseReport, Environment, Measurement, Outcome, Question
from benchmarks.studies import make_simulation_parser, print_table
from benchmarks.studies.gate_plan import (
    SIMULATED_CASE,
    TOLERANCE,
    Scenario,
    judge_simulated,
    make_plan,
    make_summaries,
    simulate_cases,
)

_NOWHERE = Environment(
    **dict.fromkeys(("tensorflow", "keras", "numpy", "python", "cpu_model", "onednn", "device"), "simulated"),
    cores=1,
    intra_op_threads=None,
    inter_op_threads=None,
)
"""Where simulated blocks were measured."""

_ANSWER_SD = 0.004
_ANSWER_BLOCKS = 6
_ANSWER_CASES = (9, 19, 60)
"""About as many weighted timed cases as the quick and the gate sweep have, and more."""

_OLD_CONFIDENCE = 0.95

_BLOCK_SDS = (0.004, 0.006, 0.010, 0.015)
_JUDGEMENTS = (1, 60, 130, 260)
_CHANGES = (0.03, 0.05)

_RISES = 10
_SMALL_RISE = 0.019
"""Just within the tolerance."""

_CREEP_SDS = (0.004, 0.010)
_CREEP_CASES = 30
"""Weighted cases whose judgements share the error level of each run of a series."""

_BISECTION_TOLERANCE = 0.05
_BISECTION_RELEASES = 8
_HELD_SD = 0.01
"""At the tolerance itself it does not matter: blocks of twice the spread lie twice as far from the limit."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShares:
    """In which share of runs the answer was yes: as it is given, and where each case had a 95 % interval of its own."""

    together: float
    one_by_one: float


def simulate_answers(cases: int, *, runs: int, seed: int) -> AnswerShares:
    """Return how often a run of weighted cases that cost nothing is answered with yes.

    Args:
        cases: weighted ones, each with a null case of its own beside it.
        runs: how many to simulate.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    weighted = [dataclasses.replace(SIMULATED_CASE, depth=number + 1) for number in range(cases)]
    nulls = {case: dataclasses.replace(case, null=True) for case in weighted}
    together = one_by_one = 0
    for _ in range(runs):
        draws = _ANSWER_SD * rng.standard_normal((2 * cases, _ANSWER_BLOCKS))
        reports = [_report(case, row) for case, row in zip([*weighted, *nulls.values()], draws, strict=True)]
        together += answer_in_time(reports, nulls).answer is Answer.YES
        one_by_one += any(_costs_by_itself(report) for report in reports[:cases])
    return AnswerShares(together=together / runs, one_by_one=one_by_one / runs)


def _report(case: Case, log_ratios: NDArray[np.float64]) -> CaseReport:
    measurement = Measurement(case=case, blocks=tuple(make_summaries(log_ratios)), environment=_NOWHERE)
    return make_plain_report(case, measurement)


def _costs_by_itself(report: CaseReport) -> bool:
    """Whether the interval of this one case lies above 1.00, whatever the others show."""
    assert report.measurement is not None  # noqa: S101 - made so
    estimate = estimate_overhead(report.measurement.blocks, Aspect.OVERHEAD)
    return estimate.estimate_interval(_OLD_CONFIDENCE).lower > 1.0


def simulate_creep(rise: float, *, anchored: bool, block_sd: float, series: int, seed: int) -> float:
    """Return the share of series of rises, with a baseline recorded after each, in which any run was REGRESSED.

    Args:
        rise: by how much each run is slower than the one before, a fraction.
        anchored: whether the first baseline stays as an anchor.
        block_sd: spread over blocks of the log-ratio.
        series: how many series of `_RISES` rises.
        seed: of the draws.
    """
    per_case = count_judgements(Question.STEP_TIME, null=False, stored_runs=2 if anchored else 1, two_targets=False)
    plan = make_plan(judgements=per_case * _CREEP_CASES)
    rng = np.random.default_rng(seed)
    seen = sum(_is_creep_seen(plan, rise, anchored=anchored, block_sd=block_sd, rng=rng) for _ in range(series))
    return seen / series


def _is_creep_seen(plan: Plan, rise: float, *, anchored: bool, block_sd: float, rng: np.random.Generator) -> bool:
    def store(level: float) -> Standard[BlockSummary]:
        return Standard(name="baseline", blocks=make_summaries(rng.normal(level, block_sd, ADVISED_BASELINE_BLOCKS)))

    baseline = store(0.0)
    anchor = dataclasses.replace(baseline, name="anchor", factor=ANCHOR_FACTOR)
    for number in range(1, _RISES + 1):
        level = number * math.log1p(rise)
        outcome = judge_simulated(
            lambda count, level=level: make_summaries(level + block_sd * rng.standard_normal(count)),  # type: ignore[misc]
            [baseline, anchor] if anchored else [baseline],
            plan,
        )
        if outcome is Outcome.REGRESSED:
            return True
        baseline = store(level)
    return False


def simulate_comparisons(
    plan: Plan, change: float, *, pair_sd: float, comparisons: int, seed: int
) -> Mapping[Outcome, float]:
    """Return how often each outcome comes of an arm's own time in two targets that differ by `change`.

    Args:
        plan: of the comparison, with its tolerance.
        change: this target ÷ the other one less 1.
        pair_sd: spread over pairs of blocks of the log-change.
        comparisons: how many to simulate.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)

    def measure(count: int) -> list[Pair[BlockSummary]]:
        other = make_summaries(np.zeros(count))
        changes = rng.normal(math.log1p(change), pair_sd, count)
        return [
            Pair(
                now=dataclasses.replace(block, weighted_median_ns=block.weighted_median_ns * math.exp(log_change)),
                other=block,
            )
            for block, log_change in zip(other, changes, strict=True)
        ]

    criteria = list_time_criteria_of_pairs(SIMULATED_CASE, plan)
    outcomes = Counter(screen_then_confirm(measure, lambda _: criteria, plan)[0].outcome for _ in range(comparisons))
    return {outcome: count / comparisons for outcome, count in outcomes.items()}


def _tabulate_answers(runs: int, seed: int) -> Iterator[dict[str, str]]:
    for cases in _ANSWER_CASES:
        shares = simulate_answers(cases, runs=runs, seed=seed)
        yield {
            "weighted cases": str(cases),
            "yes": f"{shares.together:.1%}",
            "yes, with a 95 % interval for each case": f"{shares.one_by_one:.1%}",
        }


def _tabulate_levels(cases: int, seed: int) -> Iterator[dict[str, str]]:
    for judgements in _JUDGEMENTS:
        plan = make_plan(judgements=judgements)
        row = {"judgements": str(judgements), "level of each": f"{plan.judgement_alpha:.3%}"}
        for change in _CHANGES:
            for block_sd in _BLOCK_SDS:
                scenario = Scenario(change=change, baseline_blocks=ADVISED_BASELINE_BLOCKS, block_sd=block_sd)
                tally = simulate_cases(plan, scenario, cases=cases, seed=seed)
                row[f"{change:+.0%}, SD {block_sd:.1%}"] = f"{tally.share(Outcome.REGRESSED):.1%}"
        yield row


def _tabulate_creep(series: int, seed: int) -> Iterator[dict[str, str]]:
    for rise in (0.0, _SMALL_RISE):
        for block_sd in _CREEP_SDS:
            without, with_anchor = (
                simulate_creep(rise, anchored=anchored, block_sd=block_sd, series=series, seed=seed)
                for anchored in (False, True)
            )
            yield {
                "each rise": f"{rise:.1%}",
                "block SD": f"{block_sd:.1%}",
                "any REGRESSED, baseline alone": f"{without:.1%}",
                "any REGRESSED, with an anchor": f"{with_anchor:.1%}",
            }


def _tabulate_held(cases: int, seed: int) -> Iterator[dict[str, str]]:
    default = make_plan(judgements=_JUDGEMENTS[1])
    scenario = Scenario(change=TOLERANCE, baseline_blocks=ADVISED_BASELINE_BLOCKS, block_sd=_HELD_SD)
    tally = simulate_cases(default, scenario, cases=cases, seed=seed)
    bisection = plan_bisection(
        Question.STEP_TIME,
        Aspect.WEIGHTED,
        comparisons=count_steps(_BISECTION_RELEASES),
        tolerance=_BISECTION_TOLERANCE,
    )
    compared = simulate_comparisons(bisection, _BISECTION_TOLERANCE, pair_sd=_HELD_SD, comparisons=cases, seed=seed)
    shares = {
        f"default, against a baseline, {TOLERANCE:.0%}": {outcome: tally.share(outcome) for outcome in Outcome},
        f"bisection, pairs of blocks, {_BISECTION_TOLERANCE:.0%}": compared,
    }
    told = (Outcome.HELD, Outcome.UNDECIDED, Outcome.REGRESSED)
    for plan, found in shares.items():
        yield {"plan, tolerance": plan} | {outcome.value: f"{found.get(outcome, 0.0):.1%}" for outcome in told}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = make_simulation_parser("gate_errors", __doc__, "simulated cases, runs or series per cell")
    options = parser.parse_args(arguments)
    tables = {
        f"Where nothing costs anything, how often the answer is yes ({_ANSWER_BLOCKS} blocks with an SD of "
        f"{_ANSWER_SD:.1%})": _tabulate_answers,
        f"How often a rise is REGRESSED, tolerance {TOLERANCE:.0%}, baseline of {ADVISED_BASELINE_BLOCKS} blocks, by "
        "judgements that share the error level and SD of blocks": _tabulate_levels,
        f"Series of {_RISES} rises, each judged against a baseline recorded after the one before; tolerance "
        f"{TOLERANCE:.0%}, of the anchor {ANCHOR_FACTOR * TOLERANCE:.0%}": _tabulate_creep,
        "A rise as large as the tolerance": _tabulate_held,
    }
    for title, make_rows in tables.items():
        print_table(title, list(make_rows(options.cases, options.seed)))


if __name__ == "__main__":
    main()
