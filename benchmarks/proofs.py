"""What holds a method to what it should compute, and what does a method bring to that? The seam between the two.

A method that is handed its weights needs to bring nothing: sum_i w_i g_i / B is what its step must do. One that
computes them brings the formula of its paper, in float64 and without TensorFlow (`methods._references`). Leaves out:
how a proof is led (`probes.weighted_gradient`, `probes.scheme_gradient`, `probes.resampled_classes`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks.protocols import Method, Workload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Proof(Protocol):
    """Holds a method to what it should compute, before it is timed."""

    def __call__(self, method: Any, workload: Workload, *, depth: int, seed: int) -> None:
        """Return when the method computes that with this workload, with a model of `depth` hidden layers.

        Raises:
            CaseError: when it does not; says what was expected, what came, and the remedy.
        """


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """What the formula of a weighting scheme may look at: one batch before its step.

    labels: int64 [outputs, labels]. All others: float64 [outputs, labels]. losses are those that the step finds, and
    inferred_losses those of `predict`, which differ where a layer is another one in training. weights are those that
    the samples have. agreements: the scalar product, over all parameters, of the gradient of each label's loss and of
    that of the mean loss of the clean samples.
    """

    labels: NDArray[np.int64]
    losses: NDArray[np.float64]
    inferred_losses: NDArray[np.float64]
    weights: NDArray[np.float64]
    class_count: int
    agreements: NDArray[np.float64]


Reference = Callable[[StepFacts], "NDArray[np.float64]"]
"""The formula of a scheme: returns the factors f_i, float64 [outputs, labels], with which the step's gradient must be
sum_i f_i g_i. f_i is dL/dl_i, where L is the loss of the step, l_i that of a label, and what must carry no gradient is
a constant. It may keep a state from step to step, so that each arm is given a fresh one.
"""


class SchemeMethod(Method, Protocol):
    """A method that brings a formula."""

    @property
    def is_over_static(self) -> bool:
        """Whether the control is the arm of the same path that is handed its weights, and not an unweighted one."""

    @property
    def clean_count(self) -> int:
        """How many of the samples that an arm is built with play the part of clean ones, the first; 0 for none."""

    def make_reference(self) -> Reference:
        """Return the formula in its first state."""


class ResamplingMethod(Method, Protocol):
    """A method whose weighted arm draws other samples: a dataclass with what it hands to `fit`."""

    @property
    def hand_over(self) -> Callable[..., dict[str, Any]]:
        """From samples, `weighted` and `batch_size` to the arguments of `fit`, a dataset named `x`."""
