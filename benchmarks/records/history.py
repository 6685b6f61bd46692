"""What is written down of a history? One block, or one reading of both arms, of one case in one version."""

from __future__ import annotations

import dataclasses

from benchmarks.errors import RecordError
from benchmarks.records.blocks import BlockSummary, Environment
from benchmarks.records.cases import Case
from benchmarks.records.json_form import Json
from benchmarks.records.readings import ReadBlock


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One line: block `number` of a case in a version; exactly one of `block`, `readings` and `failed` is there.

    `occasion` is the same in blocks that were measured in turns with each other, and in no others.
    """

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

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return {
            "version": self.version,
            "environment": self.environment.to_json(),
            "case": self.case.to_json(),
            "number": self.number,
            "occasion": self.occasion,
            "block": None if self.block is None else self.block.to_json(),
            "readings": None if self.readings is None else self.readings.to_json(),
            "failed": self.failed,
        }

    @classmethod
    def from_json(cls, data: Json) -> HistoryEntry:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            return cls(
                version=data["version"],
                environment=Environment.from_json(data["environment"]),
                case=Case.from_json(data["case"]),
                number=data["number"],
                occasion=data.get("occasion", ""),
                block=None if data["block"] is None else BlockSummary.from_json(data["block"]),
                readings=None if data["readings"] is None else ReadBlock.from_json(data["readings"]),
                failed=data["failed"],
            )
        except (KeyError, TypeError) as error:
            raise RecordError(f"expected a line of a history, got no {error}; remove the line") from error
