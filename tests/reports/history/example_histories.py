"""Histories with planted changes: entries as a recording writes them, with noise that is drawn from a seed."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.methods import METHODS, STATIC_METHODS
from benchmarks.records import ArmReadings, Case, HistoryEntry, Question, ReadBlock
from benchmarks.records.quantities import (
    FIRST_PASS_TRACES,
    OPTIMISED_NODES,
    PASS_PEAK_RESIDENT,
    PASS_PEAK_TENSORS,
    RETAINED,
    STEADY_TRACES,
    name_reading,
)
from tests.examples import make_block_summary, make_environment

VERSIONS = ("2.14", "2.15", "2.16", "2.17")

TIME_ROUNDS, READ_ROUNDS = 6, 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A change from a version on: what `question` says of `method` is multiplied in the weighted arm, or in both.

    Of counts and retained bytes `extra` is added to the weighted arm, or to both.
    """

    question: Question
    method: str = ""
    since: str
    factor: float = 1.0
    extra: float = 0.0
    both_arms: bool = False


def make_example_case(question: Question, method: str = "fit_dataset") -> Case:
    size = 100_000 if question.needs_dataset_size else None
    return Case(question=question, workload="mlp", depth=2, batch_size=256, dataset_size=size, method=method)


def make_history(
    cases: Sequence[Case],
    planted: Sequence[Planted] = (),
    *,
    versions: Sequence[str] = VERSIONS,
    op_types: Mapping[str, Mapping[str, int]] | None = None,
) -> list[HistoryEntry]:
    """Return what was measured: times spread by 1 %, overheads of 5 % by 0.3 %, peaks by 0.05 %; counts are exact.

    Args:
        cases: what is measured in each version.
        planted: what changes.
        versions: in their order.
        op_types: by version, what the graphs of both arms have from that version on, beside the weighted arm's Mul.
    """
    return [
        entry
        for case in cases
        for index, version in enumerate(versions)
        for entry in _make_entries(
            case,
            version,
            [plan for plan in planted if _concerns(plan, case) and versions.index(plan.since) <= index],
            _find_op_types(versions[: index + 1], op_types or {}),
        )
    ]


def _concerns(plan: Planted, case: Case) -> bool:
    return plan.question is case.question and plan.method in {"", case.method}


def _find_op_types(versions: Sequence[str], op_types: Mapping[str, Mapping[str, int]]) -> Mapping[str, int]:
    return next((op_types[version] for version in reversed(versions) if version in op_types), {"MatMul": 6})


def _make_entries(
    case: Case, version: str, plans: Sequence[Planted], op_types: Mapping[str, int]
) -> Iterator[HistoryEntry]:
    noise = random.Random(f"{case.case_id} {version}")  # noqa: S311 - a model of noise
    weighted = math.prod(plan.factor for plan in plans)
    control = math.prod(plan.factor for plan in plans if plan.both_arms)
    extra = sum(plan.extra for plan in plans)
    control_extra = sum(plan.extra for plan in plans if plan.both_arms)
    tensorflow, _, keras = version.partition("/")
    environment = make_environment(tensorflow=f"{tensorflow}.0", keras=f"{keras or '3.15'}.0")
    for number in range(TIME_ROUNDS if case.question.is_timed else READ_ROUNDS):
        made = HistoryEntry(version=version, environment=environment, case=case, number=number, failed="not made yet")
        if case.question.is_timed:
            control_ns = 1e6 * control * noise.gauss(1.0, 0.01)
            ratio = 1.05 * (weighted / control) * math.exp(noise.gauss(0.0, 0.003))
            block = make_block_summary(
                math.log(ratio), control_median_ns=control_ns, weighted_median_ns=control_ns * ratio
            )
            yield dataclasses.replace(made, failed=None, block=block)
        else:
            readings = ReadBlock(
                control=_read(case.question, control, control_extra, noise, op_types),
                weighted=_read(case.question, 1.02 * weighted, extra, noise, {**op_types, "Mul": 3 + round(extra)}),
            )
            yield dataclasses.replace(made, failed=None, readings=readings)


def _read(
    question: Question, factor: float, extra: float, noise: random.Random, op_types: Mapping[str, int]
) -> ArmReadings:
    graphs: dict[str, Mapping[str, int]] = {}
    if question is Question.PEAK_MEMORY:
        values = {
            name_reading(PASS_PEAK_TENSORS.name, "CPU:0"): 33e6 * factor * noise.gauss(1.0, 0.0005),
            PASS_PEAK_RESIDENT.name: 65e6 * factor * noise.gauss(1.0, 0.0005),
        }
    elif question is Question.RETAINED_MEMORY:
        values = {RETAINED.name: extra + noise.gauss(0.0, 300.0)}
    else:
        nodes = sum(op_types.values())
        values = {OPTIMISED_NODES.name: float(nodes), FIRST_PASS_TRACES.name: 2.0, STEADY_TRACES.name: 0.0}
        graphs = {OPTIMISED_NODES.name: op_types}
    return ArmReadings(seed=1, values=values, op_types=graphs, read_ns=1)


def make_large_history(versions: Sequence[str]) -> list[HistoryEntry]:
    """Return a history of every question and method of static weights, with a change of the Keras under it planted."""
    cases = [
        make_example_case(question, method)
        for question in Question
        for method in STATIC_METHODS
        if question.value not in METHODS[method].without
    ]
    early, middle, late = (versions[len(versions) * part // 4] for part in (1, 2, 3))
    planted = [
        Planted(question=Question.STARTUP_TIME, method="fit_array", since=early, factor=0.03),
        Planted(question=Question.PEAK_MEMORY, method="fit_array", since=early, factor=0.8),
        *(
            Planted(question=question, since=middle, factor=factor, both_arms=True)
            for question, factor in (
                (Question.STEP_TIME, 1.39),
                (Question.EPOCH_TIME, 1.25),
                (Question.STARTUP_TIME, 1.7),
                (Question.PEAK_MEMORY, 1.2),
            )
        ),
        Planted(question=Question.STEP_TIME, method="loop_graph", since=late, factor=1.08),
        Planted(question=Question.TRAINING_GRAPH, method="loop_graph", since=late, extra=2.0),
        Planted(question=Question.STEP_TIME, method="fit_class_weight_dataset", since=late, factor=0.8),
        Planted(question=Question.RETAINED_MEMORY, method="fit_generator", since=late, extra=64.0 * 1024.0),
    ]
    op_types = {middle: {"MatMul": 6, "AddV2": 3, "Cast": 1, "NoOp": 2, "Prod": 1, "ReadVariableOp": 3, "_Arg": 1}}
    return make_history(cases, planted, versions=versions, op_types=op_types)
