"""What crosses processes, floors and files: frozen records, their invariants and their JSON form.

Leaves out: every computation on them. Times are integers in nanoseconds; ratios are weighted ÷ control, 1.00 = free.
"""

from benchmarks.questions import Question
from benchmarks.records.blocks import ArmReadings, Block, BlockRequest, BlockSummary, Meeting, ReadBlock, ReadRequest
from benchmarks.records.cases import Arm, Case, Plant
from benchmarks.records.findings import (
    Aspect,
    CaseReport,
    Change,
    Comparison,
    Environment,
    HistoryEntry,
    Interval,
    Measurement,
    Outcome,
    Profile,
    Verdict,
)
from benchmarks.records.json_form import Json
from benchmarks.records.quantities import Stretch

__all__ = [
    "Arm",
    "ArmReadings",
    "Aspect",
    "Block",
    "BlockRequest",
    "BlockSummary",
    "Case",
    "CaseReport",
    "Change",
    "Comparison",
    "Environment",
    "HistoryEntry",
    "Interval",
    "Json",
    "Measurement",
    "Meeting",
    "Outcome",
    "Plant",
    "Profile",
    "Question",
    "ReadBlock",
    "ReadRequest",
    "Stretch",
    "Verdict",
]
