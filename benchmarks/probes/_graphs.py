"""Which operations is the training step made of? Its graph before and after TensorFlow's optimisation, by op type.

Recorded by `tf.summary.trace_on(graph=True)`, which is public and works where Keras hides its `tf.function`. It writes
the graphs of all functions that run for the first time meanwhile; the training step is the one among them that changes
variables by a difference, and of several the largest. The nodes of functions that it calls are counted with it, each
function once. A step that XLA compiles is not
among them (`methods._compiled`).
Source: https://www.tensorflow.org/api_docs/python/tf/summary/trace_on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

_UPDATES = ("AssignAdd", "AssignSub", "ResourceApply")
"""How the op types begin that change a variable by a difference; setting one up is a plain `AssignVariableOp`."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepGraph:
    """Nodes by op type, before and after graph optimisation."""

    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclasses.dataclass(slots=True)
class Recording:
    """What was recorded, once the `with` block is done; `step` is None where no function that trains ran."""

    step: StepGraph | None = None


@contextlib.contextmanager
def record_graphs() -> Iterator[Recording]:
    """Record the graph of the training step that is traced and first run in the `with` block."""
    recording = Recording()
    with tempfile.TemporaryDirectory() as folder:
        writer = tf.summary.create_file_writer(folder)
        tf.summary.trace_on(graph=True, profiler=False)
        yield recording
        with writer.as_default():
            tf.summary.trace_export(name="training", step=0)
        writer.close()
        recording.step = _find_step(_read_function_graphs(Path(folder)))


def _read_function_graphs(folder: Path) -> Iterator[Any]:
    """Yield the `RunMetadata.FunctionGraphs` of all summaries below the folder."""
    paths = sorted(str(path) for path in folder.iterdir())
    for record in tf.data.TFRecordDataset(paths).as_numpy_iterator():
        event = tf.compat.v1.Event.FromString(record)
        for value in event.summary.value:
            for metadata in value.tensor.string_val:
                yield from tf.compat.v1.RunMetadata.FromString(metadata).function_graphs


def _find_step(function_graphs: Iterable[Any]) -> StepGraph | None:
    """Return the largest of the graphs that update variables."""
    steps = []
    for graphs in function_graphs:
        before = _count_op_types([graphs.pre_optimization_graph])
        if any(op_type.startswith(_UPDATES) for op_type in before):
            steps.append(StepGraph(before=before, after=_count_op_types([graphs.post_optimization_graph])))
    return max(steps, key=lambda step: sum(step.before.values()), default=None)


def _count_op_types(graphs: Iterable[Any]) -> Counter[str]:
    """Return how many nodes of each op type there are in the graphs and in the functions of their libraries."""
    counts: Counter[str] = Counter()
    for graph in graphs:
        counts.update(node.op for node in graph.node)
        for function in graph.library.function:
            counts.update(node.op for node in function.node_def)
    return counts
