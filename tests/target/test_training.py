"""Real TensorFlow trains the same from the same seed, and arms that are the same alike; weights are what differs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.imbalanced import DATA_SETS, save_split
from benchmarks.launch.launcher import ServerLauncher
from benchmarks.launch.targets import find_target
from benchmarks.measuring.convergence import METHOD
from benchmarks.records.convergence import ArmTraining, Optimizer, Setting, TrainedBlock, TrainRequest
from benchmarks.target.supervise import Limits

pytestmark = pytest.mark.tensorflow

EPOCHS = 3


@pytest.fixture(scope="module")
def launcher() -> Iterator[ServerLauncher]:
    """One server for all tests of this file: its import of TensorFlow takes seconds."""
    limits = Limits(timeout_s=120.0, memory_bytes=2**40)
    made = ServerLauncher(find_target(None), limits, intra_op_threads=1, inter_op_threads=1)
    yield made
    made.close()


@pytest.fixture(params=list(Optimizer))
def request_of(request: pytest.FixtureRequest, tmp_path: Path) -> TrainRequest:
    """A few epochs on the drawn data."""
    path = tmp_path / "split.npz"
    save_split(DATA_SETS["synthetic"].split(1), path)
    setting = Setting(data="synthetic", optimizer=request.param, learning_rate=0.01)
    return TrainRequest(
        setting=setting,
        method=METHOD,
        seed=1,
        epochs=EPOCHS,
        batch_size=32,
        data_path=str(path),
        intra_op_threads=1,
        inter_op_threads=1,
    )


def untimed(training: ArmTraining) -> ArmTraining:
    return dataclasses.replace(training, pass_ns=(1,) * EPOCHS)


def test_the_same_seed_trains_the_same_to_the_last_bit_and_another_does_not(
    launcher: ServerLauncher, request_of: TrainRequest
) -> None:
    first, second = (launcher.train(request_of) for _ in range(2))
    assert untimed(first.control) == untimed(second.control)
    assert untimed(first.weighted) == untimed(second.weighted)
    assert first.steps_per_epoch == 1000 // 32
    other = launcher.train(dataclasses.replace(request_of, seed=2))
    assert other.control.held_loss != first.control.held_loss


def test_arms_differ_by_weights_alone(launcher: ServerLauncher, request_of: TrainRequest) -> None:
    """The null case: without weights in either, arms are equal to the last bit; with weights they are not."""
    null = launcher.train(dataclasses.replace(request_of, null=True))
    assert untimed(null.control) == untimed(null.weighted)
    block: TrainedBlock = launcher.train(request_of)
    assert untimed(block.control) == untimed(null.control)
    assert block.weighted.held_loss != block.control.held_loss
    assert block.weighted.minority_recall[-1] > block.control.minority_recall[-1]


def test_training_learns(launcher: ServerLauncher, request_of: TrainRequest) -> None:
    block = launcher.train(request_of)
    for training in (block.control, block.weighted):
        assert training.held_loss[-1] < training.held_loss[0]
        assert min(training.pass_ns) > 0


def test_the_loss_is_that_of_data_with_as_many_of_each_class_as_in_training() -> None:
    """Logits of 0 and log 3 have losses of log 4 and log (4 / 3); three quarters are of the first class."""
    training = pytest.importorskip("benchmarks.target.training")
    logits = np.array([[0.0, np.log(3.0)]] * 5)
    labels = np.array([0, 1, 1, 1, 1])
    loss = training.estimate_loss(logits, labels, np.array([75, 25]))
    assert loss == pytest.approx(0.75 * np.log(4.0) + 0.25 * np.log(4.0 / 3.0))
    assert training.estimate_loss(np.array([[np.nan, 0.0], [0.0, np.inf]]), np.array([0, 1]), [1, 1]) == np.inf
