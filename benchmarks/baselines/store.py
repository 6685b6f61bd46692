"""How does a measured case lie in a stored run, and which stored run is a case compared with?

A case lies in pytest-benchmark's JSON under one key of `extra_info`, with a schema version. The blocks are what a later
run is compared with; the ratios beside them are for readers. A case that is not there, or is there in a form that
cannot be read, is told apart from one that is, and takes no other along. A run that pytest-benchmark itself would break
on is refused before it does. Leaves out: where runs are stored and how one is chosen, which is pytest-benchmark's
`--benchmark-compare`, and its own statistics of the weighted arm's samples.
"""

from __future__ import annotations

import dataclasses
import json
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.errors import BaselineError, RecordError
from benchmarks.records import CaseReport, Environment, Json, Measurement
from benchmarks.records.json_form import LARGEST_NUMBER, describe_value

EXTRA_INFO_KEY = "sample_weighting"

RUN_KEY = "sample_weighting_run"
"""Where a saved run says what it was asked to do and which cases it could not measure."""

SUMMARY_KEY = "summary"
"""Where a saved run, under `RUN_KEY`, has the record that its reports are made of."""

SCHEMA_VERSION = 2
"""Raised when a stored measurement changes its meaning or shape."""

FOR_READERS = ("overhead_ratio", "cpu_overhead_ratio", "position_ratio", "timed_share", "verdict", "other", "changes")
"""What is stored of a report beside its measurement, for readers of the file and for reports."""


def to_extra_info(report: CaseReport) -> Json:
    """Return what a saved run keeps of a case, as the value of `EXTRA_INFO_KEY`.

    Raises:
        RecordError: when the report holds no measurement.
    """
    if report.measurement is None:
        raise RecordError(f"expected a measured case, got {report.case.case_id} without a measurement")
    return {
        "schema_version": SCHEMA_VERSION,
        "case_id": report.case.case_id,
        **{name: value for name, value in report.to_json().items() if name in FOR_READERS},
        **report.measurement.to_json(),
    }


def from_extra_info(extra_info: object) -> Measurement:
    """Read the measurement a saved run kept of a case.

    Args:
        extra_info: the `extra_info` of one benchmark in pytest-benchmark's JSON.

    Raises:
        BaselineError: when this suite did not write it, or wrote it with another schema.
    """
    stored = extra_info.get(EXTRA_INFO_KEY) if isinstance(extra_info, dict) else None
    if not isinstance(stored, dict):
        raise BaselineError("the stored run was not written by this suite; record a baseline with it")
    version = stored.get("schema_version")
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise BaselineError(
            f"the stored run has schema version {describe_value(version)}, this suite reads {SCHEMA_VERSION}; "
            "record the baseline again"
        )
    fields = {field.name for field in dataclasses.fields(Measurement)}
    try:
        measurement = Measurement.from_json({name: value for name, value in stored.items() if name in fields})
    except RecordError as error:
        raise BaselineError(str(error)) from error
    if stored.get("case_id") != measurement.case.case_id:
        raise BaselineError(
            f"the stored run calls {measurement.case.case_id} {describe_value(stored.get('case_id'))}; record it again"
        )
    return measurement


MAX_RUN_FILE_BYTES = 2**30
"""Twice a full sweep with every sample, as --benchmark-json writes it: 1,175 cases of 12 blocks of 1,000 rounds, each
sample a line of 40 bytes."""

_TABLE_NUMBERS = ("min", "max", "mean", "median", "iqr", "stddev", "rounds", "iterations")
"""What pytest-benchmark's table computes with, of a stored benchmark as of a new one."""


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


def read_baseline(stored_run: object) -> Baseline:
    """Read a run as pytest-benchmark loaded it.

    Args:
        stored_run: the whole JSON of the run, with its list of `benchmarks`.

    Raises:
        BaselineError: when it holds not one benchmark of this suite.
    """
    benchmarks = stored_run.get("benchmarks") if isinstance(stored_run, dict) else None
    if not isinstance(benchmarks, list):
        raise BaselineError(
            f"expected a run recorded by this suite, got one whose benchmarks are {describe_value(benchmarks)}; "
            "record a baseline with --benchmark-save"
        )
    measurements: dict[str, Measurement] = {}
    unreadable: dict[str, str] = {}
    for index, benchmark in enumerate(benchmarks):
        extra_info = benchmark.get("extra_info") if isinstance(benchmark, dict) else benchmark
        if not extra_info or (isinstance(extra_info, dict) and EXTRA_INFO_KEY not in extra_info):
            continue
        case_id = _find_case_id(benchmark, extra_info) or f"benchmarks[{index}]"
        try:
            measurement = from_extra_info(extra_info)
        except BaselineError as error:
            unreadable[case_id] = str(error)
        else:
            if case_id in measurements:
                unreadable[case_id] = "the stored run has this case twice; record the baseline again"
            measurements[case_id] = measurement
    if not measurements and not unreadable:
        raise BaselineError(
            f"expected a run recorded by this suite, got one with {len(benchmarks)} benchmarks and none of them its "
            "own; record a baseline with --benchmark-save"
        )
    usable = {case_id: each for case_id, each in measurements.items() if case_id not in unreadable}
    return Baseline(measurements=usable, unreadable=unreadable)


