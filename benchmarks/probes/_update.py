"""What did one step do to a model, and which mistake explains it? Updates of plain SGD, held against expected ones.

Leaves out: how the step is made, and the gradients of single losses (`weighted_gradient`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

Arrays = list[NDArray[np.float64]]
"""One array per trainable variable."""

LEARNING_RATE = 1.0
"""The update is then the gradient itself, and rounding p - g costs no more than the spacing of p."""

TOLERANCE = 2e-3
"""Largest error of a variable's gradient (2-norm) as a part of sum_i |w_i g_i| / B, which does not cancel.

Float32 sums in another order differ by about 1e-6, TensorFloat-32 on a GPU by 5e-4 at most (10 bits); the faults
looked for are off by 5e-2 and more.
"""

LOW_PRECISION_TOLERANCE = 2e-2
"""Where layers compute in bfloat16, whose 8 bits round each product by up to 4e-3."""

_FLOAT32_SPACING = 2.0**-23

_REPLICAS = 2
"""Parts of a batch, one after the other, where replicas train."""


def _keep_first_part(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights with those of all parts but the first replica's set to 0."""
    kept = np.zeros_like(weights)
    count = weights.shape[1] // _REPLICAS
    kept[:, :count] = weights[:, :count]
    return kept


_FAULTS: Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "as if the weights were ignored": lambda weights: np.ones_like(weights) / weights.shape[1],
    "as if it were divided by the sum of the weights": lambda weights: weights / weights.sum(axis=1, keepdims=True),
    "as if a loss already reduced to a scalar were multiplied by the weights": lambda weights: (
        weights.mean(axis=1, keepdims=True) * np.ones_like(weights) / weights.shape[1]
    ),
    "as if a loss already reduced to a scalar were multiplied by the weights and these were summed up": (
        lambda weights: weights.mean(axis=1, keepdims=True) * np.ones_like(weights)
    ),
    "as if it were not divided by the batch size": lambda weights: weights,
    "as if outputs had each other's weights": lambda weights: weights[::-1] / weights.shape[1],
    "as if the first output alone were weighted": lambda weights: (
        np.vstack([weights[:1], np.ones_like(weights[1:])]) / weights.shape[1]
    ),
    "as if the last output alone were weighted": lambda weights: (
        np.vstack([np.ones_like(weights[:-1]), weights[-1:]]) / weights.shape[1]
    ),
    "as if each replica divided by the size of its own part of the batch": (
        lambda weights: _REPLICAS * weights / weights.shape[1]
    ),
    "as if the weighted means of the replicas' parts were averaged": lambda weights: (
        (parts := weights.reshape(len(weights), _REPLICAS, -1)) / (_REPLICAS * parts.sum(axis=2, keepdims=True))
    ).reshape(weights.shape),
    "as if each replica had the weights of the first one's part": lambda weights: (
        np.tile(weights[:, : weights.shape[1] // _REPLICAS], _REPLICAS) / weights.shape[1]
    ),
    "as if the gradients of all replicas but the first were left out": lambda weights: (
        _keep_first_part(weights) / weights.shape[1]
    ),
    "as if the first replica trained by itself": lambda weights: (
        _REPLICAS * _keep_first_part(weights) / weights.shape[1]
    ),
}
"""Mistakes that are often made: the factor that each label's gradient would get, [outputs, labels] as the weights."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What one step did: the trainable variables before and after it."""

    names: list[str]
    before: Arrays
    after: Arrays
    tolerance: float

    def find_difference(self, per_sample: Arrays, factors: NDArray[np.float64]) -> str | None:
        """Return in which variable the gradient is not sum_i f_i g_i and by how much, or None where it is.

        Args:
            per_sample: the gradients g_i, [losses, ...] per variable, output after output.
            factors: f_i, float64 [outputs, losses of an output].
        """
        worst = None
        worst_excess = 1.0
        factors = factors.ravel()
        norms = (np.linalg.norm(rows.reshape(factors.size, -1), axis=1) for rows in per_sample)
        scales = [float(np.abs(factors) @ each) for each in norms]
        for name, before, after, rows, scale in zip(
            self.names, self.before, self.after, per_sample, scales, strict=True
        ):
            gradient = (before - after) / LEARNING_RATE
            error = float(np.linalg.norm(gradient - np.tensordot(factors, rows, axes=1)))
            size = max(float(np.linalg.norm(before)), float(np.linalg.norm(after)))
            # A variable on which no loss depends, such as the bias of attention's keys, has rounding as its gradient.
            allowed = self.tolerance * scale + _FLOAT32_SPACING * (size + max(scales))
            if not error <= worst_excess * allowed:  # also where the error is not a number
                worst_excess = error / allowed if allowed else np.inf
                worst = f"off by {error:.2g} in {name}, where sum_i |w_i g_i| / B is {scale:.2g}"
        return worst


def name_fault(update: Update, per_sample: Arrays, weights: NDArray[np.float64]) -> str:
    """Return the mistake that explains the update, as the end of a clause, or nothing.

    Args:
        update: what the step did.
        per_sample: the gradients g_i, [losses, ...] per variable, output after output.
        weights: float64 [outputs, losses of an output].
    """
    return explain_update(update, per_sample, ((name, weigh(weights)) for name, weigh in _FAULTS.items()))


def explain_update(update: Update, per_sample: Arrays, faults: Iterable[tuple[str, NDArray[np.float64]]]) -> str:
    """Return the first mistake that explains the update, as the end of a clause, or nothing.

    Args:
        update: what the step did.
        per_sample: the gradients g_i, [losses, ...] per variable, output after output.
        faults: mistakes in words, each with its factors f_i, float64 [outputs, losses of an output].
    """
    return next((f", {name}" for name, factors in faults if update.find_difference(per_sample, factors) is None), "")
