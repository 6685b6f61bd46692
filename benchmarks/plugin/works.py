"""What has to be done for a case? Its blocks are measured or read, in one target or in two, as its verdict needs.

Leaves out: what becomes of a measured case (`casework`), and every rule (`judging`, `siding`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from benchmarks.gate.reading_rules import ReadingPlan
from benchmarks.measuring.read import ReadSource
from benchmarks.measuring.requests import Asking
from benchmarks.measuring.timed import BlockSource, OnBlock
from benchmarks.plugin.judging import Judged, measure_and_judge, read_and_judge
from benchmarks.plugin.run import Run
from benchmarks.plugin.siding import judge_both, judge_readings_of_both
from benchmarks.questions import find_block_plan
from benchmarks.records import Case, CaseReport


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
        node_id = request.node.nodeid
        if self._other is not None:
            return judge_both(self._case, self._source, self._other, self._run, node_id)
        return measure_and_judge(self._case, self._source, self._run, node_id)

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
        plan = self._make_plan()
        if self._other is not None:
            return judge_readings_of_both(self._case, self._source, self._other, self._run, plan, request.node.nodeid)
        return read_and_judge(self._case, self._source, self._run, plan, request.node.nodeid)

    def try_once(self) -> None:
        """Read one block."""
        self._source.read_more(1)

    def make_report(self, judged: Judged) -> CaseReport:
        """Return the report on all blocks so far."""
        return _report(self._source, self._other, judged)

    def _make_plan(self) -> ReadingPlan:
        """Return the limits and numbers of blocks of this case."""
        row, settings = self._case.question.row, self._run.settings
        return ReadingPlan(
            judgements=max(1, self._run.judgements),
            tolerance=settings.find_tolerance(self._case),
            floor_bytes=row.floor_bytes if settings.floor_bytes is None else settings.floor_bytes,
            screen_blocks=row.find_first_blocks(settings.blocks),
            fresh_blocks=row.fresh_blocks,
        )


def _without_plant(asking: Asking) -> Asking:
    """Return what the other target is asked for: a planted fault is in this one alone, or it would cancel."""
    return dataclasses.replace(asking, plant=None)


def _report(source: BlockSource | ReadSource, other: BlockSource | ReadSource | None, judged: Judged) -> CaseReport:
    """Return the report on all blocks of a case so far, in one target or in two."""
    there = None if other is None else other.make_report(None).measurement
    return source.make_report(judged.verdict, other=there, changes=judged.changes)
