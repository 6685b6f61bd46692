"""How does a case become a report? Blocks are measured and judged until a verdict stands, and none of them is lost.

Leaves out: pytest. A failure to measure is a verdict like any other; the blocks from before it stay in the report.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable

from benchmarks.errors import BlockError, SuiteError
from benchmarks.plans import BlockPlan
from benchmarks.protocols import Launcher
from benchmarks.records import (
    Block,
    BlockRequest,
    BlockSummary,
    Case,
    CaseReport,
    Change,
    Environment,
    Interval,
    Measurement,
    Outcome,
    Plant,
    Question,
    Verdict,
)
from benchmarks.stats.intervals import estimate_ratio_interval
from benchmarks.stats.summaries import summarise_block

_REPORT_CONFIDENCE = 0.95

OnBlock = Callable[[int, Interval | None], None]
"""Is told after each block how many there are and which overhead they show; None where no time is compared."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockSettings:
    """What the blocks of all cases of one question have in common.

    `run_seed` is the seed of the run, from which each block's own is made. `plant` slows the weighted arm down; null
    cases have none and get none.
    """

    block_plan: BlockPlan
    run_seed: int
    plant: Plant | None
    intra_op_threads: int | None
    inter_op_threads: int | None

    def make_request(self, case: Case, index: int) -> BlockRequest:
        """Return what block `index` of a case is asked to measure; the same settings ask the same again."""
        return BlockRequest(
            case=case,
            seed=zlib.crc32(f"{self.run_seed} {case.case_id} {index}".encode()),
            timed_budget_ns=self.block_plan.timed_budget_ns,
            min_rounds=self.block_plan.min_rounds,
            plant=None if case.null else self.plant,
            intra_op_threads=self.intra_op_threads,
            inter_op_threads=self.inter_op_threads,
        )


class BlockSource:
    """Measures the blocks of one case one after the other and remembers them."""

    def __init__(
        self,
        case: Case,
        launcher: Launcher,
        settings: BlockSettings,
        on_block: OnBlock,
    ) -> None:
        """Measure nothing yet.

        Args:
            case: what to measure.
            launcher: runs each block in a fresh process.
            settings: how each block is measured.
            on_block: called after each block with the number of blocks and the overhead they show so far.
        """
        self._case = case
        self._launcher = launcher
        self._settings = settings
        self._on_block = on_block
        self.summaries: list[BlockSummary] = []
        self.weighted_step_ns: list[float] = []
        self.environment: Environment | None = None

    def measure_more(self, count: int) -> list[BlockSummary]:
        """Measure `count` more blocks and return their summaries.

        Raises:
            SuiteError: when a block could not be measured; those before it are in `summaries`.
        """
        if self.environment is None:
            self.environment = self._launcher.describe_environment()
        begin = len(self.summaries)
        for index in range(begin, begin + count):
            block = self._launcher.run_block(self._settings.make_request(self._case, index))
            self._check_steady(block)
            self.summaries.append(summarise_block(block))
            self.weighted_step_ns += [slice_ns / block.steps_per_slice for slice_ns in block.weighted_slice_ns]
            self._on_block(len(self.summaries), self._estimate_overhead())
        return self.summaries[begin:]

    def make_report(
        self, verdict: Verdict | None, *, other: Measurement | None = None, changes: tuple[Change, ...] = ()
    ) -> CaseReport:
        """Return the report on all blocks so far, with what the other target gave where there is one."""
        if not self.summaries or self.environment is None:
            return make_unmeasured_report(self._case, verdict)
        positions = [block.position_log_ratio for block in self.summaries]
        return CaseReport(
            case=self._case,
            measurement=Measurement(case=self._case, blocks=tuple(self.summaries), environment=self.environment),
            overhead_ratio=self._estimate_overhead(),
            position_ratio=estimate_ratio_interval(positions, _REPORT_CONFIDENCE),
            timed_share=sum(block.timed_ns for block in self.summaries)
            / sum(block.wall_ns for block in self.summaries),
            verdict=verdict,
            other=other,
            changes=changes,
        )

    def _estimate_overhead(self) -> Interval:
        """Return the overhead that all blocks so far show."""
        return estimate_ratio_interval([block.log_ratio for block in self.summaries], _REPORT_CONFIDENCE)

    def _check_steady(self, block: Block) -> None:
        """Refuse a block whose times are not those of a steady state."""
        if block.traces_while_timed and self._case.question is not Question.STARTUP_TIME:
            raise BlockError(
                f"expected no tracing while slices are timed, got {block.traces_while_timed} traces, so the times are "
                "not of a steady state; look for an argument of the training step whose shape or type changes"
            )


def make_unmeasured_report(case: Case, verdict: Verdict | None) -> CaseReport:
    """Return the report on a case of which there is not one block."""
    return CaseReport(
        case=case, measurement=None, overhead_ratio=None, position_ratio=None, timed_share=None, verdict=verdict
    )


def make_failed_verdict(error: SuiteError) -> Verdict:
    """Return the verdict on a case that could not be measured."""
    return Verdict(outcome=Outcome.FAILED, reason=str(error))
