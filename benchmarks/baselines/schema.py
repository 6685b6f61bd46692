"""How does a measured case lie in pytest-benchmark's JSON? Under one key of `extra_info`, with a schema version.

The blocks are what a later run is compared with; the ratios beside them are for readers. Leaves out: pytest-benchmark's
own statistics of the weighted arm's samples, which stand next to it.
"""

from __future__ import annotations

import dataclasses

from benchmarks.errors import BaselineError, RecordError
from benchmarks.records import CaseReport, Json, Measurement
from benchmarks.records.json_form import describe_value

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
