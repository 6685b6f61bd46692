"""Weights computed inside the step of a loop of one's own, a `tf.function` with a GradientTape.

Each scheme of `_schemes` is there twice: against the control of `loop_graph`, and, named `..._over_static`, against its
weighted arm. The data of a scheme are (x, y): it makes its weights itself, and carries none along.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.methods._schemes import SCHEMES, BuildDifferentiate, Scheme, make_with_twins
from benchmarks.methods.loops import Execution, LoopArm
from benchmarks.proofs import Reference, SchemeMethod
from benchmarks.protocols import Task, TrainingArm


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SchemeLoop:
    """A scheme in a loop with one of its controls; satisfies `proofs.SchemeMethod`.

    `takes_weights` says whether the scheme is handed the weights of its samples.
    """

    name: str
    build: BuildDifferentiate
    is_over_static: bool
    clean_count: int
    make_reference: Callable[[], Reference]
    takes_weights: bool = False

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` gives the control: an arm of `loop_graph`."""
        if not weighted:
            return LoopArm(task, Execution.GRAPH, weighted=self.is_over_static)
        return LoopArm(task, Execution.GRAPH, weighted=self.takes_weights, build_step=self._build_step)

    def _build_step(self, task: Task, model: Any, *, weighted: bool) -> Callable[..., Any]:
        """Return the Python function of one update; it returns the loss, a scalar tensor."""
        differentiate = self.build(task, model)
        optimizer = task.workload.make_optimizer()

        def weighted_step(features: Any, labels: Any, weights: Any) -> Any:
            loss, gradients = differentiate(features, labels, weights)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # noqa: B905 - as in the control
            return loss

        def step(features: Any, labels: Any) -> Any:
            loss, gradients = differentiate(features, labels)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # noqa: B905 - as in the control
            return loss

        return weighted_step if weighted else step


def make_scheme_loop(name: str, scheme: Scheme, *, is_over_static: bool) -> SchemeMethod:
    """Return the method of this name."""
    return SchemeLoop(
        name=name,
        build=scheme.build,
        is_over_static=is_over_static,
        clean_count=scheme.clean_count,
        make_reference=scheme.make_reference,
    )


DYNAMIC_LOOPS: Mapping[str, SchemeMethod] = make_with_twins("loop", SCHEMES, make_scheme_loop)
