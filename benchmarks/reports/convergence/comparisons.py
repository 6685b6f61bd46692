"""When did each training reach a target, and which arm was there sooner? One comparison per setting and target.

A target is reached at the first epoch after which the held-out samples show it, as in MLPerf's time to train; a
training that never does is censored at its last epoch, and in seconds at what all its passes took. A recall of the rare
class counts where the other classes are recognised too. The first pass of an arm traces, which is a matter of start-up
and not of convergence, so that its time is taken to be the median of the later passes.

All p-values of a page, of epochs and of seconds, share one error level. Leaves out: the words (`wording`).

Source: P. Mattson et al., MLPerf Training Benchmark (2020), section 3.1.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from enum import Enum

import numpy as np

from benchmarks.baselines.trainings import Blocks
from benchmarks.errors import RecordError
from benchmarks.imbalanced import DATA_SETS, OTHERS_RECALL, DataSet
from benchmarks.records import Arm, Environment, Interval
from benchmarks.records.convergence import ArmTraining, Optimizer, Setting, TrainingLine
from benchmarks.stats.survival import (
    Durations,
    RatioOfPairs,
    estimate_median,
    estimate_p_value,
    estimate_ratio,
    estimate_unpaired_p_value,
    score_pairs,
    share_level,
)

CONFIDENCE: float = 0.95

FAMILY_ALPHA: float = 0.05
"""How probable it is at most that a page calls anything sooner or later where weighting changes nothing."""


class Target(str, Enum):
    """What is to be reached on held-out data."""

    RECALL = "recall"
    LOSS = "loss"

    def find_value(self, data: DataSet) -> float:
        """Return what is to be reached on a data set."""
        return data.target_recall if self is Target.RECALL else data.target_loss

    def find_epoch(self, training: ArmTraining, data: DataSet) -> int | None:
        """Return after which epoch a training first had it, counted from 1; None where it never had."""
        value = self.find_value(data)
        if self is Target.LOSS:
            reached = [loss <= value for loss in training.held_loss]
        else:
            recalls = zip(training.minority_recall, training.others_recall, strict=True)
            reached = [rare >= value and others >= OTHERS_RECALL for rare, others in recalls]
        return reached.index(True) + 1 if True in reached else None


class Finding(str, Enum):
    """Which is shown of the weighted arm, beyond noise."""

    SOONER = "sooner"
    LATER = "later"
    OPEN = "open"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """How long both arms took in one measure, epochs or nanoseconds, and how they compare.

    `p_value` is that of pairs, already made larger so that all of a page share an error level; `unpaired_p_value` is
    that of the log-rank test, as it is.
    """

    durations: Mapping[Arm, Durations]
    medians: Mapping[Arm, Interval]
    ratio: RatioOfPairs
    p_value: float
    unpaired_p_value: float
    is_sooner: bool

    @property
    def finding(self) -> Finding:
        """What is shown."""
        if self.p_value > FAMILY_ALPHA:
            return Finding.OPEN
        return Finding.SOONER if self.is_sooner else Finding.LATER


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One setting and one target, over as many seeds as both arms were trained from."""

    setting: Setting
    target: Target
    steps_per_epoch: int
    seeds: int
    epochs: Contest
    time_ns: Contest


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Convergence:
    """All that is told: comparisons by target and setting, and the null blocks in which identical arms differed."""

    comparisons: tuple[Comparison, ...]
    null_blocks: int
    unequal_nulls: tuple[Setting, ...]
    epochs: int
    environment: Environment

    def list_of(self, target: Target) -> list[Comparison]:
        """Return the comparisons of a target."""
        return [each for each in self.comparisons if each.target is target]


