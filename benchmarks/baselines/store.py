"""Which stored run is a case compared with? One that pytest-benchmark loaded, looked up case by case.

A case that is not there, or is there in a form that cannot be read, is told apart from one that is. Leaves out:
where runs are stored and how one is chosen, which is pytest-benchmark's `--benchmark-compare`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.baselines.schema import EXTRA_INFO_KEY, from_extra_info
from benchmarks.errors import BaselineError
from benchmarks.records import Environment, Json, Measurement


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A stored run: measurements by case id, and by case id the reason why one cannot be used."""

    measurements: Mapping[str, Measurement]
    unreadable: Mapping[str, str]

    def find_measurement(self, case_id: str) -> Measurement:
        """Return the stored measurement of a case.

        Raises:
            BaselineError: when the stored run has none that can be used; the message says why.
        """
        if case_id in self.unreadable:
            raise BaselineError(self.unreadable[case_id])
        if case_id not in self.measurements:
            raise BaselineError("the stored run does not have this case; record a baseline that does")
        return self.measurements[case_id]

    def list_removed(self, case_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the stored cases that are not among `case_ids`, sorted."""
        return tuple(sorted((set(self.measurements) | set(self.unreadable)) - set(case_ids)))


def read_baseline(stored_run: Json) -> Baseline:
    """Read a run as pytest-benchmark loaded it.

    Args:
        stored_run: the whole JSON of the run, with its list of `benchmarks`.

    Raises:
        BaselineError: when it holds not one benchmark of this suite.
    """
    measurements: dict[str, Measurement] = {}
    unreadable: dict[str, str] = {}
    benchmarks = stored_run.get("benchmarks", [])
    for benchmark in benchmarks:
        extra_info = benchmark.get("extra_info") or {}
        try:
            measurement = from_extra_info(extra_info)
        except BaselineError as error:
            stored = extra_info.get(EXTRA_INFO_KEY)
            if isinstance(stored, dict):
                unreadable[str(stored.get("case_id"))] = str(error)
            continue
        measurements[measurement.case.case_id] = measurement
    if not measurements and not unreadable:
        raise BaselineError(
            f"expected a run recorded by this suite, got one with {len(benchmarks)} benchmarks and none of them its "
            "own; record a baseline with --benchmark-save"
        )
    return Baseline(measurements=measurements, unreadable=unreadable)


def check_run_file(path: Path) -> None:
    """Make sure that a file given as a baseline is the JSON of a run.

    Raises:
        BaselineError: when it is not there or not such a file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BaselineError(
            f"baseline: expected the file of a stored run, got {str(path)!r} ({error.strerror}); "
            "pass an existing file or the number of a run in the storage"
        ) from error
    except ValueError as error:
        raise BaselineError(
            f"baseline: expected the JSON of a stored run, but {str(path)!r} is not JSON ({error}); record it again"
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("benchmarks"), list):
        raise BaselineError(
            f"baseline: expected the JSON of a pytest-benchmark run, but {str(path)!r} has no list of benchmarks; "
            "record it again with --benchmark-json or --benchmark-save"
        )


def describe_differences(stored: Environment, current: Environment) -> tuple[str, ...]:
    """Name what differs between where a baseline and a run were measured: `cores: 4 stored, 2 now`."""
    return tuple(
        f"{field.name}: {getattr(stored, field.name)} stored, {getattr(current, field.name)} now"
        for field in dataclasses.fields(Environment)
        if getattr(stored, field.name) != getattr(current, field.name)
    )


def explain_unlike_versions(stored: Environment, current: Environment) -> str | None:
    """Return why bytes and counts of the two cannot be compared; None where TensorFlow and Keras are the same.

    They are the same on any machine, but another version of TensorFlow or Keras may well have other graphs.
    """
    differences = [
        f"{name} {getattr(stored, field)} stored, {getattr(current, field)} now"
        for field, name in (("tensorflow", "TensorFlow"), ("keras", "Keras"))
        if getattr(stored, field) != getattr(current, field)
    ]
    if not differences:
        return None
    return (
        "bytes and counts are compared for the same TensorFlow and Keras only, and there is "
        f"{' and '.join(differences)}; record a baseline with this version"
    )
