"""What does one pytest session know, and what is set up for it before its first test?

It knows what it was asked for, which tests it has, and the session that measures. It is held against the stored run
that pytest-benchmark finds and loads (`--benchmark-compare`), and against the anchor beside it. All servers of a target
that measure times are started at once; the other target is found or built first, so that a run without it ends at once.
What goes wrong with starting this one ahead is not said here: the first request meets it again, and fails its case.

Runs on one machine slow each other down, and not evenly: that is told, and no reason to end. Each holds a lock that
bears its process id while it measures, and leaves its id with those that it finds; a lock goes with its process,
however that ends. These marks lie in the user's cache (`SAMPLE_WEIGHTING_CACHE` names another folder), so that runs of
other users, or with another folder, are not seen. Leaves out: how a case is measured, and what grows by it
(`benchmarks.measuring`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Collection, Generator, Sequence
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from benchmarks.baselines.store import check_run, load_run, read_baseline
from benchmarks.errors import BaselineError, SuiteError, describe_fault
from benchmarks.gate.plan import count_judgements
from benchmarks.launch.pool import BLOCKS_AT_ONCE, launch_target
from benchmarks.launch.targets import Target, find_cache, find_or_build_target
from benchmarks.measuring.session import OpenTarget, Session
from benchmarks.measuring.standards import Standards, load_anchor
from benchmarks.plugin.options import SETTINGS, Settings
from benchmarks.protocols import Launcher
from benchmarks.records import Case, CaseReport, Json, Question
from benchmarks.reports.running import describe_neighbours

_LOCK = ".lock"
_MET = ".met"

_PATIENCE_S = 1.0
"""Another run holds a lock that is not its own for as long as it takes to see that nobody else does."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Run:
    """One pytest session of the suite.

    `session` is what measures. `compared_with` is what the command line named as baseline; `in_other_shards` are the
    tests that this shard leaves out. `collected` holds the ids of all cases of the sweep, those deselected later
    included; `weighted_cases` those of the weighted cases to be measured now, and `refused_cases` those of them that
    are none. `left_out` has by what was named why it is not asked. `started` says whether tests began to run, and
    `skipping` whether pytest-benchmark was told to skip them. `neighbours` are the process ids of other runs here.
    """

    settings: Settings
    make_launcher: Callable[[Settings], Launcher]
    session: Session = dataclasses.field(init=False)
    compared_with: str = ""
    in_other_shards: Sequence[pytest.Item] = ()
    collected: set[str] = dataclasses.field(default_factory=set)
    weighted_cases: Sequence[str] = ()
    refused_cases: set[str | None] = dataclasses.field(default_factory=set)
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)
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

    @property
    def is_comparing(self) -> bool:
        """Whether this run is held against a stored one or against another target."""
        return self.session.standards.comparing or self.settings.against is not None

    def list_removed(self) -> tuple[str, ...]:
        """Return the cases that the baseline has and this run's sweep has not; none without a baseline."""
        return self.session.standards.list_removed(self.collected)


RUN = pytest.StashKey[Run]()


def find_question(item: pytest.Item) -> Question | None:
    """Return what a test of a sweep asks; None for any other test."""
    sweep = item.get_closest_marker("sweep")
    return None if sweep is None else Question(sweep.args[0])


def find_case(item: pytest.Item) -> Case | None:
    """Return what a test measures; None for a test of no sweep, and where what was asked for is no case."""
    marker = item.get_closest_marker("case")
    case: Case | None = None if marker is None else marker.args[0]
    return case


def name_case(item: pytest.Item) -> str | None:
    """Return the id of the case that a test is for, `step_time[mlp-depth2-batch256-loop_graph]`; None for others."""
    question = find_question(item)
    if question is None or not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return None
    return f"{question.value}[{item.callspec.id}]"


def find_run(config: pytest.Config) -> Run:
    """Return the run of this pytest session, made when it is first asked for."""
    if RUN not in config.stash:
        config.stash[RUN] = Run(settings=config.stash[SETTINGS], make_launcher=_make_launcher)
    return config.stash[RUN]


def pytest_configure(config: pytest.Config) -> None:
    """Load the anchor, and check a baseline that was named by its path, before pytest-benchmark tries to load it.

    The target's processes end when pytest cleans up, which it does whatever other plugins raise.
    """
    asked = config.getoption("benchmark_compare", None)
    run = find_run(config)
    config.add_cleanup(run.session.close)
    anchor = None
    run.skipping = bool(config.getoption("benchmark_skip", None))
    run.compared_with = asked if isinstance(asked, str) else ""
    try:
        if os.sep in run.compared_with or run.compared_with.endswith(".json"):
            load_run(Path(run.compared_with))
        if run.settings.anchor is not None:
            largest_tolerance = max(run.settings.tolerances.values(), default=0.0)
            anchor = load_anchor(run.settings.anchor, largest_tolerance)
    except SuiteError as error:
        raise pytest.UsageError(str(error)) from None
    run.session.standards = Standards(comparing=bool(asked), anchor=anchor)


