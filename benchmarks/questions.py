"""Which questions are asked, and what is known of each? One row each: its name, how it is measured, what is tolerated.

Tests, sweeps, gate, bisection, history and reports read these rows, so that a tolerance or a floor stands in one
place. The lengths of blocks come from `python -m benchmarks.studies.estimators`, the tolerances from the spreads that
`python -m benchmarks.studies.spreads` measures; docs/how-it-measures.md has both. Leaves out: which cases a sweep has
(`benchmarks.sweeps`), and what is read where nothing is timed (`benchmarks.records.quantities`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from benchmarks.errors import StatisticsError

if TYPE_CHECKING:
    from typing_extensions import Self  # as in records.json_form: Python 3.10 has none of its own

_SECOND_NS = 1_000_000_000
_KIB = 1024

_MOST_SCREENS = 3
"""On a machine so noisy that three times the usual blocks do not tell, three times more would hardly do either."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockTiming:
    """How one timed block is measured: until the time is spent in timed slices, or `enough_rounds` are made.

    `min_rounds` are made whatever they take; with `enough_rounds` of None the time alone decides.
    """

    timed_budget_ns: int
    min_rounds: int
    enough_rounds: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow:
    """What is known of a question: how it is named, measured and judged.

    How many blocks there are: a case that is compared is screened with 4, since an unchanged one then takes 4.4 to 4.5,
    where with 6 it would take 6.1 to 6.2, and no rise is missed more often. One that is compared with nothing is
    measured for its interval alone, and has 6: they give one half as wide, since each of the two orders of building
    costs a degree of freedom. From about 8 fresh ones on Welch's bounds keep such small error levels even where the
    current run is twice as noisy as the baseline, while with 4 they raise three times the false alarms, and few cases
    come that far.
    """

    name: str
    """What it is called on the command line and in stored runs."""

    title: str
    """What a person reads."""

    location: str
    """`module:attribute` of what measures it in a block: a probe where it is timed, else a gauge."""

    sized: bool
    """Whether the answer depends on how many samples there are."""

    block: BlockTiming | None = None
    """How a block is timed; None where bytes or counts are read."""

    screen_blocks: int
    """How many blocks a case is screened with where it is compared."""

    first_blocks: int
    """How many it has first where it is compared with nothing."""

    fresh_blocks: int
    """How many more it is looked at with where these do not settle it: once where it is read, in up to two looks where
    it is timed."""

    precision: float | None = None
    """Where nothing is compared and no number of blocks was asked for, more are measured until the 95 % interval
    reaches no further than this to either side."""

    tolerance: float | None = None
    """The tolerated rise, a fraction; None where nothing is tolerated in percent."""

    tolerance_by_method: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """That of methods in which it differs."""

    cpu_tolerance: float | None = None
    """That of processor time; None where it is the same."""

    occasion_sd: float = 0.0
    """Standard deviation of the shift of a log-ratio that all blocks of one occasion share
    (`python -m benchmarks.studies.occasions`)."""

    floor_bytes: int = 0
    """Bytes that are tolerated whatever they are in percent."""

    case_seconds: float
    """About how long a case takes that is compared and clear at once, on two cores."""

    @property
    def most_blocks(self) -> int:
        """How many blocks a case may take where nothing is judged."""
        return _MOST_SCREENS * self.first_blocks

    def find_tolerance(self, method: str) -> float:
        """Return the tolerated rise for a method, a fraction; 0 where nothing is tolerated in percent."""
        return self.tolerance_by_method.get(method, self.tolerance or 0.0)

    def find_first_blocks(self, asked: int | None, *, compared: bool) -> int:
        """Return how many blocks a case has first: those asked for, unless more would only read the same counts again.

        Args:
            asked: blocks that the person asked for; None asks for those of the row.
            compared: whether the run compares with a stored run or another target.
        """
        counts_alone = not self.fresh_blocks
        if asked is not None and not counts_alone:
            return asked
        return self.screen_blocks if compared else self.first_blocks


