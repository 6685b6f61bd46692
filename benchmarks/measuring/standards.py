"""What is a run held against? A baseline, and an anchor: an older run that is kept while baselines are recorded anew.

Rises that each stay within the tolerance, with a baseline recorded after each, add up unseen; against the anchor, at
`ANCHOR_FACTOR` times the tolerance, they show. A case that the anchor lacks is judged against the baseline alone, and
the summary says so. Leaves out: how blocks are held against it (`benchmarks.gate`), and how a run is stored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.baselines.store import Baseline, explain_unlike_versions, load_run, read_baseline
from benchmarks.errors import AxisError, BaselineError
from benchmarks.gate.confirm import Standard
from benchmarks.gate.plan import ANCHOR_FACTOR, MIN_BASELINE_BLOCKS
from benchmarks.records import BlockSummary, Case, CaseReport, Environment, Measurement, Question, ReadBlock
from benchmarks.records.blocks import list_shared_keys
from benchmarks.records.quantities import find_quantity, list_quantities, title_reading

_LISTED_CASES = 10


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """The stored runs that a run is held against.

    `comparing` says whether a comparison was asked for; `baseline` is what is compared with, `no_baseline` the reason
    where there is none; `anchor` is an older run that is compared with as well.
    """

    comparing: bool = False
    baseline: Baseline | None = None
    no_baseline: str = "no stored run was found that could be read; record one with --benchmark-save"
    anchor: Baseline | None = None

    def find_stored(self, case: Case) -> Measurement:
        """Return the baseline's measurement of a case.

        Raises:
            BaselineError: when there is no baseline, or none for this case; the message says why.
        """
        if self.baseline is None:
            raise BaselineError(self.no_baseline)
        return self.baseline.find_measurement(case.case_id)

    def list_times(self, case: Case) -> list[Standard[BlockSummary]]:
        """Return what a timed case is held against, the baseline first; nothing where nothing is compared.

        Raises:
            BaselineError: when the baseline has not what is needed of this case; the message says why.
        """
        if not self.comparing or case.null:
            return []
        blocks = self.find_stored(case).blocks
        if len(blocks) < MIN_BASELINE_BLOCKS:
            raise BaselineError(
                f"the baseline holds {len(blocks)} blocks of this case, and at least {MIN_BASELINE_BLOCKS} are needed; "
                "record it again"
            )
        standards = [Standard(name="baseline", blocks=blocks)]
        try:
            anchored = self.find_anchored(case).blocks
        except BaselineError:  # the summary's note says why
            return standards
        return [*standards, Standard(name="anchor", blocks=anchored, factor=ANCHOR_FACTOR)]

    def list_readings(self, case: Case, environment: Environment) -> list[Standard[ReadBlock]]:
        """Return what a case of bytes or counts is held against; nothing where nothing is compared.

        Args:
            case: what is read.
            environment: where it is read now.

        Raises:
            BaselineError: when the baseline has none of this case, or of another TensorFlow; the message says why.
        """
        if not self.comparing or case.null:
            return []
        stored = self.find_stored(case)
        if not stored.readings:
            raise BaselineError("the stored run has no readings of this case; record a baseline that has them")
        problem = explain_unlike_versions(stored.environment, environment)
        if problem is not None:
            raise BaselineError(problem)
        standards = [Standard(name="baseline", blocks=stored.readings)]
        try:
            anchored = self.find_anchored(case, environment).readings
        except BaselineError:  # the summary's note says why
            return standards
        return [*standards, Standard(name="anchor", blocks=anchored, factor=ANCHOR_FACTOR)]

    def find_anchored(self, case: Case, environment: Environment | None = None) -> Measurement:
        """Return the anchor's measurement of a case.

        Args:
            case: what is measured; not a null case.
            environment: where it is measured now, which counts for bytes and counts; None leaves it out of account.

        Raises:
            BaselineError: when there is none that can be used; the message says why.
        """
        if self.anchor is None or case.case_id not in {*self.anchor.measurements, *self.anchor.unreadable}:
            raise BaselineError("not in it")
        measurement = self.anchor.find_measurement(case.case_id)
        if case.question.is_timed and len(measurement.blocks) < MIN_BASELINE_BLOCKS:
            raise BaselineError(f"{len(measurement.blocks)} blocks, where at least {MIN_BASELINE_BLOCKS} are needed")
        if not case.question.is_timed and environment is not None:
            problem = explain_unlike_versions(measurement.environment, environment)
            if problem is not None:
                raise BaselineError(problem)
        return measurement

    def count_stored_runs(self, case_id: str | None) -> int:
        """Return how many stored runs a timed case is held against, by its id."""
        if not self.comparing:
            return 0
        stored = None if self.anchor is None or case_id is None else self.anchor.measurements.get(case_id)
        return 1 + (stored is not None and len(stored.blocks) >= MIN_BASELINE_BLOCKS)

    def list_removed(self, case_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the cases that the baseline has and that are not among these; none without a baseline."""
        return () if self.baseline is None else self.baseline.list_removed(case_ids)

    def describe_lacking(self, reports: Iterable[CaseReport]) -> str:
        """Return the note on what the anchor lacks of what was measured; empty where it lacks nothing."""
        held = [report for report in reports if not report.case.null and _is_held(report.case.question)]
        if self.anchor is None or not held:
            return ""
        by_reason: dict[str, list[str]] = {}
        for report in held:
            reason = self._explain_lacking(report)
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

    def _explain_lacking(self, report: CaseReport) -> str:
        """Return what the anchor lacks of a case, in whole or in part; empty where it has all."""
        now = report.measurement
        try:
            then = self.find_anchored(report.case, None if now is None else now.environment)
        except BaselineError as error:
            return str(error)
        if now is None or not now.readings or not then.readings:
            return ""
        stored = _list_compared(then.readings)
        lost = [title_reading(key) for key in _list_compared(now.readings) if key not in stored]
        return f"no {' and no '.join(lost)}" if lost else ""


def load_anchor(path: Path, largest_tolerance: float) -> Baseline:
    """Return the run that is kept as anchor.

    Args:
        path: of its file.
        largest_tolerance: the largest that was asked for, a fraction; 0 where none was.

    Raises:
        AxisError: when what is tolerated over a baseline is so much that the anchor would tolerate everything.
        BaselineError: when the file is not there, is no run, or holds not one case that can be read.
    """
    if ANCHOR_FACTOR * largest_tolerance >= 1.0:
        raise AxisError(
            f"--anchor: expected a --tolerance below {100.0 / ANCHOR_FACTOR:.0f} %, as the anchor's is "
            f"{ANCHOR_FACTOR:g} times that, got {100.0 * largest_tolerance:g} %; choose a smaller one"
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


def _is_held(question: Question) -> bool:
    """Whether anything of a question is held against what was stored."""
    return question.is_timed or any(each.is_compared for each in list_quantities(question))


def _list_compared(blocks: Sequence[ReadBlock]) -> list[str]:
    """Return the keys that all blocks have and that are held against what was stored."""
    return [key for key in list_shared_keys(blocks) if find_quantity(key).is_compared]
