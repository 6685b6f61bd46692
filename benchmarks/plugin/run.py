"""What does one pytest session know? What it was asked for, which tests it has, and the session that measures.

Before anything is measured, all servers of a target that measure times are started at once. The other target is found
or built first, so that a run without it ends at once. What goes wrong with starting this one ahead is not said here:
the first request meets it again, and fails its case. Leaves out: how a case is measured, and what grows by it
(`benchmarks.measuring`).
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Sequence

import pytest

from benchmarks.errors import SuiteError, describe_fault
from benchmarks.launch.pool import BLOCKS_AT_ONCE, launch_target
from benchmarks.launch.targets import Target, find_or_build_target
from benchmarks.measuring.session import OpenTarget, Session
from benchmarks.plugin.settings import SETTINGS, Settings
from benchmarks.protocols import Launcher
from benchmarks.records import CaseReport, Question


@dataclasses.dataclass(slots=True, kw_only=True)
class Run:
    """One pytest session of the suite.

    `session` is what measures. `compared_with` is what the command line named as baseline; `in_other_shards` are the
    tests that this shard leaves out. `collected` holds the ids of all cases of the sweep, those deselected later
    included; `weighted_cases` those of the weighted cases to be measured now, and `refused_cases` those of them that
    are none. `started` says whether tests began to run, and `skipping` whether pytest-benchmark was told to skip them.
    `neighbours` are the process ids of other runs on this machine.
    """

    settings: Settings
    make_launcher: Callable[[Settings], Launcher]
    make_other_launcher: Callable[[Settings], Launcher]
    session: Session = dataclasses.field(init=False)
    compared_with: str = ""
    in_other_shards: Sequence[pytest.Item] = ()
    collected: set[str] = dataclasses.field(default_factory=set)
    weighted_cases: Sequence[str] = ()
    refused_cases: set[str] = dataclasses.field(default_factory=set)
    started: bool = False
    skipping: bool = False
    neighbours: Collection[int] = ()

    def __post_init__(self) -> None:
        """Open the session on the target that is measured; nothing is started."""
        target = OpenTarget(lambda: self.make_launcher(self.settings))
        self.session = Session(settings=self.settings, target=target, ends_run=(pytest.exit.Exception,))

    @property
    def reports(self) -> list[CaseReport]:
        """The reports on all cases so far."""
        return self.session.reports

    def open_other_target(self) -> OpenTarget:
        """Open the target that this run is measured against as well; nothing is started."""
        self.session.other = OpenTarget(lambda: self.make_other_launcher(self.settings))
        return self.session.other

    def list_removed(self) -> tuple[str, ...]:
        """Return the cases that the baseline has and this run's sweep has not; none without a baseline."""
        return self.session.standards.list_removed(self.collected)


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


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the servers of all targets, or end the run with the reason why the other one cannot be had."""
    run = find_run(session.config)
    questions = [marker.args[0] for item in session.items if (marker := item.get_closest_marker("sweep")) is not None]
    if not questions or session.config.option.collectonly or run.skipping:
        return
    timed = any(Question(question).is_timed for question in questions)
    try:
        if run.settings.against is not None:
            launcher = run.open_other_target().launcher
            launcher.start(1 if timed else 0)
            launcher.describe_environment()
    except SuiteError as error:
        raise pytest.UsageError(f"--against: {error}") from None
    except Exception as error:  # noqa: BLE001 - whatever it is, without the other target there is nothing to compare
        raise pytest.UsageError(f"--against: {describe_fault(error)}") from None
    with contextlib.suppress(Exception):
        run.session.target.launcher.start(BLOCKS_AT_ONCE if timed else 0)


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
