"""Weights in `model.fit` under a `tf.distribute` strategy: on a `tf.data.Dataset` of (x, y, w), in global batches.

The model is built and compiled in the strategy's scope, and `fit` distributes the dataset itself. Keras divides each
replica's loss by the size of its part and by the number of replicas, so that the update is that of one device on the
whole batch, where all parts are of one size. The proof refuses `fit` where it is another one: in Keras 3.0 to 3.4 the
gradients of the replicas are not added up, and to 3.7 losses are not divided by the number of replicas
(https://github.com/keras-team/keras/issues/19891).

- `fit_mirrored`: two logical CPU devices of one process.
- `fit_multi_worker`: two processes, each of which reads its own part of the data; with Keras 2 alone
  (https://github.com/keras-team/keras/issues/20585).

The control is the same `fit` on (x, y). Steps are those of a dataset that is ready, as with `fit_dataset`.
Source: https://www.tensorflow.org/tutorials/distribute/keras,
https://www.tensorflow.org/tutorials/distribute/multi_worker_with_keras.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras

from benchmarks.errors import CaseError
from benchmarks.methods._entry import Replicas
from benchmarks.methods._fit import FitArguments, FitArm, FitMethod, compile_model
from benchmarks.methods._replicas import find_strategy, is_first_here, shard_by_samples
from benchmarks.methods._steps import build_pipeline, build_step_pipeline
from benchmarks.methods.fit_datasets import hand_over_batches
from benchmarks.protocols import Evaluation, Method, Samples, Stepper, Task, TrainingArm, Watch

_KERAS_3_REFUSES = ("PerReplica", "Invalid reduction dimension 0 for input with 0 dimensions")
"""What it says where it takes the part of a replica for a tensor, and, in 3.3 and 3.4, a loss for a batch of losses."""


class ReplicatedFitArm(FitArm):
    """One arm that trains replicas through `model.fit`; satisfies `protocols.TrainingArm`."""

    def open_steps(self, watch: Watch) -> Stepper:
        """Let `fit` prepare to train on batches that are ready, and stop before the first of them.

        Raises:
            CaseError: when this Keras cannot hand them to replicas.
        """
        with self._explain_refusal():
            return super().open_steps(watch)

    def evaluate(self, watch: Watch) -> Evaluation:
        """Refuse: of replicas, only the training is asked."""
        del watch
        raise CaseError("expected a method that evaluates, got one that trains replicas; leave it")

    def _fit(self, callbacks: list[Any]) -> None:
        """Call `model.fit` for one epoch of the arm's data.

        Raises:
            CaseError: when this Keras cannot hand them to replicas.
        """
        with self._explain_refusal():
            super()._fit(callbacks)

    @contextlib.contextmanager
    def _explain_refusal(self) -> Iterator[None]:
        """Say in one line what Keras 3 says in several where processes are to train together."""
        try:
            yield
        except ValueError as error:
            if not any(words in str(error) for words in _KERAS_3_REFUSES):
                raise
            raise CaseError(
                f"{self._method.name}: expected a Keras whose fit trains under MultiWorkerMirroredStrategy, got Keras "
                f"{keras.__version__}, whose does not (https://github.com/keras-team/keras/issues/20585); "
                "use loop_multi_worker, or Keras 2"
            ) from error

    def _note_before(self, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a step that notes its arguments in the first replica of the process, and goes on."""
        noted = super()._note_before(step)
        strategy = self._model.distribute_strategy

        def note_once_and_step(data: Any) -> Any:
            return (noted if is_first_here(strategy) else step)(data)

        return note_once_and_step


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReplicatedFit(FitMethod):
    """`fit` on replicas of one of the kinds; satisfies `protocols.Method`."""

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` hands no weights over."""
        return ReplicatedFitArm(task, self, weighted=weighted)


def _build_replicas(task: Task, *, weighted: bool, replicas: Replicas) -> Any:
    """Return the task's model, built and compiled in the scope of the strategy, the same for both arms.

    Raises:
        CaseError: when this process was not set up for replicas.
    """
    del weighted
    with find_strategy(replicas).scope():
        return compile_model(task)


def _hand_over(samples: Samples, *, weighted: bool, batch_size: int, build: Any) -> FitArguments:
    arguments = hand_over_batches(samples, weighted=weighted, batch_size=batch_size, build=build)
    return {"x": shard_by_samples(arguments["x"])}


def _make(name: str, replicas: Replicas) -> Method:
    """Return the method that trains such replicas."""
    return ReplicatedFit(
        name=name,
        hand_over=functools.partial(_hand_over, build=build_pipeline),
        hand_over_steps=functools.partial(_hand_over, build=build_step_pipeline),
        build_model=functools.partial(_build_replicas, replicas=replicas),
    )


FIT_MIRRORED = _make("fit_mirrored", Replicas.TWO_DEVICES)
FIT_MULTI_WORKER = _make("fit_multi_worker", Replicas.TWO_PROCESSES)
