"""A target that measures nothing: it answers each block from a seeded model of a noisy machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.errors import BlockError, SuiteError, attempt
from benchmarks.methods import METHODS
from benchmarks.records import (
    Arm,
    ArmReadings,
    Block,
    BlockRequest,
    Case,
    Environment,
    Meeting,
    Profile,
    Question,
    ReadRequest,
    Stretch,
)
from benchmarks.records.cases import WIRE_VERSION, Introduction
from benchmarks.workloads import WORKLOADS
from tests.examples import make_block, make_environment

ROUNDS = 40


def make_introduction(**values: Any) -> Introduction:
    """Return the introduction of a target that has all that this checkout has, with some fields replaced."""
    versions = make_environment()
    fields: dict[str, Any] = {
        "wire_version": WIRE_VERSION,
        "questions": tuple(question.value for question in Question),
        "methods": tuple(METHODS),
        "workloads": tuple(WORKLOADS),
        "tensorflow": versions.tensorflow,
        "keras": versions.keras,
        "numpy": versions.numpy,
        "python": versions.python,
    }
    return Introduction(**(fields | values))


class FakeLauncher:
    """Runs blocks whose weighted slices are longer by a given overhead, with a spread of 1 % between blocks."""

    def __init__(
        self,
        overhead: float = 0.0,
        *,
        by_method: Mapping[str, float] | None = None,
        environment: Environment | None = None,
        run_seed: int = 1,
        before_block: Callable[[Case, int], None] = lambda case, index: None,
        traces_while_timed: int = 0,
        base_bytes: int = 20 * 2**20,
        extra_bytes: int = 400_000,
        extra_nodes: int = 7,
        introduction: Introduction | None = None,
    ) -> None:
        self._overhead = overhead
        self._by_method = by_method or {}
        self._environment = environment or make_environment()
        self._introduction = introduction or make_introduction()
        self._random = random.Random(run_seed)  # noqa: S311 - a model of noise
        self._before_block = before_block
        self._traces = traces_while_timed
        self.base_bytes = base_bytes
        self.extra_bytes = extra_bytes
        self.extra_nodes = extra_nodes
        self.requests: list[BlockRequest] = []
        self.read_requests: list[ReadRequest] = []
        self.profiled: list[Case] = []
        self.closed = False
        self.started = 0

    def introduce(self) -> Introduction:
        return self._introduction

    def start(self, count: int = 1) -> None:
        self.started = count

    def describe_environment(self) -> Environment:
        return self._environment

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        index = len([asked for asked in self.requests if asked.case == request.case])
        self.requests.append(request)
        self._before_block(request.case, index)
        overhead = 0.0 if request.case.null else self._by_method.get(request.case.method, self._overhead)
        planted = 0.0 if request.plant is None else request.plant.step_fraction
        ratio = (1.0 + overhead) * (1.0 + planted) * (1.0 + self._random.gauss(0.0, 0.01))
        control = [1_000_000 + self._random.randrange(10_000) for _ in range(ROUNDS)]
        return make_block(
            control,
            [round(slice_ns * ratio) for slice_ns in control],
            seed=request.seed,
            weighted_built_first=request.weighted_built_first,
            traces_while_timed=self._traces,
            wall_ns=200_000_000,
        )

    def run_blocks(self, requests: Sequence[BlockRequest]) -> list[Block | SuiteError]:
        return [attempt(self.run_block, request) for request in requests]

    def read_arms(self, requests: Sequence[ReadRequest]) -> list[ArmReadings | SuiteError]:
        return [attempt(self.read_arm, request) for request in requests]

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        """`base_bytes` in the control, `extra_bytes` more with weights; a graph of 100 nodes, `extra_nodes` more."""
        self.read_requests.append(request)
        weighted = request.arm is Arm.WEIGHTED and not request.case.null
        plant = request.plant if weighted else None
        scatter = self._random.randrange(2_000)
        if request.case.question is Question.PEAK_MEMORY:
            peak = self.base_bytes + scatter + (self.extra_bytes if weighted else 0)
            peak += 0 if plant is None else plant.tensor_bytes
            if request.stretch is Stretch.STEP:
                return ArmReadings(seed=request.seed, values={"step_peak_resident_bytes": 4096}, read_ns=10**9)
            return ArmReadings(seed=request.seed, values={"pass_peak_tensor_bytes[CPU:0]": peak}, read_ns=10**9)
        if request.case.question is Question.RETAINED_MEMORY:
            growth = 1_000 + scatter // 10 + (0 if plant is None else plant.leak_bytes)
            levels = tuple(2**28 + growth * epoch for epoch in range(20))
            return ArmReadings(seed=request.seed, values={}, resident_by_epoch_bytes=levels, read_ns=10**9)
        op_types = {"graph_nodes": {"MatMul": 100} | ({"Mul": self.extra_nodes} if weighted else {})}
        retraces = 0 if plant is None else 1
        return ArmReadings(
            seed=request.seed,
            values={
                "first_pass_traces": 2,
                "steady_traces": retraces,
                "graph_nodes": sum(op_types["graph_nodes"].values()),
            },
            op_types=op_types,
            trace_causes=("y went from int32[?] to int64[?]",) * retraces,
            read_ns=10**9,
        )

    def profile(self, request: BlockRequest) -> Profile:
        self.profiled.append(request.case)
        control = {"tensorflow/python/eager.py:1 execute": 500_000.0}
        return Profile(
            control_own_ns_per_step=control, weighted_own_ns_per_step=control | {"weigh.py:7 scale": 40_000.0}
        )

    def close(self) -> None:
        self.closed = True


def fail_block(method: str, at: int) -> Callable[[Case, int], None]:
    """Return a fault: block number `at` of this method's weighted case ends without a result."""

    def fail(case: Case, index: int) -> None:
        if case.method == method and not case.null and index == at:
            raise BlockError("the block was killed (SIGKILL), as the system does when memory runs out; free memory")

    return fail


def interrupt_block(method: str, at: int) -> Callable[[Case, int], None]:
    """Return a person who presses Ctrl-C during block number `at` of this method's weighted case."""

    def interrupt(case: Case, index: int) -> None:
        if case.method == method and not case.null and index == at:
            raise KeyboardInterrupt

    return interrupt
