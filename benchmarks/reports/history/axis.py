"""Along which versions does a history run? TensorFlow, each with a Keras of its own or the newest, or Keras alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from packaging.version import Version

_NEWEST = "newest"


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
