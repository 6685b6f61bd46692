"""What does a person read while a run goes on? Where it is, and what came of a case: one line, live or for a log.

Leaves out: writing to a terminal, knowing whether there is one, and why a case failed (`explanation`).
"""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from benchmarks.protocols import Clock
from benchmarks.records import CaseReport, Interval, Outcome, Plant, Question, ReadBlock
from benchmarks.records.quantities import find_quantity
from benchmarks.reports.tables import format_half_width
from benchmarks.units import format_clock

NOTHING_COMPARED = "no weighted case was compared"

_NS_PER_SECOND = 1e9

_ELLIPSIS = "…"


class LeftOut(str, Enum):
    """Why a weighted case was not compared, with the remedy after a semicolon, where its verdict does not say."""

    NOT_MEASURABLE = "could not be measured; what each of them said stands below"
    NOT_ENDED = "not measured to its end; let the run end"
    NOT_RUN = "its test was skipped or did not come to run; let it run"
    SKIPPED = "skipped, as --benchmark-skip asks; leave it out"
    DOUBTED = (
        "a change was seen, but its null case was off too; close what else runs on this machine, and measure again"
    )
    NOT_SHARED = "the other target does not have this case; choose cases that both have"


def describe_run(*, sweep: str, target: str, against: str | None, anchor: str | None, plant: Plant | None) -> str:
    """Return the line that says at the beginning of a run what is measured."""
    parts = [f"sweep {sweep}", f"target {target}"]
    parts += [] if against is None else [f"against {against}"]
    parts += [] if anchor is None else [f"anchor {anchor}"]
    parts += [] if plant is None else [f"PLANTED: {plant.description}"]
    return f"sample weighting: {', '.join(parts)}"


def describe_neighbours(pids: Iterable[int], verb: str) -> str:
    """Return the line that warns of other runs; `verb` is `is` or `was`."""
    listed = ", ".join(str(pid) for pid in sorted(pids))
    return f"WARNING: another run of this suite {verb} measuring on this machine (pid {listed}); times of both suffer"


def describe_not_compared(report: CaseReport) -> str:
    """Return what a test says whose case was to be compared with another target that has it, and was not."""
    return (
        f"{report.case.case_id}: {Outcome.NOT_COMPARABLE.value}: {report.reason}\n"
        "  expected a comparison, as both targets have this case; close what else runs on this machine and measure it "
        "again"
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a run is.

    `case_number` counts from 1; `blocks_done` are the current case's, of about `blocks_planned`. `overhead_ratio` is
    the estimate over those blocks, None before the first and where no time is compared; `reading` is what is shown in
    its place. `remaining_seconds` is None while nothing is known of it.
    `outcome` is the finished case's, None while it runs or where nothing was judged.
    """

    case_number: int
    case_count: int
    case_id: str
    blocks_done: int
    blocks_planned: int
    overhead_ratio: Interval | None
    remaining_seconds: float | None
    outcome: Outcome | None = None
    reading: str = ""


def render_live_line(progress: Progress, width: int) -> str:
    r"""Return a line that replaces the one before it on a terminal: `\r`, the text, and blanks over what was there.

    Args:
        progress: where the run is.
        width: columns of the terminal; one stays free, so that no terminal wraps the line.
    """
    text = (
        f"{_render_count(progress)} {progress.case_id}  block {min(progress.blocks_done + 1, progress.blocks_planned)} "
        f"of about {progress.blocks_planned}  {_render_estimate(progress)}  {_render_remaining(progress)}"
    )
    room = max(width - 1, 0)
    if len(text) > room:
        text = text[: max(room - 1, 0)] + _ELLIPSIS[:room]
    return f"\r{text:<{room}}"


def render_blank_line(width: int) -> str:
    r"""Return what wipes a live line off a terminal of that many columns and leaves the cursor at its beginning."""
    return f"\r{' ' * max(width - 1, 0)}\r"


def render_finished_line(progress: Progress) -> str:
    """Return the line that a log gets when a case is finished, without a line end."""
    outcome = "" if progress.outcome is None else f"  {progress.outcome.value}"
    blocks = f"{progress.blocks_done} block{'' if progress.blocks_done == 1 else 's'}"
    return (
        f"{_render_count(progress)} {progress.case_id}  {_render_estimate(progress)}{outcome}  {blocks}  "
        f"{_render_remaining(progress)}"
    )


def _render_count(progress: Progress) -> str:
    """Return `[ 3/25]`, as wide for the first case as for the last."""
    return f"[{progress.case_number:>{len(str(progress.case_count))}}/{progress.case_count}]"


def _render_estimate(progress: Progress) -> str:
    """Return the overhead with half the width of its interval, as far as there is any."""
    if progress.reading:
        return progress.reading
    if progress.overhead_ratio is None:
        return "no estimate" if progress.outcome is Outcome.FAILED else "no estimate yet"
    return format_half_width(progress.overhead_ratio)


def _render_remaining(progress: Progress) -> str:
    """Return the time left."""
    if progress.remaining_seconds is None:
        return "time left unknown"
    return f"{format_clock(progress.remaining_seconds)} left"


def summarise_readings(blocks: Sequence[ReadBlock]) -> str:
    """Return the differences of a case in a few words, for the line of a finished case."""
    words = []
    for key in blocks[0].list_keys():
        quantity = find_quantity(key)
        if quantity.is_brief:
            words.append(quantity.describe_extra(statistics.median(block.find_extra(key) for block in blocks)))
    return ", ".join(words) or "nothing could be read"


class RemainingTime:
    """Estimates how long a run will still take: its cases take as long as those of the same question did so far."""

    def __init__(self, clock: Clock, case_counts: Mapping[Question, int]) -> None:
        """Know what lies ahead.

        Args:
            clock: a monotonic clock in nanoseconds.
            case_counts: the cases to come, by question.
        """
        self._clock = clock
        self._ahead = Counter(case_counts)
        self._spent_ns: Counter[Question] = Counter()
        self._done: Counter[Question] = Counter()
        self._current: Question | None = None
        self._begin_ns = 0

    def begin_case(self, question: Question) -> None:
        """Note that a case begins now."""
        self._ahead[question] = max(self._ahead[question] - 1, 0)
        self._current = question
        self._begin_ns = self._clock()

    def end_case(self) -> None:
        """Note that the current case ends now, if there is one."""
        if self._current is not None:
            self._spent_ns[self._current] += self._clock() - self._begin_ns
            self._done[self._current] += 1
            self._current = None

    def estimate_seconds(self) -> float | None:
        """Return the seconds that the current case and those ahead will take; None before the first has ended."""
        if not self._done:
            return None
        ahead_ns = sum(count * self._expect_ns(question) for question, count in self._ahead.items())
        if self._current is not None:
            ahead_ns += max(self._expect_ns(self._current) - (self._clock() - self._begin_ns), 0.0)
        return ahead_ns / _NS_PER_SECOND

    def _expect_ns(self, question: Question) -> float:
        """Return how long a case of this question takes on average; of any question while this one has no example."""
        if self._done[question]:
            return self._spent_ns[question] / self._done[question]
        return self._spent_ns.total() / self._done.total()
