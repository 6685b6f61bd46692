"""A trace is explained by the argument that is unlike the trace before's; instructions of XLA are counted by opcode."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

pytestmark = pytest.mark.tensorflow


def make_log() -> Any:
    return importlib.import_module("benchmarks.methods._steps").TraceLog()


def tensorflow() -> Any:
    return importlib.import_module("tensorflow")


def test_each_trace_is_noted_and_a_further_call_is_not() -> None:
    tf, log = tensorflow(), make_log()
    step = tf.function(log.watch(lambda features, weights: features * weights))
    for _ in range(3):
        step(tf.ones([4]), tf.ones([4]))
    assert log.count == 1
    step(tf.ones([5]), tf.ones([5]))
    assert log.count == 2
    assert log.explain(1) == (
        "features went from float32[4] to float32[5], weights went from float32[4] to float32[5]",
    )


def test_a_change_of_type_and_a_python_value_are_told() -> None:
    tf, log = tensorflow(), make_log()
    step = tf.function(log.watch(lambda x, scale: tf.cast(x, tf.float32) * scale))
    step(tf.ones([2], tf.int32), 1.0)
    step(tf.ones([2], tf.int64), 1.0)
    step(tf.ones([2], tf.int64), 2.0)
    assert log.explain(1) == (
        "x went from int32[2] to int64[2]",
        "scale went from float 1.0 to float 2.0",
    )


def test_parts_of_a_tuple_are_told_apart() -> None:
    tf, log = tensorflow(), make_log()
    log.note({"x": (tf.ones([2, 3]), tf.ones([2]))})
    log.note({"x": (tf.ones([2, 3]), tf.ones([7]))})
    assert log.explain(1) == ("x[1] went from float32[2] to float32[7]",)


def test_a_trace_with_the_same_arguments_says_that_something_else_changed() -> None:
    tf, log = tensorflow(), make_log()
    log.note({"x": tf.ones([2])})
    log.note({"x": tf.ones([2])})
    (cause,) = log.explain(1)
    assert cause.startswith("no argument is unlike the trace before's")


_HLO = """HloModule a_step

%region_0.1 (a: f32[], b: f32[]) -> f32[] {
  %a = f32[] parameter(0)
  %b = f32[] parameter(1)
  ROOT %add.2 = f32[] add(f32[] %a, f32[] %b)
}

ENTRY %main.3 (x: f32[8,4]) -> (f32[], f32[8,4]) {
  %x = f32[8,4]{1,0} parameter(0), metadata={op_name="x"}
  %zero = f32[] constant(0)
  %multiply.1 = f32[8,4]{1,0} multiply(f32[8,4]{1,0} %x, f32[8,4]{1,0} %x)
  %reduce = f32[] reduce(f32[8,4]{1,0} %multiply.1, f32[] %zero), dimensions={0,1}, to_apply=%region_0.1
  ROOT %result = (f32[], f32[8,4]{1,0}) tuple(f32[] %reduce, f32[8,4]{1,0} %multiply.1)
}
"""


def test_instructions_are_counted_by_opcode() -> None:
    counted = importlib.import_module("benchmarks.methods._steps").count_instructions(_HLO)
    assert counted == {"parameter": 3, "add": 1, "constant": 1, "multiply": 1, "reduce": 1, "tuple": 1}
