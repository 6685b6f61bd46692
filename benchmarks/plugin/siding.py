"""How is a case judged that is measured in two targets? Block by block in turns, in random order, and then compared.

What is judged of a time: its overhead, and the control's and the weighted arm's own time, which two targets on one
machine in the same minutes allow. Of bytes and counts: what the weighted arm has more than its control. Leaves out:
the rules (`benchmarks.verdicts.sides`, `readings`).
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

from benchmarks.plugin.judging import Judged, command_to_look_closer, conclude_readings, hear_null_case
from benchmarks.plugin.measuring import BlockSource
from benchmarks.plugin.reading import ReadSource
from benchmarks.plugin.run import Run
from benchmarks.records import Aspect, Case, ReadBlock
from benchmarks.verdicts.plan import SCREEN_BLOCKS, GatePlan
from benchmarks.verdicts.reading_rules import ReadingPlan
from benchmarks.verdicts.readings import judge_read_case
from benchmarks.verdicts.sides import BlockPair, conclude_sides, explain_sides, judge_sides

_LEAST_ABSOLUTE_TOLERANCE = 0.05
"""Of an arm's own time: processes differ by a few percent in how their memory happens to lie."""


def judge_both(case: Case, now: BlockSource, other: BlockSource, run: Run, tolerance: float, node_id: str) -> Judged:
    """Measure as many pairs of blocks of a timed case as its verdict needs.

    Args:
        case: what is measured.
        now: its blocks in this target.
        other: its blocks in the other one.
        run: settings and the verdicts on null cases so far; a null case's verdict is added to them.
        tolerance: the tolerated rise of the overhead, a fraction.
        node_id: the test's id, for the command that looks closer.

    Raises:
        SuiteError: when a block could not be measured in one of the targets.
    """
    plan = GatePlan(
        gated_cases=max(1, run.gated_cases),
        tolerance=tolerance,
        screen_blocks=SCREEN_BLOCKS if run.settings.blocks is None else run.settings.blocks,
    )
    absolute = max(tolerance, _LEAST_ABSOLUTE_TOLERANCE)
    tolerances = {Aspect.OVERHEAD: tolerance}
    if not case.null:
        tolerances |= {Aspect.CONTROL: absolute, Aspect.WEIGHTED: absolute}

    def measure_pairs(count: int) -> list[BlockPair]:
        begin = len(now.summaries)
        _take_turns(case, run, lambda: now.measure_more(1), lambda: other.measure_more(1), begin, count)
        pairs = zip(now.summaries[begin:], other.summaries[begin:], strict=True)
        return [BlockPair(now=mine, other=theirs) for mine, theirs in pairs]

    changes = judge_sides(measure_pairs, plan, tolerances, null=case.null)
    verdict = hear_null_case(case, conclude_sides(changes), run)
    next_step = command_to_look_closer(run, node_id)
    return Judged(verdict=verdict, message=explain_sides(case, verdict, changes, next_step), changes=changes)


def judge_readings_of_both(
    case: Case, now: ReadSource, other: ReadSource, run: Run, plan: ReadingPlan, node_id: str
) -> Judged:
    """Read as many blocks of a case in either target as its verdict needs.

    Args:
        case: what is read.
        now: its blocks in this target.
        other: its blocks in the other one.
        run: settings and the verdicts on null cases so far; a null case's verdict is added to them.
        plan: limits and numbers of blocks.
        node_id: the test's id, for the command that looks closer.

    Raises:
        SuiteError: when an arm could not be read in one of the targets.
    """

    def read_both(count: int) -> list[ReadBlock]:
        begin = len(now.blocks)
        _take_turns(case, run, lambda: now.read_more(1), lambda: other.read_more(1), begin, count)
        return now.blocks[begin:]

    # The other target's blocks stand where a stored run's would; the list grows as both are read.
    judgement = judge_read_case(case, read_both, other.blocks, plan)
    return conclude_readings(case, judgement.verdict, judgement.findings, run, command_to_look_closer(run, node_id))


def _take_turns(
    case: Case, run: Run, do_now: Callable[[], object], do_other: Callable[[], object], begin: int, count: int
) -> None:
    """Do both `count` times, in an order drawn anew each time."""
    for index in range(begin, begin + count):
        turns = [do_now, do_other]
        seed = zlib.crc32(f"{run.settings.seed} {case.case_id} {index} sides".encode())
        random.Random(seed).shuffle(turns)  # noqa: S311 - an order, not a secret
        for do in turns:
            do()
