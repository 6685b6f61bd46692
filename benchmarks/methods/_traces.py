"""What does TensorFlow make of a training step? A log of its traces, written by its Python body, and what XLA compiles.

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

import functools
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

_SAME_ARGUMENTS = (
    "no argument is unlike the trace before's: the training function was made anew, or what surrounds it changed "
    "(device, strategy, variables)"
)


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
    def note(self, arguments: Mapping[str, Any]) -> None:
        """Note a trace with these arguments, by name; to be called from the body of the traced function."""
        self._signatures.append(dict(_describe_all(arguments)))

    def watch(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of the same parameters that notes its arguments and calls `step`."""
        names = tuple(inspect.signature(step).parameters)

        @functools.wraps(step)
        def noted(*arguments: Any) -> Any:
            # TensorFlow 2.12 rewrites this call where it traces, and its `zip` knows no `strict`.
            self.note(dict(zip(names, arguments)))  # noqa: B905
            return step(*arguments)

        return noted

    def explain(self, since: int) -> tuple[str, ...]:
        """Return one sentence on each trace but the first `since`."""
        return tuple(
            _explain(self._signatures[number - 1] if number else {}, self._signatures[number])
            for number in range(since, self.count)
        )


def _describe_all(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and the description of each argument, those in nested tuples apart: `x[0]`."""
    for name, argument in arguments.items():
        if isinstance(argument, tuple | list):
            yield from _describe_all({f"{name}[{index}]": part for index, part in enumerate(argument)})
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
