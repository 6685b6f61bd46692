"""What do all arms share? Model and samples, what is made of these, the log of traces, the wait for a device."""

from __future__ import annotations

import abc
from typing import Any

from benchmarks.methods._steps import TraceLog, count_steps, find_device_wait
from benchmarks.protocols import Samples, Task


class LoggedArm(abc.ABC):
    """One arm whose traces are logged; with ways of training it satisfies `protocols.TrainingArm`."""

    def __init__(self, task: Task, model: Any, *, weighted: bool) -> None:
        """Take a fresh model; nothing is traced yet."""
        self._samples = task.samples
        self._batch_size = task.batch_size
        self._weighted = weighted
        self._model = model
        self._traces = TraceLog()
        self._wait = find_device_wait()
        self._data: Any = None

    @property
    def model(self) -> Any:
        """The Keras model that is trained."""
        return self._model

    @property
    def trace_count(self) -> int:
        """How often TensorFlow has traced the training step so far."""
        return self._traces.count

    def explain_traces(self, since: int) -> tuple[str, ...]:
        """Return one sentence on each trace but the first `since`."""
        return self._traces.explain(since)

    @property
    def steps_per_pass(self) -> int:
        """How many optimizer updates a pass makes."""
        return count_steps(self._samples, self._batch_size)

    def replace_samples(self, samples: Samples, batch_size: int) -> None:
        """Let the next pass train the same model on these samples, in batches of this size."""
        self._samples = samples
        self._batch_size = batch_size
        self._data = None

    def _find_data(self) -> Any:
        """Return what the entry point is given, made when it is first needed."""
        if self._data is None:
            self._data = self._make_data()
        return self._data

    @abc.abstractmethod
    def _make_data(self) -> Any:
        """Return what the entry point is given, made of the samples."""
