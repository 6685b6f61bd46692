"""A case is read until it is settled, gets the verdict of its worst reading, and says what came of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from benchmarks.gate.confirm import Judgement, Standard, screen_then_confirm
from benchmarks.gate.plan import ANCHOR_FACTOR, Plan
from benchmarks.gate.readings import list_reading_criteria
from benchmarks.records import Aspect, Case, Outcome, Question, ReadBlock, Verdict
from benchmarks.reports.explanation import make_message
from benchmarks.reports.verdicts import make_verdict
from tests.examples import make_case, make_read_block, make_readings

MIB = 2**20
CASE = make_case(question=Question.PEAK_MEMORY, dataset_size=100_000)
PLAN = Plan(
    question=Question.PEAK_MEMORY,
    judgements=1,
    tolerances={Aspect.OVERHEAD: 0.01},
    floor_bytes=65536,
    screen_blocks=3,
    fresh_blocks=5,
    looks=1,
)


class Blocks:
    """Gives out blocks in order and counts how many were asked for."""

    def __init__(self, blocks: Iterable[ReadBlock]) -> None:
        self._blocks = list(blocks)
        self.given = 0

    def read_more(self, count: int) -> Sequence[ReadBlock]:
        begin = self.given
        self.given += count
        return self._blocks[begin : self.given]


def make_peaks(extra: float, count: int = 8) -> list[ReadBlock]:
    return [make_read_block("pass_peak_tensor_bytes", 20 * MIB, 20 * MIB + extra) for _ in range(count)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """A verdict, None where nothing was judged, and the judgements it is made of."""

    verdict: Verdict | None
    findings: tuple[Judgement, ...]


def judge(case: Case, blocks: Blocks, stored: Sequence[ReadBlock] | None, anchored: Sequence[ReadBlock] = ()) -> Judged:
    standards = [] if stored is None else [Standard(name="baseline", blocks=stored)]
    standards += [Standard(name="anchor", blocks=anchored, factor=ANCHOR_FACTOR)] if anchored else []
    findings = screen_then_confirm(
        blocks.read_more, lambda read: list_reading_criteria(case, read, standards, PLAN), PLAN
    )
    return Judged(verdict=make_verdict(findings, PLAN), findings=findings)


def find_outcome(judgement: Judged) -> Outcome | None:
    return None if judgement.verdict is None else judgement.verdict.outcome


def explain(case: Case, judged: Judged, next_step: str) -> str:
    assert judged.verdict is not None
    return make_message(case, judged.verdict, judged.findings, PLAN, next_step, two_targets=False)


def test_an_unchanged_case_is_settled_by_the_first_blocks() -> None:
    blocks = Blocks(make_peaks(MIB))
    assert find_outcome(judge(CASE, blocks, make_peaks(MIB, 3))) is Outcome.HELD
    assert blocks.given == 3


def test_a_rise_is_confirmed_on_fresh_blocks() -> None:
    blocks = Blocks(make_peaks(2 * MIB))
    judgement = judge(CASE, blocks, make_peaks(MIB, 3))
    assert find_outcome(judgement) is Outcome.REGRESSED
    assert blocks.given == 8
    assert judgement.verdict is not None
    assert judgement.verdict.reason.startswith("peak tensor bytes of a pass: +2.00 MiB beside the control now")


def test_a_rise_that_fresh_blocks_do_not_show_is_held() -> None:
    blocks = Blocks([*make_peaks(2 * MIB, 3), *make_peaks(MIB, 5)])
    assert find_outcome(judge(CASE, blocks, make_peaks(MIB, 3))) is Outcome.HELD


def test_without_a_baseline_bytes_get_no_verdict() -> None:
    blocks = Blocks(make_peaks(2 * MIB))
    assert find_outcome(judge(CASE, blocks, None)) is None
    assert blocks.given == 3


def test_a_null_case_is_held_against_no_difference() -> None:
    null = dataclasses.replace(CASE, null=True)
    assert find_outcome(judge(null, Blocks(make_peaks(0)), None)) is Outcome.HELD
    assert find_outcome(judge(null, Blocks(make_peaks(MIB)), None)) is Outcome.FAILED
    assert find_outcome(judge(null, Blocks(make_peaks(-MIB)), None)) is Outcome.FAILED


def test_the_worst_reading_decides() -> None:
    def make_block(nodes: int, traces: int) -> ReadBlock:
        return ReadBlock(
            control=make_readings(graph_nodes=100, first_pass_traces=2),
            weighted=make_readings(graph_nodes=100 + nodes, first_pass_traces=2 + traces),
        )

    case = make_case(question=Question.TRAINING_GRAPH)
    judgement = judge(case, Blocks([make_block(6, 1)] * 3), [make_block(7, 0)])
    assert find_outcome(judgement) is Outcome.REGRESSED
    assert {finding.key: finding.outcome for finding in judgement.findings} == {
        "first_pass_traces": Outcome.REGRESSED,
        "graph_nodes": Outcome.IMPROVED,
    }


def test_a_reading_that_only_one_run_has_is_not_comparable_and_says_why() -> None:
    def read(**values: float) -> ReadBlock:
        return ReadBlock(control=make_readings(**values), weighted=make_readings(**values))

    both = read(pass_peak_tensor_bytes=20 * MIB, pass_peak_resident_bytes=30 * MIB)
    resident = read(pass_peak_resident_bytes=30 * MIB)
    why = {"pass_peak_tensor_bytes[CPU:0]": "CPU:0 keeps no allocator statistics: not supported"}
    without = dataclasses.replace(resident, weighted=dataclasses.replace(resident.weighted, missing=why))
    verdict = judge(CASE, Blocks([without] * 3), [both] * 3).verdict
    assert verdict is not None
    assert verdict.outcome is Outcome.NOT_COMPARABLE
    assert verdict.reason.endswith("stored, but not read here: CPU:0 keeps no allocator statistics: not supported")
    verdict = judge(CASE, Blocks([both] * 3), [resident] * 3).verdict
    assert verdict is not None
    assert "read here, but not stored: record a baseline that has it" in verdict.reason


def test_a_failure_is_explained_line_by_line() -> None:
    judgement = judge(CASE, Blocks(make_peaks(2 * MIB)), make_peaks(MIB, 3))
    lines = explain(CASE, judgement, "pytest it").splitlines()
    head, finding, following = lines
    assert head == f"{CASE.case_id}: weighting samples costs more than it should."
    assert finding.startswith(
        "  peak tensor bytes of a pass  +2.00 MiB beside the control now, +1.00 MiB before; a change"
    )
    assert following == "  next                         pytest it"


def test_a_failed_null_case_does_not_blame_tensorflow() -> None:
    null = dataclasses.replace(CASE, null=True)
    judgement = judge(null, Blocks(make_peaks(MIB)), None)
    assert "This is not a finding about TensorFlow" in explain(null, judgement, "look")


def test_the_same_fresh_blocks_are_held_against_baseline_and_anchor() -> None:
    """Tolerated are 1 % of 20 MiB over the baseline, 205 KiB, and 410 KiB over the anchor."""
    kib = 1024
    blocks = Blocks(make_peaks(900 * kib))
    judgement = judge(CASE, blocks, make_peaks(600 * kib, 3), make_peaks(400 * kib, 3))
    assert [finding.outcome for finding in judgement.findings] == [Outcome.REGRESSED, Outcome.REGRESSED]
    assert blocks.given == 8
    assert judgement.verdict is not None
    assert "+600 KiB before; a change of +300 KiB where 205 KiB are tolerated" in judgement.verdict.reason
    assert "+400 KiB in the anchor; a change of +500 KiB where 410 KiB are tolerated" in judgement.verdict.reason


def test_the_worse_of_baseline_and_anchor_decides() -> None:
    kib = 1024
    judgement = judge(CASE, Blocks(make_peaks(900 * kib)), make_peaks(800 * kib, 3), make_peaks(400 * kib, 3))
    assert [finding.outcome for finding in judgement.findings] == [Outcome.HELD, Outcome.REGRESSED]
    assert find_outcome(judgement) is Outcome.REGRESSED


def test_a_leak_is_judged_once_where_there_is_an_anchor() -> None:
    case = make_case(question=Question.RETAINED_MEMORY, dataset_size=2560)
    stored = [make_read_block("retained_bytes_per_epoch", 5000.0, 5010.0 + number) for number in range(8)]
    judgement = judge(case, Blocks(stored), stored[:3], stored[:3])
    assert len(judgement.findings) == 1
