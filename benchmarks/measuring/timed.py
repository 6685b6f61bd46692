"""How are the blocks of a timed case had? Measured one by one as they are needed, and none of them is lost.

The blocks from before a failure stay in the report. Leaves out: what is concluded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.errors import BlockError, SuiteError
from benchmarks.gate.times import estimate_overhead
from benchmarks.launch.pool import BLOCKS_AT_ONCE
from benchmarks.measuring.requests import Asking
from benchmarks.protocols import Launcher
from benchmarks.questions import BlockPlan
from benchmarks.records import (
    Aspect,
    Block,
    BlockRequest,
    BlockSummary,
    Case,
    CaseReport,
    Change,
    Environment,
    Interval,
    Measurement,
    Question,
    Verdict,
)
from benchmarks.stats.estimators import summarise_block
from benchmarks.stats.intervals import estimate_ratio_interval

_REPORT_CONFIDENCE = 0.95

OnBlock = Callable[[int, Interval | None], None]
"""Is told after each block how many there are and which overhead they show; None where no time is compared."""


class BlockSource:
    """Measures the blocks of one case one after the other and remembers them."""

    def __init__(
        self,
        case: Case,
        launcher: Launcher,
        asking: Asking,
        plan: BlockPlan,
        on_block: OnBlock | None = None,
    ) -> None:
        """Measure nothing yet.

        Args:
            case: what to measure.
            launcher: runs each block in a fresh process.
            asking: what the requests of the run have in common.
            plan: how each block is measured.
            on_block: called after each block with the number of blocks and the overhead they show so far; None where
                nobody wants to know.
        """
        self._case = case
        self.launcher = launcher
        self._asking = asking
        self._plan = plan
        self._on_block = on_block
        self.summaries: list[BlockSummary] = []
        self.weighted_step_ns: list[float] = []
        self.environment: Environment | None = None

    def measure_more(self, count: int) -> list[BlockSummary]:
        """Measure `count` more blocks and return their summaries.

        Raises:
            SuiteError: when a block could not be measured; those before it are in `summaries`.
        """
        begin = len(self.summaries)
        while len(self.summaries) < begin + count:
            at_once = min(BLOCKS_AT_ONCE, begin + count - len(self.summaries))
            requests = [self.make_request(ahead) for ahead in range(at_once)]
            results = self.launcher.run_blocks(requests)
            for result in results:
                if not isinstance(result, SuiteError):
                    self.add(result)
            for result in results:
                if isinstance(result, SuiteError):
                    raise result
        return self.summaries[begin:]

    def measure_until(self, precision: float, *, at_least: int, at_most: int) -> None:
        """Measure blocks until the 95 % interval of the overhead reaches no further than `precision` to either side.

        Args:
            precision: half the width of the interval on the ratio scale; 0.01 is 1 %.
            at_least: blocks that are measured whatever they show.
            at_most: blocks after which it is enough.

        Raises:
            SuiteError: when a block could not be measured; those before it are in `summaries`.
        """
        self.measure_more(at_least)
        while len(self.summaries) < at_most:
            interval = self._estimate_overhead()
            if interval.upper - interval.lower <= 2.0 * precision:
                break
            self.measure_more(min(BLOCKS_AT_ONCE, at_most - len(self.summaries)))

    def make_request(self, ahead: int = 0) -> BlockRequest:
        """Return what the next block is asked for, or the one that is so many `ahead` of it."""
        return self._asking.ask_for_block(self._case, len(self.summaries) + ahead, self._plan)

    def add(self, block: Block) -> None:
        """Remember a block that was measured as `make_request` said.

        Raises:
            BlockError: when its times are not those of a steady state.
        """
        if self.environment is None:
            self.environment = self.launcher.describe_environment()
        check_steady(self._case, block)
        self.summaries.append(summarise_block(block))
        self.weighted_step_ns += [slice_ns / block.steps_per_slice for slice_ns in block.weighted_slice_ns]
        if self._on_block is not None:
            self._on_block(len(self.summaries), self._estimate_overhead())

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
            cpu_overhead_ratio=estimate_overhead(self.summaries, Aspect.CPU).estimate_interval(_REPORT_CONFIDENCE),
            position_ratio=estimate_ratio_interval(positions, _REPORT_CONFIDENCE),
            timed_share=estimate_timed_share(self._case.question, self.summaries),
            verdict=verdict,
            other=other,
            changes=changes,
        )

    def _estimate_overhead(self) -> Interval:
        """Return the overhead that all blocks so far show."""
        return estimate_overhead(self.summaries, Aspect.OVERHEAD).estimate_interval(_REPORT_CONFIDENCE)


def estimate_timed_share(question: Question, blocks: Sequence[BlockSummary]) -> float | None:
    """Return the part of the blocks' wall time spent in timed slices; None of start-ups, whose slices may overlap."""
    if question is Question.STARTUP_TIME:
        return None
    return sum(block.timed_ns for block in blocks) / sum(block.wall_ns for block in blocks)


def check_steady(case: Case, block: Block) -> None:
    """Refuse a block whose times are not those of a steady state.

    Raises:
        BlockError: when something was traced while it was timed, and that is not what is asked.
    """
    if block.traces_while_timed and case.question is not Question.STARTUP_TIME:
        raise BlockError(
            f"expected no tracing while slices are timed, got {block.traces_while_timed} traces, so the times are "
            "not of a steady state; look for an argument of the training step whose shape or type changes"
        )


def make_unmeasured_report(case: Case, verdict: Verdict | None) -> CaseReport:
    """Return the report on a case of which there is not one block."""
    return CaseReport(
        case=case, measurement=None, overhead_ratio=None, position_ratio=None, timed_share=None, verdict=verdict
    )
