"""How does a measured case lie in pytest-benchmark's JSON? Under one key of `extra_info`, with a schema version.

The blocks are what a later run is compared with; the ratios beside them are for readers. Leaves out: pytest-benchmark's
own statistics of the weighted arm's samples, which stand next to it.
"""

from __future__ import annotations

import dataclasses

from benchmarks.errors import BaselineError, RecordError
from benchmarks.records import CaseReport, Json, Measurement

EXTRA_INFO_KEY = "sample_weighting"

RUN_KEY = "sample_weighting_run"
"""Where a saved run says what it was asked to do and which cases it could not measure."""

SCHEMA_VERSION = 1
"""Raised when a stored measurement changes its meaning or shape."""


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
        "overhead_ratio": None if report.overhead_ratio is None else dataclasses.asdict(report.overhead_ratio),
        "position_ratio": None if report.position_ratio is None else dataclasses.asdict(report.position_ratio),
        "timed_share": report.timed_share,
        "verdict": None if report.verdict is None else dataclasses.asdict(report.verdict),
        "other": None if report.other is None else report.other.to_json(),
        "changes": [dataclasses.asdict(change) for change in report.changes],
        **report.measurement.to_json(),
    }


def from_extra_info(extra_info: Json) -> Measurement:
    """Read the measurement a saved run kept of a case.

    Args:
        extra_info: the `extra_info` of one benchmark in pytest-benchmark's JSON.

    Raises:
        BaselineError: when this suite did not write it, or wrote it with another schema.
    """
    stored = extra_info.get(EXTRA_INFO_KEY)
    if not isinstance(stored, dict):
        raise BaselineError("the stored run was not written by this suite; record a baseline with it")
    version = stored.get("schema_version")
    if version != SCHEMA_VERSION:
        raise BaselineError(
            f"the stored run has schema version {version!r}, this suite reads {SCHEMA_VERSION}; "
            "record the baseline again"
        )
    try:
        return Measurement.from_json(stored)
    except RecordError as error:
        raise BaselineError(str(error)) from error
