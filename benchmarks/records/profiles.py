"""Where does a step spend its time in Python? Own time by function, of both arms."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from benchmarks.records.json_form import JsonRecord


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Profile(JsonRecord):
    """The own time of Python functions in nanoseconds per step, by `file function`, of both arms of a case.

    Profiled steps are slower than others; only the differences between the arms mean anything.
    """

    json_name: ClassVar[str] = "a profile"

    control_own_ns_per_step: Mapping[str, float]
    weighted_own_ns_per_step: Mapping[str, float]
