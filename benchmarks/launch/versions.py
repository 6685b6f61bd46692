"""Which TensorFlow with which Keras? Weighting lives in Keras, and people upgrade Keras alone: a target is a pair.

A pair is written `2.16/3.3`, TensorFlow first, or `2.16` for the Keras that pip installs with it now: the newest that
it takes. A version stands for the last release of it. Leaves out: how an environment is built (`targets`).

Source of what was released together: the newest release of either on the day after TensorFlow's, as
`uv pip compile --exclude-newer <day>` resolves `keras`. TensorFlow before 2.16 takes the Keras of its own number alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from packaging.specifiers import InvalidSpecifier, Specifier

from benchmarks.errors import AxisError

RELEASED_WITH: Mapping[str, str] = MappingProxyType(
    {
        "2.12": "2.12",
        "2.13": "2.13",
        "2.14": "2.14",
        "2.15": "2.15",
        "2.16": "3.0",
        "2.17": "3.4",
        "2.18": "3.6",
        "2.19": "3.9",
        "2.20": "3.11",
        "2.21": "3.13",
    }
)
"""The Keras that was current when a TensorFlow was released."""

KERAS_3: tuple[str, ...] = tuple(f"3.{minor}" for minor in range(16))

_ANY_KERAS_3 = "2.16"
"""The one TensorFlow that takes every Keras 3; 2.17 takes 3.2 and newer, 2.18 3.5, 2.20 3.10 and 2.21 3.12."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A TensorFlow and a Keras, each a version of which the last release is meant; None for the newest Keras."""

    tensorflow: str
    keras: str | None = None

    @property
    def name(self) -> str:
        """What it is called in files and tables: `2.16/3.3`."""
        return self.tensorflow if self.keras is None else f"{self.tensorflow}/{self.keras}"

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        keras = "" if self.keras is None else f" keras=={self.keras}.*"
        return f"tensorflow-cpu=={self.tensorflow}.*{keras}"


SETS: Mapping[str, tuple[Pair, ...]] = MappingProxyType(
    {
        "newest": tuple(Pair(tensorflow=version) for version in RELEASED_WITH),
        "released": tuple(Pair(tensorflow=version, keras=keras) for version, keras in RELEASED_WITH.items()),
        "keras": tuple(Pair(tensorflow=_ANY_KERAS_3, keras=keras) for keras in KERAS_3),
    }
)
"""Pairs by the name of the set: every TensorFlow with the newest Keras, with that of its time, and every Keras 3."""


def parse_pairs(text: str) -> tuple[Pair, ...]:
    """Return the pairs that a text names: a set, or pairs apart by commas, each once.

    Raises:
        AxisError: when it names none.
    """
    if text in SETS:
        return SETS[text]
    return tuple(dict.fromkeys(_parse_pair(part.strip(), text) for part in text.split(",")))


def _parse_pair(part: str, text: str) -> Pair:
    tensorflow, separator, keras = part.partition("/")
    try:
        for version in (tensorflow, keras) if separator else (tensorflow,):
            Specifier(f"=={version}.*")
    except InvalidSpecifier:
        raise AxisError(
            f"expected {', '.join(SETS)}, or versions apart by commas, got {text!r}; write for example 2.15,2.16/3.3"
        ) from None
    return Pair(tensorflow=tensorflow, keras=keras or None)
