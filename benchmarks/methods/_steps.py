"""How do samples reach a step, when is it done, and what does TensorFlow make of it? What all arms share.

The one `tf.data` pipeline neither shuffles nor drops the last, smaller batch: `batch` does not by default. Probes round
the samples down to whole batches (`count_samples`), because a loop's `tf.function` would trace anew for a batch of
another size.

A step is done when its loss can be read and, where there is a GPU, when the GPU has nothing left to do. On a CPU an
operation or a `tf.function` returns after its work is done, updates of variables included. A GPU is handed work and
goes on: the loss is known before the optimizer has applied its gradients.
Source: https://www.tensorflow.org/api_docs/python/tf/test/experimental/sync_devices, there since TensorFlow 2.12.

TensorFlow runs the Python body of a `tf.function` only while it traces, so what the body notes is the list of traces.
A trace is explained by the argument whose shape, type or Python value is unlike the trace before's. The first trace
needs no explanation, and neither does the second where the first created variables.

TensorFlow's own recording of graphs leaves a step out that is compiled by `jit_compile=True`. Its graph is that of the
concrete function; what XLA made of it is the optimised HLO, which TensorFlow hands out as text, one instruction a line:
`%add.5 = f32[256]{0} add(...)`.
Source: https://www.tensorflow.org/guide/function#rules_of_tracing, https://www.tensorflow.org/xla/known_issues and
https://www.tensorflow.org/api_docs/python/tf/types/experimental/PolymorphicFunction#experimental_get_compiler_ir.
"""

from __future__ import annotations

import abc
import functools
import inspect
import itertools
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from benchmarks.errors import BlockError
from benchmarks.protocols import Samples, Task, Times, Watch

_SAME_ARGUMENTS = (
    "no argument is unlike the trace before's: the training function was made anew, or what surrounds it changed "
    "(device, strategy, variables)"
)


def select_arrays(samples: Samples, *, weighted: bool) -> tuple[Any, ...]:
    """Return features and labels, and the weights where the arm is weighted; mappings where there are outputs."""
    return (samples.features, samples.labels, *((samples.weights,) if weighted else ()))


def cut(part: Any, start: int, count: int) -> Any:
    """Return `count` samples of an array, or of each array of a mapping, from the one numbered `start` on.

    A view that costs no copy. `tf.nest` would do the same, and take longer for each batch than the slices do.
    """
    if isinstance(part, dict):
        return {name: array[start : start + count] for name, array in part.items()}
    return part[start : start + count]


def weigh_losses(find_losses: Any, labels: Any, predicted: Any, weights: Any = None) -> Any:
    """Return the loss of each label, times its weight where there are weights; of several outputs their sum.

    Args:
        find_losses: the unreduced Keras loss on (labels, logits), by output where there are several.
        labels: int32 [batch] or [batch, time], by output where there are several.
        predicted: logits, in the same way.
        weights: float32, of the shape of the labels; None for no weights.
    """
    # TensorFlow 2.12 rewrites these calls where it traces, and its `zip` knows no `strict`.
    flat = zip(*map(tf.nest.flatten, (find_losses, labels, predicted)))  # noqa: B905
    losses = [find(*pair) for find, *pair in flat]
    if weights is not None:
        losses = [each * loss for each, loss in zip(tf.nest.flatten(weights), losses)]  # noqa: B905
    return functools.reduce(operator.add, losses)


