"""Bytes and counts of two targets: each arm is judged by itself and beside its control, and what changed is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from benchmarks.gate.confirm import Pair, Stage, screen_then_confirm
from benchmarks.gate.plan import Plan
from benchmarks.gate.readings import list_reading_criteria_of_pairs
from benchmarks.records import Aspect, Case, Change, Outcome, Question, ReadBlock, Verdict
from benchmarks.reports.verdicts import describe_judgement, list_changes, make_verdict
from tests.examples import make_case, make_read_block, make_readings

MIB = 2**20
CASE = make_case(question=Question.PEAK_MEMORY, dataset_size=100_000)
PLAN = Plan(
    question=Question.PEAK_MEMORY,
    judgements=1,
    tolerances={Aspect.OVERHEAD: 0.01, Aspect.CONTROL: 0.05, Aspect.WEIGHTED: 0.05},
    floor_bytes=65536,
    screen_blocks=3,
    fresh_blocks=5,
    looks=1,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """A verdict, and what changed."""

    verdict: Verdict
    changes: tuple[Change, ...]


def make_peak(control_mib: float, weighted_mib: float) -> ReadBlock:
    return make_read_block("pass_peak_tensor_bytes", control_mib * MIB, weighted_mib * MIB)


def make_counts(**extra: int) -> ReadBlock:
    """220 nodes and 2 traces in either arm; `control_nodes=3` and the like are added."""
    control = make_readings(
        graph_nodes=220 + extra.get("control_nodes", 0),
        first_pass_traces=2 + extra.get("traces", 0),
        steady_traces=extra.get("control_steady_traces", 0),
    )
    weighted = make_readings(
        graph_nodes=224 + extra.get("control_nodes", 0) + extra.get("weighted_nodes", 0),
        first_pass_traces=2 + extra.get("traces", 0),
        steady_traces=0,
    )
    return ReadBlock(control=control, weighted=weighted)


class Pairs:
    """Gives out pairs in order, the last one again and again, and counts how many were asked for."""

    def __init__(self, *pairs: tuple[ReadBlock, ReadBlock]) -> None:
        self._pairs = [Pair(now=now, other=other) for now, other in pairs]
        self.given = 0

    def read_more(self, count: int) -> Sequence[Pair[ReadBlock]]:
        begin = self.given
        self.given += count
        return [self._pairs[min(index, len(self._pairs) - 1)] for index in range(begin, self.given)]


def judge(pairs: Pairs, case: Case = CASE) -> Judged:
    judgements = screen_then_confirm(
        pairs.read_more, lambda read: list_reading_criteria_of_pairs(case, read, PLAN), PLAN
    )
    verdict = make_verdict(judgements, PLAN)
    assert verdict is not None
    return Judged(verdict=verdict, changes=list_changes(judgements, PLAN))


def find_outcome(judged: Judged) -> Outcome:
    return judged.verdict.outcome


def test_the_same_bytes_in_both_targets_are_settled_by_the_first_pairs() -> None:
    pairs = Pairs((make_peak(20, 21), make_peak(20, 21)))
    judged = judge(pairs)
    assert find_outcome(judged) is Outcome.HELD
    assert pairs.given == 3
    assert judged.changes == ()


def test_both_arms_larger_alike_are_a_regression_of_both_and_none_of_the_overhead() -> None:
    pairs = Pairs((make_peak(30, 31), make_peak(20, 21)))
    judged = judge(pairs)
    assert find_outcome(judged) is Outcome.REGRESSED
    assert pairs.given == 8
    assert {change.aspect: change.outcome for change in judged.changes} == {
        Aspect.CONTROL: Outcome.REGRESSED,
        Aspect.WEIGHTED: Outcome.REGRESSED,
    }
    assert judged.changes[0].brief == "peak tensor bytes of a pass, control: 20.0 MiB → 30.0 MiB"


def test_a_larger_cost_of_weighting_is_a_regression_though_neither_arm_grew_by_five_percent() -> None:
    judged = judge(Pairs((make_peak(20, 21.5), make_peak(20, 21))))
    assert find_outcome(judged) is Outcome.REGRESSED
    assert [change.aspect for change in judged.changes] == [Aspect.OVERHEAD]
    assert judged.changes[0].brief == "peak tensor bytes of a pass, weighted - control: 1.00 MiB → 1.50 MiB"


def test_a_rise_of_less_than_five_percent_in_both_arms_is_held() -> None:
    assert find_outcome(judge(Pairs((make_peak(20.8, 21.8), make_peak(20, 21))))) is Outcome.HELD


def test_fewer_bytes_are_an_improvement() -> None:
    assert find_outcome(judge(Pairs((make_peak(10, 11), make_peak(20, 21))))) is Outcome.IMPROVED


def test_a_rise_that_fresh_pairs_do_not_show_is_held() -> None:
    large, small = make_peak(30, 31), make_peak(20, 21)
    assert find_outcome(judge(Pairs((large, small), (large, small), (large, small), (small, small)))) is Outcome.HELD


def test_a_rise_that_some_fresh_pairs_lack_is_undecided() -> None:
    large, small = make_peak(30, 31), make_peak(20, 21)
    mixed = [(large, small)] * 7 + [(small, small)]
    assert find_outcome(judge(Pairs(*mixed))) is Outcome.UNDECIDED


def test_a_null_case_is_judged_by_its_arms_difference_alone() -> None:
    null = dataclasses.replace(CASE, null=True)
    assert find_outcome(judge(Pairs((make_peak(30, 30), make_peak(20, 20))), null)) is Outcome.HELD
    assert find_outcome(judge(Pairs((make_peak(20, 21), make_peak(20, 20))), null)) is Outcome.FAILED


def test_a_few_nodes_more_in_both_arms_are_another_version_and_one_more_by_weighting_is_a_regression() -> None:
    assert find_outcome(judge(Pairs((make_counts(control_nodes=5), make_counts())))) is Outcome.HELD
    assert find_outcome(judge(Pairs((make_counts(control_nodes=20), make_counts())))) is Outcome.REGRESSED
    assert find_outcome(judge(Pairs((make_counts(weighted_nodes=1), make_counts())))) is Outcome.REGRESSED


def test_a_trace_more_is_a_regression_at_once() -> None:
    pairs = Pairs((make_counts(traces=1), make_counts()))
    judged = judge(pairs)
    assert find_outcome(judged) is Outcome.REGRESSED
    assert pairs.given == 3
    assert "traces in the first pass, control: 2 → 3" in [change.brief for change in judged.changes]


def test_a_control_that_traces_again_and_did_not_is_a_regression() -> None:
    judged = judge(Pairs((make_counts(control_steady_traces=1), make_counts())))
    assert find_outcome(judged) is Outcome.REGRESSED


def make_steady_traces(count: int) -> ReadBlock:
    return make_read_block("steady_traces", 0, count)


def test_a_trace_after_warm_up_is_a_regression_only_where_the_other_target_has_fewer() -> None:
    case = make_case(question=Question.TRAINING_GRAPH)
    assert find_outcome(judge(Pairs((make_steady_traces(1), make_steady_traces(1))), case)) is Outcome.HELD
    assert find_outcome(judge(Pairs((make_steady_traces(1), make_steady_traces(0))), case)) is Outcome.REGRESSED
    assert find_outcome(judge(Pairs((make_steady_traces(2), make_steady_traces(1))), case)) is Outcome.REGRESSED


def test_memory_that_both_targets_keep_alike_is_no_change() -> None:
    case = make_case(question=Question.RETAINED_MEMORY, dataset_size=2_560)
    leak, none = (make_read_block("retained_bytes_per_epoch", 1_000, kept) for kept in (500_000, 1_000))
    judged = judge(Pairs((leak, leak)), case)
    assert find_outcome(judged) is Outcome.HELD
    assert judged.changes == ()
    assert find_outcome(judge(Pairs((leak, none)), case)) is Outcome.REGRESSED


def test_a_reading_that_one_target_lacks_is_not_comparable() -> None:
    lacking = make_read_block("pass_peak_resident_bytes", 30 * MIB, 31 * MIB)
    both = ReadBlock(
        control=lacking.control.merge(make_peak(20, 21).control),
        weighted=lacking.weighted.merge(make_peak(20, 21).weighted),
    )
    judged = judge(Pairs((both, lacking)))
    assert find_outcome(judged) is Outcome.NOT_COMPARABLE
    assert judged.verdict.reason == (
        "peak tensor bytes of a pass: read here, but not read in the other target: that target does not have it"
    )


def test_what_changed_has_its_direction_and_what_it_was() -> None:
    risen = judge(Pairs((make_peak(22, 22), make_peak(20, 20)))).changes
    assert [(change.rises, change.brief) for change in risen] == [
        (True, "peak tensor bytes of a pass, control: 20.0 MiB → 22.0 MiB"),
        (True, "peak tensor bytes of a pass, weighted arm: 20.0 MiB → 22.0 MiB"),
    ]
    assert "20.0 MiB → 22.0 MiB, where a rise of 1.00 MiB is tolerated" in risen[0].reason
    fallen = judge(Pairs((make_peak(20, 20), make_peak(22, 22)))).changes
    assert [change.rises for change in fallen] == [False, False]


def test_a_fall_of_one_arm_that_the_ranges_do_not_bear_out_stays_open() -> None:
    pairs = [(make_peak(now, now), make_peak(other, other)) for now, other in ((20, 23), (20, 23), (23, 20))]
    changes = judge(Pairs(*pairs, *pairs[:2], *pairs)).changes
    assert {change.outcome for change in changes} == {Outcome.UNDECIDED}


def test_what_one_target_reads_alone_is_said_to_be_there() -> None:
    both = make_counts()
    alone = dataclasses.replace(
        both,
        control=make_readings(graph_nodes=220, first_pass_traces=2),
        weighted=make_readings(graph_nodes=224, first_pass_traces=2),
    )
    case = make_case(question=Question.TRAINING_GRAPH)
    here, there = judge(Pairs((both, alone)), case).verdict, judge(Pairs((alone, both)), case).verdict
    assert here.outcome is there.outcome is Outcome.NOT_COMPARABLE
    assert "read here, but not read in the other target: that target does not have it" in here.reason
    assert "read in the other target, but not read here: this target does not have it" in there.reason


def make_traced(traces: int) -> ReadBlock:
    quiet = make_counts()
    return dataclasses.replace(quiet, weighted=dataclasses.replace(quiet.weighted, values={"steady_traces": traces}))


def test_one_trace_more_than_in_the_other_target_is_excused_by_no_floor() -> None:
    case = make_case(question=Question.TRAINING_GRAPH)
    assert find_outcome(judge(Pairs((make_traced(1), make_traced(0))), case)) is Outcome.REGRESSED
    assert find_outcome(judge(Pairs((make_traced(1), make_traced(1))), case)) is Outcome.HELD


def test_memory_that_is_kept_is_excused_by_what_the_weighted_arm_keeps_beside_its_control() -> None:
    """Both arms keep 1 MiB more here; beside the control it is as much as there, and a floor is tolerated."""

    def keep(control: float, weighted: float) -> ReadBlock:
        return make_read_block("retained_bytes_per_epoch", control, weighted)

    (finding,) = list_reading_criteria_of_pairs(
        dataclasses.replace(CASE, question=Question.RETAINED_MEMORY),
        [Pair(now=keep(MIB, 1.2 * MIB), other=keep(0, 0.2 * MIB))] * 5,
        dataclasses.replace(PLAN, question=Question.RETAINED_MEMORY, tolerances={Aspect.OVERHEAD: 0.0}),
    )
    judgement = finding.ask([Pair(now=keep(MIB, 1.2 * MIB), other=keep(0, 0.2 * MIB))] * 5, Stage.FINAL)
    assert judgement is not None
    assert judgement.outcome is Outcome.HELD
    assert describe_judgement(judgement, PLAN).endswith("; as much in the other target")
