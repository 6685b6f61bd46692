"""How does a test measure its case? Blocks are measured, judged and published, whatever comes of them.

pytest-benchmark gets the weighted arm's samples, and everything else in `extra_info`, also when the run is
interrupted: a case in progress is kept with the blocks it has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.baselines.schema import EXTRA_INFO_KEY, to_extra_info
from benchmarks.errors import SuiteError
from benchmarks.plans import find_block_plan, find_read_plan
from benchmarks.plugin.collection import REPLAY
from benchmarks.plugin.judging import Judged, measure_and_judge, read_and_judge
from benchmarks.plugin.measuring import BlockSettings, BlockSource, OnBlock, make_failed_verdict
from benchmarks.plugin.reading import ReadSettings, ReadSource
from benchmarks.plugin.run import Run
from benchmarks.records import Case, CaseReport, Outcome, Plant, Question
from benchmarks.verdicts.reading_rules import ReadingPlan

_DEFAULT_TOLERANCE = 0.02
_DEFAULT_FLOOR_BYTES = 64 * 1024
_BYTES_PER_KIB = 1024

_FAILING = frozenset({Outcome.REGRESSED, Outcome.FAILED})
_FAILING_WHEN_STRICT = _FAILING | {Outcome.UNDECIDED, Outcome.NOT_COMPARABLE}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCase:
    """A case that was measured and judged, ready to fail its test."""

    report: CaseReport
    message: str
    strict: bool

    def fail_if_regressed(self) -> None:
        """Fail the test when its verdict is a failure; the message says all there is to say."""
        verdict = self.report.verdict
        if verdict is not None and verdict.outcome in (_FAILING_WHEN_STRICT if self.strict else _FAILING):
            pytest.fail(self.message, pytrace=False)


def measure_case(
    request: pytest.FixtureRequest,
    benchmark: Any,
    run: Run,
    case: Case,
    on_block: OnBlock,
) -> MeasuredCase:
    """Measure and judge one case, and publish its samples whatever comes of it."""
    work = _TimedWork(case, run, on_block) if case.question.is_timed else _ReadWork(case, run, on_block)
    judged = Judged(verdict=None, message="")
    try:
        if benchmark.enabled:
            judged = work.judge(request)
        else:  # --benchmark-disable: see whether it can be measured at all
            work.try_once()
    except SuiteError as error:
        judged = Judged(verdict=make_failed_verdict(error), message=str(error))
    finally:
        report = work.source.make_report(judged.verdict)
        run.reports.append(report)
        if report.measurement is not None:
            benchmark.extra_info[EXTRA_INFO_KEY] = to_extra_info(report)
            request.node.stash[REPLAY].replay(benchmark, work.samples_ns)
    return MeasuredCase(report=report, message=judged.message, strict=run.settings.strict_verdicts)


class _TimedWork:
    """A case whose arms take turns against a clock."""

    def __init__(self, case: Case, run: Run, on_block: OnBlock) -> None:
        settings = run.settings
        block_settings = BlockSettings(
            block_plan=find_block_plan(case.question, settings.block_seconds),
            run_seed=settings.seed,
            plant=_find_plant(run, case.question),
            intra_op_threads=settings.intra_op_threads,
            inter_op_threads=settings.inter_op_threads,
        )
        self._case, self._run = case, run
        self.source = BlockSource(case, run.launcher, block_settings, on_block)

    @property
    def samples_ns(self) -> Sequence[float]:
        """The weighted arm's times per step."""
        return self.source.weighted_step_ns

    def judge(self, request: pytest.FixtureRequest) -> Judged:
        """Measure as many blocks as the verdict needs."""
        tolerance = _find_tolerance(request, self._run, self._case.question)
        node_id = request.node.nodeid
        return measure_and_judge(self._case, self.source, self._run, tolerance=tolerance, node_id=node_id)

    def try_once(self) -> None:
        """Measure one block."""
        self.source.measure_more(1)


class _ReadWork:
    """A case of bytes or counts, each arm of which is read alone."""

    def __init__(self, case: Case, run: Run, on_block: OnBlock) -> None:
        settings = run.settings
        read_settings = ReadSettings(
            run_seed=settings.seed,
            plant=_find_plant(run, case.question),
            intra_op_threads=settings.intra_op_threads,
            inter_op_threads=settings.inter_op_threads,
        )
        self._case, self._run = case, run
        self.source = ReadSource(case, run.launcher, read_settings, run.answers, lambda blocks: on_block(blocks, None))

    @property
    def samples_ns(self) -> Sequence[float]:
        """How long each process of the weighted arm took."""
        return self.source.read_ns

    def judge(self, request: pytest.FixtureRequest) -> Judged:
        """Read as many blocks as the verdict needs."""
        plan = find_read_plan(self._case.question, self._run.settings.blocks)
        floor_bytes = self._run.settings.floor_bytes
        marker = request.node.get_closest_marker("floor_kib")
        if floor_bytes is None:
            floor_bytes = _DEFAULT_FLOOR_BYTES if marker is None else round(marker.args[0] * _BYTES_PER_KIB)
        limits = ReadingPlan(
            gated_cases=max(1, self._run.gated_cases),
            tolerance=_find_tolerance(request, self._run, self._case.question),
            floor_bytes=floor_bytes,
            screen_blocks=plan.screen_blocks,
            fresh_blocks=plan.fresh_blocks,
        )
        return read_and_judge(self._case, self.source, self._run, limits, request.node.nodeid)

    def try_once(self) -> None:
        """Read one block."""
        self.source.read_more(1)


def _find_plant(run: Run, question: Question) -> Plant | None:
    """Return the planted fault where cases of this question can show it."""
    plant = run.settings.plant
    return plant if plant is not None and plant.concerns(question) else None


def _find_tolerance(request: pytest.FixtureRequest, run: Run, question: Question) -> float:
    """Return the tolerance of this question: the command line's, else the marker's, else the default."""
    asked = run.settings.tolerances.get(question)
    if asked is not None:
        return asked
    marker = request.node.get_closest_marker("tolerance")
    return _DEFAULT_TOLERANCE if marker is None else float(marker.args[0])
