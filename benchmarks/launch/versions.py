"""Which TensorFlow with which Keras? Weighting lives in Keras, and people upgrade Keras alone: a version is a pair.

It is written `2.16/3.3`, TensorFlow first, or `2.16` for the Keras that pip installs with it now: the newest that it
takes. Of each the last release of that number is meant. Leaves out: how an environment is built (`targets`).

Source of what was released together: the newest release of either on the day after TensorFlow's, as
`uv pip compile --exclude-newer <day>` resolves `keras`. TensorFlow before 2.16 takes the Keras of its own number alone.
"""

from __future__ import annotations

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

_ANY_KERAS_3 = "2.16"
"""The one TensorFlow that takes every Keras 3; 2.17 takes 3.2 and newer, 2.18 3.5, 2.20 3.10 and 2.21 3.12."""

SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "newest": tuple(RELEASED_WITH),
        "released": tuple(f"{tensorflow}/{keras}" for tensorflow, keras in RELEASED_WITH.items()),
        "keras": tuple(f"{_ANY_KERAS_3}/3.{minor}" for minor in range(16)),
    }
)
"""Versions by the name of the set: every TensorFlow with the newest Keras, with that of its time, and every Keras 3."""


def parse_versions(text: str) -> tuple[str, ...]:
    """Return the versions that a text names: a set, or `2.15,2.16/3.3`, each once; of each the last release is meant.

    Raises:
        AxisError: when it names none.
    """
    if text in SETS:
        return SETS[text]
    versions = tuple(dict.fromkeys(version.strip() for version in text.split(",")))
    try:
        for number in (number for version in versions for number in version.split("/", maxsplit=1)):
            Specifier(f"=={number}.*")
    except InvalidSpecifier:
        raise AxisError(
            f"expected {', '.join(SETS)}, or versions apart by commas, got {text!r}; write for example 2.15,2.16/3.3"
        ) from None
    return versions


def name_requirement(version: str) -> str:
    """Return what pip is asked for: `2.16/3.3` becomes `tensorflow-cpu==2.16.* keras==3.3.*`."""
    tensorflow, _, keras = version.partition("/")
    return f"tensorflow-cpu=={tensorflow}.*" + (f" keras=={keras}.*" if keras else "")
