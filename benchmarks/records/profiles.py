"""Where does a step spend its time in Python? Own time by function, of both arms."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from benchmarks.errors import RecordError
from benchmarks.records.json_form import Json


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The own time of Python functions in nanoseconds per step, by `file function`, of both arms of a case.

    Profiled steps are slower than others; only the differences between the arms mean anything.
    """

    control_own_ns_per_step: Mapping[str, float]
    weighted_own_ns_per_step: Mapping[str, float]

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> Profile:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            return cls(**data)
        except TypeError as error:
            raise RecordError(f"expected a profile, got something else ({error})") from error
