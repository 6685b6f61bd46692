"""How is a case judged: on how many blocks, what is tolerated of it, and how sure must a verdict be? One plan for all.

Leaves out: the rules themselves. What is known of a question, its tolerances and numbers of blocks among it, is said by
its row in `questions`; the other defaults were chosen by simulation (`python -m benchmarks.studies.gate_plan` prints
the tables) for 30 cases, a spread of 1.3 % between blocks of a training step and a tolerance of 2 %. Where 4 blocks are
screened and 8 looked at, as of step times: against a baseline of 10 to 12 blocks an unchanged case takes 4.4 to 4.5
blocks, a rise of 5 % is called REGRESSED in 94 to 98 % of runs, and one of 10 % in all. Against a baseline of 8 blocks
a rise of 5 % is missed in 19 %: the baseline's blocks decide. With 6 blocks to screen an unchanged case takes 6.1 to
6.2, and the rest is the same but for what the draws differ in.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from benchmarks.errors import StatisticsError
from benchmarks.records import Arm, Aspect, Question
from benchmarks.records.quantities import Rule, list_quantities
from benchmarks.stats.intervals import split_level

SCREEN_CONFIDENCE: float = 0.80
"""Passes 98 % of unchanged cases at a screen of 6 blocks and 95 % at one of 4 (where 0.90 passes 85 %), 2 % at most of
those that are 3 % slower, and none 5 % slower; against a baseline of 10 blocks."""

LOOKS: int = 2
"""Each look splits the error level further; a third one of the same size found nothing that two had not."""

ADVISED_BASELINE_BLOCKS: int = 12
"""A baseline's few degrees of freedom limit every comparison with it: of rises of 5 %, a baseline of 8 blocks lets 80 %
be seen, one of 10 lets 93 %, one of 12 lets 98 %, where each look has 8 fresh blocks more. It is measured once and used
often."""

MIN_BASELINE_BLOCKS: int = 2
"""The fewest blocks that show their own spread; with fewer, no number of new blocks could decide anything."""

LEAST_ARM_TOLERANCE: float = 0.05
"""Of what one arm takes by itself in another target: processes differ by a few percent in how their memory happens to
lie, and two versions of TensorFlow never have the very same graph."""

ANCHOR_FACTOR: float = 2.0
"""How many times the tolerance of the baseline is that of the anchor: rises that each stay within the tolerance, with a
baseline recorded after each, are found when they have added up to so much."""

FAMILY_ALPHA: float = 0.05
"""It is reached only if every case is exactly at its tolerance. Where nothing changed, a false alarm is far rarer."""

WRONGLY_GOOD: float = 0.10
"""How often a bisection may call a release good whose rise is as large as the tolerance: that step would send the
search the wrong way, and nothing after it would mend that."""

_LEAST_BISECTION_BLOCKS = 4
"""Of times, to screen and in each look; of bytes and counts the question says how many are read."""

_OVERHEADS = 2
"""Of the same blocks two overheads are judged: that in wall time and that in processor time."""


def count_judgements(question: Question, *, null: bool, stored_runs: int, two_targets: bool) -> int:
    """Return in how many ways a case can turn a run red by chance; they share the error level of the run.

    Peaks are judged by ranges and counts exactly: neither has an error level. What is retained is judged in any run,
    with a baseline or without; a timed case that is no null case only where it is compared.

    Args:
        question: what is asked of the case.
        null: whether it is a null case.
        stored_runs: how many it is held against: the baseline and, where there is one, the anchor.
        two_targets: whether it is measured in another target as well.
    """
    if not question.is_timed:
        return sum(quantity.rule is Rule.LEAK for quantity in list_quantities(question))
    if null:  # it must read 1.00 here, and of two targets there, and so the same in both
        return _OVERHEADS * (3 if two_targets else 1)
    return _OVERHEADS + len(Arm) if two_targets else _OVERHEADS * stored_runs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the cases of a question are judged.

    A case is screened with `screen_blocks`; what they leave open is looked at up to `looks` times, each with
    `fresh_blocks` more. `tolerances` has, of each aspect that may be judged, the tolerated rise as a fraction; of bytes
    `floor_bytes` are tolerated whatever they are in percent, and an arm may retain as much per epoch. `family_alpha`
    limits the probability of a false alarm over the `judgements` of the run: everything that can turn it red by chance
    (`count_judgements`). `screen_confidence` and `held_confidence` are one-sided, `report_confidence` two-sided.
    `occasion_sd` is the standard deviation of a shift of the log-ratio that all blocks of one occasion share.
    """

    question: Question
    judgements: int
    tolerances: Mapping[Aspect, float]
    floor_bytes: float = 0.0
    screen_blocks: int
    fresh_blocks: int
    looks: int = LOOKS
    family_alpha: float = FAMILY_ALPHA
    screen_confidence: float = SCREEN_CONFIDENCE
    held_confidence: float = 0.95
    report_confidence: float = 0.95
    occasion_sd: float = 0.0

    def __post_init__(self) -> None:
        """Raise StatisticsError where a number cannot be meant."""
        timed = self.question.is_timed
        for tolerance in self.tolerances.values():
            if not 0.0 <= tolerance < 1.0 or (timed and not tolerance):
                least = "more than" if timed else "at least"
                raise StatisticsError(f"tolerance: expected {least} 0 % and less than 100 %, got {tolerance:.1%}")
        if not self.floor_bytes >= 0.0:
            raise StatisticsError(f"floor: expected at least 0 bytes, got {self.floor_bytes:g}; choose another")
        if timed and min(self.screen_blocks, self.fresh_blocks) < 2:  # noqa: PLR2004 - one block has no spread
            raise StatisticsError(
                "blocks: expected at least 2 to screen and 2 per look, since one block shows nothing of its spread, "
                f"got {self.screen_blocks} and {self.fresh_blocks}"
            )
        if self.screen_blocks < 1 or self.fresh_blocks < 0:
            raise StatisticsError(f"blocks: expected at least 1 to read, got {self.screen_blocks}; read more")
        for name in ("screen_confidence", "held_confidence", "report_confidence"):
            confidence = getattr(self, name)
            if not 0.5 < confidence < 1.0:  # noqa: PLR2004 - at one half a bound is the estimate itself
                raise StatisticsError(f"{name}: expected more than 0.5 and less than 1, got {confidence}")
        # Refuses error levels, judgements and looks that cannot be split.
        split_level(self.judgement_alpha, self.looks, "looks")

    @property
    def judgement_alpha(self) -> float:
        """The error level of one judgement."""
        return split_level(self.family_alpha, self.judgements, "judgements")

    @property
    def look_alpha(self) -> float:
        """The error level of one look of one judgement."""
        return split_level(self.judgement_alpha, self.looks, "looks")

    def loosen(self, factor: float) -> Plan:
        """Return the plan with limits so many times as large."""
        return dataclasses.replace(
            self,
            tolerances={aspect: factor * tolerance for aspect, tolerance in self.tolerances.items()},
            floor_bytes=factor * self.floor_bytes,
        )


