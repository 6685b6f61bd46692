"""What do records look like in JSON, and what is read back as one? Objects whose keys are the names of the fields.

One codec for all records, driven by the types of their fields. Reading is strict: what is not exactly a record is
refused in one line that names the field. Leaves out: invariants between fields, which are the records' own.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from benchmarks.errors import RecordError, SuiteError

if TYPE_CHECKING:
    from typing_extensions import Self  # Python 3.10 has none of its own, and a target has no more than it needs

Json = dict[str, Any]

LARGEST_NUMBER = 2**63 - 1
"""What a clock or a counter of 64 bits can say. Sums, products and cubes of such numbers are far from overflowing a
float, so that whatever is computed from a record that was read stays finite."""

MAX_ITEMS = 1_000_000
"""Ten times as many as a block has rounds when it times slices of 0.1 ms for ten seconds."""

MAX_CHARACTERS = 100_000
"""Room for any sentence and the last lines of any program; what is longer is no name and no reason."""

_SHOWN_CHARACTERS = 40

_WORD = re.compile("[A-Z]")
"""Where a word begins in the name of a class."""

UnboundedFloat = Annotated[float, "unbounded"]
"""A number that may be infinite or very large, as the bound of an interval is, but never NaN.

In JSON files an infinity stands as `Infinity`, as Python writes and reads it.
"""


class JsonRecord:
    """Gives a frozen dataclass its JSON form, by the types of its fields.

    Those are bool, int, float, str, enums of strings, other records, `tuple[T, ...]`, `Mapping[str, T]`, and each of
    them or None. A field without a default has to be there, and there is no other field than those of the record.
    """

    __slots__ = ()

    json_name: ClassVar[str]
    """What an error calls it: a BlockRequest `a block request`, where a class does not say otherwise."""

    json_remedy: ClassVar[str] = "record the run again"
    """What to do where data are not this record."""

    def __init_subclass__(cls) -> None:
        """Name a record that does not name itself by the words of its class."""
        if "json_name" not in vars(cls):
            words = _WORD.sub(r" \g<0>", cls.__name__).lower().strip()
            cls.json_name = f"{'an' if words[0] in 'aeiou' else 'a'} {words}"

    def to_json(self) -> Json:
        """Return the JSON form of this record."""
        return {field.name: _encode(getattr(self, field.name)) for field in dataclasses.fields(_as_dataclass(self))}

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read the JSON form; raise RecordError where it is not one."""
        try:
            return typing.cast("Self", _decode_record(cls, data))
        except _MismatchError as mismatch:
            place = mismatch.path.removeprefix(".")
            where = f"{cls.json_name}, {place}" if place else cls.json_name
            raise RecordError(f"{where}: {mismatch}; {cls.json_remedy}") from mismatch


def describe_value(value: object) -> str:
    """Return a few words on what a JSON value is, however large it is."""
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return f"an object of {len(value)} fields"
    if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        return f"a number of {value.bit_length()} bits"
    if isinstance(value, str) and len(value) > _SHOWN_CHARACTERS:
        return f"{value[:_SHOWN_CHARACTERS]!r}… of {len(value)} characters"
    return repr(value)


class _MismatchError(Exception):
    """A value is not what its field holds; `path` grows from the value to the record on the way up."""

    def __init__(self, told: str) -> None:
        super().__init__(told)
        self.path = ""


def _expect(expected: str, value: object) -> _MismatchError:
    return _MismatchError(f"expected {expected}, got {describe_value(value)}")


_Decode = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    decode: _Decode
    required: bool


def _as_dataclass(record: object) -> Any:
    return record


