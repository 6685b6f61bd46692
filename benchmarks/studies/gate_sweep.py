"""Which cases should the gate sweep hold, by what a history shows? Those in which releases differed, and a few more.

    python -m benchmarks.studies.gate_sweep history-released.jsonl history-keras.jsonl

Reads histories, a file for each axis of versions (`benchmarks.commands.history`), and finds what of each case changed
beyond noise between two neighbouring versions: what weighting adds, or an arm. The gate holds each such case, one case
at least for each entry point and question, and what is kept for a reason of its own (`benchmarks.gate_methods`).

Prints what changed in each case of the histories; the cases that the gate must hold, with the reasons; how long the
whole sweep takes, null cases included; what of today's gate has no such reason; and what to enter in `BY_EVIDENCE`.
Without a file it prints what the rule gives without evidence. What it printed is docs/records/gate_sweep.md.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.baselines.lines import group_by_key, load_history
from benchmarks.cases import null_case_of
from benchmarks.errors import SuiteError
from benchmarks.gate_methods import KEPT_METHODS, MOST_GATE_SECONDS, choose_representatives
from benchmarks.records import Aspect, Case, Question
from benchmarks.reports.history.tracks import ARMS, ASPECTS, History, Row, estimate_history
from benchmarks.studies import make_parser, render_table
from benchmarks.sweeps import GATE_AXES, GATE_VARIANTS, Axes, Profile, expand, expand_products, find_gate_axes

_NO_REASON = "nothing: take it out"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What of a case changed beyond noise from the version `before` to `now`.

    `quantity` and `aspect` say what: a time, bytes or a count, of an arm or of what weighting adds. `share` is the
    change as a fraction, `told` the same in words.
    """

    case: Case
    quantity: str
    aspect: Aspect
    before: str
    now: str
    share: float
    told: str

    def describe(self) -> str:
        """Return it in words: `overhead of step time from 2.15 to 2.16 by +3.1 %`."""
        return f"{self.aspect.value} of {self.quantity} from {self.before} to {self.now} by {self.told}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A gate sweep: all its cases, and those of them that it must hold, each with the reasons.

    The others are null cases, and what is kept for another reason (`explain_kept`).
    """

    cases: tuple[Case, ...]
    required: Mapping[Case, Sequence[str]]

    @property
    def seconds(self) -> float:
        """About how long all of it takes."""
        return sum_seconds(self.cases)


def sum_seconds(cases: Iterable[Case]) -> float:
    """Return about how long these cases take where each is clear at once."""
    return sum(case.question.row.case_seconds for case in cases)


def list_changes(history: History) -> tuple[Change, ...]:
    """Return what changed beyond noise between neighbouring versions; nothing of null cases."""
    return tuple(change for row in history.rows if not row.case.null for change in _list_changes_of(row))


def _list_changes_of(row: Row) -> Iterator[Change]:
    for aspect in ASPECTS:
        for version in row.list_changed((aspect,)):
            step = row.tracks[aspect].steps[version]
            yield Change(
                case=row.case,
                quantity=row.title,
                aspect=aspect,
                before=step.before,
                now=version,
                share=row.estimate_share(aspect, version),
                told=row.form.write_change(step.change.estimate),
            )


def list_evident_methods(changes: Iterable[Change]) -> dict[Question, tuple[str, ...]]:
    """Return the methods with a change, by question and in the order of the registry: what `BY_EVIDENCE` is to hold.

    Only cases count that the gate sweep would have, had it all methods.
    """
    changed = {change.case for change in changes}
    return {question: tuple(case.method for case in _list_usual(question) if case in changed) for question in GATE_AXES}


def choose_cases(changes: Sequence[Change]) -> Choice:
    """Return the gate sweep that follows from what changed."""
    by_case = group_by_key((change.case, change) for change in changes)
    evident = list_evident_methods(changes)
    cases: dict[Case, None] = {}
    reasons: dict[Case, list[str]] = {}
    for question, methods in evident.items():
        cases |= dict.fromkeys(_expand(question, find_gate_axes(question, methods)))
        representatives = {name: point for point, name in choose_representatives(question, methods).items()}
        for case in _list_usual(question):
            if case.method in representatives:
                reasons[case] = [f"stands for {representatives[case.method].value}"]
    for case, found in by_case.items():
        cases |= dict.fromkeys((null_case_of(case), case))
        reasons.setdefault(case, []).append(_describe_changes(found))
    return Choice(cases=tuple(cases), required={case: reasons[case] for case in cases if case in reasons})


def explain_kept(case: Case) -> str:
    """Return why the gate sweep has a case whether or not anything changed in it; empty where it has no such reason."""
    if case in _list_usual(case.question):
        return KEPT_METHODS.get(case.question, {}).get(case.method, "")
    variants = GATE_VARIANTS.get(case.question, {}).items()
    return next((reason for reason, axes in variants if case in _expand(case.question, (axes,))), "")


def _describe_changes(changes: Sequence[Change]) -> str:
    """Return the change that says most in words, one of what weighting adds if there is any, and how many others."""
    most = max(changes, key=lambda change: (change.aspect is Aspect.OVERHEAD, abs(change.share)))
    others = len(changes) - 1
    return f"changed: {most.describe()}{f', and {others} more' if others else ''}"


def _list_usual(question: Question) -> tuple[Case, ...]:
    """Return the weighted cases of all methods, with what the gate sweep asks them with."""
    return tuple(case for case in _expand(question, (GATE_AXES[question],)) if not case.null)


def _expand(question: Question, products: Iterable[Axes]) -> tuple[Case, ...]:
    return tuple(case for case in expand_products(question, products, {}) if isinstance(case, Case))


def list_gate() -> tuple[Case, ...]:
    """Return the cases of the gate sweep as it is."""
    return tuple(case for question in Question for case in expand(question, Profile.GATE, {}) if isinstance(case, Case))


def render_study(histories: Sequence[History]) -> str:
    """Return what the histories show and which cases the gate is to hold, as Markdown."""
    changes = [change for history in histories for change in list_changes(history)]
    choice = choose_cases(changes)
    parts = [
        *(["## What changed", _render_measured(histories, changes)] if histories else []),
        "## What the gate must hold",
        _render_required(choice),
        _render_seconds(choice, changes),
        "## What it has for another reason",
        _render_others(choice),
        "## What to enter in `BY_EVIDENCE`",
        _render_evident(changes),
    ]
    return "\n\n".join(parts)


def _render_measured(histories: Sequence[History], changes: Sequence[Change]) -> str:
    """Return a row for each case of the histories: what changed of what weighting adds, and of the arms."""
    rows = []
    for case in dict.fromkeys(row.case for history in histories for row in history.rows if not row.case.null):
        found = [change for change in changes if change.case == case]
        rows.append(
            {
                "case": case.case_id,
                "what weighting adds": "; ".join(each.describe() for each in found if each.aspect is Aspect.OVERHEAD),
                "the arms": "; ".join(each.describe() for each in found if each.aspect in ARMS),
            }
        )
    return render_table(rows)


def _render_required(choice: Choice) -> str:
    return render_table(
        [
            {"case": case.case_id, "why": "; ".join(told), "seconds": f"{case.question.row.case_seconds:.0f}"}
            for case, told in choice.required.items()
        ]
    )


def _render_seconds(choice: Choice, changes: Sequence[Change]) -> str:
    """Return how long the sweep takes, and where that is too long, how long without what only the arms have shown."""
    null = [case for case in choice.cases if case.null]
    others = [case for case in choice.cases if not case.null and case not in choice.required]
    told = (
        f"{len(choice.required)} cases take {sum_seconds(choice.required):.0f} s, {len(others)} that it has for "
        f"another reason take {sum_seconds(others):.0f} s, and the {len(null)} null cases {sum_seconds(null):.0f} s: "
        f"{len(choice.cases)} cases in {choice.seconds:.0f} s, of {MOST_GATE_SECONDS:.0f} s that it may take."
    )
    if choice.seconds <= MOST_GATE_SECONDS:
        return told
    fewer = choose_cases([change for change in changes if change.aspect is Aspect.OVERHEAD])
    return (
        f"{told} **That is {choice.seconds - MOST_GATE_SECONDS:.0f} s too long.** Without the cases in which nothing "
        f"but the arms changed it would be {len(fewer.cases)} cases in {fewer.seconds:.0f} s."
    )


def _render_others(choice: Choice) -> str:
    """Return what else is in the sweep, or in the gate sweep as it is, with the reason."""
    cases = [case for case in dict.fromkeys((*choice.cases, *list_gate())) if not case.null]
    rows = [
        {"case": case.case_id, "it stays for": explain_kept(case) or _NO_REASON}
        for case in cases
        if case not in choice.required
    ]
    return render_table(rows)


def _render_evident(changes: Sequence[Change]) -> str:
    """Return the lines of the table, and the cases that are none of its methods'."""
    evident = list_evident_methods(changes)
    entered = {case for question in GATE_AXES for case in _list_usual(question)}
    lines = [f"Question.{question.name}: {methods!r}," for question, methods in evident.items()]
    beyond = dict.fromkeys(change.case.case_id for change in changes if change.case not in entered)
    told = f"\n\nTo be entered in `GATE_VARIANTS`: {', '.join(beyond)}." if beyond else ""
    return "\n".join(("```python", *lines, "```")) + told


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what the histories in all files show, and which cases the gate is to hold."""
    parser = make_parser("gate_sweep", __doc__)
    parser.add_argument("files", type=Path, nargs="*", help="what histories wrote, a file for each axis of versions")
    options = parser.parse_args(arguments)
    try:
        print(render_study([estimate_history(load_history(path)) for path in options.files]))
    except SuiteError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
