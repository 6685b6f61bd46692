"""Replicas of a model train as one device on the whole batch would, in one process and in two, and are measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.errors import BlockError, CaseError
from benchmarks.launch.launcher import ServerLauncher
from benchmarks.launch.targets import find_target
from benchmarks.records import Arm, ArmReadings, Block, BlockRequest, Question, ReadRequest
from benchmarks.target.supervise import Limits
from tests.examples import make_case

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="replicas need a core each"),
]

ROOT = Path(__file__).parents[2]

_LIMITS = Limits(timeout_s=180.0, memory_bytes=2**40)

REPLICATED = ("loop_mirrored", "fit_mirrored", "loop_multi_worker")


@pytest.fixture(scope="module")
def launcher() -> Iterator[ServerLauncher]:
    """One server for all tests of this file: its import of TensorFlow takes seconds."""
    made = ServerLauncher(find_target(None), _LIMITS)
    yield made
    made.close()


def skip_where_keras_is_wrong(launcher: ServerLauncher, method: str) -> None:
    """Keras 3 sums gradients of replicas from 3.5 on, and divides their losses as it should from 3.8 on."""
    major, minor = map(int, launcher.introduce().keras.split(".")[:2])
    if major == 3 and minor < (8 if method.startswith("fit") else 5):
        pytest.skip("this Keras trains replicas in another way, and the proof refuses it")


def measure(launcher: ServerLauncher, method: str, question: Question = Question.STEP_TIME, **values: int) -> Block:
    size = 512 if question.needs_dataset_size else None
    case = make_case(question=question, depth=1, dataset_size=size, method=method, null=bool(values.pop("null", 0)))
    fields = {"seed": 3, "timed_budget_ns": 20_000_000, "min_rounds": 3} | values
    return launcher.run_block(BlockRequest(case=case, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("method", REPLICATED)
def test_a_step_of_replicas_is_proven_and_measured(launcher: ServerLauncher, method: str) -> None:
    skip_where_keras_is_wrong(launcher, method)
    block = measure(launcher, method)
    assert len(block.control_slice_ns) >= 3
    assert block.traces_while_timed == 0
    assert min(block.control_slice_ns) > 0


@pytest.mark.parametrize("question", [Question.EPOCH_TIME, Question.STARTUP_TIME])
def test_passes_and_starts_of_two_processes_are_measured(launcher: ServerLauncher, question: Question) -> None:
    skip_where_keras_is_wrong(launcher, "loop_multi_worker")
    block = measure(launcher, "loop_multi_worker", question, min_rounds=2)
    assert len(block.control_slice_ns) == len(block.weighted_slice_ns) >= 2
    assert block.steps_per_slice == (2 if question is Question.EPOCH_TIME else 1)


def test_a_null_case_of_replicas_is_measured(launcher: ServerLauncher) -> None:
    assert measure(launcher, "fit_mirrored", null=1).traces_while_timed == 0


def test_fit_in_two_processes_is_measured_or_refused_in_one_line(launcher: ServerLauncher) -> None:
    if launcher.introduce().keras.startswith("2."):
        assert measure(launcher, "fit_multi_worker").traces_while_timed == 0
        return
    for null in (0, 1):
        with pytest.raises(CaseError, match=r"Keras 3\.\S+, whose does not .*20585\); use loop_multi_worker"):
            measure(launcher, "fit_multi_worker", null=null)


@pytest.mark.parametrize("method", REPLICATED)
def test_the_step_of_replicas_has_a_graph_and_each_trace_is_counted_once(launcher: ServerLauncher, method: str) -> None:
    """Both replicas of a process are traced in one go."""
    control, weighted = (read(launcher, method, arm) for arm in Arm)
    for readings in (control, weighted):
        assert 1 <= readings.values["first_pass_traces"] <= 2
        assert readings.values["steady_traces"] == 0
        assert readings.values["graph_nodes"] > 0
    assert weighted.op_types["graph_nodes"]["Mul"] > control.op_types["graph_nodes"]["Mul"]


def read(launcher: ServerLauncher, method: str, arm: Arm, question: Question = Question.TRAINING_GRAPH) -> ArmReadings:
    size = 512 if question.needs_dataset_size else None
    case = make_case(question=question, depth=1, dataset_size=size, method=method)
    return launcher.read_arm(ReadRequest(case=case, arm=arm, seed=3))


def test_memory_of_two_devices_and_what_two_processes_keep_are_read(launcher: ServerLauncher) -> None:
    values = read(launcher, "loop_mirrored", Arm.WEIGHTED, Question.PEAK_MEMORY).values
    assert {"pass_peak_tensor_bytes[CPU:0]", "pass_peak_tensor_bytes[CPU:1]", "pass_peak_resident_bytes"} <= {*values}
    kept = read(launcher, "loop_multi_worker", Arm.WEIGHTED, Question.RETAINED_MEMORY)
    assert min(kept.resident_by_epoch_bytes) > 0


def test_a_second_worker_that_is_killed_costs_that_block_alone(launcher: ServerLauncher) -> None:
    skip_where_keras_is_wrong(launcher, "loop_multi_worker")
    (server,) = psutil.Process().children()

    def kill_the_second() -> None:
        for _ in range(1200):
            workers = sorted(server.children(), key=lambda process: process.pid)
            if len(workers) == 2 and time.time() - workers[1].create_time() > 2.0:
                workers[1].kill()
                return
            time.sleep(0.1)

    killer = threading.Thread(target=kill_the_second)
    killer.start()
    with pytest.raises(BlockError, match=r"^the block's second worker was killed \(SIGKILL\)"):
        measure(launcher, "loop_multi_worker", null=1, timed_budget_ns=100_000_000_000)
    killer.join()
    assert server.children() == []
    assert measure(launcher, "loop_multi_worker", null=1).timed_ns > 0


_TRAIN_WRONGLY = """
import json
import tensorflow as tf
from benchmarks.errors import CaseError
from benchmarks.methods import Replicas, load_method, replicated_loops
from benchmarks.methods._replicas import prepare_replicas
from benchmarks.methods._steps import weigh_losses
from benchmarks.probes.weighted_gradient import check_weighted_gradient
from benchmarks.workloads import load_workload

