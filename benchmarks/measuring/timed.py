"""How are the blocks of a timed case had? Measured as they are needed, and none of them is lost.

The blocks from before a failure stay in the report. With another target a block of either is measured at a time, both
alive together. Leaves out: what is concluded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.errors import BlockError, SuiteError, place_error
from benchmarks.gate.confirm import Pair
from benchmarks.gate.times import estimate_overhead
from benchmarks.launch.pool import BLOCKS_AT_ONCE, run_together
from benchmarks.measuring.session import MeasuringSettings
from benchmarks.protocols import Launcher
from benchmarks.records import (
    Aspect,
    Block,
    BlockRequest,
    BlockSummary,
    Case,
    CaseReport,
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
"""Called after each block with how many there are and which overhead they show; None where no time is compared."""


class TimedSource:
    """Measures the blocks of one case one after the other and remembers them."""

    def __init__(
        self,
        case: Case,
        launcher: Launcher,
        settings: MeasuringSettings,
        on_block: OnBlock | None = None,
        *,
        measured_before: int = 0,
    ) -> None:
        """Measure nothing yet.

        Args:
            case: what to measure.
            launcher: runs each block in a fresh process.
            settings: what the run was asked for.
            on_block: called after each block with the number of blocks and the overhead they show so far; None where
                nobody wants to know.
            measured_before: how many blocks of the case there are already, elsewhere; the numbers go on from there.
        """
        self._case = case
        self.launcher = launcher
        self._settings = settings
        self._on_block = on_block
        self._measured_before = measured_before
        self.blocks: list[BlockSummary] = []
        self.samples_ns: list[float] = []
        self.environment: Environment | None = None

    def measure_more(self, count: int) -> list[BlockSummary]:
        """Measure `count` more blocks and return them.

        Raises:
            SuiteError: when a block could not be measured; those before it are in `blocks`.
        """
        begin = len(self.blocks)
        while len(self.blocks) < begin + count:
            at_once = min(BLOCKS_AT_ONCE, begin + count - len(self.blocks))
            results = self.launcher.run_blocks([self.make_request(ahead) for ahead in range(at_once)])
            errors = [error for result in results if (error := self.keep(result)) is not None]
            if errors:
                raise errors[0]
        return self.blocks[begin:]

    def measure_until(self, precision: float, *, at_most: int) -> None:
        """Measure blocks until the 95 % interval of the overhead reaches no further than `precision` to either side.

        There is one block at least already.

        Args:
            precision: half the width of the interval on the ratio scale; 0.01 is 1 %.
            at_most: blocks after which it is enough.

        Raises:
            SuiteError: when a block could not be measured; those before it are in `blocks`.
        """
        while len(self.blocks) < at_most:
            interval = self._estimate_overhead()
            if interval.upper - interval.lower <= 2.0 * precision:
                break
            self.measure_more(min(BLOCKS_AT_ONCE, at_most - len(self.blocks)))

    def measure_pairs(self, other: TimedSource, count: int, seed: str) -> list[Pair[BlockSummary]]:
        """Measure `count` more blocks here and in another target, pair by pair, both alive together and taking turns.

        Args:
            other: blocks of the same case in the other target.
            count: how many pairs.
            seed: a text; the order of turns is drawn from it and the number of the pair.

        Raises:
            SuiteError: when one of the blocks could not be measured or is of no use; it says where that was in the
                other target. The block of the target that could is remembered.
        """
        pairs = []
        for _ in range(count):
            error, error_there = measure_together([self, other], f"{seed} {len(self.blocks)}")
            if error is not None:
                raise error
            if error_there is not None:
                raise place_error(error_there, "in the other target")
            pairs.append(Pair(now=self.blocks[-1], other=other.blocks[-1]))
        return pairs

    def make_request(self, ahead: int = 0) -> BlockRequest:
        """Return what the next block is asked for, or the one that is so many `ahead` of it."""
        return self._settings.make_block_request(self._case, self._measured_before + len(self.blocks) + ahead)

    def keep(self, block: Block | SuiteError) -> SuiteError | None:
        """Remember a block that was measured as `make_request` said; return why not where there is none of use."""
        if isinstance(block, SuiteError):
            return block
        if self.environment is None:
            self.environment = self.launcher.describe_environment()
        error = _find_tracing(self._case, block)
        if error is not None:
            return error
        self.blocks.append(summarise_block(block))
        self.samples_ns += [slice_ns / block.steps_per_slice for slice_ns in block.weighted_slice_ns]
        if self._on_block is not None:
            self._on_block(len(self.blocks), self._estimate_overhead())
        return None

    def make_report(self, verdict: Verdict | None) -> CaseReport:
        """Return the report on all blocks so far."""
        if not self.blocks or self.environment is None:
            return make_plain_report(self._case, verdict=verdict)
        positions = [block.position_log_ratio for block in self.blocks]
        return CaseReport(
            case=self._case,
            measurement=Measurement(case=self._case, blocks=tuple(self.blocks), environment=self.environment),
            overhead_ratio=self._estimate_overhead(),
            cpu_overhead_ratio=estimate_overhead(self.blocks, Aspect.CPU).estimate_interval(_REPORT_CONFIDENCE),
            position_ratio=estimate_ratio_interval(positions, _REPORT_CONFIDENCE),
            timed_share=estimate_timed_share(self._case.question, self.blocks),
            verdict=verdict,
        )

    def _estimate_overhead(self) -> Interval:
        """Return the overhead that all blocks so far show."""
        return estimate_overhead(self.blocks, Aspect.OVERHEAD).estimate_interval(_REPORT_CONFIDENCE)


def measure_together(sources: Sequence[TimedSource], seed: str) -> list[SuiteError | None]:
    """Measure one more block of each source, all alive together and taking turns; each source remembers its own.

    Args:
        sources: one for each target.
        seed: a text, from which the order of turns is drawn.

    Returns:
        For each source why it has no block more; None where it has.
    """
    requests = [source.make_request() for source in sources]
    results = run_together([source.launcher for source in sources], requests, seed)
    return [source.keep(result) for source, result in zip(sources, results, strict=True)]


def estimate_timed_share(question: Question, blocks: Sequence[BlockSummary]) -> float | None:
    """Return the part of the blocks' wall time spent in timed slices; None of start-ups, whose slices may overlap."""
    if question is Question.STARTUP_TIME:
        return None
    return sum(block.timed_ns for block in blocks) / sum(block.wall_ns for block in blocks)


def _find_tracing(case: Case, block: Block) -> BlockError | None:
    """Return why the times of a block are not those of a steady state: it traced, and that is not what is asked."""
    if not block.traces_while_timed or case.question is Question.STARTUP_TIME:
        return None
    return BlockError(
        f"expected no tracing while slices are timed, got {block.traces_while_timed} traces in round "
        f"{len(block.control_slice_ns)}, so the times are not of a steady state; look for an argument of the training "
        "step whose shape or type changes"
    )


def make_plain_report(
    case: Case, measurement: Measurement | None = None, *, verdict: Verdict | None = None
) -> CaseReport:
    """Return the report on a case of whose times nothing was estimated, or of which there is not one block."""
    return CaseReport(
        case=case, measurement=measurement, overhead_ratio=None, position_ratio=None, timed_share=None, verdict=verdict
    )
