"""What is said of a case beyond its verdict? What the overhead is made of, where it was asked for or has risen.

A few more processes are run: they read both arms' graphs and traces, and profile their steps; with two targets the
weighted arms are profiled in both. A failure to explain is said in the explanation and changes no verdict.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from benchmarks.errors import SuiteError, describe_fault
from benchmarks.measuring.read import ReadSource
from benchmarks.measuring.session import OpenTarget, Session
from benchmarks.records import Case, Profile, Question, ReadBlock
from benchmarks.reports.explanation import explain_functions, explain_graphs

_ARMS = "weighted - control"
_TARGETS = "weighted arm here - in the other target"


def explain_case(case: Case, session: Session) -> str:
    """Return a paragraph on what the overhead of a timed case is made of.

    Args:
        case: that was measured.
        session: settings and targets.
    """
    try:
        lines = list(_explain(case, session))
    except SuiteError as error:
        lines = [f"could not be explained: {error}"]
    except session.ends_run:
        raise
    except Exception as error:  # noqa: BLE001 - what is beside a verdict must not cost it
        lines = [f"could not be explained: {describe_fault(error)}"]
    return "\n".join([f"{case.case_id}: what it is made of", *(f"  {line}" for line in lines)])


def _explain(case: Case, session: Session) -> Iterator[str]:
    """Yield the lines of the explanation."""
    graph = _read_graph(case, session, session.target)
    yield from explain_graphs(graph.weighted, graph.control, sides=_ARMS, names="weighted arm and control")
    profile = _profile(case, session, session.target)
    if session.other is None:
        yield from explain_functions(profile.weighted_own_ns_per_step, profile.control_own_ns_per_step, sides=_ARMS)
        return
    other_graph = _read_graph(case, session, session.other)
    yield from explain_graphs(graph.weighted, other_graph.weighted, sides=_TARGETS, names="both targets")
    other = _profile(case, session, session.other)
    yield from explain_functions(profile.weighted_own_ns_per_step, other.weighted_own_ns_per_step, sides=_TARGETS)


def _read_graph(case: Case, session: Session, target: OpenTarget) -> ReadBlock:
    """Return graphs and traces of both arms in one target."""
    graph_case = dataclasses.replace(case, question=Question.TRAINING_GRAPH, dataset_size=None)
    return ReadSource(graph_case, target.launcher, session.settings, target.answers).measure_more(1)[0]


def _profile(case: Case, session: Session, target: OpenTarget) -> Profile:
    """Return the profile of both arms' steps in one target."""
    return target.launcher.profile(session.settings.make_profile_request(case))
