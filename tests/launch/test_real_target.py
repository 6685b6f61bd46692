"""A real target measures real blocks, whether it forks them or starts an interpreter for each."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.errors import BlockError, CaseError
from benchmarks.launch.launcher import ServerLauncher
from benchmarks.launch.pool import launch_target, run_together
from benchmarks.launch.targets import find_target
from benchmarks.methods import METHODS, STATIC_METHODS
from benchmarks.records import Arm, ArmReadings, Block, BlockRequest, Case, Plant, Question, ReadRequest, Stretch
from benchmarks.target.supervise import Limits
from benchmarks.workloads import WORKLOADS
from tests.examples import make_case

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[2]

_LIMITS = Limits(timeout_s=120.0, memory_bytes=2**40)


@pytest.fixture(scope="module")
def launcher() -> Iterator[ServerLauncher]:
    """One server for all tests of this file: its import of TensorFlow takes seconds."""
    made = ServerLauncher(find_target(None), _LIMITS)
    yield made
    made.close()


def make_request(case: Case, **values: object) -> BlockRequest:
    fields: dict[str, object] = {"case": case, "seed": 3, "timed_budget_ns": 20_000_000, "min_rounds": 3}
    return BlockRequest(**(fields | values))  # type: ignore[arg-type]


def test_the_target_says_what_it_is(launcher: ServerLauncher) -> None:
    environment = launcher.describe_environment()
    assert environment.tensorflow.startswith("2.")
    assert environment.keras[0] in "23"
    assert environment.cores >= 1
    assert environment.jit_compile in ({"True", "False"} if environment.keras.startswith("3.") else {"False"})


def test_the_target_introduces_itself_with_all_that_is_registered(launcher: ServerLauncher) -> None:
    introduction, environment = launcher.introduce(), launcher.describe_environment()
    for name in ("tensorflow", "keras", "numpy", "python"):
        assert getattr(introduction, name) == getattr(environment, name)
    assert introduction.methods == tuple(METHODS)
    assert introduction.workloads == tuple(WORKLOADS)
    assert set(introduction.questions) == {question.value for question in Question}


@pytest.mark.parametrize("question", [question for question in Question if question.is_timed])
def test_each_timed_question_is_measured(launcher: ServerLauncher, question: Question) -> None:
    size = None if question is Question.STEP_TIME else 512
    method = "fit_dataset" if question is Question.EVALUATION_TIME else "loop_graph"
    case = make_case(question=question, depth=1, dataset_size=size, method=method)
    block = launcher.run_block(make_request(case))
    assert len(block.control_slice_ns) >= 3
    assert block.steps_per_slice == (2 if question in {Question.EPOCH_TIME, Question.EVALUATION_TIME} else 1)
    assert block.traces_while_timed == 0
    assert block.wall_ns > max(sum(block.control_slice_ns), sum(block.weighted_slice_ns))
    assert min(block.control_cpu_ns) > 0


def test_blocks_of_two_targets_take_turns(launcher: ServerLauncher) -> None:
    other = ServerLauncher(find_target(None), _LIMITS)
    try:
        request = make_request(make_case(depth=1), timed_budget_ns=100_000_000)
        one, two = run_together([launcher, other], [request] * 2, "seed", turn_ns=10_000_000)
    finally:
        other.close()
    assert isinstance(one, Block)
    assert isinstance(two, Block)
    assert min(one.timed_ns, two.timed_ns) >= 100_000_000
    assert one.weighted_first[: len(two.weighted_first)] == two.weighted_first[: len(one.weighted_first)]


def test_blocks_and_arms_of_one_target_are_had_at_once() -> None:
    made = launch_target(find_target(None), _LIMITS)
    try:
        made.start(2)
        requests = [make_request(make_case(depth=1), seed=seed) for seed in (1, 2)]
        blocks = made.run_blocks(requests)
        case = make_case(question=Question.PEAK_MEMORY, depth=1, dataset_size=2048)
        arms = made.read_arms(
            [ReadRequest(case=case, arm=arm, seed=3, layout=layout) for layout, arm in enumerate(Arm)]
        )
        fixed = [is_fixed(child.pid) for child in psutil.Process().children()]
    finally:
        made.close()
    assert fixed.count(True) == 2, "the servers that read have addresses that are not drawn, those that time have not"
    assert [block.seed if isinstance(block, Block) else str(block) for block in blocks] == [1, 2]
    assert all(isinstance(arm, ArmReadings) for arm in arms), arms


def is_fixed(pid: int) -> bool:
    """Whether the addresses of a process are not drawn: ADDR_NO_RANDOMIZE in personality(2)."""
    return bool(int(Path(f"/proc/{pid}/personality").read_text(), 16) & 0x0040000)


def read_arm(
    launcher: ServerLauncher,
    question: Question,
    arm: Arm = Arm.WEIGHTED,
    *,
    plant: Plant | None = None,
    stretch: Stretch = Stretch.PASS,
    **values: Any,
) -> ArmReadings:
    size = 2048 if question.needs_dataset_size else None
    case = make_case(question=question, depth=1, dataset_size=size, **values)
    return launcher.read_arm(ReadRequest(case=case, arm=arm, seed=3, plant=plant, stretch=stretch))


def test_peaks_are_read_of_a_pass_and_of_a_step(launcher: ServerLauncher) -> None:
    """2,048 samples of 32 float32 features and an int32 label are 264 KiB; a step holds the model at least."""
    whole, step = (
        read_arm(launcher, Question.PEAK_MEMORY, method="fit_dataset", stretch=stretch) for stretch in Stretch
    )
    assert whole.values["pass_peak_tensor_bytes[CPU:0]"] > 2048 * 33 * 4
    assert step.values["step_peak_tensor_bytes[CPU:0]"] > (32 * 64 + 64 * 10) * 4
    assert "pass_peak_resident_bytes" in whole.values
    assert "step_peak_resident_bytes" in step.values
    assert not whole.missing


def test_a_planted_tensor_raises_the_peak_by_as_much(launcher: ServerLauncher) -> None:
    plain = read_arm(launcher, Question.PEAK_MEMORY, method="fit_dataset")
    planted = read_arm(launcher, Question.PEAK_MEMORY, method="fit_dataset", plant=Plant(tensor_bytes=2**24))
    key = "pass_peak_tensor_bytes[CPU:0]"
    assert planted.values[key] - plain.values[key] == pytest.approx(2**24, rel=0.05)


def test_a_planted_leak_is_seen_in_the_levels(launcher: ServerLauncher) -> None:
    """A megabyte an epoch: far beyond any other growth."""
    levels = read_arm(launcher, Question.RETAINED_MEMORY, plant=Plant(leak_bytes=2**20)).resident_by_epoch_bytes
    assert (levels[-1] - levels[0]) / (len(levels) - 1) == pytest.approx(2**20, rel=0.2)


_MEASURE_THEN_LOOK = """
import json
import os
import sys

