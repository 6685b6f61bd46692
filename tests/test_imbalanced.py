"""Splits are drawn with a seed, thin out one class of the half that is trained on, and survive the way to a target."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from benchmarks.errors import AxisError, SuiteError
from benchmarks.imbalanced import DATA_SETS, Split, balance_weights, load_split, parse_data_sets, save_split, thin_out

COUNTS = {"digits": (10, 8, 9), "breast_cancer": (2, 0, 21), "synthetic": (2, 1, 50)}
"""Classes, the rare one, and its training samples: 10 % of 87 eights, 20 % of 106 malignant, and 1 in 20 of 1,000."""


def is_same(split: Split, other: Split) -> bool:
    return all(
        np.array_equal(getattr(split, field.name), getattr(other, field.name)) for field in dataclasses.fields(Split)
    )


def test_the_page_tells_the_targets_and_how_many_are_rare() -> None:
    page = (Path(__file__).parent.parent / "docs" / "convergence.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    assert list(rows) == list(DATA_SETS)
    for name, data in DATA_SETS.items():
        assert rows[name].endswith(f"| {data.target_recall:g} | {data.target_loss:g} |")
        assert f" {COUNTS[name][2]} of " in rows[name]


@pytest.mark.parametrize("name", DATA_SETS)
def test_one_class_of_each_data_set_is_rare_in_training_and_not_among_what_is_held_out(name: str) -> None:
    if DATA_SETS[name].needs_package:
        pytest.importorskip("sklearn", reason="real data need scikit-learn: pip install --group convergence")
    split = DATA_SETS[name].split(1)
    classes, minority, count = COUNTS[name]
    counts = split.count_classes()
    assert (counts.size, split.minority) == (classes, minority)
    assert counts[minority] == counts.min() == count
    assert np.bincount(split.held_labels)[minority] > 4 * count
    assert split.train_weights.mean() == pytest.approx(1.0, abs=1e-6)
    by_class = [split.train_weights[split.train_labels == number].sum() for number in range(classes)]
    assert by_class == pytest.approx([by_class[0]] * classes, rel=1e-5), "each class has as much weight as any other"
    assert np.isfinite(split.train_features).all()
    assert np.abs(split.train_features.mean(axis=0)).max() < 1e-5


def test_the_same_seed_splits_alike_and_another_otherwise() -> None:
    split = DATA_SETS["synthetic"].split
    assert is_same(split(1), split(1))
    assert not is_same(split(1), split(2))


def test_no_sample_is_both_trained_on_and_held_out() -> None:
    """Of 40 samples of one feature, their number: 10 of each class are held out, of the rare one 2 are trained on."""
    labels = np.arange(40) % 2
    split = thin_out(np.arange(40.0)[:, np.newaxis], labels, minority=1, kept_share=0.2, seed=3)
    trained, held = split.train_features.ravel(), split.held_features.ravel()
    assert (trained.size, held.size, split.count_classes().tolist()) == (12, 20, [10, 2])
    assert set(np.round(trained, 4)) & set(np.round(held, 4)) == set()


def test_a_rare_class_keeps_one_sample_at_least() -> None:
    split = thin_out(np.zeros((8, 1)), np.arange(8) % 2, minority=1, kept_share=0.01, seed=1)
    assert split.count_classes().tolist() == [2, 1]


def test_weights_are_those_that_scikit_learn_calls_balanced() -> None:
    """compute_sample_weight("balanced", [0, 0, 0, 1]): 4 / (2 * 3) and 4 / (2 * 1)."""
    weights = balance_weights(np.array([0, 0, 0, 1], dtype=np.int32))
    assert weights.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2.0])


def test_a_split_goes_through_a_file(tmp_path: Path) -> None:
    split = DATA_SETS["synthetic"].split(1)
    save_split(split, tmp_path / "split.npz")
    loaded = load_split(tmp_path / "split.npz")
    assert is_same(split, loaded)
    assert loaded.train_features.dtype == np.float32


def test_data_are_named_and_what_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert parse_data_sets("digits, synthetic,digits") == ("digits", "synthetic")
    with pytest.raises(AxisError, match="expected some of digits, breast_cancer, synthetic, got 'iris'; choose among"):
        parse_data_sets("digits,iris")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert parse_data_sets("synthetic") == ("synthetic",)
    with pytest.raises(SuiteError, match="expected scikit-learn, which has digits, got none; pip install --group conv"):
        parse_data_sets("digits")