prepare_replicas(Replicas.TWO_DEVICES)
right = replicated_loops.average_losses
distribute = replicated_loops.ReplicatedLoopArm._distribute

def divide_by_own_size(find, labels, predicted, weights=None, *, global_batch_size):
    return right(find, labels, predicted, weights, global_batch_size=global_batch_size // 2)

def average_means(find, labels, predicted, weights=None, *, global_batch_size):
    losses = weigh_losses(find, labels, predicted, weights)
    return tf.reduce_sum(losses) / (4.0 if weights is None else tf.reduce_sum(weights)) / 2.0

def leave_weights_whole(self, arrays):
    if len(arrays) == 3:
        half = len(arrays[2]) // 2
        arrays = (*arrays[:2], tf.concat([arrays[2][:half], arrays[2][:half]], axis=0))
    return distribute(self, arrays)

def try_with(average=right, share=distribute):
    replicated_loops.average_losses = average
    replicated_loops.ReplicatedLoopArm._distribute = share
    try:
        check_weighted_gradient(load_method("loop_mirrored"), load_workload("mlp"), depth=1, seed=0)
    except CaseError as error:
        return str(error)
    return ""

print(json.dumps([
    try_with(), try_with(divide_by_own_size), try_with(average_means), try_with(share=leave_weights_whole)
]))
"""


def test_an_update_of_two_replicas_is_that_of_one_device_and_the_usual_mistakes_are_refused_by_name(
    launcher: ServerLauncher,
) -> None:
    skip_where_keras_is_wrong(launcher, "loop_mirrored")
    done = subprocess.run([sys.executable, "-c", _TRAIN_WRONGLY], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    right, own_size, means, whole = json.loads(done.stdout.splitlines()[-1])
    assert right == ""
    assert "as if each replica divided by the size of its own part of the batch" in own_size
    assert "as if the weighted means of the replicas' parts were averaged" in means
    assert "as if each replica had the weights of the first one's part" in whole
