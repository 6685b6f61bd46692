"""What must the step of a scheme compute? The formula of its paper, in float64 and without TensorFlow.

Each is a `proofs.Reference`: it returns f_i = dL/dl_i for every label, where l_i is the label's cross-entropy and so
p_i = exp(-l_i) the probability that the model gives to it. n is the number of labels of an output. Where there are
several outputs, each is weighted by itself, and their losses are added up.

- focal: L = (1/n) sum_i (1 - p_i)^2 l_i. The gradient flows through the factor.
  Source: Lin et al. 2017, Focal loss for dense object detection, arXiv:1708.02002, section 3.2.
- class_balanced: L = (1/n) sum_i w(y_i) l_i with w(c) ~ (1 - b) / (1 - b^count(c)), scaled to a sum of C over classes.
  Source: Cui et al. 2019, Class-balanced loss based on effective number of samples, arXiv:1901.05555, section 4.
- loss_proportional: L = (1/n) sum_i w_i l_i with w_i = l_i / mean(l), a constant: the plainest weights for hard
  examples.
- self_paced: L = (1/n) sum_i v_i l_i with v_i = 1 where l_i < lambda, else 0.
  Source: Kumar et al. 2010, Self-paced learning for latent variable models, NIPS 23.
- ohem: L = (1/k) sum_i l_i over the k largest losses.
  Source: Shrivastava et al. 2016, Training region-based object detectors with online hard example mining,
  arXiv:1604.03540.
- meta_reweight: L = sum_i w_i l_i with w_i ~ max(0, g_i . g_clean), scaled to a sum of 1, a constant.
  Source: Ren et al. 2018, Learning to reweight examples for robust deep learning, arXiv:1803.09050, algorithm 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmarks.proofs import StepFacts

Array = NDArray[np.float64]

FOCUS: float = 2.0
"""The exponent gamma: the value that the paper found to work best."""

EFFECTIVE_NUMBER_BASE: float = 0.999
"""The paper's beta, of 0.9 to 0.9999: classes of more than a few thousand samples count alike."""

PACE: float = math.log(10.0)
"""The threshold lambda: the loss of a guess among ten classes, so that at first about half of the samples take part.
Who trains raises it between epochs, until all do; that costs nothing in a step, and is left out."""

HARD_SHARE: int = 4
"""One label in so many is trained on by `ohem`, the ones with the largest losses."""

CLEAN_COUNT: int = 10
"""Samples that play the part of clean ones: one a class, were they balanced; the scheme is made for a small set."""


def refer_to_focal(facts: StepFacts) -> Array:
    """Return d/dl (1 - p)^g l = (1 - p)^g + g (1 - p)^(g - 1) p l, since p = exp(-l)."""
    losses = facts.losses
    chances = np.exp(-losses)
    missed = 1.0 - chances
    return _spread(missed**FOCUS + FOCUS * missed ** (FOCUS - 1.0) * chances * losses)


class ClassBalancedReference:
    """Counts the labels of each class from step to step; a class that was not seen yet counts as seen once."""

    def __init__(self) -> None:
        """Start with no label seen."""
        self._counts: NDArray[np.int64] | None = None

    def __call__(self, facts: StepFacts) -> Array:
        """Count this batch, then return its factors."""
        seen = np.stack([np.bincount(labels, minlength=facts.class_count) for labels in facts.labels])
        self._counts = seen if self._counts is None else self._counts + seen
        beta = EFFECTIVE_NUMBER_BASE
        weights = (1.0 - beta) / (1.0 - beta ** np.maximum(self._counts, 1))
        weights *= facts.class_count / weights.sum(axis=1, keepdims=True)
        return _spread(np.take_along_axis(weights, facts.labels, axis=1))


def refer_to_loss_proportional(facts: StepFacts) -> Array:
    """Return weights proportional to the losses, of mean 1."""
    return _spread(facts.losses / facts.losses.mean(axis=1, keepdims=True))


def refer_to_self_paced(facts: StepFacts) -> Array:
    """Return 1 / n where the loss is below the threshold, else 0."""
    return _spread(np.where(facts.losses < PACE, 1.0, 0.0))


def refer_to_ohem(facts: StepFacts) -> Array:
    """Return 1 / k for the k labels with the largest losses, else 0."""
    count = math.ceil(facts.losses.shape[1] / HARD_SHARE)
    hard = np.argsort(-facts.losses, axis=1)[:, :count]
    factors = np.zeros_like(facts.losses)
    np.put_along_axis(factors, hard, 1.0 / count, axis=1)
    return factors


def refer_to_meta_reweight(facts: StepFacts) -> Array:
    """Return how far a step along each label's gradient would lower the clean loss, none where it would raise it.

    The paper takes one step of gradient descent on sum_i e_i l_i, of any length, and the derivative of the clean loss
    after it by e_i at e = 0, where the model is still itself: -length g_i . g_clean. Weights have a mean of 1 over the
    labels of all outputs, which is the paper's sum of 1 in a loss that is divided by n.
    """
    scores = np.maximum(facts.agreements, 0.0)
    total = scores.sum()
    weights = scores * (scores.size / total) if total else scores
    return _spread(weights)


def refer_to_refreshed(facts: StepFacts) -> Array:
    """Return weights proportional to the losses that the model had when the epoch began, of mean 1."""
    return _spread(facts.inferred_losses / facts.inferred_losses.mean(axis=1, keepdims=True))


def refer_to_static(facts: StepFacts) -> Array:
    """Return the weights that the samples have, divided by n."""
    return _spread(facts.weights)


def _spread(weights: Array) -> Array:
    """Return the weights divided by the number of labels of an output, [outputs, labels]."""
    return np.asarray(weights / weights.shape[1], dtype=np.float64)
