"""What has to be done for a case? Its blocks are measured or read, in one target or in two, as its verdict needs.

Leaves out: what becomes of a measured case (`casework`), and every rule (`judging`, `siding`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from benchmarks.plans import find_block_plan, find_read_plan
from benchmarks.plugin.judging import Judged, measure_and_judge, read_and_judge
from benchmarks.plugin.run import Run
from benchmarks.plugin.siding import judge_both, judge_readings_of_both
from benchmarks.records import Case, CaseReport
from benchmarks.sources.asking import Asking
from benchmarks.sources.read import ReadSource
from benchmarks.sources.timed import BlockSource, OnBlock
from benchmarks.verdicts.reading_rules import ReadingPlan

_DEFAULT_TOLERANCE = 0.02
_DEFAULT_FLOOR_BYTES = 64 * 1024
_BYTES_PER_KIB = 1024


class TimedWork:
    """A case whose arms take turns against a clock."""

    def __init__(self, case: Case, run: Run, on_block: OnBlock) -> None:
        """Measure nothing yet."""
        asking = run.settings.make_asking(case.question)
        plan = find_block_plan(case.question, run.settings.block_seconds)
        self._case, self._run = case, run
        self._source = BlockSource(case, run.launcher, asking, plan, on_block)
        self._other: BlockSource | None = None
        if run.other_launcher is not None:
            self._other = BlockSource(case, run.other_launcher, _without_plant(asking), plan)

    @property
    def samples_ns(self) -> Sequence[float]:
        """The weighted arm's times per step."""
        return self._source.weighted_step_ns

    def judge(self, request: pytest.FixtureRequest) -> Judged:
        """Measure as many blocks as the verdict needs."""
        tolerance = _find_tolerance(request, self._run, self._case)
        node_id = request.node.nodeid
        if self._other is not None:
            return judge_both(self._case, self._source, self._other, self._run, tolerance, node_id)
        return measure_and_judge(self._case, self._source, self._run, tolerance=tolerance, node_id=node_id)

    def try_once(self) -> None:
        """Measure one block."""
        self._source.measure_more(1)

    def make_report(self, judged: Judged) -> CaseReport:
        """Return the report on all blocks so far."""
        return _report(self._source, self._other, judged)


class ReadWork:
    """A case of bytes or counts, each arm of which is read alone."""

    def __init__(self, case: Case, run: Run, on_block: OnBlock) -> None:
        """Read nothing yet."""
        asking = run.settings.make_asking(case.question)
        self._case, self._run = case, run
        self._source = ReadSource(case, run.launcher, asking, run.answers, lambda blocks: on_block(blocks, None))
        self._other: ReadSource | None = None
        if run.other_launcher is not None:
            self._other = ReadSource(case, run.other_launcher, _without_plant(asking), run.other_answers)

    @property
    def samples_ns(self) -> Sequence[float]:
        """How long the processes of the weighted arm took."""
        return self._source.read_ns

    def judge(self, request: pytest.FixtureRequest) -> Judged:
        """Read as many blocks as the verdict needs."""
        plan = self._make_plan(request)
        if self._other is not None:
            return judge_readings_of_both(self._case, self._source, self._other, self._run, plan, request.node.nodeid)
        return read_and_judge(self._case, self._source, self._run, plan, request.node.nodeid)

    def try_once(self) -> None:
        """Read one block."""
        self._source.read_more(1)

    def make_report(self, judged: Judged) -> CaseReport:
        """Return the report on all blocks so far."""
        return _report(self._source, self._other, judged)

    def _make_plan(self, request: pytest.FixtureRequest) -> ReadingPlan:
        """Return the limits and numbers of blocks of this case."""
        plan = find_read_plan(self._case.question, self._run.settings.blocks)
        floor_bytes = self._run.settings.floor_bytes
        marker = request.node.get_closest_marker("floor_kib")
        if floor_bytes is None:
            floor_bytes = _DEFAULT_FLOOR_BYTES if marker is None else round(marker.args[0] * _BYTES_PER_KIB)
        return ReadingPlan(
            gated_cases=max(1, self._run.gated_cases),
            tolerance=_find_tolerance(request, self._run, self._case),
            floor_bytes=floor_bytes,
            screen_blocks=plan.screen_blocks,
            fresh_blocks=plan.fresh_blocks,
        )


def _without_plant(asking: Asking) -> Asking:
    """Return what the other target is asked for: a planted fault is in this one alone, or it would cancel."""
    return dataclasses.replace(asking, plant=None)


def _report(source: BlockSource | ReadSource, other: BlockSource | ReadSource | None, judged: Judged) -> CaseReport:
    """Return the report on all blocks of a case so far, in one target or in two."""
    there = None if other is None else other.make_report(None).measurement
    return source.make_report(judged.verdict, other=there, changes=judged.changes)


def _find_tolerance(request: pytest.FixtureRequest, run: Run, case: Case) -> float:
    """Return the tolerance of a case: the command line's, its method's marker, its test's marker, or the default."""
    asked = run.settings.tolerances.get(case.question)
    if asked is not None:
        return asked
    markers = list(request.node.iter_markers("tolerance"))
    fitting = [marker for marker in markers if marker.kwargs.get("method") == case.method]
    general = [marker for marker in markers if "method" not in marker.kwargs]
    return next((float(marker.args[0]) for marker in fitting + general), _DEFAULT_TOLERANCE)
