"""What is written down of a history? One block, or one reading of both arms, of one case in one version."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from benchmarks.errors import RecordError
from benchmarks.records.blocks import BlockSummary, Environment
from benchmarks.records.cases import Case
from benchmarks.records.json_form import JsonRecord
from benchmarks.records.readings import ReadBlock


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry(JsonRecord):
    """One line: block `number` of a case in a version; exactly one of `block`, `readings` and `failed` is there.

    `occasion` is the same in blocks that were measured in turns with each other, and in no others.
    """

    json_name: ClassVar[str] = "a line of a history"
    json_remedy: ClassVar[str] = "remove the line"

    version: str
    environment: Environment
    case: Case
    number: int
    occasion: str = ""
    block: BlockSummary | None = None
    readings: ReadBlock | None = None
    failed: str | None = None

    def __post_init__(self) -> None:
        """Raise RecordError where the entry holds nothing, or two things."""
        if sum(value is not None for value in (self.block, self.readings, self.failed)) != 1:
            raise RecordError(f"a history entry: expected a block, readings or a failure, got {self}")
