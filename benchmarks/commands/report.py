"""Show a stored run again, as its end showed it or in another form.

    python -m benchmarks.commands.report run.json
    python -m benchmarks.commands.report run.json --markdown summary.md

A run that was saved without a summary, by an older version or joined of shards, gets one made of its cases. Such a one
lacks what only the run itself knew: what it was compared with, and its command line.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.baselines.store import EXTRA_INFO_KEY, FOR_READERS, RUN_KEY, SUMMARY_KEY, load_run, read_baseline
from benchmarks.commands import CommandParser, MisuseError, read_place, refuse, run_command, write_whole
from benchmarks.errors import BaselineError, RecordError
from benchmarks.gate.times import estimate_overhead
from benchmarks.records import Aspect, CaseReport, Json, Outcome
from benchmarks.reports import REPORTS, load_report
from benchmarks.reports.summarising import RED_FIRST, summarise_run
from benchmarks.reports.summary import CaseVerdict, Provenance, RunFacts, Summary

_CONFIDENCE = 0.95

_UNKNOWN = dict.fromkeys(("overhead_ratio", "position_ratio", "timed_share", "verdict"))
"""What a report has to say, where the run that was stored did not."""


def read_summary(run: Json) -> Summary:
    """Return the summary that was saved with a run, or one made of its cases where there is none that can be read.

    Raises:
        BaselineError: when the run has no case of this suite that can be read.
    """
    told = run.get(RUN_KEY)
    told = told if isinstance(told, dict) else {}
    if told.get(SUMMARY_KEY) is None:
        return _make_summary(run, told, "This summary was made from the stored cases: the run was saved without one.")
    try:
        return Summary.from_json(told[SUMMARY_KEY])
    except RecordError as error:
        return _make_summary(run, told, f"This summary was made from the stored cases: {error}.")


def _make_summary(run: Json, told: Json, note: str) -> Summary:
    """Return a summary made of the cases that a run holds, with a note that says so."""
    unreadable: dict[str, str] = {}
    reports = list(_read_reports(run, unreadable))
    if not reports:
        reason = next(iter(unreadable.values()))
        raise BaselineError(f"expected a run with cases that can be read, got {len(unreadable)} of others: {reason}")
    provenance = Provenance(
        sweep=_find(told, "profile", str) or "",
        seed=_find(told, "seed", int),
        order_seed=_find(told, "order_seed", int),
        shard=_find(told, "shard", str),
        anchor=_find(told, "anchor", str),
    )
    notes = (note, *(f"{case_id} cannot be read: {reason}" for case_id, reason in unreadable.items()))
    summary = summarise_run(reports, RunFacts(provenance=provenance, notes=notes))
    known = {verdict.case_id for verdict in summary.verdicts}
    failed = tuple(
        CaseVerdict(case_id=case_id, outcome=Outcome.FAILED, reason=str(reason))
        for case_id, reason in (_find(told, "failed_cases", dict) or {}).items()
        if case_id not in known
    )
    verdicts = sorted((*failed, *summary.verdicts), key=lambda verdict: RED_FIRST.index(verdict.outcome))
    return dataclasses.replace(summary, verdicts=tuple(verdicts))


def _read_reports(run: Json, unreadable: dict[str, str]) -> Iterator[CaseReport]:
    """Yield the reports on the cases that a run holds; the reasons of those that cannot be read go to `unreadable`."""
    baseline = read_baseline(run)
    unreadable.update(baseline.unreadable)
    for benchmark in run["benchmarks"]:
        extra_info = benchmark.get("extra_info")
        stored = extra_info.get(EXTRA_INFO_KEY) if isinstance(extra_info, dict) else None
        if not isinstance(stored, dict) or str(stored.get("case_id")) not in baseline.measurements:
            continue
        case_id = str(stored["case_id"])
        measurement = baseline.measurements[case_id]
        kept = {name: stored[name] for name in FOR_READERS if name in stored}
        try:
            report = CaseReport.from_json({**_UNKNOWN, **kept, "case": measurement.case.to_json(), "measurement": None})
        except RecordError as error:
            unreadable[case_id] = str(error)
        else:
            yield _complete(dataclasses.replace(report, measurement=measurement))


def _find(told: Json, name: str, kind: type) -> Any:
    """Return what a run says of itself; None where it does not, or not so that it can be read."""
    value = told.get(name)
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def _complete(report: CaseReport) -> CaseReport:
    """Return the report with its overhead in processor time, which older runs hold block by block alone."""
    if report.cpu_overhead_ratio is not None or report.measurement is None or not report.measurement.blocks:
        return report
    overhead = estimate_overhead(report.measurement.blocks, Aspect.CPU).estimate_interval(_CONFIDENCE)
    return dataclasses.replace(report, cpu_overhead_ratio=overhead)


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the run that the command line names; return 0, or 1 or 2 after one line that says why not."""
    parser = CommandParser("report", "Show a stored run, or write a report on it.")
    parser.add_argument("run", type=Path, help="file that --benchmark-json or --benchmark-save wrote")
    parser.add_argument("--markdown", type=read_place, metavar="FILE", help="write the report as Markdown to this file")
    kinds = "; ".join(f"{entry.name}: {entry.summary}" for entry in REPORTS.values())
    parser.add_argument(
        "--report",
        type=_read_wanted,
        action="append",
        default=[],
        metavar="NAME=FILE",
        help=f"write the report of this name to this file; may be given several times ({kinds})",
    )
    return run_command(parser, arguments, _show)


def _show(options: argparse.Namespace) -> None:
    """Write the reports that are wanted, or print that for a terminal where none is."""
    summary = read_summary(load_run(options.run, "run"))
    for name, path in options.report:
        write_whole(path, load_report(name)(summary), "--report")
    if options.markdown is not None:
        write_whole(options.markdown, load_report("markdown")(summary), "--markdown")
    if not options.report and options.markdown is None:
        print(load_report("terminal")(summary))


@refuse
def _read_wanted(text: str) -> tuple[str, Path]:
    """Read the name of a report and the file that it is wanted in."""
    name, _, path = text.partition("=")
    load_report(name)
    if not path:
        raise MisuseError(f"expected NAME=FILE, got {text!r}; write for example --report markdown=run.md")
    return name, read_place(path)


if __name__ == "__main__":
    sys.exit(main())
