"""What is said of a case beyond its verdict? What the overhead is made of, where it was asked for or has risen.

A few more processes are run: they read both arms' graphs and traces, and profile their steps; with two targets the
weighted arms are profiled in both. A failure to explain is told in the explanation and changes no verdict.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from benchmarks.errors import SuiteError
from benchmarks.plugin.reading import ReadSettings, ReadSource
from benchmarks.plugin.run import Run
from benchmarks.protocols import Launcher
from benchmarks.records import BlockRequest, Case, Profile, Question
from benchmarks.reports.explanation import explain_functions, explain_graphs


def explain_case(case: Case, run: Run) -> str:
    """Return a paragraph on what the overhead of a timed case is made of.

    Args:
        case: that was measured.
        run: settings and launchers.
    """
    try:
        lines = list(_explain(case, run))
    except SuiteError as error:
        lines = [f"could not be explained: {error}"]
    return "\n".join([f"{case.case_id}: what it is made of", *(f"  {line}" for line in lines)])


def _explain(case: Case, run: Run) -> Iterator[str]:
    """Yield the lines of the explanation."""
    settings = run.settings
    graph_case = dataclasses.replace(case, question=Question.TRAINING_GRAPH, dataset_size=None)
    read_settings = ReadSettings(
        run_seed=settings.seed,
        plant=None,
        intra_op_threads=settings.intra_op_threads,
        inter_op_threads=settings.inter_op_threads,
    )
    source = ReadSource(graph_case, run.launcher, read_settings, run.answers, lambda blocks: None)  # noqa: ARG005
    yield from explain_graphs(source.read_more(1)[0])
    profile = _profile(case, run, run.launcher)
    if run.other_launcher is None:
        yield from explain_functions(
            profile.weighted_own_ns_per_step, profile.control_own_ns_per_step, sides="weighted - control"
        )
        return
    other = _profile(case, run, run.other_launcher)
    yield from explain_functions(
        profile.weighted_own_ns_per_step,
        other.weighted_own_ns_per_step,
        sides="weighted arm here - in the other target",
    )


def _profile(case: Case, run: Run, launcher: Launcher) -> Profile:
    """Return the profile of both arms' steps in one target."""
    request = BlockRequest(
        case=case,
        seed=run.settings.seed,
        timed_budget_ns=1,
        min_rounds=1,
        intra_op_threads=run.settings.intra_op_threads,
        inter_op_threads=run.settings.inter_op_threads,
    )
    return launcher.profile(request)
