"""What all arms share: the pipeline, losses and their weights, the wait for a GPU, traces and what explains them.

The pipeline hands out all samples in order, the smaller last batch too; a step is waited for on a GPU alone, by each
arm. A trace is explained by the argument that is unlike the trace before's; instructions of XLA are counted by opcode.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.errors import BlockError
from benchmarks.methods import METHODS, load_method
from benchmarks.probes import Stopwatch
from benchmarks.protocols import Times
from benchmarks.records import Question
from tests.methods.make_task import make_task

pytestmark = pytest.mark.tensorflow


def steps() -> Any:
    return importlib.import_module("benchmarks.methods._steps")


def tensorflow() -> Any:
    return importlib.import_module("tensorflow")


def test_all_samples_come_in_order() -> None:
    arrays = (np.arange(10, dtype=np.float32), np.arange(10, dtype=np.int32))
    batches = [features.numpy() for features, _ in steps().build_pipeline(arrays, 4)]
    assert [len(batch) for batch in batches] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(batches), arrays[0])


@pytest.mark.parametrize(("samples", "count"), [(16, 2), (17, 3), (8, 1), (1, 1)])
def test_a_smaller_last_batch_is_a_step_too(samples: int, count: int) -> None:
    assert steps().count_steps(make_task(samples=samples).samples, 8) == count


@pytest.mark.parametrize(("gpus", "waits"), [([], False), (["GPU:0"], True)])
def test_only_a_gpu_is_waited_for(gpus: list[str], monkeypatch: pytest.MonkeyPatch, *, waits: bool) -> None:
    tf = tensorflow()
    calls: list[str] = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus if kind == "GPU" else ["CPU:0"])
    monkeypatch.setattr(tf.test.experimental, "sync_devices", lambda: calls.append("waited"))
    steps().find_device_wait()()
    assert calls == ["waited"] * waits


_WAIT_NS = 200

_SLICES: dict[Question, Callable[[Any, Stopwatch], Times]] = {
    Question.STEP_TIME: lambda arm, watch: arm.open_steps(watch).measure_step(),
    Question.EPOCH_TIME: lambda arm, watch: arm.measure_pass(watch),
    Question.STARTUP_TIME: lambda arm, watch: arm.measure_startup(watch),
    Question.EVALUATION_TIME: lambda arm, watch: arm.evaluate(watch).times,
}


def build_arm(name: str, samples: int = 32) -> Any:
    return load_method(name).build_arm(make_task(samples=samples), weighted=True)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        (name, question)
        for name in ("fit_dataset", "loop_eager", "loop_graph", "loop_train_on_batch")
        for question in _SLICES
        if question not in METHODS[name].without
    ],
)
def test_each_slice_ends_when_the_device_was_waited_for(
    name: str, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock goes on while the device is waited for and at no other time."""
    now_ns = [0]

    def wait() -> None:
        now_ns[0] += _WAIT_NS

    arm = build_arm(name)
    monkeypatch.setattr(arm, "_wait", wait)
    assert _SLICES[question](arm, Stopwatch(lambda: now_ns[0])).wall_ns == _WAIT_NS


@pytest.mark.parametrize("name", ["loop_eager", "loop_train_on_batch"])
def test_stepping_without_a_whole_batch_is_refused(name: str) -> None:
    with pytest.raises(BlockError, match="expected at least one whole batch, got none"):
        build_arm(name, samples=4).open_steps(Stopwatch())


def test_samples_are_cut_from_an_array_and_from_each_of_a_mapping() -> None:
    array = np.arange(10)
    assert steps().cut(array, 8, 4).tolist() == [8, 9]
    parts = steps().cut({"first": array, "second": -array}, 2, 3)
    assert {name: part.tolist() for name, part in parts.items()} == {"first": [2, 3, 4], "second": [-2, -3, -4]}


def test_losses_of_outputs_are_weighted_each_by_its_own_and_added_up() -> None:
    """Whatever the order of the mappings: names decide."""

    def find_losses(labels: Any, predicted: Any) -> Any:
        return labels - predicted

    one = steps().weigh_losses(find_losses, np.array([3.0, 4.0]), np.array([1.0, 1.0]), np.array([0.0, 2.0]))
    assert one.tolist() == [0.0, 6.0]
    assert steps().weigh_losses(find_losses, np.array([3.0, 4.0]), np.array([1.0, 1.0])).tolist() == [2.0, 3.0]
    both = steps().weigh_losses(
        {"a": find_losses, "b": find_losses},
        {"b": np.array([10.0, 20.0]), "a": np.array([1.0, 2.0])},
        {"a": np.zeros(2), "b": np.zeros(2)},
        {"b": np.array([1.0, 0.0]), "a": np.array([0.0, 3.0])},
    )
    assert both.tolist() == [10.0, 6.0]


def test_each_trace_is_noted_and_a_further_call_is_not() -> None:
    tf, log = tensorflow(), steps().TraceLog()
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
    tf, log = tensorflow(), steps().TraceLog()
    step = tf.function(log.watch(lambda x, scale: tf.cast(x, tf.float32) * scale))
    step(tf.ones([2], tf.int32), 1.0)
    step(tf.ones([2], tf.int64), 1.0)
    step(tf.ones([2], tf.int64), 2.0)
    assert log.explain(1) == (
        "x went from int32[2] to int64[2]",
        "scale went from float 1.0 to float 2.0",
    )


def test_parts_of_a_tuple_are_told_apart() -> None:
    tf, log = tensorflow(), steps().TraceLog()
    log.note(["x"], [(tf.ones([2, 3]), tf.ones([2]))])
    log.note(["x"], [(tf.ones([2, 3]), tf.ones([7]))])
    assert log.explain(1) == ("x[1] went from float32[2] to float32[7]",)


def test_parts_of_a_mapping_are_told_apart() -> None:
    tf, log = tensorflow(), steps().TraceLog()
    log.note(["y"], [{"first": tf.ones([2]), "second": tf.ones([2])}])
    log.note(["y"], [{"first": tf.ones([2]), "second": tf.ones([2], tf.int64)}])
    assert log.explain(1) == ("y[second] went from float32[2] to int64[2]",)


def test_a_trace_with_the_same_arguments_says_that_something_else_changed() -> None:
    tf, log = tensorflow(), steps().TraceLog()
    log.note(["x"], [tf.ones([2])])
    log.note(["x"], [tf.ones([2])])
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
    counted = steps().count_instructions(_HLO)
    assert counted == {"parameter": 3, "add": 1, "constant": 1, "multiply": 1, "reduce": 1, "tuple": 1}
