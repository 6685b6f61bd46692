"""What is there to say of a run? One record, made at its end, saved with it, and all that a report receives.

Numbers are in nanoseconds, bytes and counts, and ratios as everywhere weighted ÷ control; how they are written is the
reports' own business. Sentences are here as they are read. It is made of the reports on cases and of `RunFacts`, what a
run knows beside them. Leaves out: how (`summarising`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum

from benchmarks.records import Arm, Case, Change, Environment, Interval, Outcome, Plant
from benchmarks.records.json_form import JsonRecord
from benchmarks.records.quantities import Unit
from benchmarks.stats.lines import Line


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Statement(JsonRecord):
    """A sentence, and what it counts, in a line each."""

    text: str
    details: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AnswerText(JsonRecord):
    """A question, its answer, and what of it holds with which confidence; empty where nothing was said."""

    question: str
    statements: tuple[Statement, ...]
    how_sure: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CaseVerdict(JsonRecord):
    """What was concluded of a case, and why."""

    case_id: str
    outcome: Outcome
    reason: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TimeRow(JsonRecord):
    """A timed case: medians per step over its blocks, and overheads with their intervals.

    All numbers are None where nothing could be measured; `outcome` is where nothing was judged.
    """

    case: Case
    blocks: int = 0
    control_ns: float | None = None
    weighted_ns: float | None = None
    overhead_ratio: Interval | None = None
    cpu_overhead_ratio: Interval | None = None
    outcome: Outcome | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class QuantityRow(JsonRecord):
    """A quantity that was read of a case: medians over its blocks, and what the weighted arm has more.

    `key` is that of the reading (`records.quantities`). `least_difference` and `greatest_difference` are those of the
    blocks. `op_types` is by which operations the graphs differ, where nodes are counted.
    """

    case: Case
    key: str
    unit: Unit
    blocks: int
    control: float
    weighted: float
    difference: float
    least_difference: float
    greatest_difference: float
    op_types: Mapping[str, int]
    outcome: Outcome | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MissingQuantity(JsonRecord):
    """A quantity that could not be read of a case, and why."""

    case: Case
    key: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SampleCost(JsonRecord):
    """What a further sample costs: lines of one method over dataset sizes; slopes are in `unit` per sample.

    `key` is that of the reading, or the name of the question of a time. `predicted_bytes` is per sample, by dtype; None
    for a time, which no dtype predicts.
    """

    case_name: str
    key: str
    unit: Unit
    sizes: tuple[int, ...]
    control: Line
    weighted: Line
    extra: Line
    predicted_bytes: int | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CaseChanges(JsonRecord):
    """What of a case differs between two targets; a ratio is this target ÷ the other one."""

    case: Case
    changes: tuple[Change, ...]
    outcome: Outcome | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GraphChange(JsonRecord):
    """How the optimised graph of an arm's step differs between two targets, by op type."""

    case_id: str
    arm: Arm
    nodes_there: int
    nodes_here: int
    op_types: Mapping[str, int]


class Topic(str, Enum):
    """What a remark is on: the times that stand in the tables, or the run as a whole."""

    TIMES = "times"
    RUN = "run"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Remark(JsonRecord):
    """One line that a reader of the numbers has to know."""

    topic: Topic
    text: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Provenance(JsonRecord):
    """Where the numbers come from, and how to have them again.

    `targets` are where this target measured, `other_targets` those of the one that it was measured against, which
    `against` names as it was asked for. `seed` decides data, weights and models, `order_seed` all orders. `command` is
    the command line. What is not known is empty or None.
    """

    sweep: str = ""
    seed: int | None = None
    order_seed: int | None = None
    shard: str | None = None
    against: str | None = None
    anchor: str | None = None
    command: str = ""
    targets: tuple[Environment, ...] = ()
    other_targets: tuple[Environment, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a run knows beside the reports on its cases.

    `provenance` has no targets yet: the reports know them. `selected_cases` counts the weighted cases to be compared,
    None where nothing was to be, and `left_out` how many of them were not, by reason with its remedy after a semicolon.
    `places` are where stored runs were measured that this one is held against, by what such a run is called. `removed`
    are the cases of the baseline that this run's sweep has not; with `strict_verdicts` they fail it. `neighbours` are
    the process ids of other runs that measured on this machine. `notes` are remarks that stand as they are.
    """

    provenance: Provenance = dataclasses.field(default_factory=Provenance)
    selected_cases: int | None = None
    left_out: Mapping[str, int] = dataclasses.field(default_factory=dict)
    neighbours: tuple[int, ...] = ()
    plant: Plant | None = None
    places: Mapping[str, tuple[Environment, ...]] = dataclasses.field(default_factory=dict)
    removed: tuple[str, ...] = ()
    strict_verdicts: bool = False
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Summary(JsonRecord):
    """All that a report says of a run.

    `head` has to be known before the answers are read, such as how many cases were compared; `warnings` before the
    numbers are. `verdicts` are those of all judged cases, what turns a run red first. `explanations` are paragraphs on
    what an overhead is made of, by case.
    """

    head: str = ""
    answers: tuple[AnswerText, ...] = ()
    warnings: tuple[str, ...] = ()
    verdicts: tuple[CaseVerdict, ...] = ()
    times: tuple[TimeRow, ...] = ()
    quantities: tuple[QuantityRow, ...] = ()
    missing: tuple[MissingQuantity, ...] = ()
    sample_costs: tuple[SampleCost, ...] = ()
    changes: tuple[CaseChanges, ...] = ()
    graph_changes: tuple[GraphChange, ...] = ()
    explanations: Mapping[str, str] = dataclasses.field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    provenance: Provenance = dataclasses.field(default_factory=Provenance)

    def list_remarks(self, topic: Topic) -> list[str]:
        """Return the remarks on this topic."""
        return [remark.text for remark in self.remarks if remark.topic is topic]
