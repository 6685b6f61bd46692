"""Does the gate stay quiet on unchanged code, and does it catch what was planted? Whole runs, counted.

Repeats a pytest run of the suite and writes down the verdict on every case after each, so that an interrupted
verification goes on where it stopped. The log-ratios of the blocks are written down too, so that the occasions can be
compared (`benchmarks.studies.occasions`); not with `--plant`, which is refused while values are saved. Everything after
`--` goes to pytest:

    python -m benchmarks.studies.verify_gate --runs 10 --file null.jsonl -- \
        --sweep quick --benchmark-compare=<a stored run>
    python -m benchmarks.studies.verify_gate --runs 10 --file plant5.jsonl -- \
        -k step_time --method loop_graph --plant step=+5% --benchmark-compare=<a stored run>

The record of such runs is docs/gate-verification.md.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import ClassVar

from benchmarks.baselines.lines import append_line, load_lines
from benchmarks.baselines.store import read_baseline
from benchmarks.errors import BaselineError
from benchmarks.records import Outcome
from benchmarks.records.json_form import JsonRecord
from benchmarks.studies import make_parser, render_table, report_progress

_ROOT = Path(__file__).resolve().parents[2]

_NOT_JUDGED = "measured"

_DECIMALS = 6
"""Of a log-ratio that is written down: 0.0001 %."""

_KEEPING_OPTIONS = ("--plant", "--benchmark-json")
"""With the first nothing may be saved, and the second says that the values go elsewhere."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CaseBlocks(JsonRecord):
    """What the blocks of a timed case gave in one run, one entry per block, in the order they ran.

    `weighted_built_first` is None where each arm had a process of its own.
    """

    json_name: ClassVar[str] = "the blocks of a case"

    log_ratios: tuple[float, ...]
    cpu_log_ratios: tuple[float, ...]
    weighted_built_first: tuple[bool | None, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(JsonRecord):
    """One whole run: when it began, how long it took, how it ended, and the verdict by test.

    `counts` says how often each verdict was given, `blocks` what was measured, by case id; either is empty in records
    that were written before they were kept, the latter also of runs with a planted fault.
    """

    json_name: ClassVar[str] = "the record of a run"

    began: str
    wall_s: float
    load_average: float
    exit_status: int
    verdicts: Mapping[str, str]
    counts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    blocks: Mapping[str, CaseBlocks] = dataclasses.field(default_factory=dict)


def read_verdicts(junit_xml: Path) -> dict[str, str]:
    """Return the verdict on each test of a run, from pytest's JUnit XML; `measured` where none was asked for."""
    verdicts = {}
    for test in ET.parse(junit_xml).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it just now
        values = [entry.get("value") for entry in test.iter("property") if entry.get("name") == "verdict"]
        verdicts[str(test.get("name"))] = str(values[0]) if values else _NOT_JUDGED
    return verdicts


def read_blocks(benchmark_json: Path) -> dict[str, CaseBlocks]:
    """Return what the blocks of each timed case gave, by case id; nothing where the run saved no measurement."""
    if not benchmark_json.exists():
        return {}
    try:
        measurements = read_baseline(json.loads(benchmark_json.read_text(encoding="utf-8"))).measurements
    except (ValueError, BaselineError):
        return {}
    return {
        case_id: CaseBlocks(
            log_ratios=tuple(round(block.log_ratio, _DECIMALS) for block in measurement.blocks),
            cpu_log_ratios=tuple(round(block.cpu_log_ratio, _DECIMALS) for block in measurement.blocks),
            weighted_built_first=tuple(block.weighted_built_first for block in measurement.blocks),
        )
        for case_id, measurement in measurements.items()
        if measurement.blocks
    }


def keeps_values(pytest_arguments: Sequence[str]) -> bool:
    """Return whether a run with these arguments can save its values where this study finds them."""
    return not any(argument.partition("=")[0] in _KEEPING_OPTIONS for argument in pytest_arguments)


def do_run(pytest_arguments: Sequence[str]) -> RunRecord:
    """Run the suite once and return what came of it."""
    began = datetime.now(timezone.utc)
    load_average = os.getloadavg()[0]
    begin_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        junit_xml, benchmark_json = Path(folder) / "run.xml", Path(folder) / "run.json"
        command = [sys.executable, "-m", "pytest", "benchmarks", f"--junitxml={junit_xml}", "-p", "no:cacheprovider"]
        if keeps_values(pytest_arguments):
            command.append(f"--benchmark-json={benchmark_json}")
        ended = subprocess.run(  # noqa: S603 - this interpreter
            [*command, *pytest_arguments], cwd=_ROOT, check=False, stdout=subprocess.DEVNULL
        )
        verdicts, blocks = read_verdicts(junit_xml), read_blocks(benchmark_json)
    return RunRecord(
        began=began.isoformat(timespec="seconds"),
        wall_s=round(time.monotonic() - begin_s, 1),
        load_average=round(load_average, 2),
        exit_status=ended.returncode,
        verdicts=verdicts,
        counts=dict(Counter(verdicts.values())),
        blocks=blocks,
    )


def render_records(records: Sequence[RunRecord]) -> str:
    """Return one row per run and one per test as markdown tables: how often which verdict was given."""
    outcomes = [outcome.value for outcome in Outcome] + [_NOT_JUDGED]
    given = [name for name in outcomes if any(name in record.verdicts.values() for record in records)]
    runs = [
        {
            "run": number,
            "began": record.began,
            "wall s": f"{record.wall_s:.0f}",
            "load before": record.load_average,
            "exit": "red" if record.exit_status else "green",
            **{name: list(record.verdicts.values()).count(name) for name in given},
        }
        for number, record in enumerate(records, start=1)
    ]
    by_test = [
        {"test": test} | {name: sum(record.verdicts.get(test) == name for record in records) for name in given}
        for test in dict.fromkeys(test for record in records for test in record.verdicts)
    ]
    return f"{render_table(runs)}\n\n{render_table(by_test)}"


def main() -> None:
    """Do the runs that are missing and print the tables of all."""
    parser = make_parser("verify_gate", __doc__)
    parser.add_argument("--runs", type=int, default=10, help="how many whole runs")
    parser.add_argument("--file", type=Path, required=True, help="where each run is written down")
    parser.add_argument("pytest_arguments", nargs="*", help="what goes to pytest, after --")
    arguments = parser.parse_args()
    while len(load_lines(arguments.file, RunRecord)) < arguments.runs:
        record = do_run(arguments.pytest_arguments)
        append_line(arguments.file, record)
        report_progress(f"{record.began} exit {record.exit_status} after {record.wall_s:.0f} s")
    print(render_records(load_lines(arguments.file, RunRecord)))


if __name__ == "__main__":
    main()
