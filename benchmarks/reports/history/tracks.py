"""Which quantities does a history have, and how does each run through the versions?

A row is a quantity of a case: a time, bytes or a count. It has a track for either arm, and one for what weighting adds:
weighted ÷ control of times and peaks; weighted - control of counts and of retained bytes, which can be 0.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

from benchmarks.baselines.lines import group_by_key
from benchmarks.errors import RecordError
from benchmarks.records import Aspect, Case, HistoryEntry, Interval, Question
from benchmarks.records.quantities import (
    GRAPH_NODES,
    QUANTITIES,
    STEP_PEAK_RESIDENT,
    STEP_PEAK_TENSORS,
    Rule,
    find_quantity,
    title_reading,
)
from benchmarks.reports.history.versions import Axis, sort_versions
from benchmarks.reports.tables import NOTHING
from benchmarks.stats.lines import LEAST_CHANGE, ChangeRule, Scale, Step, Track, estimate_track
from benchmarks.units import format_bytes, format_duration, format_extra_bytes, format_overhead

FAMILY_ALPHA: float = 0.05
"""The error level of all changes of a history together."""

FAMILY_ALPHA_TOLD: str = f"{100.0 * FAMILY_ALPHA:.0f} %"

ARMS: tuple[Aspect, ...] = (Aspect.CONTROL, Aspect.WEIGHTED)

ASPECTS: tuple[Aspect, ...] = (Aspect.OVERHEAD, *ARMS)
"""What of a row has a track. The overhead is what weighting adds, whether as a ratio or as a difference."""

_UNTOLD = (GRAPH_NODES, STEP_PEAK_TENSORS, STEP_PEAK_RESIDENT)
"""Of what is read, that which is left out: nodes before optimisation, of which fewer run than are counted, and the
peaks of a step, which vary by as much as weighting adds."""

_KIB = 1024.0

_TEN = 0.095
"""From here on a change in percent is written without decimals where room is scarce."""

RETAINED_WHOLE_BYTES: float = 400.0 * _KIB
"""What counts as 100 % in the colours of retained bytes: a page of 4 KiB per epoch is then 1 %."""


def _brief_percent(ratio: float) -> str:
    """Write a ratio as a short percentage: 0.967 becomes `-3.3%`."""
    percent = 100.0 * (ratio - 1.0)
    return f"{percent:+.0f}%" if abs(ratio - 1.0) >= _TEN else f"{percent:+.1f}%"


def _write_count(count: float) -> str:
    """Write a count, or the mean of some."""
    return f"{count:.0f}" if count.is_integer() else f"{count:.1f}"


def _write_extra(count: float) -> str:
    """Write how many more there are, with its sign."""
    return f"{'' if count < 0.0 else '+'}{_write_count(count)}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How the values of a row are compared and written.

    `write` is for the value of an arm, `write_overhead` for what weighting adds, `write_change` for the change of any
    of them, and `write_brief` for the same where room is scarce. A change below `least` is not told. An axis has its
    marks at round multiples of `unit`.
    """

    scale: Scale = Scale.RATIO
    least: float = LEAST_CHANGE
    unit: float = 1.0
    write: Callable[[float], str]
    write_overhead: Callable[[float], str] = format_overhead
    write_change: Callable[[float], str] = format_overhead
    write_brief: Callable[[float], str] = _brief_percent