@pytest.hookimpl(optionalhook=True, tryfirst=True)  # before pytest-benchmark's own, which takes it for granted
def pytest_benchmark_compare_machine_info(config: pytest.Config, compared_benchmark: Json) -> None:
    """Take the stored run that pytest-benchmark loaded; of several, the last. Refuse what it would break on."""
    run = find_run(config)
    try:
        check_run(compared_benchmark, "the stored run")
    except BaselineError as error:
        raise pytest.UsageError(str(error)) from None
    standards = run.session.standards
    try:
        run.session.standards = dataclasses.replace(standards, baseline=read_baseline(compared_benchmark))
    except BaselineError as error:
        run.session.standards = dataclasses.replace(standards, no_baseline=str(error))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Count in how many ways the run can turn red by chance, over all of its shards, and start the targets."""
    run = find_run(session.config)
    swept = filter(None, map(find_case, (*session.items, *run.in_other_shards)))
    run.session.judgements = sum(
        count_judgements(
            case.question,
            null=case.null,
            stored_runs=run.session.standards.count_stored_runs(case.case_id),
            two_targets=run.settings.against is not None,
        )
        for case in swept
    )
    weighted = (name_case(item) for item in session.items if item.get_closest_marker("null") is None)
    run.weighted_cases = tuple(filter(None, weighted))
    if _is_measuring(session):
        _start_targets(run, timed=any(question.is_timed for question in _list_questions(session)))


def _list_questions(session: pytest.Session) -> list[Question]:
    """Return what the tests of this session ask, of each test that asks anything."""
    return [question for question in map(find_question, session.items) if question is not None]


def _is_measuring(session: pytest.Session) -> bool:
    """Whether this session is to measure anything."""
    run = find_run(session.config)
    return bool(_list_questions(session)) and not session.config.option.collectonly and not run.skipping


def _start_targets(run: Run, *, timed: bool) -> None:
    """Start the servers of all targets, or end the run with the reason why the other one cannot be had."""
    try:
        if run.settings.against is not None:
            other = run.session.other = OpenTarget(lambda: _make_other_launcher(run.settings))
            other.launcher.start(1 if timed else 0)
            other.launcher.describe_environment()
    except SuiteError as error:
        raise pytest.UsageError(f"--against: {error}") from None
    except Exception as error:  # noqa: BLE001 - whatever it is, without the other target there is nothing to compare
        raise pytest.UsageError(f"--against: {describe_fault(error)}") from None
    with contextlib.suppress(Exception):
        run.session.target.launcher.start(BLOCKS_AT_ONCE if timed else 0)


def _make_launcher(settings: Settings, target: Target | None = None) -> Launcher:
    """Return a launcher as the settings want it, of the target that they name or of another one."""
    return launch_target(
        settings.target if target is None else target,
        settings.limits,
        intra_op_threads=settings.intra_op_threads,
        inter_op_threads=settings.inter_op_threads,
    )


def _make_other_launcher(settings: Settings) -> Launcher:
    """Return the launcher of the target that this one is measured against; its environment is built if need be.

    Raises:
        TargetError: when there is no such target.
    """
    return _make_launcher(settings, find_or_build_target(settings.against or "", settings.target.interpreter))


class Neighbours:
    """The other runs on this machine, as one of them sees them."""

    def __init__(self, folder: Path, pid: int | None = None) -> None:
        """Leave no mark yet.

        Args:
            folder: where runs leave their marks; it is made if need be.
            pid: of the process that measures; None for this one.
        """
        self._folder = folder
        self._pid = os.getpid() if pid is None else pid
        self._lock = FileLock(self._find(self._pid, _LOCK))
        self._met: set[int] = set()

    def begin(self) -> set[int]:
        """Leave the mark of this run, and return the process ids of those that measure now."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._find(self._pid, _MET).unlink(missing_ok=True)  # of an earlier process with the same id
        with contextlib.suppress(Timeout):
            self._lock.acquire(timeout=_PATIENCE_S)
        self._met = self._find_others()
        for pid in self._met:
            with self._find(pid, _MET).open("a", encoding="utf-8") as file:
                file.write(f"{self._pid}\n")
        return set(self._met)

    def end(self) -> set[int]:
        """Take the mark away, and return the process ids of all that measured in the meantime."""
        told = self._find(self._pid, _MET)
        if told.exists():
            self._met |= {int(line) for line in told.read_text(encoding="utf-8").split() if line.isdecimal()}
            told.unlink()
        self._find(self._pid, _LOCK).unlink(missing_ok=True)
        self._lock.release()
        return set(self._met)

    def _find_others(self) -> set[int]:
        """Return the process ids of other runs, and clear away what those left that were killed."""
        others: set[int] = set()
        for path in self._folder.glob(f"*{_LOCK}"):
            if not path.stem.isdecimal() or int(path.stem) == self._pid:
                continue
            try:
                with FileLock(path).acquire(timeout=0):
                    path.unlink(missing_ok=True)
                    path.with_suffix(_MET).unlink(missing_ok=True)
            except Timeout:
                others.add(int(path.stem))
        return others

    def _find(self, pid: int, suffix: str) -> Path:
        """Return the file that a run has or is told something by."""
        return self._folder / f"{pid}{suffix}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Leave a mark while cases are measured, and tell a person who waits for them that they are not alone."""
    run = find_run(session.config)
    run.started = not session.config.option.collectonly
    if not _is_measuring(session):
        return (yield)
    neighbours = Neighbours(find_cache() / "measuring")
    # A cache that cannot be written is told where something is to be built in it.
    with contextlib.suppress(OSError):
        others = neighbours.begin()
        reporter: pytest.TerminalReporter | None = session.config.pluginmanager.get_plugin("terminalreporter")
        if others and reporter is not None:
            reporter.write_line(describe_neighbours(others, "is"), yellow=True)
    try:
        return (yield)
    finally:
        with contextlib.suppress(OSError):
            run.neighbours = neighbours.end()