def build_pipeline(arrays: Any, batch_size: int) -> Any:
    """Return a dataset of batches: slices of the arrays, batched, prefetched.

    Args:
        arrays: NumPy arrays, nested in tuples and mappings, samples along their first axis; copied into tensors here.
        batch_size: samples in a batch.
    """
    return tf.data.Dataset.from_tensor_slices(arrays).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def build_step_pipeline(arrays: Any, batch_size: int) -> Any:
    """Return a dataset that goes round its batches without end; from the second time on each of them is ready.

    A step's time then holds the update and little else. Nothing is tuned while it runs: with Keras' own pipeline from
    arrays, one of two identical arms was now and then 10 % slower for a whole block. The batch dimension stays open, as
    it is in a pass, so that the same graph is timed.

    Args:
        arrays: NumPy arrays, nested in tuples and mappings, samples along their first axis; whole batches of them.
        batch_size: samples in a batch.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensor_slices(arrays).batch(batch_size).cache().repeat().with_options(options)


def count_steps(samples: Samples, batch_size: int) -> int:
    """Return how many optimizer updates one pass over the samples takes, the last batch included where smaller."""
    return -(-len(samples.features) // batch_size)


def find_device_wait() -> Callable[[], None]:
    """Return what waits for the devices of this process: nothing at all where there is no GPU."""
    if not tf.config.list_physical_devices("GPU"):
        return _wait_for_nothing
    wait: Callable[[], None] = tf.test.experimental.sync_devices
    return wait


def _wait_for_nothing() -> None:
    """Return at once."""


class TraceLog:
    """The arguments of each trace of one training step, in order."""

    def __init__(self) -> None:
        """Start with no trace."""
        self._signatures: list[dict[str, str]] = []

    @property
    def count(self) -> int:
        """How many traces there were."""
        return len(self._signatures)

    @tf.autograph.experimental.do_not_convert
    def note(self, names: Sequence[str], arguments: Sequence[Any]) -> None:
        """Note a trace with these arguments; to be called from the body of the traced function.

        Args:
            names: of the arguments that there may be.
            arguments: those that there are, the first ones.
        """
        self._signatures.append(dict(_describe_all(dict(zip(names, arguments, strict=False)))))

    def watch(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of the same parameters that notes its arguments and calls `step`."""
        names = tuple(inspect.signature(step).parameters)

        @functools.wraps(step)
        def noted(*arguments: Any) -> Any:
            self.note(names, arguments)
            return step(*arguments)

        return noted

    def explain(self, since: int) -> tuple[str, ...]:
        """Return one sentence on each trace but the first `since`."""
        return tuple(
            _explain(self._signatures[number - 1] if number else {}, self._signatures[number])
            for number in range(since, self.count)
        )


def _describe_all(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and the description of each argument, those in nested tuples and mappings apart: `x[0]`."""
    for name, argument in arguments.items():
        if isinstance(argument, tuple | list):
            yield from _describe_all({f"{name}[{index}]": part for index, part in enumerate(argument)})
        elif isinstance(argument, dict):
            yield from _describe_all({f"{name}[{key}]": part for key, part in argument.items()})
        else:
            yield name, _describe(argument)


def _describe(argument: Any) -> str:
    """Return what TensorFlow tells calls apart by: `float32[?, 32]` for a tensor, value and type for anything else."""
    if not tf.is_tensor(argument):
        return f"{type(argument).__name__} {argument!r}"
    rank = argument.shape.rank
    sizes = "any shape" if rank is None else ", ".join("?" if size is None else str(size) for size in argument.shape)
    return f"{argument.dtype.name}[{sizes}]"


def _explain(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return which arguments differ between two traces."""
    changes = [
        f"{name} went from {before.get(name, 'absent')} to {now.get(name, 'absent')}"
        for name in dict.fromkeys([*before, *now])
        if before.get(name) != now.get(name)
    ]
    return ", ".join(changes) or _SAME_ARGUMENTS


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


class BatchStepper(abc.ABC):
    """Steps round and round batches that are ready; with a call of its own it satisfies `protocols.Stepper`.

    `measure_step` is each path's, and written out: one more Python call within would be timed.
    """

    steps_per_call = 1

    def __init__(self, step: Callable[..., Any], batches: list[Any], watch: Watch, wait: Callable[[], None]) -> None:
        """Do no step yet.

        Args:
            step: does one update on a batch.
            batches: what it is called with, at least once.
            watch: times each step.
            wait: waits for the device.

        Raises:
            BlockError: when there is no batch.
        """
        if not batches:
            raise BlockError("stepping: expected at least one whole batch, got none; give it more samples")
        self._step = step
        self._batches = itertools.cycle(batches)
        self._watch = watch
        self._wait = wait

    @abc.abstractmethod
    def measure_step(self) -> Times:
        """Do one update, read its loss, and return how long that took."""

    def close(self) -> None:
        """Let the batches go."""
        self._batches = itertools.cycle(())


_INSTRUCTION = re.compile(r"^\s*(?:ROOT )?%?[\w.-]+ = (?:\([^=]*?\)|\S+) ([a-z][a-z0-9-]*)\(", re.MULTILINE)


def count_compiled_ops(step: Any, batch: Sequence[Any]) -> Mapping[str, Mapping[str, int]]:
    """Return by type the nodes of the graph (`before`) and the instructions of the optimised HLO (`after`).

    Args:
        step: a `tf.function` with `jit_compile=True`.
        batch: its arguments.
    """
    graph = step.get_concrete_function(*batch).graph.as_graph_def()
    hlo = step.experimental_get_compiler_ir(*batch)(stage="optimized_hlo")
    return {"before": Counter(node.op for node in graph.node), "after": count_instructions(hlo)}


def count_instructions(hlo: str) -> Counter[str]:
    """Return how often each opcode occurs in a module written as HLO text."""
    return Counter(_INSTRUCTION.findall(hlo))
