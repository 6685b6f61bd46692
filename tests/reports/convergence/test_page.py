"""Page and terminal answer the question first, in a sentence for each target, and say what holds and how sure it is."""

from __future__ import annotations

import dataclasses
import math

import pytest

from benchmarks.baselines.trainings import Blocks
from benchmarks.records import Arm
from benchmarks.records.convergence import Optimizer
from benchmarks.reports.convergence.comparisons import Convergence, Target, compare_arms
from benchmarks.reports.convergence.page import render_page, render_terminal
from benchmarks.reports.convergence.wording import answer, tell_how, tell_what_holds, write_p_value, write_ratio
from benchmarks.stats.survival import RatioOfPairs
from tests.reports.convergence.example_trainings import NEVER, SETTING, make_blocks, make_line, make_training

SOONER, LATER, ALIKE = ([9] * 12, [1] * 12), ([1] * 12, [9] * 12), ([4] * 12, [4] * 12)


def compare(*settings: tuple[list[int], list[int]]) -> Convergence:
    """Return comparisons of one setting for each of these, whose arms reach both targets in these epochs."""
    blocks: Blocks = {}
    for number, (control, weighted) in enumerate(settings, start=1):
        setting = dataclasses.replace(SETTING, learning_rate=number / 10)
        blocks |= make_blocks(control, weighted, setting=setting)
    return compare_arms(blocks)


@pytest.mark.parametrize(
    ("settings", "begin", "told"),
    [
        ([SOONER, ALIKE], "No.", "fewer epochs than unweighted in 1 of 2 settings and more in 0; in 1 neither"),
        ([LATER, LATER], "Yes.", "fewer epochs than unweighted in 0 of 2 settings and more in 2; in 0 neither"),
        ([LATER, SOONER], "It depends.", "fewer epochs than unweighted in 1 of 2 settings and more in 1; in 0 neither"),
        ([ALIKE], "Nothing is shown.", "fewer epochs than unweighted in 0 of 1 settings and more in 0; in 1 neither"),
    ],
)
def test_the_answer_is_a_sentence_for_each_target(
    settings: list[tuple[list[int], list[int]]], begin: str, told: str
) -> None:
    recall, loss = answer(compare(*settings))
    assert recall.startswith(f"{begin} To the target recall of the rare class, weighted training needs {told}")
    assert loss.startswith(f"{begin} To the target loss on held-out data, weighted training needs {told}")


def test_unequal_null_blocks_come_before_any_answer() -> None:
    blocks = make_blocks([2], [2])
    blocks[SETTING, 1, True] = {
        Arm.CONTROL: make_line(Arm.CONTROL, make_training(3), null=True),
        Arm.WEIGHTED: make_line(Arm.WEIGHTED, make_training(4), null=True),
    }
    first, *_ = answer(compare_arms(blocks))
    assert first.startswith("This measurement is not to be trusted: ")
    assert "synthetic, Adam at 0.01" in first


def test_it_is_said_what_holds_for_all_of_a_data_set() -> None:
    recall, _ = tell_what_holds(compare(SOONER, SOONER))
    assert recall == (
        "synthetic, to the target recall of the rare class: sooner or later with weights? Sooner in all 2 settings; "
        "weighted ÷ control epochs 0.11 to 0.11."
    )
    recall, _ = tell_what_holds(compare(SOONER, LATER, ([NEVER] * 12, [1] * 12)))
    assert (
        "? Sooner in 2, later in 1 settings; weighted ÷ control epochs 0.11 to 9.00, and in 1 known by bounds" in recall
    )


def test_few_seeds_are_said_to_be_few() -> None:
    assert any(line.startswith("Fewer than 6 seeds give no interval") for line in tell_how(compare(([2], [2]))))
    assert any(line.startswith("Fewer than 20 seeds:") for line in tell_how(compare(SOONER)))
    told = list(tell_how(compare(([4] * 20, [4] * 20))))
    assert not any(line.startswith("Fewer than") for line in told)
    assert "In 1 of 1 null blocks, both arms of which train without weights, the arms were equal" in told[2]


@pytest.mark.parametrize(
    ("ratio", "told"),
    [
        ((0.45, 0.45, 0.4, 0.52), "0.45 (0.40 to 0.52)"),
        ((0.0, 0.3, 0.0, 0.35), "< 0.30 (0 to 0.35)"),
        ((2.5, math.inf, 1.5, math.inf), "> 2.50 (1.50 to ∞)"),
        ((0.3, 0.4, 0.2, 12.0), "0.30 to 0.40 (0.20 to 12)"),
        ((0.0, math.inf, 0.0, math.inf), "unknown"),
        ((1.0, 1.0, 0.0, math.inf), "1.00"),
    ],
)
def test_a_ratio_is_told_as_far_as_it_is_known(ratio: tuple[float, float, float, float], told: str) -> None:
    names = ("lowest", "highest", "lower", "upper")
    assert write_ratio(RatioOfPairs(**dict(zip(names, ratio, strict=True)))) == told


def test_a_p_value_has_three_decimals() -> None:
    assert [write_p_value(value) for value in (0.0002, 0.0123, 1.0)] == ["< 0.001", "0.012", "1.000"]


def test_the_terminal_has_the_medians_of_both_arms_and_who_never_arrived() -> None:
    text = render_terminal(compare(([NEVER] * 8 + [6] * 4, [2] * 12)))
    assert text.startswith("Does weighting slow convergence?\nNo. ")
    (row, _) = [line for line in text.splitlines() if line.startswith("synthetic  Adam") and "0.20" in line]
    assert "> 10 (6 to ∞)" in row
    assert "2 (2 to 2)" in row
    assert "8 → 0 of 12" in row
    assert row.endswith("sooner")
    assert "> 310 (186 to ∞)  62 (62 to 62)" in text, "31 steps an epoch"


def test_the_page_has_tables_pictures_and_where_it_was_measured() -> None:
    page = render_page(compare(SOONER), {Target.RECALL: "curves.svg"})
    assert page.startswith("# Does weighting slow convergence?\n\nNo. ")
    assert "## To a recall of the rare class\n" in page
    assert "](curves.svg)" in page
    assert page.count("### Epochs") == 2
    assert "| synthetic | Adam      |  0.1 | 9 (9 to 9) | 1 (1 to 1) |" in page
    assert "0.75 on synthetic" in page
    assert page.endswith("CPU, AMD EPYC, 2 cores.")


def test_both_optimizers_are_named() -> None:
    blocks = make_blocks([2], [2]) | make_blocks(
        [2], [2], setting=dataclasses.replace(SETTING, optimizer=Optimizer.SGD)
    )
    assert "| synthetic | SGD " in render_page(compare_arms(blocks), {})
