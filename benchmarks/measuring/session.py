"""What was a run asked for, and what does it know while it measures? Settings, plans, requests, targets, and findings.

What was asked for decides the plan of a case, and every request to a target, all of which are made here. All that grows
during a run is here, and nowhere else: the reports, the verdicts on null cases, and what the targets have answered.
Leaves out: how a case is measured (`cases`), who sends a request, and everything of pytest.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import random
import zlib
from collections.abc import Callable, Mapping

from benchmarks.cases import null_case_of
from benchmarks.gate.plan import Plan, make_plan
from benchmarks.launch.pool import LAYOUTS
from benchmarks.measuring.standards import Standards
from benchmarks.protocols import Launcher
from benchmarks.questions import find_block_timing
from benchmarks.records import (
    Arm,
    ArmReadings,
    BlockRequest,
    Case,
    CaseReport,
    Plant,
    Question,
    ReadRequest,
    Stretch,
    Verdict,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MeasuringSettings:
    """What a run was asked for that decides how its cases are measured and judged; None where nothing was asked.

    A tolerance is a fraction. `blocks` are screened, or `most_blocks` at most measured until an interval is narrow
    where nothing is compared, and `block_seconds` spent in the timed slices of each. With
    `explain` it is looked into what each overhead is made of. `seed` is that of samples, weights and models, from which
    each request's own is made: the same settings ask the same again. `order_seed` is that of all orders; each choice
    has a stream of its own, so that none follows from another. `plant` is a fault in the weighted arms where it can
    show; null cases have none and get none.
    """

    tolerances: Mapping[Question, float] = dataclasses.field(default_factory=dict)
    floor_bytes: int | None = None
    blocks: int | None = None
    most_blocks: int | None = None
    block_seconds: float | None = None
    explain: bool = False
    plant: Plant | None = None
    seed: int
    order_seed: int = 0
    intra_op_threads: int | None = None
    inter_op_threads: int | None = None

    def make_plan(self, case: Case, judgements: int, *, compared: bool = True) -> Plan:
        """Return how a case is judged in a run that can turn red by chance in so many ways, compared or alone."""
        return make_plan(
            case.question,
            judgements=judgements,
            method=case.method,
            tolerance=self.tolerances.get(case.question),
            floor_bytes=self.floor_bytes,
            blocks=case.question.row.find_first_blocks(self.blocks, compared=compared),
        )

    def find_most_blocks(self, question: Question) -> int:
        """Return how many blocks a case may take where nothing is judged: no more than were asked for at first."""
        if self.blocks is None:
            return question.row.most_blocks
        return self.blocks if self.most_blocks is None else self.most_blocks

    def make_block_request(self, case: Case, index: int) -> BlockRequest:
        """Return what block `index` of a timed case is asked to measure.

        Which arm is built first is decided by one coin for the case, and alternates from block to block.
        """
        plan = find_block_timing(case.question, self.block_seconds)
        coin = self._open_stream(case, "built first").random() < 0.5  # noqa: PLR2004 - a coin
        return BlockRequest(
            case=case,
            seed=self._make_seed(case, index),
            order_seed=self._open_stream(case, f"rounds {index}").getrandbits(32),
            weighted_built_first=coin == (index % 2 == 0),
            timed_budget_ns=plan.timed_budget_ns,
            min_rounds=plan.min_rounds,
            enough_rounds=plan.enough_rounds,
            plant=self._find_plant(case),
            intra_op_threads=self.intra_op_threads,
            inter_op_threads=self.inter_op_threads,
        )

    def make_profile_request(self, case: Case) -> BlockRequest:
        """Return what the process that profiles both arms of a timed case is asked for: no slice is timed in it."""
        return dataclasses.replace(self.make_block_request(case, 0), timed_budget_ns=1, min_rounds=1)

    def make_read_request(self, case: Case, arm: Arm, index: int, stretch: Stretch) -> ReadRequest:
        """Return what the process of one arm is asked to read in block `index`.

        Both arms of a block have the same samples. A control is asked for as its path's null case, whichever method it
        stands beside, and a step with the least dataset, so that equal requests mean equal readings. Both arms of a
        block have the same layout.
        """
        if stretch is Stretch.STEP and case.dataset_size is not None:
            case = dataclasses.replace(case, dataset_size=case.batch_size)
        control = null_case_of(case)
        planted = arm is Arm.WEIGHTED and stretch is Stretch.PASS
        return ReadRequest(
            case=control if arm is Arm.CONTROL else case,
            arm=arm,
            seed=self._make_seed(control, index),
            stretch=stretch,
            plant=self._find_plant(case) if planted else None,
            intra_op_threads=self.intra_op_threads,
            inter_op_threads=self.inter_op_threads,
            layout=index % LAYOUTS,
        )

    def _find_plant(self, case: Case) -> Plant | None:
        """Return the fault that is planted in the weighted arm of a case."""
        shows = self.plant is not None and self.plant.concerns(case.question) and not case.null
        return self.plant if shows else None

    def _open_stream(self, case: Case, choice: str) -> random.Random:
        """Return the random numbers of one choice in one case of this run."""
        return random.Random(f"{self.order_seed} {case.case_id} {choice}")  # noqa: S311 - an order, not a secret

    def _make_seed(self, case: Case, index: int) -> int:
        if case.question is Question.STARTUP_TIME:
            index = 0  # a million samples are made once, and no start depends on what is in them
        return zlib.crc32(f"{self.seed} {case.case_id} {index}".encode())


class OpenTarget:
    """A target that is measured: its launcher, made when it is first needed, and what was read of it so far."""

    def __init__(self, make_launcher: Callable[[], Launcher]) -> None:
        """Make nothing yet."""
        self._make_launcher = make_launcher
        self.answers: dict[ReadRequest, ArmReadings] = {}

    @functools.cached_property
    def launcher(self) -> Launcher:
        """What runs blocks in it."""
        return self._make_launcher()

    def close(self) -> None:
        """End its processes, if there are any."""
        if "launcher" in vars(self):
            self.launcher.close()


@dataclasses.dataclass(slots=True, kw_only=True)
class Session:
    """One run as far as it measures.

    `other` is the target that `target` is measured against, if there is one. `judgements` counts in how many ways the
    run can turn red by chance, in all of its shards. An exception of `ends_run` is not the fault of a case.
    """

    settings: MeasuringSettings
    target: OpenTarget
    other: OpenTarget | None = None
    standards: Standards = dataclasses.field(default_factory=Standards)
    judgements: int = 1
    ends_run: tuple[type[BaseException], ...] = ()
    reports: list[CaseReport] = dataclasses.field(default_factory=list)
    null_verdicts: dict[Case, Verdict] = dataclasses.field(default_factory=dict)

    @property
    def is_comparing(self) -> bool:
        """Whether cases are held against a stored run or another target."""
        return self.standards.comparing or self.other is not None

    def count_first_blocks(self, question: Question) -> int:
        """Return how many blocks a case has at first."""
        return question.row.find_first_blocks(self.settings.blocks, compared=self.is_comparing)

    def find_null_verdict(self, case: Case) -> Verdict | None:
        """Return the verdict on the null case of a case's control; None where there is none yet."""
        return self.null_verdicts.get(null_case_of(case))

    def close(self) -> None:
        """End the processes of all targets, also where those of one will not end."""
        with contextlib.ExitStack() as stack:
            for target in (self.target, self.other):
                if target is not None:
                    stack.callback(target.close)