def make_plan(
    question: Question,
    *,
    judgements: int,
    method: str = "",
    tolerance: float | None = None,
    floor_bytes: float | None = None,
    blocks: int | None = None,
) -> Plan:
    """Return how a case is judged, by the row of its question and by what was asked for instead; None keeps the row's.

    Processor time is never held to less than wall time is, and neither is what an arm takes by itself: what is asked
    for is for all.

    Args:
        question: what is asked of the case.
        judgements: in how many ways the run can turn red by chance (`count_judgements`); none counts as one.
        method: of the case; some have a tolerance of their own.
        tolerance: the tolerated rise of the overhead, a fraction.
        floor_bytes: the rise in bytes that is tolerated whatever it is in percent.
        blocks: how many to screen.
    """
    row = question.row
    overhead = row.find_tolerance(method) if tolerance is None else tolerance
    tolerances = {Aspect.OVERHEAD: overhead}
    if question.is_timed:
        tolerances[Aspect.CPU] = max(overhead, row.cpu_tolerance or 0.0)
    for arm in (Aspect.CONTROL, Aspect.WEIGHTED):
        tolerances[arm] = max(overhead, LEAST_ARM_TOLERANCE)
    return Plan(
        question=question,
        judgements=max(1, judgements),
        tolerances=tolerances,
        floor_bytes=row.floor_bytes if floor_bytes is None else floor_bytes,
        screen_blocks=row.find_first_blocks(blocks, compared=True),
        fresh_blocks=row.fresh_blocks,
        looks=LOOKS if question.is_timed else 1,
        occasion_sd=row.occasion_sd,
    )


def count_steps(releases: int) -> int:
    """Return how many releases a bisection judges at most, the last one included: its error level is shared by them."""
    return 1 + max(0, math.ceil(math.log2(max(1, releases - 1))))


def plan_bisection(question: Question, aspect: Aspect, *, comparisons: int, tolerance: float) -> Plan:
    """Return how each comparison of a bisection is judged.

    Args:
        question: what is measured.
        aspect: what of it is asked: what weighting costs, or what one arm takes by itself.
        comparisons: how many there will be at most; they share the error level.
        tolerance: a rise that is not called bad, a fraction.

    Raises:
        StatisticsError: when the question has no such aspect.
    """
    plan = make_plan(question, judgements=comparisons, tolerance=tolerance)
    if aspect not in plan.tolerances:
        known = ", ".join(each.value for each in plan.tolerances)
        raise StatisticsError(f"aspect of {question.value}: expected one of {known}, got {aspect.value}; choose one")
    least = _LEAST_BISECTION_BLOCKS if question.is_timed else 0
    # The screen and each look share the level, since any of them can call a release good.
    confidence = 1.0 - split_level(WRONGLY_GOOD, 1 + LOOKS, "looks")
    return dataclasses.replace(
        plan,
        tolerances={aspect: tolerance if question.is_timed else plan.tolerances[aspect]},
        screen_blocks=max(plan.screen_blocks, least),
        fresh_blocks=max(plan.fresh_blocks, least),
        screen_confidence=confidence,
        held_confidence=confidence,
    )
