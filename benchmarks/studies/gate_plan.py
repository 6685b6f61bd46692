"""Which plan keeps the gate's promise with the fewest blocks? Simulates whole gates and prints a table in Markdown.

    python -m benchmarks.studies.gate_plan

Leaves out: real measurements. Blocks are drawn as log-ratios around a true value, with the spread that real blocks had;
every draw then goes through the gate itself, so what is simulated is the code that judges. The default plan is that
of step times. With `--default-only` it takes a quarter of the time. Whole runs, and what the error level costs, are in
`gate_errors`.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from benchmarks.gate import plan as gate_plan
from benchmarks.gate.confirm import MeasureMore, Standard, find_worst, screen_then_confirm
from benchmarks.gate.plan import Plan
from benchmarks.gate.times import list_time_criteria
from benchmarks.records import Aspect, BlockSummary, Case, Outcome, Question
from benchmarks.studies import make_simulation_parser, print_table

Draws = Sequence[float] | NDArray[np.float64]

TOLERANCE: float = gate_plan.make_plan(Question.STEP_TIME, judgements=1).tolerances[Aspect.OVERHEAD]
"""The tolerated rise of a simulated case: that of a step's time."""


def make_plan(*, judgements: int) -> Plan:
    """Return the plan that step times are judged by in wall time, in a run of so many judgements."""
    plan = gate_plan.make_plan(Question.STEP_TIME, judgements=judgements)
    return dataclasses.replace(plan, tolerances={Aspect.OVERHEAD: TOLERANCE})


SIMULATED_CASE = Case(
    question=Question.STEP_TIME, workload="simulated", depth=1, batch_size=1, dataset_size=None, method="simulated"
)


def judge_simulated(
    measure_more: MeasureMore[BlockSummary], standards: Sequence[Standard[BlockSummary]], plan: Plan
) -> Outcome:
    """Return how a simulated case comes out, by the gate itself; without standards it is a null case."""
    case = dataclasses.replace(SIMULATED_CASE, null=not standards)
    criteria = list_time_criteria(case, standards, plan)
    return find_worst(judgement.outcome for judgement in screen_then_confirm(measure_more, lambda _: criteria, plan))


def make_summaries(log_ratios: Draws, cpu_log_ratios: Draws | None = None) -> list[BlockSummary]:
    """Return a summary per log-ratio of wall time, the rest made up; processor time has the same if not its own."""
    return [
        BlockSummary(
            seed=number,
            log_ratio=float(log_ratio),
            position_log_ratio=0.0,
            control_median_ns=1e6,
            weighted_median_ns=1e6,
            cpu_log_ratio=float(cpu_log_ratio),
            control_cpu_median_ns=1e6,
            weighted_cpu_median_ns=1e6,
            control_takedown_ns=0.0,
            weighted_takedown_ns=0.0,
            weighted_built_first=number % 2 == 0,
            rounds=500,
            traces_while_timed=0,
            timed_ns=2_000_000_000,
            wall_ns=3_300_000_000,
        )
        for number, (log_ratio, cpu_log_ratio) in enumerate(
            zip(log_ratios, log_ratios if cpu_log_ratios is None else cpu_log_ratios, strict=True)
        )
    ]


BLOCK_SD: float = 0.013
"""Spread over blocks of the null log-ratio of a training step, measured on a shared two-core machine."""

GATED_CASES: int = 30
"""About the size of the quick sweep."""

BASELINE_BLOCKS: int = 10
"""The fewest blocks of a baseline that let the gate see a rise of 5 %."""

T_DEGREES: float = 5.0
"""Degrees of freedom of heavy tails: 6 in 1000 draws lie beyond 3.5 standard deviations, of normal draws 0.5."""


