"""What does a run know while it measures? What it was asked for, its targets and standards, and what it found so far.

All that grows during a run is here, and nowhere else: the reports, the verdicts on null cases, and what the targets
have answered. Leaves out: how a case is measured (`cases`), and everything of pytest.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping

from benchmarks.axes import name_null_method
from benchmarks.gate.judgement import doubt
from benchmarks.gate.plan import Plan, make_plan
from benchmarks.measuring.requests import Requests
from benchmarks.measuring.standards import Standards
from benchmarks.protocols import Launcher
from benchmarks.records import ArmReadings, Case, CaseReport, Plant, Question, ReadRequest, Verdict


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MeasuringSettings:
    """What a run was asked for that decides how its cases are measured and judged; None where nothing was asked.

    A tolerance is a fraction. `seed` is that of samples, weights and models; `order_seed` decides every order of the
    run. `blocks` are screened, and `block_seconds` spent in the timed slices of each. `plant` is a fault in the
    weighted arms. With `explain` it is looked into what each overhead is made of.
    """

    tolerances: Mapping[Question, float] = dataclasses.field(default_factory=dict)
    floor_bytes: int | None = None
    blocks: int | None = None
    block_seconds: float | None = None
    plant: Plant | None = None
    explain: bool = False
    seed: int
    order_seed: int = 0
    intra_op_threads: int | None = None
    inter_op_threads: int | None = None

    def make_plan(self, case: Case, judgements: int) -> Plan:
        """Return how a case is judged in a run that can turn red by chance in so many ways."""
        return make_plan(
            case.question,
            judgements=judgements,
            method=case.method,
            tolerance=self.tolerances.get(case.question),
            floor_bytes=self.floor_bytes,
            blocks=self.blocks,
        )

    def make_requests(self, question: Question) -> Requests:
        """Return what the requests for cases of this question have in common; a fault is planted where it can show."""
        plant = self.plant
        return Requests(
            run_seed=self.seed,
            order_seed=self.order_seed,
            plant=plant if plant is not None and plant.concerns(question) else None,
            intra_op_threads=self.intra_op_threads,
            inter_op_threads=self.inter_op_threads,
        )


class OpenTarget:
    """A target that is measured: its launcher, made when it is first needed, and what was read of it so far."""

    def __init__(self, make_launcher: Callable[[], Launcher]) -> None:
        """Make nothing yet."""
        self._make_launcher = make_launcher
        self._launcher: Launcher | None = None
        self.answers: dict[ReadRequest, ArmReadings] = {}

    @property
    def launcher(self) -> Launcher:
        """What runs blocks in it."""
        if self._launcher is None:
            self._launcher = self._make_launcher()
        return self._launcher

    def close(self) -> None:
        """End its processes, if there are any."""
        if self._launcher is not None:
            self._launcher.close()


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

    def find_null_verdict(self, case: Case) -> Verdict | None:
        """Return the verdict on the null case of a case's control; None where there is none yet."""
        return self.null_verdicts.get(dataclasses.replace(case, method=name_null_method(case.method), null=True))

    def hear_null_case(self, case: Case, verdict: Verdict) -> Verdict:
        """Return the verdict as the null case of the same control leaves it; remember that of a null case itself."""
        if case.null:
            self.null_verdicts[case] = verdict
            return verdict
        null_verdict = self.find_null_verdict(case)
        return verdict if null_verdict is None else doubt(verdict, null_verdict)

    def close(self) -> None:
        """End the processes of all targets, also where those of one will not end."""
        with contextlib.ExitStack() as stack:
            for target in (self.target, self.other):
                if target is not None:
                    stack.callback(target.close)
