"""What is a run held against beside its baseline? The anchor: an older run, kept while baselines are recorded anew.

Rises that each stay within the tolerance, with a baseline recorded after each, add up unseen; against the anchor, at
`ANCHOR_FACTOR` times the tolerance, they show. A case that the anchor lacks is judged against the baseline alone, and
the summary says so. Leaves out: the rules (`benchmarks.gate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.baselines.store import Baseline, explain_unlike_versions, load_run, read_baseline
from benchmarks.errors import AxisError, BaselineError
from benchmarks.gate.plan import ANCHOR_FACTOR, MIN_BASELINE_BLOCKS
from benchmarks.plugin.run import Run
from benchmarks.plugin.settings import Settings
from benchmarks.records import Case, CaseReport, Environment, Measurement, Question, ReadBlock
from benchmarks.records.quantities import QUANTITIES, find_quantity, title_reading

_LISTED_CASES = 10


def load_anchor(path: Path, settings: Settings) -> Baseline:
    """Return the run that is kept as anchor.

    Raises:
        AxisError: when what is tolerated over a baseline is so much that the anchor would tolerate everything.
        BaselineError: when the file is not there, is no run, or holds not one case that can be read.
    """
    largest = max(settings.tolerances.values(), default=0.0)
    if ANCHOR_FACTOR * largest >= 1.0:
        raise AxisError(
            f"--anchor: expected a --tolerance below {100.0 / ANCHOR_FACTOR:.0f} %, as the anchor's is "
            f"{ANCHOR_FACTOR:g} times that, got {100.0 * largest:g} %; choose a smaller one"
        )
    run = load_run(path, "anchor")
    try:
        anchor = read_baseline(run)
    except BaselineError as error:
        raise BaselineError(f"anchor: {str(path)!r}: {error}") from error
    if not anchor.measurements:
        reason = next(iter(anchor.unreadable.values()))
        raise BaselineError(f"anchor: expected a run whose cases can be read, got {str(path)!r} with none: {reason}")
    return anchor


def find_anchored(run: Run, case: Case, environment: Environment | None = None) -> Measurement:
    """Return the anchor's measurement of a case.

    Args:
        run: with its anchor.
        case: what is measured; not a null case.
        environment: where it is measured now, which counts for bytes and counts; None leaves it out of account.

    Raises:
        BaselineError: when there is none that can be used; the message says why.
    """
    anchor = run.anchor
    if anchor is None or case.case_id not in {*anchor.measurements, *anchor.unreadable}:
        raise BaselineError("not in it")
    measurement = anchor.find_measurement(case.case_id)
    if case.question.is_timed and len(measurement.blocks) < MIN_BASELINE_BLOCKS:
        raise BaselineError(f"{len(measurement.blocks)} blocks, where at least {MIN_BASELINE_BLOCKS} are needed")
    if not case.question.is_timed and environment is not None:
        problem = explain_unlike_versions(measurement.environment, environment)
        if problem is not None:
            raise BaselineError(problem)
    return measurement


def is_anchored(run: Run, case_id: str | None) -> bool:
    """Whether the anchor has blocks enough of a timed case, by its id."""
    if run.anchor is None or case_id is None or case_id not in run.anchor.measurements:
        return False
    return len(run.anchor.measurements[case_id].blocks) >= MIN_BASELINE_BLOCKS


def describe_lacking(run: Run) -> str:
    """Return the note on what the anchor lacks of what was measured; empty where it lacks nothing."""
    held = [report for report in run.reports if not report.case.null and _is_held(report.case.question)]
    if run.anchor is None or not held:
        return ""
    by_reason: dict[str, list[str]] = {}
    for report in held:
        reason = _explain_lacking(run, report)
        if reason:
            by_reason.setdefault(reason.partition(";")[0], []).append(report.case.case_id)
    count = sum(map(len, by_reason.values()))
    if not count:
        return ""
    parts = [
        f"{', '.join(case_ids[:_LISTED_CASES])}{', …' if len(case_ids) > _LISTED_CASES else ''} ({reason})"
        for reason, case_ids in by_reason.items()
    ]
    return (
        f"The anchor lacks {count} of {len(held)} cases, and what it lacks is judged against the baseline alone: "
        f"{'; '.join(parts)}"
    )


def _is_held(question: Question) -> bool:
    """Whether anything of a question is held against what was stored."""
    return question.is_timed or any(each.is_compared for each in QUANTITIES.values() if each.question is question)


def _explain_lacking(run: Run, report: CaseReport) -> str:
    """Return what the anchor lacks of a case, in whole or in part; empty where it has all."""
    now = report.measurement
    try:
        then = find_anchored(run, report.case, None if now is None else now.environment)
    except BaselineError as error:
        return str(error)
    if now is None or not now.readings or not then.readings:
        return ""
    stored = _list_compared(then.readings)
    lost = [title_reading(key) for key in _list_compared(now.readings) if key not in stored]
    return f"no {' and no '.join(lost)}" if lost else ""


def _list_compared(blocks: Sequence[ReadBlock]) -> list[str]:
    """Return the keys that all blocks have and that are held against what was stored."""
    return [
        key
        for key in blocks[0].list_keys()
        if find_quantity(key).is_compared and all(key in block.list_keys() for block in blocks)
    ]