def _encode(value: Any) -> Any:
    if isinstance(value, JsonRecord):
        return value.to_json()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [_encode(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _encode(item) for key, item in value.items()}
    return value


def _decode_record(record: type, data: Any) -> Any:
    if not isinstance(data, dict):
        raise _expect("an object", data)
    fields = _list_fields(record)
    for name in data:
        if name not in fields:
            raise _expect(f"no field {describe_value(name)}", data[name])
    values = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _decode_at(field.decode, data[name], f".{name}")
        elif field.required:
            raise _expect(f"a field {name!r}", data)
    try:
        return record(**values)
    except SuiteError as error:
        raise _MismatchError(str(error)) from error


def _decode_at(decode: _Decode, value: Any, step: str) -> Any:
    try:
        return decode(value)
    except _MismatchError as mismatch:
        mismatch.path = step + mismatch.path
        raise


@functools.cache
def _list_fields(record: type) -> Mapping[str, _Field]:
    """Return how each field of a record is read; the types are looked up once."""
    hints = typing.get_type_hints(record, include_extras=True)
    return {
        field.name: _Field(
            decode=_find_decoder(hints[field.name]),
            required=field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(_as_dataclass(record))
    }


def _find_decoder(hint: Any) -> _Decode:
    """Return what reads a value of this type; raise TypeError where records cannot have such a field."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType} and types.NoneType in arguments:
        (inner,) = (_find_decoder(argument) for argument in arguments if argument is not types.NoneType)
        return functools.partial(_decode_optional, inner)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return functools.partial(_decode_tuple, _find_decoder(arguments[0]))
    if origin is Mapping and arguments[0] is str:
        return functools.partial(_decode_mapping, _find_decoder(arguments[1]))
    if isinstance(hint, type) and issubclass(hint, JsonRecord):
        return functools.partial(_decode_record, hint)
    if isinstance(hint, type) and issubclass(hint, str) and issubclass(hint, Enum):
        return functools.partial(_decode_enum, {member.value: member for member in hint})
    raise TypeError(f"a field of a record: expected a type that JSON can hold, got {hint}")


def _decode_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _expect("true or false", value)
    return value


def _decode_int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _expect("a whole number", value)
    if abs(value) > LARGEST_NUMBER:
        raise _expect("a whole number of at most 64 bits", value)
    return value


def _decode_float(value: Any) -> float:
    """Return the number as it is: a count that is whole stays whole, and exact."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _expect("a finite number", value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _expect("a finite number", value)
    if abs(value) > LARGEST_NUMBER:
        raise _expect("a number of at most 64 bits", value)
    return value


def _decode_unbounded_float(value: Any) -> float:
    if isinstance(value, float) and not math.isnan(value):
        return value
    return _decode_float(value)


def _decode_str(value: Any) -> str:
    if not isinstance(value, str):
        raise _expect("a text", value)
    if len(value) > MAX_CHARACTERS:
        raise _expect(f"a text of at most {MAX_CHARACTERS} characters", value)
    return value


_SCALARS: Mapping[Any, _Decode] = types.MappingProxyType(
    {
        bool: _decode_bool,
        int: _decode_int,
        float: _decode_float,
        UnboundedFloat: _decode_unbounded_float,
        str: _decode_str,
    }
)


def _decode_optional(decode: _Decode, value: Any) -> Any:
    return None if value is None else decode(value)


def _decode_enum(members: Mapping[str, Enum], value: Any) -> Enum:
    if not isinstance(value, str) or value not in members:
        raise _expect(f"one of {', '.join(members)}", value)
    return members[value]


def _decode_tuple(decode: _Decode, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _expect("a list", value)
    if len(value) > MAX_ITEMS:
        raise _expect(f"a list of at most {MAX_ITEMS}", value)
    return tuple(_decode_at(decode, item, f"[{index}]") for index, item in enumerate(value))


def _decode_mapping(decode: _Decode, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _expect("an object", value)
    if len(value) > MAX_ITEMS:
        raise _expect(f"an object of at most {MAX_ITEMS} fields", value)
    return {_decode_str(key): _decode_at(decode, item, f"[{describe_value(key)}]") for key, item in value.items()}
