"""How are the bytes and counts of a case read? Arm by arm, each in a fresh process, and none of it is lost.

With another target a block of either is read at a time, one after the other. What is read does not depend on the time
of day, so that equal requests are answered once: the control of a path serves all its methods and its null case, and a
step, which knows nothing of the dataset's size, all sizes. Leaves out: what is concluded.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable

from benchmarks.errors import SuiteError, attempt, place_error
from benchmarks.gate.confirm import Pair
from benchmarks.launch.pool import BLOCKS_AT_ONCE
from benchmarks.measuring.session import MeasuringSettings
from benchmarks.measuring.timed import OnBlock, make_plain_report
from benchmarks.methods import METHODS
from benchmarks.protocols import Launcher
from benchmarks.records import (
    Arm,
    ArmReadings,
    Case,
    CaseReport,
    Environment,
    Measurement,
    Plant,
    Question,
    ReadBlock,
    ReadRequest,
    Stretch,
    Verdict,
)
from benchmarks.records.quantities import PASS_PEAK_TENSORS, RETAINED, find_quantity, list_quantities
from benchmarks.stats.lines import estimate_growth


def list_stretches(case: Case) -> tuple[Stretch, ...]:
    """Return over what a case is read: what its quantities say, but no step where the method has none of its own."""
    entry = METHODS.get(case.method)
    has_step = entry is None or Question.STEP_TIME not in entry.without
    stretches = dict.fromkeys(quantity.stretch for quantity in list_quantities(case.question))
    return tuple(each for each in stretches if each is Stretch.PASS or has_step)


class ReadSource:
    """Reads the blocks of one case one after the other and remembers them."""

    def __init__(
        self,
        case: Case,
        launcher: Launcher,
        settings: MeasuringSettings,
        answers: dict[ReadRequest, ArmReadings],
        on_block: OnBlock | None = None,
    ) -> None:
        """Read nothing yet.

        Args:
            case: what to read.
            launcher: reads each arm in a fresh process.
            settings: what the run was asked for.
            answers: what was read before in this run; what is read here is added.
            on_block: called after each block with the number of blocks so far; None where nobody wants to know.
        """
        self._case = case
        self.launcher = launcher
        self._settings = settings
        self._answers = answers
        self._on_block = on_block
        self.blocks: list[ReadBlock] = []
        self.environment: Environment | None = None

    @property
    def samples_ns(self) -> list[float]:
        """How long the process of each weighted arm took; real time, which says nothing of the bytes."""
        return [float(block.weighted.read_ns) for block in self.blocks]

    def describe_environment(self) -> Environment:
        """Return what the target is; asked once, then remembered."""
        if self.environment is None:
            self.environment = self.launcher.describe_environment()
        return self.environment

    def measure_more(self, count: int) -> list[ReadBlock]:
        """Read `count` more blocks and return them.

        Raises:
            SuiteError: when an arm could not be read; the blocks before it are in `blocks`.
        """
        self.describe_environment()
        begin = len(self.blocks)
        while len(self.blocks) < begin + count:
            indices = range(len(self.blocks), min(len(self.blocks) + BLOCKS_AT_ONCE, begin + count))
            self._read_ahead(indices)
            for index in indices:
                control = self._read(Arm.CONTROL, index)
                self.blocks.append(ReadBlock(control=control, weighted=self._read(Arm.WEIGHTED, index, control)))
                if self._on_block is not None:
                    self._on_block(len(self.blocks), None)
        return self.blocks[begin:]

    def measure_pairs(self, other: ReadSource, count: int, seed: str) -> list[Pair[ReadBlock]]:
        """Read `count` more blocks here and in another target, pair by pair, one after the other, either of them first.

        Args:
            other: readings of the same case in the other target.
            count: how many pairs.
            seed: a text; the order is drawn from it and the number of the pair.

        Raises:
            SuiteError: when an arm could not be read; it says where that was in the other target.
        """
        pairs = []
        for _ in range(count):
            sources = [self, other]
            random.Random(f"{seed} {len(self.blocks)}").shuffle(sources)  # noqa: S311 - an order, not a secret
            for source in sources:
                result = attempt(source.measure_more, 1)
                if isinstance(result, SuiteError):
                    raise result if source is self else place_error(result, "in the other target")
            pairs.append(Pair(now=self.blocks[-1], other=other.blocks[-1]))
        return pairs

    def _read_ahead(self, indices: Iterable[int]) -> None:
        """Read what these blocks are known to need, as much of it at once as there are servers.

        A planted tensor is as large as the peak of its control says, so that such an arm has to wait for that.
        """
        requests = [
            self._settings.make_read_request(self._case, arm, index, stretch)
            for index in indices
            for arm in Arm
            for stretch in list_stretches(self._case)
        ]
        wanted = [
            request
            for request in dict.fromkeys(requests)
            if request not in self._answers and (request.plant is None or not request.plant.tensor_fraction)
        ]
        errors = []
        for request, answer in zip(wanted, self.launcher.read_arms(wanted), strict=True):
            if isinstance(answer, SuiteError):
                errors.append(answer)
            else:
                self._answers[request] = answer
        if errors:
            raise errors[0]

    def make_report(self, verdict: Verdict | None) -> CaseReport:
        """Return the report on all blocks so far."""
        measurement = None
        if self.blocks and self.environment is not None:
            measurement = Measurement(case=self._case, readings=tuple(self.blocks), environment=self.environment)
        return make_plain_report(self._case, measurement, verdict=verdict)

    def _read(self, arm: Arm, index: int, control: ArmReadings | None = None) -> ArmReadings:
        """Read one arm over all stretches of the question, and estimate what it retained where levels were read."""
        readings: ArmReadings | None = None
        for stretch in list_stretches(self._case):
            request = self._settings.make_read_request(self._case, arm, index, stretch)
            if control is not None:
                request = _resolve_plant(request, control)
            if request not in self._answers:
                self._answers[request] = self.launcher.read_arm(request)
            answer = self._answers[request]
            readings = answer if readings is None else readings.merge(answer)
        assert readings is not None  # noqa: S101 - every question has a stretch
        if not readings.resident_by_epoch_bytes:
            return readings
        growth = estimate_growth(readings.resident_by_epoch_bytes)
        return dataclasses.replace(readings, values={**readings.values, RETAINED.name: growth})


def _resolve_plant(request: ReadRequest, control: ArmReadings) -> ReadRequest:
    """Return the request with a planted tensor in bytes, now that the peak of its control is known."""
    if request.plant is None or not request.plant.tensor_fraction:
        return request
    peaks = [value for key, value in control.values.items() if find_quantity(key) is PASS_PEAK_TENSORS]
    plant = Plant(tensor_bytes=max(1, round(request.plant.tensor_fraction * max(peaks, default=0.0))))
    return dataclasses.replace(request, plant=plant)
