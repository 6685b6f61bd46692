"""Which release of TensorFlow or Keras made weighting slower? A binary search, each one in turns with a good one.

    python -m benchmarks.commands.bisect --good 2.15.1 --bad 2.17.1 --question step_time --method fit_array \
        --aspect control --tolerance 10%
    python -m benchmarks.commands.bisect --package keras --with tensorflow-cpu==2.16.2 --good 3.3.3 --bad 3.6.0

Each comparison is one of two targets (`--against`): the same blocks, the same rules, an error level that is shared by
all comparisons of the search. It asks for one aspect: what weighting costs, or what one arm takes by itself. Without
`--tolerance` a rise is bad that any other comparison of two targets would not tolerate. An UNDECIDED release is judged
by where its estimate lies, and the answer says so. The search assumes what every bisection does: that good releases
come before bad ones.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from packaging.version import InvalidVersion, Version

from benchmarks.cases import AxisValue, Rejected, parse_axis
from benchmarks.commands import CommandParser, MisuseError, one_of, refuse, run_command
from benchmarks.errors import AxisError, StatisticsError, TargetError
from benchmarks.gate.confirm import Judgement, TimeChange
from benchmarks.gate.plan import WRONGLY_GOOD, Plan, count_steps, plan_bisection
from benchmarks.launch.pool import launch_target
from benchmarks.launch.targets import build_target
from benchmarks.measuring.cases import judge_against, open_source
from benchmarks.measuring.session import MeasuringSettings, OpenTarget
from benchmarks.methods import METHODS
from benchmarks.protocols import Launcher
from benchmarks.records import Aspect, Case, Outcome, Question
from benchmarks.reports.verdicts import describe_judgement
from benchmarks.target.supervise import Limits
from benchmarks.units import parse_percent
from benchmarks.workloads import WORKLOADS

_LIMITS = Limits(timeout_s=180.0, memory_bytes=8 * 2**30)

_SETTINGS = MeasuringSettings(seed=1)

_PACKAGES = ("tensorflow-cpu", "keras")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One release that was judged, with the words of its verdict."""

    version: str
    bad: bool
    reason: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bisection:
    """What was found: the last good and the first bad release, and all releases that were judged, in order."""

    last_good: str
    first_bad: str
    steps: tuple[Step, ...]


def find_first_bad(versions: Sequence[str], judge: Callable[[str, str], Step]) -> Bisection:
    """Return the first bad release.

    Args:
        versions: oldest first; the first is taken to be good, the last is judged to be bad before anything else.
        judge: takes a good release and one to be judged against it.

    Raises:
        StatisticsError: when there are fewer than two releases, or the last is not bad.
    """
    if len(versions) < 2:  # noqa: PLR2004 - a good one and a bad one
        raise StatisticsError(f"a bisection: expected a good and a bad release, got {len(versions)}; name two")
    last = judge(versions[0], versions[-1])
    steps = [last]
    if not last.bad:
        raise StatisticsError(
            f"a bisection: expected {versions[-1]} to be worse than {versions[0]}, but {last.reason}; "
            "choose another case, or two other releases"
        )
    good, bad = 0, len(versions) - 1
    while bad - good > 1:
        middle = (good + bad) // 2
        steps.append(judge(versions[good], versions[middle]))
        if steps[-1].bad:
            bad = middle
        else:
            good = middle
    return Bisection(last_good=versions[good], first_bad=versions[bad], steps=tuple(steps))


class Comparer:
    """Judges releases against each other, on one case and one aspect of it."""

    def __init__(
        self, case: Case, aspect: Aspect, tolerance: float, comparisons: int, requirement: str = "tensorflow-cpu=={}"
    ) -> None:
        """Build and start nothing yet.

        Args:
            case: what is measured.
            aspect: what of it is judged.
            tolerance: a rise that is not called bad, a fraction.
            comparisons: how many there are at most; they share the error level.
            requirement: what pip is asked for, with `{}` in the place of the release.
        """
        self._case = case
        self._requirement = requirement
        self._tolerance = tolerance
        self.plan = plan_bisection(case.question, aspect, comparisons=comparisons, tolerance=tolerance)
        self._launchers: dict[str, Launcher] = {}

    def judge(self, good: str, version: str) -> Step:
        """Measure both releases in turns and say whether the second is worse.

        Raises:
            StatisticsError: when nothing of the case can be compared.
        """
        # Of neither release anything has been read yet: each comparison reads anew.
        now, other = (
            open_source(self._case, OpenTarget(functools.partial(self._find_launcher, name)), _SETTINGS)
            for name in (version, good)
        )
        judgements = judge_against(self._case, now, other, self.plan, f"{version} {good}")
        if judgements and all(judgement.outcome is Outcome.NOT_COMPARABLE for judgement in judgements):
            raise StatisticsError(f"{version} against {good}: {describe_judgement(judgements[0], self.plan)}")
        step = self._decide(version, judgements)
        print(f"{version} against {good}: {step.reason}", file=sys.stderr, flush=True)
        return step

    def close(self) -> None:
        """End all processes."""
        for launcher in self._launchers.values():
            launcher.close()

    def _decide(self, version: str, judgements: Sequence[Judgement]) -> Step:
        """Return what the judgements on the aspect make of a release."""
        worst = [judgement for judgement in judgements if judgement.outcome is Outcome.REGRESSED]
        if worst:
            return Step(version=version, bad=True, reason=self._join(worst))
        unsure = [judgement for judgement in judgements if judgement.outcome is Outcome.UNDECIDED]
        if unsure:
            bad = any(self._looks_bad(judgement) for judgement in unsure)
            return Step(version=version, bad=bad, reason=f"{self._join(unsure)}; not certain, taken by its estimate")
        return Step(version=version, bad=False, reason=self._join(judgements) or "HELD: nothing rose")

    def _looks_bad(self, judgement: Judgement) -> bool:
        """Whether an undecided change is rather that of a bad release.

        A time is beyond half the tolerance; bytes, which are undecided only beyond their limit, where they rise.
        """
        if isinstance(judgement.figures, TimeChange):
            return judgement.figures.ratio.estimate > 1.0 + self._tolerance / 2.0
        return judgement.rises

    def _join(self, judgements: Sequence[Judgement]) -> str:
        return "; ".join(f"{each.outcome.value}: {describe_judgement(each, self.plan)}" for each in judgements)

    def _find_launcher(self, version: str) -> Launcher:
        if version not in self._launchers:
            self._launchers[version] = launch_target(build_target(self._requirement.format(version)), _LIMITS)
        return self._launchers[version]


