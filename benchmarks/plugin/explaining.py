"""What is said of a case beyond its verdict? What the overhead is made of, where it was asked for or has risen.

A few more processes are run: they read both arms' graphs and traces, and profile their steps; with two targets the
weighted arms are profiled in both. A failure to explain is told in the explanation and changes no verdict.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from benchmarks.errors import SuiteError
from benchmarks.measuring.read import Answers, ReadSource
from benchmarks.plugin.faults import describe_fault
from benchmarks.plugin.run import Run
from benchmarks.protocols import Launcher
from benchmarks.records import Case, Profile, Question, ReadBlock
from benchmarks.reports.explanation import explain_functions, explain_graphs

_ARMS = "weighted - control"
_TARGETS = "weighted arm here - in the other target"


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
    except pytest.exit.Exception:
        raise
    except Exception as error:  # noqa: BLE001 - what is beside a verdict must not cost it
        lines = [f"could not be explained: {describe_fault(error)}"]
    return "\n".join([f"{case.case_id}: what it is made of", *(f"  {line}" for line in lines)])


def _explain(case: Case, run: Run) -> Iterator[str]:
    """Yield the lines of the explanation."""
    graph = _read_graph(case, run, run.launcher, run.answers)
    yield from explain_graphs(graph.weighted, graph.control, sides=_ARMS, names="weighted arm and control")
    profile = _profile(case, run, run.launcher)
    if run.other_launcher is None:
        yield from explain_functions(profile.weighted_own_ns_per_step, profile.control_own_ns_per_step, sides=_ARMS)
        return
    other_graph = _read_graph(case, run, run.other_launcher, run.other_answers)
    yield from explain_graphs(graph.weighted, other_graph.weighted, sides=_TARGETS, names="both targets")
    other = _profile(case, run, run.other_launcher)
    yield from explain_functions(profile.weighted_own_ns_per_step, other.weighted_own_ns_per_step, sides=_TARGETS)


def _read_graph(case: Case, run: Run, launcher: Launcher, answers: Answers) -> ReadBlock:
    """Return graphs and traces of both arms in one target."""
    graph_case = dataclasses.replace(case, question=Question.TRAINING_GRAPH, dataset_size=None)
    asking = run.settings.make_asking(graph_case.question)
    return ReadSource(graph_case, launcher, asking, answers).read_more(1)[0]


def _profile(case: Case, run: Run, launcher: Launcher) -> Profile:
    """Return the profile of both arms' steps in one target."""
    return launcher.profile(run.settings.make_asking(case.question).ask_for_profile(case))