class Tails(str, Enum):
    """The shape of the spread between blocks."""

    NORMAL = "normal"
    HEAVY = "heavy"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is true of a simulated case.

    `change` is the true current ÷ baseline ratio less 1; `block_sd` the spread of block log-ratios. `occasion_sd` is a
    shift of the log-ratio that all blocks of one occasion share, and `known_occasion_sd` what the gate is told of it.
    `baseline_blocks` of None simulates a null case, with `change` its bias.
    """

    change: float
    baseline_blocks: int | None
    block_sd: float = BLOCK_SD
    occasion_sd: float = 0.0
    known_occasion_sd: float = 0.0
    tails: Tails = Tails.NORMAL


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How a number of simulated cases came out."""

    cases: int
    outcomes: Mapping[Outcome, int]
    screened: int
    blocks: int

    def share(self, outcome: Outcome) -> float:
        """Return the share of cases with this outcome."""
        return self.outcomes.get(outcome, 0) / self.cases

    @property
    def screened_share(self) -> float:
        """The share of cases that the screening blocks decided."""
        return self.screened / self.cases

    @property
    def blocks_per_case(self) -> float:
        """The mean number of blocks, screening included."""
        return self.blocks / self.cases


def simulate_cases(plan: Plan, scenario: Scenario, *, cases: int, seed: int) -> Tally:
    """Return the tally of `cases` independent cases of a scenario, each judged by the real gate.

    The same seed gives the same draws to every plan with equal numbers of blocks.
    """
    rng = np.random.default_rng(seed)
    outcomes: Counter[Outcome] = Counter()
    screened = blocks = 0
    for _ in range(cases):
        outcome, measured = _simulate_case(plan, scenario, rng)
        outcomes[outcome] += 1
        screened += measured == plan.screen_blocks
        blocks += measured
    return Tally(cases=cases, outcomes=dict(outcomes), screened=screened, blocks=blocks)


def _simulate_case(plan: Plan, scenario: Scenario, rng: np.random.Generator) -> tuple[Outcome, int]:
    """Return the outcome of one case judged in wall time, and the blocks it took."""
    measured: list[BlockSummary] = []
    occasion = _open_occasion(math.log1p(scenario.change), scenario, rng)

    def measure(count: int) -> list[BlockSummary]:
        measured.extend(occasion(count))
        return measured[-count:]

    standards = []
    if scenario.baseline_blocks is not None:
        baseline = _open_occasion(0.0, scenario, rng)(scenario.baseline_blocks)
        standards = [Standard(name="baseline", blocks=baseline)]
    known = dataclasses.replace(plan, occasion_sd=scenario.known_occasion_sd)
    return judge_simulated(measure, standards, known), len(measured)


def _open_occasion(
    log_ratio: float, scenario: Scenario, rng: np.random.Generator
) -> Callable[[int], list[BlockSummary]]:
    """Return a `measure_more` whose blocks share one shift of the occasion."""
    centre = log_ratio + scenario.occasion_sd * rng.standard_normal()

    def measure_more(blocks: int) -> list[BlockSummary]:
        if scenario.tails is Tails.NORMAL:
            draws = rng.standard_normal(blocks)
        else:
            # Divided by its own standard deviation, so that `block_sd` keeps its meaning.
            draws = rng.standard_t(T_DEGREES, blocks) / math.sqrt(T_DEGREES / (T_DEGREES - 2.0))
        return make_summaries(centre + scenario.block_sd * draws)

    return measure_more


def _describe_plan(plan: Plan, baseline_blocks: int, *, cases: int, seed: int) -> dict[str, str]:
    """Return one row of the table of plans."""

    def run(change: float) -> Tally:
        return simulate_cases(plan, Scenario(change=change, baseline_blocks=baseline_blocks), cases=cases, seed=seed)

    unchanged, slight, clear, gross = run(0.0), run(0.03), run(0.05), run(0.10)
    return {
        "screen": f"{plan.screen_blocks} at {plan.screen_confidence:.0%}",
        "looks": f"{plan.looks} of {plan.fresh_blocks}",
        "family alpha": f"{plan.family_alpha:g}",
        "baseline blocks": str(baseline_blocks),
        "0 %: held at screen": f"{unchanged.screened_share:.1%}",
        "0 %: undecided": f"{unchanged.share(Outcome.UNDECIDED):.1%}",
        "0 %: REGRESSED": f"{unchanged.share(Outcome.REGRESSED):.2%}",
        "0 %: blocks": f"{unchanged.blocks_per_case:.1f}",
        "+3 %: held": f"{slight.share(Outcome.HELD):.1%}",
        "+5 %: held": f"{clear.share(Outcome.HELD):.2%}",
        "+5 %: REGRESSED": f"{clear.share(Outcome.REGRESSED):.1%}",
        "+5 %: blocks": f"{clear.blocks_per_case:.1f}",
        "+10 %: REGRESSED": f"{gross.share(Outcome.REGRESSED):.1%}",
        "+10 %: blocks": f"{gross.blocks_per_case:.1f}",
    }