def _find_case_id(benchmark: object, extra_info: object) -> str | None:
    """Return which case a stored benchmark is of: as the suite stored it, else by the name of the test."""
    stored = extra_info.get(EXTRA_INFO_KEY) if isinstance(extra_info, dict) else None
    case_id = stored.get("case_id") if isinstance(stored, dict) else None
    if isinstance(case_id, str):
        return case_id
    name = benchmark.get("name") if isinstance(benchmark, dict) else None
    return name.removeprefix("test_") if isinstance(name, str) else None


def load_run(path: Path, role: str = "baseline") -> Json:
    """Return the JSON of a stored run.

    Args:
        path: of the file.
        role: what the run is given as, which an error begins with.

    Raises:
        BaselineError: when it is not there or not such a file.
    """
    try:
        status = path.stat()
        if status.st_size > MAX_RUN_FILE_BYTES:
            raise BaselineError(
                f"{role}: expected a stored run of at most {MAX_RUN_FILE_BYTES} bytes, but {str(path)!r} has "
                f"{status.st_size}; record it without --benchmark-save-data, or name another file"
            )
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise BaselineError(
                f"{role}: expected the file of a stored run, but {str(path)!r} is none; pass an existing file"
            )
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        number = " or the number of a run in the storage" if role == "baseline" else ""
        raise BaselineError(
            f"{role}: expected the file of a stored run, got {str(path)!r} ({error.strerror}); "
            f"pass an existing file{number}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(
            f"{role}: expected the JSON of a stored run, but {str(path)!r} is not JSON ({error}); record it again"
        ) from error
    check_run(content, repr(str(path)), role)
    run: Json = content
    return run


def check_run(content: object, name: str, role: str = "baseline") -> None:
    """Make sure that a run has what pytest-benchmark compares with, which it does not check itself.

    Args:
        content: the JSON of the run.
        name: what to call it in an error.
        role: what the run is given as, which an error begins with.

    Raises:
        BaselineError: when something is missing or cannot be computed with.
    """
    problem = next(_find_problems(content), None)
    if problem is not None:
        raise BaselineError(
            f"{role}: expected the JSON of a pytest-benchmark run, but {name} has {problem}; record it again with "
            "--benchmark-json or --benchmark-save"
        )


def _find_problems(content: object) -> Iterator[str]:
    """Yield what a run has instead of what pytest-benchmark looks up in it."""
    benchmarks = content.get("benchmarks") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(benchmarks, list):
        yield "no list of benchmarks"
        return
    if not isinstance(content.get("machine_info"), dict):
        yield f"{_describe(content, 'machine_info')} as machine_info"
    for index, benchmark in enumerate(benchmarks):
        place = f"benchmarks[{index}]"
        if not isinstance(benchmark, dict):
            yield f"{describe_value(benchmark)} as {place}"
            continue
        if not isinstance(benchmark.get("fullname"), str):
            yield f"{_describe(benchmark, 'fullname')} as {place}.fullname"
        stats = benchmark.get("stats")
        if not isinstance(stats, dict):
            yield f"{_describe(benchmark, 'stats')} as {place}.stats"
            continue
        names = _TABLE_NUMBERS if "ops" not in stats else (*_TABLE_NUMBERS, "ops")
        wrong = [name for name in names if not _is_number(stats.get(name))]
        wrong += ["mean"] if "ops" not in stats and not stats.get("mean") else []  # which it divides by
        wrong += [] if isinstance(stats.get("outliers"), str) else ["outliers"]
        yield from (f"{_describe(stats, name)} as {place}.stats.{name}" for name in wrong)


def _describe(content: Mapping[str, Any], name: str) -> str:
    return describe_value(content[name]) if name in content else "nothing"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER


def describe_differences(stored: Environment, current: Environment) -> tuple[str, ...]:
    """Name what differs between where a baseline and a run were measured: `cores: 4 stored, 2 now`."""
    return tuple(
        f"{field.name}: {getattr(stored, field.name)} stored, {getattr(current, field.name)} now"
        for field in dataclasses.fields(Environment)
        if field.compare and getattr(stored, field.name) != getattr(current, field.name)
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
