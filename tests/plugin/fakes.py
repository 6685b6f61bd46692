"""A target that measures nothing: it answers each block from a seeded model of a noisy machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from benchmarks.errors import BlockError
from benchmarks.records import Block, BlockRequest, Case, Environment
from tests.examples import make_environment

ROUNDS = 40


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
    ) -> None:
        self._overhead = overhead
        self._by_method = by_method or {}
        self._environment = environment or make_environment()
        self._random = random.Random(run_seed)  # noqa: S311 - a model of noise
        self._before_block = before_block
        self._traces = traces_while_timed
        self.requests: list[BlockRequest] = []
        self.closed = False

    def describe_environment(self) -> Environment:
        return self._environment

    def run_block(self, request: BlockRequest) -> Block:
        index = len([asked for asked in self.requests if asked.case == request.case])
        self.requests.append(request)
        self._before_block(request.case, index)
        overhead = 0.0 if request.case.null else self._by_method.get(request.case.method, self._overhead)
        planted = 0.0 if request.plant is None else request.plant.step_fraction
        ratio = (1.0 + overhead) * (1.0 + planted) * (1.0 + self._random.gauss(0.0, 0.01))
        control = [1_000_000 + self._random.randrange(10_000) for _ in range(ROUNDS)]
        return Block(
            seed=request.seed,
            control_slice_ns=tuple(control),
            weighted_slice_ns=tuple(round(slice_ns * ratio) for slice_ns in control),
            weighted_first=tuple(index % 2 == 0 for index in range(ROUNDS)),
            steps_per_slice=1,
            traces_while_timed=self._traces,
            wall_ns=200_000_000,
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