def compare_arms(blocks: Blocks) -> Convergence:
    """Return the comparisons of all settings that were trained, data set by data set.

    Raises:
        RecordError: when there is no block but null ones, one has a data set that is not known, or epochs or
            environments differ.
    """
    measured: dict[Setting, list[Mapping[Arm, TrainingLine]]] = {}
    for (setting, _, null), lines in sorted(blocks.items(), key=lambda item: item[0][1]):
        if not null:
            measured.setdefault(setting, []).append(lines)
    if not measured:
        raise RecordError("convergence: expected trainings of both arms, got none; measure some first")
    _check_alike(blocks)
    order = sorted(measured, key=_rank)
    raw = [_compare(setting, target, measured[setting]) for target in Target for setting in order]
    shared = iter(share_level([contest.p_value for each in raw for contest in (each.epochs, each.time_ns)]))
    comparisons = tuple(
        dataclasses.replace(
            each,
            epochs=dataclasses.replace(each.epochs, p_value=next(shared)),
            time_ns=dataclasses.replace(each.time_ns, p_value=next(shared)),
        )
        for each in raw
    )
    nulls = {setting: lines for (setting, _, null), lines in blocks.items() if null}
    first = next(iter(blocks.values()))[Arm.CONTROL]
    return Convergence(
        comparisons=comparisons,
        null_blocks=len(nulls),
        unequal_nulls=tuple(setting for setting, lines in nulls.items() if not is_equal(lines)),
        epochs=first.epochs,
        environment=first.environment,
    )


def _rank(setting: Setting) -> tuple[int, int, float]:
    """Return the place of a setting among others."""
    return list(DATA_SETS).index(setting.data), list(Optimizer).index(setting.optimizer), setting.learning_rate


def is_equal(lines: Mapping[Arm, TrainingLine]) -> bool:
    """Whether both arms of a block knew the same after each epoch, to the last bit; times are never the same."""
    control, weighted = (
        dataclasses.replace(lines[arm].training, pass_ns=lines[Arm.CONTROL].training.pass_ns) for arm in Arm
    )
    return control == weighted


def _check_alike(blocks: Blocks) -> None:
    """Raise RecordError where not all trainings can be on one page."""
    lines = [line for block in blocks.values() for line in block.values()]
    for line in lines:
        if line.setting.data not in DATA_SETS:
            raise RecordError(
                f"convergence: expected data of {', '.join(DATA_SETS)}, got {line.setting.data[:40]!r}; "
                "remove its lines"
            )
        if line.environment != lines[0].environment or line.epochs != lines[0].epochs:
            raise RecordError(
                "convergence: expected trainings of one machine, the same packages and as many epochs, got several; "
                "keep them in files of their own"
            )


def _compare(setting: Setting, target: Target, blocks: Sequence[Mapping[Arm, TrainingLine]]) -> Comparison:
    """Return how the arms compare in a setting; the p-values are not shared yet."""
    data = DATA_SETS[setting.data]
    epochs, times = {}, {}
    for arm in Arm:
        trainings = [lines[arm].training for lines in blocks]
        reached = [target.find_epoch(training, data) for training in trainings]
        arrived = [epoch is not None for epoch in reached]
        last = [
            len(training.pass_ns) if epoch is None else epoch
            for epoch, training in zip(reached, trainings, strict=True)
        ]
        epochs[arm] = Durations.make(last, arrived)
        times[arm] = Durations.make(
            [sum(_list_pass_ns(training)[:epoch]) for epoch, training in zip(last, trainings, strict=True)], arrived
        )
    return Comparison(
        setting=setting,
        target=target,
        steps_per_epoch=blocks[0][Arm.CONTROL].steps_per_epoch,
        seeds=len(blocks),
        epochs=_contest(epochs),
        time_ns=_contest(times),
    )


def _list_pass_ns(training: ArmTraining) -> list[float]:
    """Return what each pass took, the first without its tracing."""
    return [statistics.median(training.pass_ns[1:]), *training.pass_ns[1:]]


def _contest(durations: Mapping[Arm, Durations]) -> Contest:
    control, weighted = durations[Arm.CONTROL], durations[Arm.WEIGHTED]
    scores = score_pairs(control, weighted)
    return Contest(
        durations=durations,
        medians={arm: estimate_median(durations[arm], CONFIDENCE) for arm in Arm},
        ratio=estimate_ratio(control, weighted, CONFIDENCE),
        p_value=estimate_p_value(scores),
        unpaired_p_value=estimate_unpaired_p_value(control, weighted),
        is_sooner=bool(np.sum(scores) > 0.0),
    )
