"""How is one more pair of blocks had, one of each of two targets? Timed ones take turns; readings follow each other.

What only this target has is told before the other one is asked for it, by the list of what that one has. Whatever goes
wrong there later is an error, as it is here.

Leaves out: what is concluded from pairs (`benchmarks.gate.times_against`, `readings_against`).
"""

from __future__ import annotations

import random

from benchmarks.cases import null_case_of
from benchmarks.errors import BlockError, SuiteError, UnsharedError
from benchmarks.gate.readings_against import ReadPair
from benchmarks.gate.times_against import BlockPair
from benchmarks.launch.lockstep import run_together
from benchmarks.measuring.read import ReadSource
from benchmarks.measuring.timed import BlockSource
from benchmarks.records import Block, Case
from benchmarks.records.introduction import Introduction


def check_shared(case: Case, other: Introduction) -> None:
    """Refuse a case that the other target does not have.

    Args:
        case: what is to be measured in both.
        other: what the other target says of itself.

    Raises:
        UnsharedError: when it lacks the case's question, workload or method, or that of the control that is read.
    """
    asked = [case]
    if not case.question.is_timed:  # a control is read as its path's null case, in the name of that one's method
        asked.append(null_case_of(case))
    missing = dict.fromkeys(each for one in asked for each in other.list_missing(one))
    if missing:
        raise UnsharedError(f"the other target does not have this case: it lacks {' and '.join(missing)}")


def measure_pair(now: BlockSource, other: BlockSource, seed: str) -> BlockPair:
    """Measure one more block of each, both alive together and taking turns.

    Args:
        now: blocks of this target.
        other: blocks of the same case in the other one.
        seed: a text; the order of turns is drawn from it and the number of the pair.

    Raises:
        SuiteError: when one of the blocks could not be measured or is of no use; it says where that was in the other
            target. The block of the target that could is remembered.
    """
    sources = (now, other)
    requests = [source.make_request() for source in sources]
    results = run_together([source.launcher for source in sources], requests, f"{seed} {len(now.summaries)}")
    error, error_there = (_add(source, result) for source, result in zip(sources, results, strict=True))
    if error is not None:
        raise error
    if error_there is not None:
        raise _place(error_there)
    return BlockPair(now=now.summaries[-1], other=other.summaries[-1])


def read_pair(now: ReadSource, other: ReadSource, seed: str) -> ReadPair:
    """Read one more block of each, one after the other, either of them first.

    Args:
        now: readings in this target.
        other: readings of the same case in the other one.
        seed: a text; the order is drawn from it and the number of the pair.

    Raises:
        SuiteError: when an arm could not be read; it says where that was in the other target.
    """
    sources = [now, other]
    random.Random(f"{seed} {len(now.blocks)}").shuffle(sources)  # noqa: S311 - an order, not a secret
    for source in sources:
        if source is now:
            source.read_more(1)
        else:
            _read_there(source)
    return ReadPair(now=now.blocks[-1], other=other.blocks[-1])


def _read_there(source: ReadSource) -> None:
    """Read a block of the other target."""
    try:
        source.read_more(1)
    except SuiteError as error:
        raise _place(error) from error


def _place(error: SuiteError) -> SuiteError:
    """Return an error of the other target, as such."""
    return type(error)(f"in the other target: {error}")


def _add(source: BlockSource, result: Block | SuiteError) -> SuiteError | None:
    """Remember a block, and return why it could not be."""
    if isinstance(result, SuiteError):
        return result
    try:
        source.add(result)
    except BlockError as error:
        return error
    return None
