"""Which TensorFlow release made weighting slower? A binary search, each release measured in turns with a good one.

    python -m benchmarks.commands.bisect --good 2.15.1 --bad 2.19.1 --question step_time --method loop_graph

Each comparison is one of two targets (`--against`): blocks in turns, the same rules, an error level that is shared by
all comparisons of the search. An UNDECIDED release is judged by where its estimate lies, and the answer says so.
"""

from __future__ import annotations

import argparse
import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.blocks.environments import build_target
from benchmarks.blocks.launcher import ServerLauncher
from benchmarks.blocks.supervise import Limits
from benchmarks.blocks.turns import run_together
from benchmarks.commands._running import run_command
from benchmarks.errors import SuiteError, TargetError
from benchmarks.plans import find_block_plan
from benchmarks.records import Aspect, BlockRequest, Case, Outcome, Question
from benchmarks.stats.summaries import summarise_block
from benchmarks.units import parse_percent
from benchmarks.verdicts.bisection import Bisection, Step, count_steps, find_first_bad
from benchmarks.verdicts.plan import GatePlan
from benchmarks.verdicts.sides import BlockPair, judge_sides

_LIMITS = Limits(timeout_s=180.0, memory_bytes=8 * 2**30)

_PACKAGE = "tensorflow-cpu"

_RELEASE = re.compile(r"^\d+(\.\d+)+$")


class Comparer:
    """Judges releases against each other, on one case and one aspect of it."""

    def __init__(self, case: Case, aspect: Aspect, plan: GatePlan) -> None:
        """Build and start nothing yet."""
        self._case = case
        self._aspect = aspect
        self._plan = plan
        self._launchers: dict[str, ServerLauncher] = {}

    def judge(self, good: str, version: str) -> Step:
        """Measure both releases in turns and say whether the second is worse."""
        launchers = [self._find_launcher(name) for name in (version, good)]
        measured = itertools.count()

        def measure_pairs(count: int) -> list[BlockPair]:
            return [self._measure_pair(launchers, f"{version} {good}", next(measured)) for _ in range(count)]

        (change,) = judge_sides(measure_pairs, self._plan, {self._aspect: self._plan.tolerance}, null=False)
        bad = change.outcome is Outcome.REGRESSED
        unsure = ""
        if change.outcome is Outcome.UNDECIDED and change.change_ratio is not None:
            bad = change.change_ratio.estimate > 1.0 + self._plan.tolerance / 2.0
            unsure = "; not certain, taken by its estimate"
        step = Step(version=version, bad=bad, reason=f"{change.outcome.value}: {change.reason}{unsure}")
        print(f"{version} against {good}: {step.reason}", file=sys.stderr, flush=True)
        return step

    def close(self) -> None:
        """End all processes."""
        for launcher in self._launchers.values():
            launcher.close()

    def _find_launcher(self, version: str) -> ServerLauncher:
        if version not in self._launchers:
            self._launchers[version] = ServerLauncher(build_target(f"{_PACKAGE}=={version}"), _LIMITS)
        return self._launchers[version]

    def _measure_pair(self, launchers: Sequence[ServerLauncher], names: str, number: int) -> BlockPair:
        """Measure one block of each release, in turns; the first is the one that is judged."""
        plan = find_block_plan(self._case.question, None)
        request = BlockRequest(
            case=self._case, seed=number + 1, timed_budget_ns=plan.timed_budget_ns, min_rounds=plan.min_rounds
        )
        summaries = []
        for result in run_together(launchers, request, f"{names} {number}"):
            if isinstance(result, SuiteError):
                raise result
            summaries.append(summarise_block(result))
        return BlockPair(now=summaries[0], other=summaries[1])


def list_releases(good: str, bad: str) -> list[str]:
    """Return the releases that can be installed from `good` to `bad`, oldest first.

    Raises:
        TargetError: when they cannot be listed, or one of the two is not among them.
    """
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode and shutil.which("uv"):  # noqa: S603
        pip = ["uv", "tool", "run", "pip"]
    listed = subprocess.run([*pip, "index", "versions", _PACKAGE], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"Available versions: (.*)", listed.stdout)
    if listed.returncode or found is None:
        raise TargetError(f"releases of {_PACKAGE}: pip says {(listed.stderr or listed.stdout).strip()[-300:]}")
    releases = sorted(filter(_RELEASE.match, (name.strip() for name in found[1].split(","))), key=_order)
    for version in (good, bad):
        if version not in releases:
            raise TargetError(f"release: expected one of {', '.join(releases)}, got {version!r}; choose one of them")
    if _order(good) >= _order(bad):
        raise TargetError(f"releases: expected the good one before the bad one, got {good} and {bad}; swap them")
    return [release for release in releases if _order(good) <= _order(release) <= _order(bad)]


def _order(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def render_bisection(found: Bisection, level: float) -> str:
    """Return the answer and how it was reached."""
    steps = [f"  {step.version:<8} {'bad ' if step.bad else 'good'}  {step.reason}" for step in found.steps]
    return "\n".join(
        [
            f"First bad release: {found.first_bad} (last good: {found.last_good}).",
            f"Each verdict of bad is wrong with a probability of at most {level:.2%}; releases judged:",
            *steps,
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Search; return 0, or 1 after one line that says why not."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.commands.bisect", description="Find the first bad release."
    )
    parser.add_argument("--good", required=True, help="a release that is good")
    parser.add_argument("--bad", required=True, help="a later release that is bad")
    parser.add_argument("--question", default="step_time", choices=[each.value for each in Question if each.is_timed])
    parser.add_argument("--workload", default="mlp")
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--dataset-size", type=int, default=None)
    parser.add_argument("--method", default="loop_graph")
    parser.add_argument("--aspect", default=Aspect.WEIGHTED.value, choices=[aspect.value for aspect in Aspect])
    parser.add_argument("--tolerance", default="5%", help="rise that is not called bad")
    options = parser.parse_args(arguments)

    def work() -> None:
        releases = list_releases(options.good, options.bad)
        case = Case(
            question=Question(options.question),
            workload=options.workload,
            depth=options.depth,
            batch_size=options.batch_size,
            dataset_size=options.dataset_size,
            method=options.method,
        )
        plan = GatePlan(gated_cases=count_steps(len(releases)), tolerance=parse_percent(options.tolerance))
        comparer = Comparer(case, Aspect(options.aspect), plan)
        try:
            print(render_bisection(find_first_bad(releases, comparer.judge), plan.look_alpha))
        finally:
            comparer.close()

    return run_command(work)


if __name__ == "__main__":
    sys.exit(main())
