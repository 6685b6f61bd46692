"""How often is the training step traced and compiled, and what is in its graph? Counts, the same on any machine.

One arm makes three passes over a few batches, each a call of its entry point: the first traces, the others should not.
Two more have a last batch that is smaller. Another arm makes a pass, and two more with another batch size: one that has
seen a smaller batch may take any size from then on. A step that traces anew in the second of the two as well does so in
each call. Compilations by XLA are counted with the traces: it compiles for each shape of a batch, even where nothing is
traced anew.

The graph is recorded during the first pass, before and after TensorFlow's graph optimisation; where XLA compiles the
step, `after` are XLA's instructions (`methods._steps`). Leaves out: the graphs of the input pipeline.

Graphs are recorded by `tf.summary.trace_on(graph=True)`, which is public and works where Keras hides its `tf.function`.
It writes the graphs of all functions that run for the first time meanwhile; the training step is the one among them
that changes variables by a difference, and of several the largest. The nodes of functions that it calls are counted
with it, each function once.
Source: https://www.tensorflow.org/api_docs/python/tf/summary/trace_on.

Nothing that Python can read counts compilations: TensorFlow's own counter of XLA's work has no reader there
(`tensorflow.python.eager.monitoring` reads only what it has created itself), and a compiler's text
(`experimental_get_compiler_ir`) is made anew for each question. So the modules are counted that XLA writes to a folder
before it optimises them, one file with this name for each, with the same name in all versions from TensorFlow 2.12 to
2.21.
Source: https://openxla.org/xla/hlo_dumps (XLA_FLAGS=--xla_dump_to).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.probes import Stopwatch
from benchmarks.protocols import ArmFactory, Gauge, Samples, TrainingArm
from benchmarks.records import ArmReadings, ReadRequest, quantities

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


_FLAGS_VARIABLE = "XLA_FLAGS"
_MODULES = "*before_optimizations.txt"


@contextlib.contextmanager
def count_compilations() -> Iterator[Callable[[], int]]:
    """Yield what returns how often XLA has compiled since; to be used once in a process, before XLA's first work.

    XLA reads its flags once. Flags that are set already are kept, but for the folder.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = os.environ.get(_FLAGS_VARIABLE, "")
        os.environ[_FLAGS_VARIABLE] = f"{given} --xla_dump_to={folder} --xla_dump_hlo_as_text".strip()
        yield lambda: len(list(Path(folder).glob(_MODULES)))


_BATCHES = 3
"""Few, and more than one; all of their samples make the one batch of another size."""

_RUNS_EAGERLY = "the step has no graph: it runs eagerly"
_NOT_RECORDED = "TensorFlow recorded no graph that updates variables"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """What passes have added."""

    traces: int
    compilations: int


class TrainingGraphGauge:
    """Satisfies `protocols.Gauge`."""

    needs_allocator_statistics = False

    def read_arm(self, request: ReadRequest, factory: ArmFactory) -> ArmReadings:
        """Train one arm for five passes and another for three, and count traces, compilations, nodes and op types."""
        batch_size = request.case.batch_size
        samples = factory.make_samples(_BATCHES * batch_size)
        partial = factory.make_samples((_BATCHES - 1) * batch_size + batch_size // 2)
        is_planted = request.plant is not None and request.plant.retrace
        with count_compilations() as count:
            arm = factory.build_arm(samples)
            with record_graphs() as recorded:
                first = _train(arm, count, [None], batch_size)
            steady = _train(arm, count, [_relabel(samples, np.int64) if is_planted else None, None], batch_size)
            trace_causes = arm.explain_traces(first.traces)
            rest = _train(arm, count, [partial, _relabel(partial, np.int16) if is_planted else None], batch_size)
            other_arm = factory.build_arm(samples)
            _train(other_arm, count, [None], batch_size)
            resized = _train(
                other_arm, count, [samples, _relabel(samples, np.int64) if is_planted else None], _BATCHES * batch_size
            )
            compiled = arm.count_compiled_ops()
        values: dict[str, float] = {
            quantities.FIRST_PASS_TRACES.name: first.traces,
            quantities.STEADY_TRACES.name: steady.traces,
            quantities.BATCH_SIZE_TRACES.name: resized.traces,
            quantities.PARTIAL_BATCH_TRACES.name: rest.traces,
            quantities.COMPILATIONS.name: first.compilations + steady.compilations,
            quantities.BATCH_SIZE_COMPILATIONS.name: resized.compilations,
            quantities.PARTIAL_BATCH_COMPILATIONS.name: rest.compilations,
        }
        op_types = {}
        missing = {}
        before, after = quantities.GRAPH_NODES.name, quantities.OPTIMISED_NODES.name
        if compiled:
            op_types = {before: dict(compiled["before"]), after: dict(compiled["after"])}
        elif first.traces and recorded.step is not None:
            op_types = {before: dict(recorded.step.before), after: dict(recorded.step.after)}
        else:
            reason = _NOT_RECORDED if first.traces else _RUNS_EAGERLY
            missing = dict.fromkeys((before, after), reason)
        values |= {name: sum(types.values()) for name, types in op_types.items()}
        return ArmReadings(
            seed=request.seed,
            values=values,
            missing=missing,
            op_types=op_types,
            trace_causes=trace_causes,
            read_ns=0,
        )


def _train(
    arm: TrainingArm, count_so_far: Callable[[], int], passes: Sequence[Samples | None], batch_size: int
) -> _Counts:
    """Send the arm through passes and return what they have added.

    Args:
        arm: the one to train.
        count_so_far: returns how often XLA has compiled.
        passes: what each pass is over; None for what the pass before was over.
        batch_size: samples in a batch of passes that are over something else.
    """
    traces, compilations = arm.trace_count, count_so_far()
    for samples in passes:
        if samples is not None:
            arm.replace_samples(samples, batch_size)
        arm.measure_pass(Stopwatch())
    return _Counts(traces=arm.trace_count - traces, compilations=count_so_far() - compilations)


def _relabel(samples: Samples, dtype: type[np.integer[Any]]) -> Samples:
    """Return the samples with the same labels in another type, one in which the arm has not seen them: a planted fault.

    A person would do this by reading labels from another file.
    """
    return dataclasses.replace(
        samples, labels=tf.nest.map_structure(lambda labels: labels.astype(dtype), samples.labels)
    )


TRAINING_GRAPH: Gauge = TrainingGraphGauge()
