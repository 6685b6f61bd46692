"""A real target measures real blocks, whether it forks them or starts an interpreter for each."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from benchmarks.blocks.launcher import ServerLauncher
from benchmarks.blocks.supervise import Limits
from benchmarks.blocks.targets import find_target
from benchmarks.errors import BlockError, CaseError
from benchmarks.records import BlockRequest, Case, Plant, Question
from tests.examples import make_case

pytestmark = pytest.mark.tensorflow

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
    assert environment.allocator == "default"


@pytest.mark.parametrize("question", list(Question))
def test_each_question_is_measured(launcher: ServerLauncher, question: Question) -> None:
    size = None if question is Question.STEP_TIME else 512
    block = launcher.run_block(make_request(make_case(question=question, depth=1, dataset_size=size)))
    assert len(block.control_slice_ns) >= 3
    assert block.steps_per_slice == (2 if question is Question.EPOCH_TIME else 1)
    assert block.traces_while_timed == 0
    assert block.wall_ns > block.timed_ns


def test_a_planted_slowdown_lengthens_the_weighted_slices(launcher: ServerLauncher) -> None:
    """Tenfold: far beyond any noise, so that one block is enough."""
    case = make_case(depth=1, null=True)
    block = launcher.run_block(make_request(case, plant=Plant(step_fraction=9.0)))
    assert sum(block.weighted_slice_ns) > 3 * sum(block.control_slice_ns)


def test_thread_counts_reach_tensorflow(launcher: ServerLauncher) -> None:
    assert launcher.run_block(make_request(make_case(depth=1), intra_op_threads=1, inter_op_threads=1)).timed_ns > 0


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


def test_where_fork_is_not_to_be_had_each_block_is_a_fresh_interpreter() -> None:
    fresh = ServerLauncher(find_target(None), _LIMITS, fork=False)
    try:
        assert fresh.run_block(make_request(make_case(depth=1, null=True))).timed_ns > 0
    finally:
        fresh.close()
