"""Which operations does XLA get, and which does it make of them? Counted in a step compiled by `jit_compile=True`.

TensorFlow's own recording leaves such a step out. Its graph is that of the concrete function; what XLA made of it is
the optimised HLO, which TensorFlow hands out as text, one instruction a line: `%add.5 = f32[256]{0} add(...)`.
Source: https://www.tensorflow.org/xla/known_issues and
https://www.tensorflow.org/api_docs/python/tf/types/experimental/PolymorphicFunction#experimental_get_compiler_ir.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

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
