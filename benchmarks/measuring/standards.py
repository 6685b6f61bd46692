"""What is a run held against? A baseline, and an anchor: an older run that is kept while baselines are recorded anew.

Rises that each stay within the tolerance, with a baseline recorded after each, add up unseen; against the anchor, at
`ANCHOR_FACTOR` times the tolerance, they show. A case that the anchor lacks is judged against the baseline alone, and
the summary says so. Leaves out: how blocks are held against it (`benchmarks.gate`), and how a run is stored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.baselines.store import Baseline, explain_unlike_versions, load_run, read_baseline
from benchmarks.errors import AxisError, BaselineError
from benchmarks.gate.confirm import Measured, Standard
from benchmarks.gate.plan import ANCHOR_FACTOR, MIN_BASELINE_BLOCKS
from benchmarks.records import Case, CaseReport, Environment, Measurement
from benchmarks.records.blocks import list_shared_keys
from benchmarks.records.quantities import find_quantity, list_quantities


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

    def list_standards(
        self, case: Case, environment: Environment | None, find_blocks: Callable[[Measurement], Sequence[Measured]]
    ) -> list[Standard[Measured]]:
        """Return what a case is held against, the baseline first; nothing where nothing is compared.

        Args:
            case: what is measured.
            environment: where bytes and counts are read now; None of a timed case.
            find_blocks: finds the blocks in what was stored.

        Raises:
            BaselineError: when the baseline has not what is needed of this case, or has it of another TensorFlow; the
                message says why.
        """
        if not self.comparing or case.null:
            return []
        stored = self.find_stored(case)
        if not case.question.is_timed:
            _check_versions(stored, environment)
        elif len(stored.blocks) < MIN_BASELINE_BLOCKS:
            raise BaselineError(
                f"the baseline holds {len(stored.blocks)} blocks of this case, and at least {MIN_BASELINE_BLOCKS} are "
                "needed; record it again"
            )
        standards = [Standard(name="baseline", blocks=find_blocks(stored))]
        try:
            anchored = find_blocks(self.find_anchored(case, environment))
        except BaselineError:  # the summary's remark says why
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
        if not case.question.is_timed:
            _check_versions(measurement, environment)
        elif len(measurement.blocks) < MIN_BASELINE_BLOCKS:
            raise BaselineError(f"{len(measurement.blocks)} blocks, where at least {MIN_BASELINE_BLOCKS} are needed")
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

    def list_lacking(self, reports: Iterable[CaseReport]) -> dict[str, str | list[str]]:
        """Return by the id of each case what the anchor lacks of it: why it is not there, or which readings are not.

        Args:
            reports: on what is held against it.
        """
        causes = {} if self.anchor is None else {each.case.case_id: self._find_lacking(each) for each in reports}
        return {case_id: cause for case_id, cause in causes.items() if cause}

    def _find_lacking(self, report: CaseReport) -> str | list[str]:
        now = report.measurement
        try:
            then = self.find_anchored(report.case, None if now is None else now.environment)
        except BaselineError as error:
            return str(error)
        if now is None or not now.readings:
            return []
        stored = list_shared_keys(then.readings)
        return [key for key in list_shared_keys(now.readings) if find_quantity(key).is_compared and key not in stored]


def is_held(case: Case) -> bool:
    """Whether anything of a case is held against what was stored."""
    return not case.null and (
        case.question.is_timed or any(each.is_compared for each in list_quantities(case.question))
    )


def _check_versions(stored: Measurement, environment: Environment | None) -> None:
    """Raise BaselineError where bytes and counts were read with another TensorFlow or Keras than now."""
    problem = None if environment is None else explain_unlike_versions(stored.environment, environment)
    if problem is not None:
        raise BaselineError(problem)


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
