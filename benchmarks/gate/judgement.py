"""What was found of each thing that is judged of a case, and what does that come to? One verdict, that of the worst.

Leaves out: how a judgement is reached (`confirm`, `times`, `readings`) and how a verdict is shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from benchmarks.records import Aspect, Change, Comparison, Interval, Outcome, Verdict
from benchmarks.records.quantities import title_reading

FAILING = frozenset({Outcome.REGRESSED, Outcome.FAILED})
"""The outcomes that turn a run red."""

_WORST_FIRST = (
    Outcome.FAILED,
    Outcome.REGRESSED,
    Outcome.UNDECIDED,
    Outcome.NOT_COMPARABLE,
    Outcome.IMPROVED,
    Outcome.HELD,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was concluded of one thing that is judged of a case, and the figures behind it.

    `aspect` says what of the case: an overhead, or what one arm takes by itself; `key` of which reading, empty for a
    time. `text` is what was found, as a sentence, or as the end of one that the title of the reading begins.
    `left_open` is what is said of it where it stayed open beside something worse; empty where nothing is. What changed
    between two targets has a `brief`, a few words for a list, and `rises` where the estimate is higher here;
    `change_ratio` is its interval where it is a time, this target ÷ the other one. What was held against a stored run
    or against 1.00 has its `comparison`.
    """

    aspect: Aspect
    outcome: Outcome
    text: str
    key: str = ""
    left_open: str = ""
    brief: str = ""
    rises: bool = False
    change_ratio: Interval | None = None
    comparison: Comparison | None = None

    @property
    def title(self) -> str:
        """What a person reads for what was judged: the reading, with the arm where it is one arm's, or the aspect."""
        if not self.key:
            return self.aspect.value
        title = title_reading(self.key)
        return title if self.aspect is Aspect.OVERHEAD else f"{title}, {self.aspect.value}"

    @property
    def reason(self) -> str:
        """What was found, as a sentence."""
        return f"{self.title}: {self.text}" if self.key else self.text


def find_worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome that decides for a case of which several things are judged; there is at least one."""
    return min(outcomes, key=_WORST_FIRST.index)


def conclude(judgements: Sequence[Judgement]) -> Verdict | None:
    """Return the verdict of the worst, with the reasons of all that are as bad; None where nothing was judged.

    Beside something worse, what was left open is named. Of times that held, the first says it for all.
    """
    if not judgements:
        return None
    worst = find_worst(judgement.outcome for judgement in judgements)
    as_bad = [judgement for judgement in judgements if judgement.outcome is worst]
    reasons = [judgement.reason for judgement in as_bad]
    if worst is Outcome.HELD:
        titles = dict.fromkeys(title_reading(judgement.key) for judgement in as_bad if judgement.key)
        reasons = [f"held: {', '.join(titles)}"] if titles else reasons[:1]
    elif worst is not Outcome.UNDECIDED:
        left_open = (judgement.left_open for judgement in judgements if judgement.outcome is Outcome.UNDECIDED)
        reasons += filter(None, left_open)
    return Verdict(outcome=worst, reason="; ".join(reasons), comparison=as_bad[0].comparison)


def doubt(verdict: Verdict, null_verdict: Verdict) -> Verdict:
    """Return the verdict, or NOT COMPARABLE where it claims a change that its null case gives reason to doubt.

    A claim of REGRESSED or IMPROVED falls when the null case of the same path, question, workload and size came out
    FAILED: what it saw may be the measurement's own doing. Every other verdict is returned as it is.

    Args:
        verdict: what was concluded of a case.
        null_verdict: what was concluded of its null case.
    """
    if null_verdict.outcome is not Outcome.FAILED or verdict.outcome not in {Outcome.REGRESSED, Outcome.IMPROVED}:
        return verdict
    return Verdict(
        outcome=Outcome.NOT_COMPARABLE,
        reason=(
            f"would be {verdict.outcome.value} ({verdict.reason}), but its null case was off: {null_verdict.reason}"
        ),
        comparison=verdict.comparison,
    )


def list_changes(judgements: Iterable[Judgement]) -> tuple[Change, ...]:
    """Return what changed between two targets, as the report on a case has it."""
    return tuple(
        Change(
            aspect=judgement.aspect,
            outcome=judgement.outcome,
            reason=judgement.reason,
            brief=judgement.brief,
            rises=judgement.rises,
            change_ratio=judgement.change_ratio,
        )
        for judgement in judgements
        if judgement.brief
    )
