"""Does the gate stay quiet on unchanged code, and does it catch what was planted? Whole runs, counted.

Repeats a pytest run of the suite and writes down the verdict on every case after each, so that an interrupted
verification goes on where it stopped. Everything after `--` goes to pytest:

    python -m benchmarks.studies.verify_gate --runs 10 --file null.jsonl -- \
        --sweep quick --benchmark-compare=<a stored run>
    python -m benchmarks.studies.verify_gate --runs 10 --file plant5.jsonl -- \
        -k step_time --method loop_graph --plant step=+5% --benchmark-compare=<a stored run>

The record of such runs is docs/gate-verification.md.
"""

from __future__ import annotations

import argparse
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

from tabulate import tabulate

from benchmarks.records import Outcome

_ROOT = Path(__file__).resolve().parents[2]

_NOT_JUDGED = "measured"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One whole run: when it began, how long it took, how it ended, and the verdict by test."""

    began: str
    wall_s: float
    load_average: float
    exit_status: int
    verdicts: Mapping[str, str]


def read_verdicts(junit_xml: Path) -> dict[str, str]:
    """Return the verdict on each test of a run, from pytest's JUnit XML; `measured` where none was asked for."""
    verdicts = {}
    for test in ET.parse(junit_xml).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it just now
        values = [entry.get("value") for entry in test.iter("property") if entry.get("name") == "verdict"]
        verdicts[str(test.get("name"))] = str(values[0]) if values else _NOT_JUDGED
    return verdicts


def do_run(pytest_arguments: Sequence[str]) -> RunRecord:
    """Run the suite once and return what came of it."""
    began = datetime.now(timezone.utc)
    load_average = os.getloadavg()[0]
    begin_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        junit_xml = Path(folder) / "run.xml"
        command = [sys.executable, "-m", "pytest", "benchmarks", f"--junitxml={junit_xml}", "-p", "no:cacheprovider"]
        ended = subprocess.run(  # noqa: S603 - this interpreter
            [*command, *pytest_arguments], cwd=_ROOT, check=False, stdout=subprocess.DEVNULL
        )
        verdicts = read_verdicts(junit_xml)
    return RunRecord(
        began=began.isoformat(timespec="seconds"),
        wall_s=round(time.monotonic() - begin_s, 1),
        load_average=round(load_average, 2),
        exit_status=ended.returncode,
        verdicts=verdicts,
    )


def load_records(path: Path) -> list[RunRecord]:
    """Return the runs written down so far; an absent file holds none."""
    if not path.exists():
        return []
    return [RunRecord(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def render_records(records: Sequence[RunRecord]) -> str:
    """Return one row per run and one per test as markdown tables: how often which verdict was given."""
    outcomes = [outcome.value for outcome in Outcome] + [_NOT_JUDGED]
    given = [name for name in outcomes if any(name in record.verdicts.values() for record in records)]
    runs = tabulate(
        [
            [
                number,
                record.began,
                f"{record.wall_s:.0f}",
                record.load_average,
                "red" if record.exit_status else "green",
                *(Counter(record.verdicts.values())[name] for name in given),
            ]
            for number, record in enumerate(records, start=1)
        ],
        headers=["run", "began", "wall s", "load before", "exit", *given],
        tablefmt="github",
    )
    tests = list(dict.fromkeys(test for record in records for test in record.verdicts))
    by_test = tabulate(
        [[test, *(sum(record.verdicts.get(test) == name for record in records) for name in given)] for test in tests],
        headers=["test", *given],
        tablefmt="github",
    )
    return f"{runs}\n\n{by_test}"


def main() -> None:
    """Do the runs that are missing and print the tables of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=10, help="how many whole runs")
    parser.add_argument("--file", type=Path, required=True, help="where each run is written down")
    parser.add_argument("pytest_arguments", nargs="*", help="what goes to pytest, after --")
    arguments = parser.parse_args()
    while len(load_records(arguments.file)) < arguments.runs:
        record = do_run(arguments.pytest_arguments)
        with arguments.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dataclasses.asdict(record)) + "\n")
        print(f"{record.began} exit {record.exit_status} after {record.wall_s:.0f} s", file=sys.stderr, flush=True)
    print(render_records(load_records(arguments.file)))


if __name__ == "__main__":
    main()
