"""What does one run of the suite know? Its settings, its target, the baseline it is held against, and its reports.

Leaves out: how a case is measured and how a report is shown.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Sequence

import pytest

from benchmarks.baselines.store import Baseline
from benchmarks.cases import null_case_of
from benchmarks.errors import BaselineError
from benchmarks.launch.environments import find_or_build_target
from benchmarks.launch.pool import launch_target
from benchmarks.launch.targets import Target
from benchmarks.plugin.settings import SETTINGS, Settings
from benchmarks.protocols import Launcher
from benchmarks.records import ArmReadings, Case, CaseReport, Measurement, Question, ReadRequest, Verdict


@dataclasses.dataclass(slots=True, kw_only=True)
class Run:
    """The state of one pytest session.

    `comparing` says whether a comparison was asked for, and `compared_with` what the command line named for it;
    `baseline` is what is compared with, `no_baseline` the reason where there is none; `anchor` is an older run that is
    compared with as well. `judgements` counts in how many ways this run can turn red by chance, in all of its shards;
    `in_other_shards` are the tests that this one leaves out.
    `collected` holds the ids of all cases of the sweep, those deselected later included; `weighted_cases` those of the
    weighted cases to be measured now, and `refused_cases` those of them that are none. `started` says whether tests
    began to run, and `skipping` whether pytest-benchmark was told to skip them. `neighbours` are the process ids of
    other runs on this machine.
    `answers` is what was read so far, which several cases may share. `other_launcher` and `other_answers` are those of
    the target that this one is measured against, if there is one.
    """

    settings: Settings
    make_launcher: Callable[[Settings], Launcher]
    make_other_launcher: Callable[[Settings], Launcher]
    comparing: bool = False
    baseline: Baseline | None = None
    anchor: Baseline | None = None
    compared_with: str = ""
    no_baseline: str = "no stored run was found that could be read; record one with --benchmark-save"
    judgements: int = 1
    in_other_shards: Sequence[pytest.Item] = ()
    collected: set[str] = dataclasses.field(default_factory=set)
    weighted_cases: Sequence[str] = ()
    refused_cases: set[str] = dataclasses.field(default_factory=set)
    started: bool = False
    skipping: bool = False
    neighbours: Collection[int] = ()
    reports: list[CaseReport] = dataclasses.field(default_factory=list)
    null_verdicts: dict[Case, Verdict] = dataclasses.field(default_factory=dict)
    other_launcher: Launcher | None = None
    other_answers: dict[ReadRequest, ArmReadings] = dataclasses.field(default_factory=dict)
    answers: dict[ReadRequest, ArmReadings] = dataclasses.field(default_factory=dict)
    _launcher: Launcher | None = None

    @property
    def launcher(self) -> Launcher:
        """The target's launcher, made when it is first asked for."""
        if self._launcher is None:
            self._launcher = self.make_launcher(self.settings)
        return self._launcher

    def find_stored(self, case: Case) -> Measurement:
        """Return the baseline's measurement of a case.

        Raises:
            BaselineError: when there is no baseline, or none for this case; the message says why.
        """
        if self.baseline is None:
            raise BaselineError(self.no_baseline)
        return self.baseline.find_measurement(case.case_id)

    def find_null_verdict(self, case: Case) -> Verdict | None:
        """Return the verdict on the null case of a case's control; None where there is none yet."""
        return self.null_verdicts.get(null_case_of(case))

    def list_removed(self) -> tuple[str, ...]:
        """Return the cases that the baseline has and this run's sweep has not; none without a baseline."""
        return () if self.baseline is None else self.baseline.list_removed(self.collected)

    def close(self) -> None:
        """End the processes of all targets, also where those of one will not end."""
        with contextlib.ExitStack() as stack:
            for launcher in (self._launcher, self.other_launcher):
                if launcher is not None:
                    stack.callback(launcher.close)


RUN = pytest.StashKey[Run]()


def name_case(item: pytest.Item) -> str | None:
    """Return the id of the case that a test measures, `step_time[mlp-depth2-batch256-loop_graph]`; None for others."""
    sweep = item.get_closest_marker("sweep")
    if sweep is None or not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return None
    return f"{Question(sweep.args[0]).value}[{item.callspec.id}]"


def find_run(config: pytest.Config) -> Run:
    """Return the run of this pytest session, made when it is first asked for."""
    if RUN not in config.stash:
        config.stash[RUN] = Run(
            settings=config.stash[SETTINGS], make_launcher=_make_launcher, make_other_launcher=_make_other_launcher
        )
    return config.stash[RUN]


def _make_launcher(settings: Settings) -> Launcher:
    """Return the launcher of the target that the settings name."""
    return _launch(settings.target, settings)


def _make_other_launcher(settings: Settings) -> Launcher:
    """Return the launcher of the target that this one is measured against; its environment is built if need be.

    Raises:
        TargetError: when there is no such target.
    """
    return _launch(find_or_build_target(settings.against or "", settings.target.interpreter), settings)


def _launch(target: Target, settings: Settings) -> Launcher:
    """Return a launcher of this target as the settings want it."""
    return launch_target(
        target,
        settings.limits,
        intra_op_threads=settings.intra_op_threads,
        inter_op_threads=settings.inter_op_threads,
    )