class Question(str, Enum):
    """What a case compares between its arms, in the order in which reports show them; each has its row."""

    _value_: str
    row: QuestionRow

    def __new__(cls, row: Any) -> Self:  # Any: to a type checker this is the look-up `Question("step_time")` too
        """Make the question of a row; its value is the row's name."""
        question = str.__new__(cls, row.name)
        question._value_ = row.name
        question.row = row
        return question

    STEP_TIME = QuestionRow(
        name="step_time",
        title="step time",
        location="benchmarks.probes.step_time:STEP_TIME",
        sized=False,
        # What a block of short steps spreads by is left after 400 rounds, under a second; long steps have fewer in 2 s.
        block=BlockTiming(timed_budget_ns=2 * _SECOND_NS, min_rounds=50, enough_rounds=400),
        screen_blocks=4,
        # Six blocks take as long as four longer ones would, and know their own spread better.
        first_blocks=6,
        fresh_blocks=8,
        precision=0.01,
        tolerance=0.02,
        # Where no core is free for the look-up of class weights in the pipeline, the same code costs twice as
        # much (docs/gate-verification.md).
        tolerance_by_method={"fit_class_weight_dataset": 0.10},
        cpu_tolerance=0.05,
        case_seconds=6.0,
    )
    EPOCH_TIME = QuestionRow(
        name="epoch_time",
        title="epoch time",
        location="benchmarks.probes.pass_time:EPOCH_TIME",
        sized=True,
        block=BlockTiming(timed_budget_ns=3 * _SECOND_NS // 2, min_rounds=6),
        screen_blocks=4,
        first_blocks=6,
        fresh_blocks=8,
        precision=0.03,
        tolerance=0.03,
        tolerance_by_method={"fit_class_weight_dataset": 0.10},
        cpu_tolerance=0.05,
        case_seconds=10.0,
    )
    EVALUATION_TIME = QuestionRow(
        name="evaluation_time",
        title="evaluation time",
        location="benchmarks.probes.pass_time:EVALUATION_TIME",
        sized=True,
        block=BlockTiming(timed_budget_ns=3 * _SECOND_NS // 2, min_rounds=6),
        screen_blocks=4,
        first_blocks=6,
        fresh_blocks=8,
        precision=0.03,
        tolerance=0.03,
        cpu_tolerance=0.05,
        case_seconds=8.0,
    )
    STARTUP_TIME = QuestionRow(
        name="startup_time",
        title="start-up time",
        location="benchmarks.probes.startup_time:STARTUP_TIME",
        sized=True,
        block=BlockTiming(timed_budget_ns=1, min_rounds=2),
        screen_blocks=4,
        first_blocks=6,
        fresh_blocks=12,
        precision=0.03,
        tolerance=0.05,
        cpu_tolerance=0.05,
        case_seconds=8.0,
    )
    PEAK_MEMORY = QuestionRow(
        name="peak_memory",
        title="peak memory",
        location="benchmarks.probes.peak_memory:PEAK_MEMORY",
        sized=True,
        screen_blocks=4,
        first_blocks=4,
        fresh_blocks=4,
        tolerance=0.01,
        floor_bytes=256 * _KIB,
        case_seconds=8.0,
    )
    RETAINED_MEMORY = QuestionRow(
        name="retained_memory",
        title="retained memory",
        location="benchmarks.probes.retained_memory:RETAINED_MEMORY",
        sized=True,
        screen_blocks=4,
        first_blocks=4,
        fresh_blocks=8,
        floor_bytes=16 * _KIB,
        case_seconds=12.0,
    )
    TRAINING_GRAPH = QuestionRow(
        name="training_graph",
        title="training graph",
        location="benchmarks.probes.training_graph:TRAINING_GRAPH",
        sized=False,
        screen_blocks=1,
        first_blocks=1,
        fresh_blocks=0,
        case_seconds=3.2,
    )

    def __str__(self) -> str:
        return str.__str__(self)

    @property
    def is_timed(self) -> bool:
        """Whether the arms take turns against a clock; otherwise each is read alone: bytes or counts."""
        return self.row.block is not None

    @property
    def needs_dataset_size(self) -> bool:
        """Whether the answer depends on how many samples there are."""
        return self.row.sized


def find_block_timing(question: Question, block_seconds: float | None) -> BlockTiming:
    """Return how a block of this question is measured.

    Args:
        question: one that is timed.
        block_seconds: seconds to spend in timed slices, however many rounds that makes; None keeps the plan.

    Raises:
        StatisticsError: when the question is not timed.
    """
    plan = question.row.block
    if plan is None:
        raise StatisticsError(f"{question.value}: expected a question that is timed; read its bytes or counts instead")
    if block_seconds is None:
        return plan
    return dataclasses.replace(plan, timed_budget_ns=round(block_seconds * _SECOND_NS), enough_rounds=None)
