"""The formulas of the papers, held against finite differences of the losses that they are derivatives of."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.methods import _references
from benchmarks.proofs import StepFacts

Array = NDArray[np.float64]

LOSSES = np.array([[0.05, 0.7, 1.9, 2.29, 2.31, 3.5, 0.4, 2.8], [1.0, 2.0, 3.0, 0.1, 0.2, 0.3, 2.4, 2.2]])

STEP = 1e-6


def make_facts(**values: Any) -> StepFacts:
    """Return the facts of eight labels of each of two outputs."""
    labels = np.array([[0, 0, 0, 0, 1, 1, 2, 0], [3, 3, 3, 3, 3, 3, 3, 3]])
    zeros = np.zeros_like(LOSSES)
    example = StepFacts(
        labels=labels, losses=LOSSES, inferred_losses=LOSSES, weights=zeros, class_count=4, agreements=zeros
    )
    return dataclasses.replace(example, **values)


def differentiate(find_loss: Callable[[Array], float]) -> Array:
    """Return the derivative of a loss of a batch by each label's own, by central differences."""
    found = np.zeros_like(LOSSES)
    for place in np.ndindex(LOSSES.shape):
        ends = []
        for sign in (1.0, -1.0):
            moved = LOSSES.copy()
            moved[place] += sign * STEP
            ends.append(find_loss(moved))
        found[place] = (ends[0] - ends[1]) / (2.0 * STEP)
    return found


def test_the_focal_factor_is_the_derivative_of_the_focal_loss() -> None:
    """Lin et al. 2017: FL = -(1 - p)^2 log p, of which p = exp(-l) is no constant."""
    expected = differentiate(lambda losses: float(((1.0 - np.exp(-losses)) ** 2 * losses).mean(axis=1).sum()))
    np.testing.assert_allclose(_references.refer_to_focal(make_facts()), expected, rtol=1e-6)


def test_hard_examples_are_the_largest_quarter_and_their_loss_the_mean_of_it() -> None:
    expected = differentiate(lambda losses: float(np.sort(losses, axis=1)[:, -2:].mean(axis=1).sum()))
    np.testing.assert_allclose(_references.refer_to_ohem(make_facts()), expected, atol=1e-8)


def test_self_paced_labels_are_those_below_the_loss_of_a_guess() -> None:
    kept = _references.refer_to_self_paced(make_facts()) * 8
    assert kept[0].tolist() == [1, 1, 1, 1, 0, 0, 1, 0]
    assert pytest.approx(2.302585, abs=1e-6) == _references.PACE


def test_weights_of_losses_are_constants_of_mean_one() -> None:
    weights = _references.refer_to_loss_proportional(make_facts()) * 8
    np.testing.assert_allclose(weights.mean(axis=1), 1.0)
    np.testing.assert_allclose(weights / LOSSES, (weights / LOSSES)[:, :1] * np.ones((1, 8)))


def test_refreshed_weights_are_of_the_losses_that_predict_has() -> None:
    facts = make_facts(inferred_losses=LOSSES[::-1])
    expected = _references.refer_to_loss_proportional(make_facts())[::-1]
    np.testing.assert_allclose(_references.refer_to_refreshed(facts), expected)


def test_a_class_weighs_by_the_effective_number_of_all_its_labels_so_far() -> None:
    """Cui et al. 2019: E(n) = (1 - b^n) / (1 - b) = 1 + b + ... + b^(n - 1); weights 1 / E, of sum C."""

    def count_effective(number: int) -> float:
        return math.fsum(0.999**power for power in range(number))

    reference = _references.ClassBalancedReference()
    for seen in (1, 2):
        weights = reference(make_facts()) * 8
        inverse = [1.0 / count_effective(max(seen * count, 1)) for count in (5, 2, 1, 0)]
        expected = [4.0 * inverse[label] / sum(inverse) for label in make_facts().labels[0]]
        np.testing.assert_allclose(weights[0], expected, rtol=1e-9)
        np.testing.assert_allclose(weights[1], weights[1, 0])


def test_a_fresh_count_knows_nothing_of_another() -> None:
    first = _references.ClassBalancedReference()
    first(make_facts())
    again = first(make_facts(labels=np.zeros((2, 8), dtype=np.int64)))
    fresh = _references.ClassBalancedReference()(make_facts(labels=np.zeros((2, 8), dtype=np.int64)))
    assert not np.allclose(again, fresh)


def test_learnt_weights_are_the_meta_gradient_of_the_paper() -> None:
    """Ren et al. 2018: the derivative, at 0, of the clean loss after a step with weights e by each of them.

    On a linear model with logits x W and two classes, whose look-ahead is made in full, in float64.
    """
    generator = np.random.default_rng(1)
    kernel = generator.normal(size=(3, 2))
    features, clean = generator.normal(size=(16, 3)), generator.normal(size=(5, 3))
    labels, clean_labels = generator.integers(0, 2, 16), generator.integers(0, 2, 5)

    def find_losses(inputs: Array, numbers: Any, weights: Array) -> Array:
        logits = inputs @ weights
        return np.asarray(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(inputs)), numbers])

    def find_gradients(inputs: Array, numbers: Any) -> Any:
        chances = np.exp(inputs @ kernel)
        chances /= chances.sum(axis=1, keepdims=True)
        return inputs[:, :, np.newaxis] * (chances - np.eye(2)[numbers])[:, np.newaxis, :]

    gradients = find_gradients(features, labels)

    def look_ahead(influences: Array) -> float:
        moved = kernel - np.tensordot(influences, gradients, axes=1)
        return float(find_losses(clean, clean_labels, moved).mean())

    lowered = np.array([(look_ahead(-row) - look_ahead(row)) / (2.0 * STEP) for row in STEP * np.eye(16)])
    assert (lowered < 0.0).any(), "some samples would raise the clean loss, and get no weight"
    kept = np.maximum(lowered, 0.0)
    expected = (kept / kept.sum()).reshape(2, 8) * 2.0  # of sum 1 over all, in a loss that is divided by 8 of 16

    agreements = (gradients.reshape(16, -1) @ find_gradients(clean, clean_labels).mean(axis=0).ravel()).reshape(2, 8)
    found = _references.refer_to_meta_reweight(make_facts(agreements=agreements))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9)


def test_samples_that_would_all_raise_the_clean_loss_get_no_weight() -> None:
    facts = make_facts(agreements=-np.ones_like(LOSSES))
    assert not _references.refer_to_meta_reweight(facts).any()
