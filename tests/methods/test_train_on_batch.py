"""Training batch by batch evaluates to the mean loss, whatever Keras says of each batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.methods import load_method
from benchmarks.probes import Stopwatch
from tests.methods.make_task import make_task

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize("accumulates", [False, True])
def test_the_loss_of_an_evaluation_is_that_of_all_samples(*, accumulates: bool) -> None:
    """Keras 2 and Keras 3 from 3.15 on return a batch's own loss, and Keras 3 before it the running mean.

    Losses 1, 2, 3 of batches of 8, 8 and 4 samples: (8 + 16 + 12) / 20 = 1.8.
    """
    arm = load_method("loop_train_on_batch").build_arm(make_task(samples=20), weighted=True)
    told: list[float] = []
    sizes: list[int] = []

    def test_on_batch(**batch: Any) -> list[float]:
        told.append(float(len(told) % 3 + 1))
        sizes.append(len(batch["x"]))
        return [float(np.average(told, weights=sizes)) if accumulates else told[-1], 0.0]

    arm.model.test_on_batch = test_on_batch
    assert arm.evaluate(Stopwatch()).loss == pytest.approx(1.8)