def list_releases(package: str, good: str, bad: str) -> list[str]:
    """Return the releases of a package that can be installed from `good` to `bad`, oldest first.

    Raises:
        MisuseError: when the two are not such releases, in this order.
        TargetError: when the releases cannot be listed.
    """
    first, last = _read_release(good), _read_release(bad)
    if first >= last:
        raise MisuseError(f"releases: expected the good one before the bad one, got {good} and {bad}; swap them")
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode and shutil.which("uv"):  # noqa: S603
        pip = ["uv", "tool", "run", "--python", sys.executable, "pip"]
    listed = subprocess.run([*pip, "index", "versions", package], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"Available versions: (.*)", listed.stdout)
    if listed.returncode or found is None:
        raise TargetError(f"releases of {package}: pip says {(listed.stderr or listed.stdout).strip()[-300:]}")
    releases = sorted(version for name in found[1].split(",") if not (version := Version(name)).is_prerelease)
    for version in (first, last):
        if version not in releases:
            known = ", ".join(map(str, releases))
            raise MisuseError(f"release: expected one of {known}, got {str(version)!r}; choose one of them")
    return [str(release) for release in releases if first <= release <= last]


def _read_release(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        raise MisuseError(f"release: expected a version, got {text!r}; write for example 2.15.1") from None


def render_bisection(found: Bisection, plan: Plan) -> str:
    """Return the answer, how sure it is, and how it was reached."""
    sure = (
        f"Of times, a release within the tolerance is called bad with a probability of at most "
        f"{plan.judgement_alpha:.2%}, and one whose rise is the tolerance or more is called good with one of at most "
        f"{WRONGLY_GOOD:.0%}. Counts are exact."
    )
    steps = [f"  {step.version:<8} {'bad ' if step.bad else 'good'}  {step.reason}" for step in found.steps]
    return "\n".join(
        [f"First bad release: {found.first_bad} (last good: {found.last_good}).", sure, "Releases judged:", *steps]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Search; return 0, or 1 or 2 after one line that says why not."""
    parser = CommandParser("bisect", "Find the first bad release.")
    parser.add_argument("--package", type=one_of(_PACKAGES), default=_PACKAGES[0], help="whose releases are searched")
    parser.add_argument("--with", dest="beside", default="", help="pip requirements beside each, apart by blanks")
    parser.add_argument("--good", required=True, help="a release that is good")
    parser.add_argument("--bad", required=True, help="a later release that is bad")
    parser.add_argument("--question", type=one_of([each.value for each in Question]), default="step_time")
    parser.add_argument("--workload", type=one_of(tuple(WORKLOADS)), default="mlp")
    parser.add_argument("--depth", type=_one_value_of("depth"), default=2)
    parser.add_argument("--batch-size", type=_one_value_of("batch_size"), default=256)
    parser.add_argument("--dataset-size", type=_one_value_of("dataset_size"), default=None)
    parser.add_argument("--method", type=one_of(tuple(METHODS)), default="loop_graph")
    parser.add_argument("--aspect", type=one_of([each.value for each in Aspect]), default=Aspect.WEIGHTED.value)
    parser.add_argument("--tolerance", type=refuse(parse_percent), help="rise that is not bad; else the question's own")
    return run_command(parser, arguments, _search)


def _one_value_of(axis: str) -> Callable[[str], AxisValue]:
    """Return a reader of an argument that is one value of an axis, written as pytest takes it."""

    def parse(text: str) -> AxisValue:
        value, *others = parse_axis(axis, text)
        if isinstance(value, Rejected):
            raise AxisError(value.reason)
        if others:
            raise AxisError(f"expected one value, got {text!r}; search once for each")
        return value

    return refuse(parse)


def _search(options: argparse.Namespace) -> None:
    """Search as the command line says and print the answer."""
    case = Case(
        question=Question(options.question),
        workload=options.workload,
        depth=options.depth,
        batch_size=options.batch_size,
        dataset_size=options.dataset_size,
        method=options.method,
    )
    if options.package == "keras" and "tensorflow" not in options.beside:
        raise MisuseError(
            "--package keras: expected a TensorFlow to measure it with, got none; write for example "
            "--with tensorflow-cpu==2.16.2, which takes every Keras 3"
        )
    releases = list_releases(options.package, options.good, options.bad)
    requirement = f"{options.package}=={{}} {options.beside}".strip()
    aspect, comparisons = Aspect(options.aspect), count_steps(len(releases))
    tolerance = options.tolerance
    if tolerance is None:
        tolerance = _SETTINGS.make_plan(case, comparisons).tolerances.get(aspect, 0.0)
    comparer = Comparer(case, aspect, tolerance, comparisons, requirement)
    try:
        print(render_bisection(find_first_bad(releases, comparer.judge), comparer.plan))
    finally:
        comparer.close()


if __name__ == "__main__":
    sys.exit(main())