os.environ["TF_CPU_ALLOCATOR_USE_BFC"] = "true"  # as the server's environment may have it
from benchmarks.target.jobs import do_job

request = json.loads(sys.argv[1])
do_job(request)
import tensorflow as tf
from benchmarks.probes.peak_memory import find_problem

print(json.dumps([find_problem("CPU:0"), tf.config.threading.get_intra_op_parallelism_threads()]))
"""


def look_after(do: str, request: BlockRequest | ReadRequest) -> list[Any]:
    """Do a job in a process of its own and return why its CPU has no statistics, and its threads within operations."""
    job = json.dumps({"do": do, "request": request.to_json()})
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE_THEN_LOOK, job], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seen: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def test_timed_blocks_keep_no_allocator_statistics_and_read_ones_do() -> None:
    problem, _ = look_after("measure", make_request(make_case(depth=1, null=True)))
    assert "keeps no allocator statistics" in problem
    case = make_case(question=Question.PEAK_MEMORY, depth=1, dataset_size=512, null=True)
    problem, _ = look_after("read", ReadRequest(case=case, arm=Arm.CONTROL, seed=3))
    assert problem is None


@pytest.mark.parametrize("threads", [1, 3])
def test_thread_counts_reach_tensorflow(threads: int) -> None:
    request = make_request(make_case(depth=1, null=True), intra_op_threads=threads, inter_op_threads=1)
    assert look_after("measure", request)[1] == threads


@pytest.mark.parametrize("method", [name for name in STATIC_METHODS if name != "loop_eager"])
def test_a_weighted_step_has_a_graph_of_its_own_and_traces_no_more_once_warm(
    launcher: ServerLauncher, method: str
) -> None:
    weighted, control = (read_arm(launcher, Question.TRAINING_GRAPH, arm, method=method) for arm in reversed(Arm))
    for readings in (weighted, control):
        assert readings.values["first_pass_traces"] >= 1
        assert readings.values["steady_traces"] == 0
        assert readings.values["graph_nodes"] == sum(readings.op_types["graph_nodes"].values())
        assert readings.values["optimised_graph_nodes"] > 0
    if not method.startswith("fit_class_weight"):  # Keras looks class weights up in the input pipeline
        assert weighted.op_types["graph_nodes"]["Mul"] > control.op_types["graph_nodes"]["Mul"]


def test_an_eager_step_has_no_graph(launcher: ServerLauncher) -> None:
    readings = read_arm(launcher, Question.TRAINING_GRAPH, method="loop_eager")
    traces = {"first_pass_traces", "steady_traces", "batch_size_traces", "partial_batch_traces"}
    compilations = {"compilations", "batch_size_compilations", "partial_batch_compilations"}
    assert readings.values == dict.fromkeys(traces | compilations, 0)
    assert "eager" in readings.missing["graph_nodes"]


@pytest.mark.parametrize("method", ["fit_array", "fit_packed", "loop_graph"])
def test_a_planted_retrace_is_counted_and_its_argument_named(launcher: ServerLauncher, method: str) -> None:
    readings = read_arm(launcher, Question.TRAINING_GRAPH, method=method, plant=Plant(retrace=True))
    assert readings.values["steady_traces"] >= 1
    assert any("int32" in cause and "int64" in cause for cause in readings.trace_causes), readings.trace_causes


@pytest.mark.parametrize(
    ("method", "traces", "compilations"),
    [
        # A loop's `tf.function` takes tensors of one shape: it traces anew for another one, and XLA compiles that.
        ("loop_graph", (1, 1), (0, 0, 0)),
        ("loop_jit", (1, 1), (1, 1, 1)),
        # The batches of a dataset have no fixed size, so nothing is traced anew; XLA compiles each size all the same.
        ("fit_no_jit", (0, 0), (0, 0, 0)),
        ("fit_jit", (0, 0), (1, 1, 1)),
    ],
)
def test_a_change_of_the_batch_size_and_a_smaller_last_batch_are_traced_and_compiled_once(
    launcher: ServerLauncher, method: str, traces: tuple[int, ...], compilations: tuple[int, ...]
) -> None:
    for arm in Arm:
        values = read_arm(launcher, Question.TRAINING_GRAPH, arm, method=method).values
        traced = [values[name] for name in ("batch_size_traces", "partial_batch_traces")]
        assert traced == list(traces)
        names = ("compilations", "batch_size_compilations", "partial_batch_compilations")
        assert [values[name] for name in names] == list(compilations)


@pytest.mark.parametrize("method", ["loop_jit", "fit_jit", "loop_graph", "fit_array", "loop_train_on_batch"])
def test_a_planted_retrace_moves_every_count_of_traces_and_compilations(launcher: ServerLauncher, method: str) -> None:
    quiet = read_arm(launcher, Question.TRAINING_GRAPH, method=method).values
    planted = read_arm(launcher, Question.TRAINING_GRAPH, method=method, plant=Plant(retrace=True)).values
    for name in ("steady_traces", "batch_size_traces", "partial_batch_traces"):
        assert planted[name] > quiet[name], name
    for name in ("compilations", "batch_size_compilations", "partial_batch_compilations"):
        if quiet[name]:
            assert planted[name] > quiet[name], name


def test_a_start_up_is_profiled_too(launcher: ServerLauncher) -> None:
    case = make_case(question=Question.STARTUP_TIME, depth=1, dataset_size=512)
    profile = launcher.profile(make_request(case))
    for times in (profile.control_own_ns_per_step, profile.weighted_own_ns_per_step):
        assert any("trace" in name for name in times), "a start-up traces"
        assert not any("_functional.py" in name or "gc.collect" in name for name in times), "building is not timed"


@pytest.mark.parametrize("method", ["fit_class_weight_dataset", "loop_eager"])
def test_a_profile_has_the_functions_of_both_arms(launcher: ServerLauncher, method: str) -> None:
    profile = launcher.profile(make_request(make_case(depth=1, method=method)))
    for times in (profile.control_own_ns_per_step, profile.weighted_own_ns_per_step):
        assert sum(times.values()) > 10_000, "a step takes longer than 10 us in Python"
        assert any("tensorflow/python" in name for name in times)


def test_a_planted_slowdown_lengthens_the_weighted_slices(launcher: ServerLauncher) -> None:
    """Tenfold: far beyond any noise, so that one block is enough."""
    case = make_case(depth=1, null=True)
    block = launcher.run_block(make_request(case, plant=Plant(step_fraction=9.0)))
    assert sum(block.weighted_slice_ns) > 3 * sum(block.control_slice_ns)


def test_an_unknown_method_is_refused_in_one_line(launcher: ServerLauncher) -> None:
    with pytest.raises(CaseError, match=r"method: expected one of fit_array.*got 'sideways'"):
        launcher.run_block(make_request(make_case(method="sideways")))


def test_a_block_that_is_killed_costs_that_block_alone(launcher: ServerLauncher) -> None:
    request = make_request(make_case(depth=1, null=True), timed_budget_ns=60_000_000_000)
    server = psutil.Process().children()

    def kill_block() -> None:
        for _ in range(600):
            blocks = [block for process in server for block in process.children()]
            if blocks:
                time.sleep(0.5)
                blocks[0].send_signal(signal.SIGKILL)
                return
            time.sleep(0.1)

    killer = threading.Thread(target=kill_block)
    killer.start()
    with pytest.raises(BlockError, match=r"killed \(SIGKILL\)"):
        launcher.run_block(request)
    killer.join()
    assert launcher.run_block(make_request(make_case(depth=1, null=True))).timed_ns > 0


@pytest.mark.parametrize("fork", [True, False])
def test_where_fork_is_not_to_be_had_each_block_is_a_fresh_interpreter(*, fork: bool) -> None:
    """A forked block has the command line of its server; a fresh one has that of a single job."""
    launcher = ServerLauncher(find_target(None), _LIMITS, fork=fork)
    case = make_case(depth=1, null=True)
    launcher.run_block(make_request(case, timed_budget_ns=1))  # so that no proof is taken for the block
    request = make_request(case, timed_budget_ns=60_000_000_000)
    with ThreadPoolExecutor() as pool:
        block = pool.submit(launcher.run_block, request)
        try:
            child = wait_for_block()
            arguments = child.cmdline()
            child.kill()
            with pytest.raises(BlockError, match="SIGKILL"):
                block.result()
        finally:
            launcher.close()
    assert ("--one-job" in arguments) is not fork


def wait_for_block() -> psutil.Process:
    """Return the process of a block that is being measured, once it has been so for half a second."""
    for _ in range(600):
        children = [child for server in psutil.Process().children() for child in server.children()]
        if children and time.time() - children[0].create_time() > 0.5:
            return children[0]
        time.sleep(0.1)
    raise AssertionError("expected a block to be measured within a minute, got none")
