"""How often is the training step traced, and what is in its graph? Counts, the same on any machine.

One arm makes three passes over a few batches, each a call of its entry point: the first traces, the others should not.
The graph is recorded during the first pass, before and after TensorFlow's graph optimisation; where XLA compiles the
step, `after` are XLA's instructions. Leaves out: the graphs of the input pipeline.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from benchmarks.probes import _graphs
from benchmarks.protocols import ArmFactory, Gauge
from benchmarks.records import ArmReadings, ReadRequest
from benchmarks.records.quantities import FIRST_PASS_TRACES, GRAPH_NODES, OPTIMISED_NODES, STEADY_TRACES
from benchmarks.stopwatch import Stopwatch

_BATCHES = 3
_PASSES_AFTER_WARM_UP = 2

_RUNS_EAGERLY = "the step has no graph: it runs eagerly"
_NOT_RECORDED = "TensorFlow recorded no graph that updates variables"


class TrainingGraphGauge:
    """Satisfies `protocols.Gauge`."""

    needs_allocator_statistics = False

    def read_arm(self, request: ReadRequest, factory: ArmFactory) -> ArmReadings:
        """Train for three passes and count traces, nodes and op types."""
        samples = factory.make_samples(_BATCHES * request.case.batch_size)
        arm = factory.build_arm(samples)
        with _graphs.record_graphs() as recorded:
            arm.measure_pass(Stopwatch())
        first_pass_traces = arm.trace_count
        if request.plant is not None and request.plant.retrace:
            # A person would do this by reading labels from another file: the same numbers in another dtype.
            relabelled = dataclasses.replace(samples, labels=samples.labels.astype(np.int64))
            arm.replace_samples(relabelled)
        for _ in range(_PASSES_AFTER_WARM_UP):
            arm.measure_pass(Stopwatch())
        values: dict[str, float] = {
            FIRST_PASS_TRACES.name: first_pass_traces,
            STEADY_TRACES.name: arm.trace_count - first_pass_traces,
        }
        compiled = arm.count_compiled_ops()
        op_types = {}
        missing = {}
        if compiled:
            op_types = {GRAPH_NODES.name: dict(compiled["before"]), OPTIMISED_NODES.name: dict(compiled["after"])}
        elif first_pass_traces and recorded.step is not None:
            op_types = {
                GRAPH_NODES.name: dict(recorded.step.before),
                OPTIMISED_NODES.name: dict(recorded.step.after),
            }
        else:
            reason = _NOT_RECORDED if first_pass_traces else _RUNS_EAGERLY
            missing = dict.fromkeys((GRAPH_NODES.name, OPTIMISED_NODES.name), reason)
        values |= {name: sum(types.values()) for name, types in op_types.items()}
        return ArmReadings(
            seed=request.seed,
            values=values,
            missing=missing,
            op_types=op_types,
            trace_causes=arm.explain_traces(first_pass_traces),
            read_ns=0,
        )


TRAINING_GRAPH: Gauge = TrainingGraphGauge()