_TIME = Form(write=format_duration)
_PEAK = Form(unit=_KIB**2, write=format_bytes)
_RETAINED = Form(
    scale=Scale.DIFFERENCE,
    unit=_KIB,
    least=_KIB,  # a quarter of a page of memory, per epoch
    write=format_bytes,
    write_overhead=format_extra_bytes,
    write_change=format_extra_bytes,
    write_brief=lambda count: f"{count / _KIB:+.0f}KiB",
)
_COUNT = Form(
    scale=Scale.DIFFERENCE,
    least=0.0,
    write=_write_count,
    write_overhead=_write_extra,
    write_change=_write_extra,
    write_brief=_write_extra,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A quantity of a case through the versions.

    `title` says which quantity it is, `label` which method, with all else of the case where that alone does not tell.
    """

    case: Case
    title: str
    label: str
    form: Form
    tracks: Mapping[Aspect, Track]

    def list_changed(self, aspects: Sequence[Aspect] = ASPECTS) -> tuple[str, ...]:
        """Return the versions in which one of these aspects changed beyond noise."""
        found = {version for aspect in aspects for version in self.tracks[aspect].changes}
        return tuple(version for version in self.tracks[Aspect.CONTROL].points if version in found)

    def find_step(self, aspect: Aspect, version: str) -> Step | None:
        """Return the step into a version; None where there is nothing to compare."""
        return self.tracks[aspect].steps.get(version)

    def write_value(self, aspect: Aspect, version: str) -> str:
        """Return the value of an aspect in a version, in words."""
        return self._choose(aspect)(self.tracks[aspect].points[version].estimate)

    def write_point(self, aspect: Aspect, version: str) -> str:
        """Return a value with half the width of its interval, `842 us ± 1.2 %`, and a mark where it changed.

        The width is in percent of the value, of an overhead in points; it is left out where it is 0 or unknown. A
        version that was not measured has a dash.
        """
        if version not in self.tracks[aspect].points:
            return NOTHING
        parts = (self.write_value(aspect, version), self._write_spread(aspect, version), self._mark(aspect, version))
        return " ".join(filter(None, parts))

    def write_change(self, aspect: Aspect, version: str) -> str:
        """Return the change into a version in words, with its mark and interval; empty where nothing is compared."""
        step = self.find_step(aspect, version)
        if step is None:
            return ""
        bounds = self._write_bounds(step.change)
        parts = (self._mark(aspect, version), self.form.write_change(step.change.estimate), bounds and f"({bounds})")
        return " ".join(filter(None, parts))

    def _write_spread(self, aspect: Aspect, version: str) -> str:
        """Return half the width of the interval, `± 1.2 %`; empty where it has none."""
        point = self.tracks[aspect].points[version]
        half = (point.upper - point.lower) / 2.0
        if not half or math.isinf(half):
            return ""
        if self.form.scale is Scale.DIFFERENCE:
            return f"± {self.form.write(half)}"
        return f"± {100.0 * half / (1.0 if aspect is Aspect.OVERHEAD else point.estimate):.1f} %"

    def _mark(self, aspect: Aspect, version: str) -> str:
        """Return `▲` or `▼` where an aspect rose or fell beyond noise into a version; empty where not."""
        step = self.find_step(aspect, version)
        if step is None or not step.is_sure:
            return ""
        unchanged = 1.0 if self.form.scale is Scale.RATIO else 0.0
        return "▲" if step.change.estimate > unchanged else "▼"

    def _write_bounds(self, interval: Interval) -> str:
        if interval.lower == interval.upper or math.isinf(interval.upper):
            return ""
        return f"{self.form.write_change(interval.lower)} to {self.form.write_change(interval.upper)}"

    def estimate_share(self, aspect: Aspect, version: str) -> float:
        """Return the change into a version as a fraction: of the value before, of a count in the weighted arm."""
        step = self.tracks[aspect].steps[version]
        if self.form.scale is Scale.RATIO:
            return step.change.estimate - 1.0
        if self.form is _RETAINED:
            return step.change.estimate / RETAINED_WHOLE_BYTES
        return step.change.estimate / max(1.0, self.tracks[Aspect.WEIGHTED].points[step.before].estimate)

    def _choose(self, aspect: Aspect) -> Callable[[float], str]:
        return self.form.write_overhead if aspect is Aspect.OVERHEAD else self.form.write


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was measured, along which versions, and each quantity of each case through them."""

    entries: Sequence[HistoryEntry]
    axis: Axis
    rows: tuple[Row, ...]


def estimate_history(entries: Sequence[HistoryEntry]) -> History:
    """Return each quantity of each case through the versions, by question, quantity and method.

    Raises:
        RecordError: when there are no entries.
    """
    if not entries:
        raise RecordError("a history: expected something that was measured, got nothing; measure some rounds first")
    axis = Axis(versions=sort_versions(entry.version for entry in entries))
    by_case = group_by_key((entry.case, entry) for entry in entries)
    wanted = [(case, key) for case, found in by_case.items() for key in _list_keys(case, found)]
    wanted.sort(key=lambda pair: (list(Question).index(pair[0].question), _rank_key(pair[1])))
    changes = len(wanted) * len(ASPECTS) * (len(axis.versions) - 1)
    alpha = FAMILY_ALPHA / max(1, changes)
    labels = _label_cases(list(by_case))
    rows = (_estimate_row(case, key, labels[case], by_case[case], alpha) for case, key in wanted)
    return History(entries=entries, axis=axis, rows=tuple(row for row in rows if row.tracks[Aspect.CONTROL].points))


def _list_keys(case: Case, entries: Sequence[HistoryEntry]) -> Sequence[str]:
    """Return what is told of a case: keys of readings, or one empty key for its time."""
    if case.question.is_timed:
        return ("",)
    keys = {key for entry in entries if entry.readings is not None for key in entry.readings.list_keys()}
    return [key for key in sorted(keys) if find_quantity(key) not in _UNTOLD]


def _rank_key(key: str) -> int:
    """Return the place of a reading among the quantities; the time of a case is the only one it has."""
    return list(QUANTITIES).index(find_quantity(key).name) if key else 0


def _label_cases(cases: Sequence[Case]) -> dict[Case, str]:
    """Return the method of each case; with workload, depth and sizes where the method was asked the same twice."""
    alike = group_by_key(((case.question, case.asked_method), case) for case in cases)
    return {
        case: case.asked_method if len(found) == 1 else case.params_id for found in alike.values() for case in found
    }


def _estimate_row(case: Case, key: str, label: str, entries: Sequence[HistoryEntry], alpha: float) -> Row:
    """Return a quantity of a case through the versions in which there is anything of it."""
    title = title_reading(key) if key else case.question.row.title
    form = _find_form(key)
    rule = ChangeRule(alpha=alpha, together=case.question.is_timed, scale=form.scale, least=form.least)
    found = {
        version: {(entry.number, entry.occasion): _find_values(entry, key, form) for entry in by_version}
        for version, by_version in group_by_key((entry.version, entry) for entry in entries).items()
    }
    tracks = {
        aspect: estimate_track(
            f"{title}, {label}, {aspect.value}",
            {
                version: {place: values[aspect] for place, values in found[version].items() if values}
                for version in sort_versions(found)
            },
            rule,
        )
        for aspect in ASPECTS
    }
    return Row(case=case, title=title, label=label, form=form, tracks=tracks)


def _find_form(key: str) -> Form:
    """Return how what a key names is compared and written; an empty key names a time."""
    if not key:
        return _TIME
    quantity = find_quantity(key)
    if not quantity.in_bytes:
        return _COUNT
    return _RETAINED if quantity.rule is Rule.LEAK else _PEAK


def _find_values(entry: HistoryEntry, key: str, form: Form) -> Mapping[Aspect, float]:
    """Return what an entry has of each aspect; nothing where it was not measured, or has no ratio."""
    if entry.block is not None:
        block = entry.block
        return {
            Aspect.OVERHEAD: math.exp(block.log_ratio),
            Aspect.CONTROL: block.control_median_ns,
            Aspect.WEIGHTED: block.weighted_median_ns,
        }
    if entry.readings is None or key not in entry.readings.list_keys():
        return {}
    control, weighted = entry.readings.control.values[key], entry.readings.weighted.values[key]
    if form.scale is Scale.DIFFERENCE:
        extra = weighted - control
    elif min(control, weighted) > 0.0:
        extra = weighted / control
    else:
        return {}
    return {Aspect.OVERHEAD: extra, Aspect.CONTROL: control, Aspect.WEIGHTED: weighted}
