"""How often may a case be looked at, and how sure must a verdict be?

Leaves out: the rules themselves, and how many blocks are screened and looked at, which the rows of `questions` say. The
defaults were chosen by simulation (`python -m benchmarks.studies.gate_plan` prints the tables) for 30 cases, a spread
of 1.3 % between blocks of a training step and a tolerance of 2 %. Where 6 blocks are screened and 8 looked at, as of
step times: against a baseline of 10 to 12 blocks an unchanged case takes 6.1 to 6.2 blocks, a rise of 5 % is called
REGRESSED in 93 to 98 % of runs, and one of 10 % in all. Against a baseline of 8 blocks a rise of 5 % is missed in 20 %:
the baseline's blocks decide. With 4 blocks to screen an unchanged case takes 4.4 to 4.5, and the rest is the same but
for what the draws differ in.
"""

from __future__ import annotations

import dataclasses
import math

from benchmarks.errors import StatisticsError
from benchmarks.records import Question
from benchmarks.records.quantities import Rule, list_quantities
from benchmarks.stats.multiplicity import split_over_cases, split_over_looks

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
"""The fewest blocks that tell of their own spread; with fewer, no number of new blocks could decide anything."""

LEAST_ARM_TOLERANCE: float = 0.05
"""Of what one arm takes by itself in another target: processes differ by a few percent in how their memory happens to
lie, and two versions of TensorFlow never have the very same graph."""

ANCHOR_FACTOR: float = 2.0
"""How many times the tolerance of the baseline is that of the anchor: rises that each stay within the tolerance, with a
baseline recorded after each, are found when they have added up to so much."""

FAMILY_ALPHA: float = 0.05
"""It is reached only if every case is exactly at its tolerance. Where nothing changed, a false alarm is far rarer."""


_OVERHEADS = 2
"""Of the same blocks two overheads are judged: that in wall time and that in processor time."""

_ARMS = 2
"""Between two targets each arm's own time is judged as well."""

_STANDARDS_OF_A_NULL_CASE_OF_TWO_TARGETS = 3
"""It must read 1.00 here, and there, and so the same in both."""


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
    if null:
        return _OVERHEADS * (_STANDARDS_OF_A_NULL_CASE_OF_TWO_TARGETS if two_targets else 1)
    return _OVERHEADS + _ARMS if two_targets else _OVERHEADS * stored_runs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GatePlan:
    """How a run is judged.

    A case is screened with `screen_blocks`; unless it is clearly held, up to `looks` looks follow, each with
    `blocks_per_look` fresh blocks more. Both depend on what is asked, so that they have no default. `family_alpha`
    limits the probability of a false alarm over the `judgements` of the run: everything that can turn it red by chance
    (`count_judgements`). `tolerance` is a fraction. `screen_confidence` and `held_confidence` are one-sided,
    `report_confidence` two-sided.
    """

    judgements: int
    tolerance: float = 0.02
    screen_blocks: int
    blocks_per_look: int
    looks: int = LOOKS
    family_alpha: float = FAMILY_ALPHA
    screen_confidence: float = SCREEN_CONFIDENCE
    held_confidence: float = 0.95
    report_confidence: float = 0.95

    def __post_init__(self) -> None:
        """Raise StatisticsError where a number cannot be meant."""
        if not 0.0 < self.tolerance < 1.0:
            raise StatisticsError(f"tolerance: expected more than 0 % and less than 100 %, got {self.tolerance:.1%}")
        if self.screen_blocks < 2 or self.blocks_per_look < 2:  # noqa: PLR2004 - one block has no spread
            raise StatisticsError(
                "blocks: expected at least 2 to screen and 2 per look, since one block tells nothing of its spread, "
                f"got {self.screen_blocks} and {self.blocks_per_look}"
            )
        for name in ("screen_confidence", "held_confidence", "report_confidence"):
            confidence = getattr(self, name)
            if not 0.5 < confidence < 1.0:  # noqa: PLR2004 - at one half a bound is the estimate itself
                raise StatisticsError(f"{name}: expected more than 0.5 and less than 1, got {confidence}")
        # Refuses error levels, judgements and looks that cannot be split.
        split_over_looks(split_over_cases(self.family_alpha, self.judgements), self.looks)

    @property
    def judgement_alpha(self) -> float:
        """The error level of one judgement."""
        return split_over_cases(self.family_alpha, self.judgements)

    @property
    def look_alpha(self) -> float:
        """The error level of one look of one judgement."""
        return split_over_looks(self.judgement_alpha, self.looks)

    @property
    def rise_limit(self) -> float:
        """The log-ratio of a change as large as the tolerance."""
        return math.log1p(self.tolerance)

    @property
    def fall_limit(self) -> float:
        """The log-ratio of an improvement as large as the tolerance; negative."""
        return math.log1p(-self.tolerance)
