"""In which words is told whether weighting slows convergence? The answer, what holds everywhere, and cells."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from benchmarks.baselines.lines import group_by_key
from benchmarks.imbalanced import DATA_SETS, OTHERS_RECALL
from benchmarks.records import Arm, Interval
from benchmarks.reports.convergence.comparisons import (
    CONFIDENCE,
    FAMILY_ALPHA,
    Comparison,
    Contest,
    Convergence,
    Finding,
    Target,
)
from benchmarks.stats.survival import Durations, RatioOfPairs

QUESTION = "Does weighting slow convergence?"

_WANTED_SEEDS = 20
_SEEDS_FOR_INTERVAL = 6
"""What a page should rest on, and below which there is no interval of 95 % for a median."""

TITLES = {Target.RECALL: "To a recall of the rare class", Target.LOSS: "To a loss on held-out data"}
"""What a target is called above what is told of it."""

_SUBJECTS = {
    Target.RECALL: "the target recall of the rare class",
    Target.LOSS: "the target loss on held-out data",
}

_FINDINGS = {
    Finding.SOONER: "sooner",
    Finding.LATER: "later",
    Finding.OPEN: "not shown",
}
"""What the weighted arm is, in a cell."""

_TEN = 10.0
"""Ratios from here on are written without decimals."""


def answer(convergence: Convergence) -> Iterator[str]:
    """Yield the answer, a sentence for each target; before them a warning where the null blocks were not equal."""
    if convergence.unequal_nulls:
        told = "; ".join(str(setting) for setting in convergence.unequal_nulls)
        yield (
            "This measurement is not to be trusted: in null blocks, whose arms are the same, these differed, and "
            f"should be equal to the last bit: {told}."
        )
    for target in Target:
        yield _answer_for(target, convergence.list_of(target))


def _answer_for(target: Target, comparisons: Sequence[Comparison]) -> str:
    counts = Counter(each.epochs.finding for each in comparisons)
    sooner, later, open_ = (counts[finding] for finding in Finding)
    return (
        f"{_lead(sooner, later)} To {_SUBJECTS[target]}, weighted training needs fewer epochs than unweighted in "
        f"{sooner} of {len(comparisons)} settings and more in {later}; in {open_} neither is shown."
    )


def _lead(sooner: int, later: int) -> str:
    """Return the answer in a word or two."""
    if sooner and later:
        return "It depends."
    if later:
        return "Yes."
    return "No." if sooner else "Nothing is shown."


def tell_what_holds(convergence: Convergence) -> Iterator[str]:
    """Yield for each target and data set what holds for all optimizers and learning rates, or for how many."""
    for target in Target:
        by_data = group_by_key((each.setting.data, each) for each in convergence.list_of(target))
        for data, found in by_data.items():
            counts = Counter(each.epochs.finding for each in found)
            told = ", ".join(f"{_FINDINGS[finding]} in {counts[finding]}" for finding in Finding if counts[finding])
            if len(counts) == 1:
                told = f"{_FINDINGS[next(iter(counts))]} in all {len(found)}"
            yield (
                f"{data}, to {_SUBJECTS[target]}: sooner or later with weights? {told[0].upper()}{told[1:]} settings; "
                f"weighted ÷ control epochs {_span_ratios(found)}."
            )


def _span_ratios(comparisons: Sequence[Comparison]) -> str:
    """Return from which to which ratio of epochs the settings reach, as far as the ratios are known."""
    known = sorted(each.epochs.ratio.lowest for each in comparisons if is_known(each.epochs.ratio))
    unknown = len(comparisons) - len(known)
    told = f"{_write_ratio(known[0])} to {_write_ratio(known[-1])}" if known else "unknown"
    return f"{told}, and in {unknown} known by bounds at most" if known and unknown else told


def tell_target(target: Target, convergence: Convergence) -> str:
    """Return what is to be reached, in a sentence."""
    values = ", ".join(
        f"{target.find_value(DATA_SETS[data]):g} on {data}"
        for data in dict.fromkeys(each.setting.data for each in convergence.comparisons)
    )
    if target is Target.RECALL:
        return (
            f"Reached when the rare class is recognised to this share among held-out samples, and the others to "
            f"{OTHERS_RECALL:g} at least: {values}."
        )
    return (
        "Reached when the cross-entropy of held-out samples, without weights in both arms and as of data whose classes "
        f"are as frequent as in training, is no higher than this: {values}."
    )


def tell_how(convergence: Convergence) -> Iterator[str]:
    """Yield how sure all of this is, and what to know when reading the tables."""
    seeds = sorted({each.seeds for each in convergence.comparisons})
    told = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    yield (
        f"Each setting was trained from {told} seed{'' if seeds == [1] else 's'} for {convergence.epochs} epochs, both "
        "arms from the same initial weights through the same batches. Who had not reached the target by then is "
        "counted as taking longer, not left out."
    )
    yield (
        f"Medians are Kaplan and Meier's, ratios medians over the seeds of weighted ÷ control, each with its "
        f"{CONFIDENCE:.0%} interval: below 1 is sooner. A bound that the data do not give is written as ∞. p is of the "
        f"test of pairs; all {2 * len(convergence.comparisons)} of them share a level of {FAMILY_ALPHA:.0%} (Holm), "
        "beyond which a difference is called shown. The log-rank test knows nothing of pairs and shares no level."
    )
    yield _tell_nulls(convergence)
    if seeds[0] < _SEEDS_FOR_INTERVAL:
        yield f"Fewer than {_SEEDS_FOR_INTERVAL} seeds give no interval; measure more with --seeds."
    elif seeds[0] < _WANTED_SEEDS:
        yield f"Fewer than {_WANTED_SEEDS} seeds: what is not shown may still be there; measure more with --seeds."


def _tell_nulls(convergence: Convergence) -> str:
    if not convergence.null_blocks:
        return "No null block was trained."
    equal = convergence.null_blocks - len(convergence.unequal_nulls)
    return (
        f"In {equal} of {convergence.null_blocks} null blocks, both arms of which train without weights, the arms were "
        "equal to the last bit after every epoch."
    )


def write_finding(contest: Contest) -> str:
    """Return what is shown of the weighted arm."""
    return _FINDINGS[contest.finding]


def write_median(contest: Contest, arm: Arm, write: Callable[[float], str]) -> str:
    """Return a median with its interval: `12 (10 to 15)`, or `> 50 (44 to ∞)` where fewer than half arrived."""
    interval: Interval = contest.medians[arm]
    last = float(contest.durations[arm].seen.max())
    median = f"> {write(last)}" if math.isinf(interval.estimate) else write(interval.estimate)
    if interval.lower == 0.0 and math.isinf(interval.upper):
        return median
    return f"{median} ({write(interval.lower)} to {'∞' if math.isinf(interval.upper) else write(interval.upper)})"


def write_never(contest: Contest) -> str:
    """Return how many never arrived, of either arm: `3 → 0 of 20`."""
    durations: dict[Arm, Durations] = {arm: contest.durations[arm] for arm in Arm}
    counts = " → ".join(str(durations[arm].never) for arm in Arm)
    return f"{counts} of {durations[Arm.CONTROL].seen.size}"


def is_known(ratio: RatioOfPairs) -> bool:
    """Whether the median ratio is known, and not by bounds alone."""
    return ratio.lowest == ratio.highest and 0.0 < ratio.lowest < math.inf


def write_ratio(ratio: RatioOfPairs) -> str:
    """Return a ratio with its interval: `0.45 (0.40 to 0.52)`, or `< 0.30 (0 to 0.35)` where bounds alone are known."""
    if ratio.lower == 0.0 and math.isinf(ratio.upper):
        return _write_center(ratio)
    return f"{_write_center(ratio)} ({_write_ratio(ratio.lower)} to {_write_ratio(ratio.upper)})"


def _write_center(ratio: RatioOfPairs) -> str:
    lowest, highest = _write_ratio(ratio.lowest), _write_ratio(ratio.highest)
    if is_known(ratio):
        return lowest
    if ratio.lowest == 0.0:
        return "unknown" if math.isinf(ratio.highest) else f"< {highest}"
    return f"> {lowest}" if math.isinf(ratio.highest) else f"{lowest} to {highest}"


def _write_ratio(value: float) -> str:
    if math.isinf(value):
        return "∞"
    return f"{value:.0f}" if value >= _TEN or value == 0.0 else f"{value:.2f}"


def write_p_value(value: float) -> str:
    """Return a p-value: `0.012`, or `< 0.001`."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004 - the last decimal that is written