def _describe_conditions(name: str, scenario: Scenario, *, cases: int, seed: int) -> dict[str, str]:
    """Return one row of the table of conditions: how the default plan does in this scenario at several true changes."""
    plan = make_plan(judgements=GATED_CASES)
    alarm = Outcome.FAILED if scenario.baseline_blocks is None else Outcome.REGRESSED
    row = {"conditions": name}
    for change in (0.0, TOLERANCE, 0.05, 0.10):
        tally = simulate_cases(plan, dataclasses.replace(scenario, change=change), cases=cases, seed=seed)
        row[f"{change:+.0%}: alarm"] = f"{tally.share(alarm):.2%}"
        row[f"{change:+.0%}: undecided"] = f"{tally.share(Outcome.UNDECIDED):.1%}"
        row[f"{change:+.0%}: blocks"] = f"{tally.blocks_per_case:.1f}"
    return row


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables that the numbers of blocks, and the defaults of Plan, were chosen from."""
    parser = make_simulation_parser("gate_plan", __doc__, "simulated cases per cell")
    parser.add_argument(
        "--default-only", action="store_true", help="leave out plans of other numbers, which take most of the time"
    )
    options = parser.parse_args(arguments)
    default = make_plan(judgements=GATED_CASES)
    others = [
        dataclasses.replace(
            default, screen_blocks=screen, screen_confidence=confidence, fresh_blocks=per_look, looks=looks
        )
        for screen, confidence, (per_look, looks) in itertools.product(
            (3, 4, 5, 6), (0.8, 0.9), ((4, 3), (6, 3), (8, 2), (8, 3), (10, 2))
        )
    ]
    strict = dataclasses.replace(default, family_alpha=0.01)
    cells = [] if options.default_only else [(plan, BASELINE_BLOCKS) for plan in others]
    cells += [(plan, baseline_blocks) for plan in (default, strict) for baseline_blocks in (8, 10, 12, 16)]
    print_table(
        f"Plans for {GATED_CASES} cases, block SD {BLOCK_SD:.1%}, tolerance {TOLERANCE:.0%}",
        [_describe_plan(plan, count, cases=options.cases, seed=options.seed) for plan, count in cells],
    )
    usual = Scenario(change=0.0, baseline_blocks=BASELINE_BLOCKS)
    conditions = {
        "as above": usual,
        "block SD 0.8 %": dataclasses.replace(usual, block_sd=0.008),
        "block SD 2 %": dataclasses.replace(usual, block_sd=0.02),
        "heavy tails": dataclasses.replace(usual, tails=Tails.HEAVY),
        "shift of the occasion, SD 0.5 %": dataclasses.replace(usual, occasion_sd=0.005),
        "shift of the occasion, SD 1 %": dataclasses.replace(usual, occasion_sd=0.01),
        "the same, known to the gate": dataclasses.replace(usual, occasion_sd=0.01, known_occasion_sd=0.01),
        "null case": dataclasses.replace(usual, baseline_blocks=None),
        "null case, heavy tails": dataclasses.replace(usual, baseline_blocks=None, tails=Tails.HEAVY),
    }
    print_table(
        f"The default plan under other conditions, baseline of {BASELINE_BLOCKS} blocks",
        [
            _describe_conditions(name, scenario, cases=options.cases, seed=options.seed)
            for name, scenario in conditions.items()
        ],
    )


if __name__ == "__main__":
    main()
