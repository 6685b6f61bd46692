"""Which TensorFlow with which Keras, and along which of them does a history run?

Weighting lives in Keras, and people upgrade Keras alone: a version is a pair. It is written `2.16/3.3`, TensorFlow
first, or `2.16` for the Keras that pip installs with it now: the newest that it takes. Of each the last release of that
number is meant. A history runs along TensorFlow, each with a Keras of its own or the newest, or along Keras alone.
Leaves out: how an environment is built (`benchmarks.launch.targets`).

Source of what was released together: the newest release of either on the day after TensorFlow's, as
`uv pip compile --exclude-newer <day>` resolves `keras`. TensorFlow before 2.16 takes the Keras of its own number alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from packaging.specifiers import InvalidSpecifier, Specifier
from packaging.version import Version

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

_NEWEST = "newest"
"""What is written for the Keras of a version that names none, along an axis of Keras."""


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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The versions in their order, at least one: `2.16/3.3`, TensorFlow and Keras, or `2.16` with the newest Keras."""

    versions: tuple[str, ...]

    @property
    def is_keras(self) -> bool:
        """Whether one TensorFlow is there with several of Keras."""
        tensorflow = {version.partition("/")[0] for version in self.versions}
        return len(tensorflow) == 1 and len(self.versions) > 1

    @property
    def span(self) -> str:
        """From where to where it runs: `TensorFlow 2.12 to 2.21` or `Keras 3.0 to 3.15`."""
        first, last = (self.label(version).partition("\n")[0] for version in (self.versions[0], self.versions[-1]))
        if self.is_keras:
            return f"Keras {first} to {last.replace(_NEWEST, f'the {_NEWEST}')}"
        return f"TensorFlow {first} to {last}"

    @property
    def explanation(self) -> str:
        """How a version is to be read, in a sentence."""
        pair = next((version for version in self.versions if "/" in version), None)
        if pair is None:
            return "Each TensorFlow has the newest Keras that it takes."
        tensorflow, _, keras = pair.partition("/")
        return f"`{pair}` is TensorFlow {tensorflow} with Keras {keras}."

    @property
    def names(self) -> str:
        """What the lines of a label are versions of, one below the other."""
        if self.is_keras:
            return "Keras"
        return "TensorFlow\nKeras" if any("/" in version for version in self.versions) else "TensorFlow"

    def label(self, version: str) -> str:
        """Return what stands at a version in a picture: what changes along the axis, its Keras on a second line."""
        tensorflow, _, keras = version.partition("/")
        if self.is_keras:
            return keras or _NEWEST
        return f"{tensorflow}\n{keras}" if keras else tensorflow


def sort_versions(versions: Iterable[str]) -> tuple[str, ...]:
    """Return the versions, each once: the oldest TensorFlow first, then by Keras, the newest of it last."""

    def rank(name: str) -> tuple[Version, bool, Version]:
        tensorflow, _, keras = name.partition("/")
        return Version(tensorflow), not keras, Version(keras or "0")

    return tuple(sorted(set(versions), key=rank))
