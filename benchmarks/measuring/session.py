"""What does a run know while it measures? What it was asked for, its targets and standards, and what it found so far.

All that grows during a run is here, and nowhere else: the reports, the verdicts on null cases, and what the targets
have answered. Leaves out: how a case is measured (`cases`), and everything of pytest.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable

from benchmarks.cases import null_case_of
from benchmarks.gate.judgement import doubt
from benchmarks.measuring.settings import MeasuringSettings
from benchmarks.measuring.standards import Standards
from benchmarks.protocols import Launcher
from benchmarks.records import ArmReadings, Case, CaseReport, ReadRequest, Verdict


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
        return self.null_verdicts.get(null_case_of(case))

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
