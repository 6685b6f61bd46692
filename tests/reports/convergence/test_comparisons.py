"""A target is reached when held-out samples first show it; arms are compared seed by seed, in epochs and in time."""

from __future__ import annotations

import dataclasses
import math

import pytest

from benchmarks.errors import RecordError
from benchmarks.imbalanced import DATA_SETS
from benchmarks.records import Arm
from benchmarks.records.convergence import ArmTraining, Optimizer
from benchmarks.reports.convergence.comparisons import Finding, Target, compare_arms
from tests.examples import make_environment
from tests.reports.convergence.example_trainings import NEVER, SETTING, make_blocks, make_line, make_training

DATA = DATA_SETS["synthetic"]


def test_a_recall_counts_when_the_others_are_recognised_too() -> None:
    """Who takes everything for rare recognises all that is rare."""
    training = ArmTraining(
        pass_ns=(1, 1, 1), held_loss=(9.0, 9.0, 9.0), minority_recall=(1.0, 0.8, 0.8), others_recall=(0.0, 0.89, 0.9)
    )
    assert Target.RECALL.find_epoch(training, DATA) == 3
    assert Target.LOSS.find_epoch(training, DATA) is None


def test_a_target_is_reached_by_exactly_its_value_and_the_first_time_counts() -> None:
    training = ArmTraining(
        pass_ns=(1, 1, 1),
        held_loss=(math.inf, DATA.target_loss, 9.0),
        minority_recall=(0.0, 0.0, DATA.target_recall),
        others_recall=(1.0, 1.0, 1.0),
    )
    assert (Target.LOSS.find_epoch(training, DATA), Target.RECALL.find_epoch(training, DATA)) == (2, 3)


def test_arms_are_compared_seed_by_seed() -> None:
    convergence = compare_arms(make_blocks([4, 6, 8, 10, 4, 6, 8, 10, 4, 6, 8, 10], [2, 3, 4, 5] * 3))
    for comparison in convergence.comparisons:
        epochs = comparison.epochs
        assert (epochs.ratio.lowest, epochs.ratio.highest) == (0.5, 0.5)
        assert (epochs.finding, comparison.seeds, comparison.steps_per_epoch) == (Finding.SOONER, 12, 31)


def test_time_is_that_of_the_passes_without_the_tracing_of_the_first() -> None:
    """A weighted pass takes twice as long, 2 ms: half of the epochs take as much time."""
    (comparison, _) = compare_arms(make_blocks([4, 6, 8], [2, 3, 4])).comparisons
    assert comparison.time_ns.durations[Arm.CONTROL].seen.tolist() == [4e6, 6e6, 8e6]
    assert comparison.time_ns.durations[Arm.WEIGHTED].seen.tolist() == [4e6, 6e6, 8e6]
    assert comparison.time_ns.ratio.lowest == 1.0
    assert comparison.time_ns.finding is Finding.OPEN


def test_who_never_arrives_is_censored_at_the_last_epoch() -> None:
    (comparison, _) = compare_arms(make_blocks([NEVER, 6, NEVER], [2, 3, 4])).comparisons
    control = comparison.epochs.durations[Arm.CONTROL]
    assert (control.seen.tolist(), control.arrived.tolist()) == ([10.0, 6.0, 10.0], [False, True, False])
    assert comparison.time_ns.durations[Arm.CONTROL].seen.tolist() == [10e6, 6e6, 10e6]


def test_all_p_values_share_a_level() -> None:
    """Eight pairs in which the weighted arm is sooner have a p of 2 / 2 ** 8; there are four such p-values."""
    convergence = compare_arms(make_blocks([9] * 8, [1] * 8))
    assert [each.epochs.p_value for each in convergence.comparisons] == pytest.approx([4 * 2 / 2**8] * 2)


def test_settings_stand_in_the_order_of_data_optimizers_and_rates() -> None:
    settings = [
        dataclasses.replace(SETTING, learning_rate=0.03),
        SETTING,
        dataclasses.replace(SETTING, optimizer=Optimizer.SGD, learning_rate=0.1),
        dataclasses.replace(SETTING, data="digits"),
    ]
    blocks = {place: lines for each in settings for place, lines in make_blocks([2], [2], setting=each).items()}
    told = [each.setting for each in compare_arms(blocks).list_of(Target.LOSS)]
    assert told == [settings[3], settings[2], settings[1], settings[0]]


def test_null_blocks_are_equal_to_the_last_bit_or_named() -> None:
    """Times differ always, and are not held against them."""
    blocks = make_blocks([2], [2])
    slower = make_line(Arm.WEIGHTED, make_training(3, pass_ns=7), null=True)
    blocks[SETTING, 1, True] = blocks[SETTING, 1, True] | {Arm.WEIGHTED: slower}
    assert compare_arms(blocks).unequal_nulls == ()
    other = dataclasses.replace(slower, training=dataclasses.replace(slower.training, held_loss=(1e-17,) * 10))
    blocks[SETTING, 1, True] = blocks[SETTING, 1, True] | {Arm.WEIGHTED: other}
    assert compare_arms(blocks).unequal_nulls == (SETTING,)


def test_what_cannot_be_on_one_page_is_refused() -> None:
    blocks = make_blocks([2, 3], [2, 3])
    with pytest.raises(RecordError, match="expected trainings of both arms, got none; measure some first"):
        compare_arms({place: lines for place, lines in blocks.items() if place[2]})
    elsewhere = make_blocks([2], [2], environment=make_environment(keras="3.0.0"), seed=9)
    with pytest.raises(RecordError, match="expected trainings of one machine, the same packages and as many epochs"):
        compare_arms(blocks | {(SETTING, 9, False): elsewhere[SETTING, 1, False]})
    unknown = dataclasses.replace(SETTING, data="iris")
    with pytest.raises(RecordError, match="expected data of digits, breast_cancer, synthetic, got 'iris'"):
        compare_arms(make_blocks([2], [2], setting=unknown))
