"""What does a target's server say of itself before it is asked for anything? What it speaks, has and runs on.

Two checkouts of the suite may meet, one measured against the other. What they send each other has a version, so that
two that would misread each other are told apart at once; what only one of them has is known from the lists, before it
is asked for.
"""

from __future__ import annotations

import dataclasses

from benchmarks.errors import RecordError
from benchmarks.records.cases import Case
from benchmarks.records.json_form import Json

WIRE_VERSION: int = 1
"""Version of what the measuring side and a target's server send each other.

Raise it by one with every change after which one side would refuse or misread what the other side of before sends: a
field that is added to, taken from or given another meaning in what they send (Case, Plant, BlockRequest, ReadRequest,
Meeting, Block, ArmReadings, Profile, Environment, Introduction, the limits), another order of the messages, another way
to start the worker. Not for a question, method or workload more or less: those are in the lists.
"""

_REMEDY = (
    "update the older of the two checkouts, or name an interpreter or pip requirements, which are measured with the "
    "code of this one"
)

_LISTS = ("questions", "methods", "workloads")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """What a target's server speaks, which questions, methods and workloads it has, and the versions it runs on."""

    wire_version: int
    questions: tuple[str, ...]
    methods: tuple[str, ...]
    workloads: tuple[str, ...]
    tensorflow: str
    keras: str
    numpy: str
    python: str

    def list_missing(self, case: Case) -> tuple[str, ...]:
        """Return what this target lacks of a case, such as `method loop_new`; nothing where it has all of it."""
        asked = (
            ("question", case.question.value, self.questions),
            ("workload", case.workload, self.workloads),
            ("method", case.method, self.methods),
        )
        return tuple(f"{kind} {name}" for kind, name, known in asked if name not in known)

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> Introduction:
        """Read the JSON form; raise RecordError where it is not one, or one of another wire version."""
        version = data.get("wire_version")
        if version != WIRE_VERSION:
            got = "does not introduce itself" if version is None else f"speaks {version!r}"
            raise RecordError(
                f"expected a server that speaks wire version {WIRE_VERSION}, got one that {got}; {_REMEDY}"
            )
        try:
            return cls(**(data | {name: tuple(data[name]) for name in _LISTS}))
        except (KeyError, TypeError) as error:
            raise RecordError(
                f"expected the introduction of a server, got something else ({error}); {_REMEDY}"
            ) from error
