"""Bytes are shown as bytes, counts as counts, and what differs between two targets as changes and lists of them."""

from __future__ import annotations

import dataclasses

from benchmarks.records import (
    ArmReadings,
    Aspect,
    CaseReport,
    Change,
    Interval,
    Measurement,
    Outcome,
    Question,
    ReadBlock,
    Verdict,
)
from benchmarks.reports.sections import make_sections
from benchmarks.reports.summary import Provenance
from benchmarks.reports.tables import Section, Table
from tests.examples import make_case, make_environment, make_measurement, make_read_block, make_read_measurement
from tests.reports.example_reports import make_graph, make_read, summarise

MIB = 2**20

_AGAINST = "tensorflow-cpu==2.20.0"


def make_change(aspect: Aspect, ratio: float, outcome: Outcome) -> Change:
    interval = Interval(estimate=ratio, lower=ratio - 0.01, upper=ratio + 0.01, confidence=0.95)
    brief = f"{aspect.value} {ratio - 1:+.1%}".replace("%", " %")
    return Change(
        aspect=aspect, outcome=outcome, reason="because", brief=brief, rises=ratio > 1.0, change_ratio=interval
    )


def make_report(*changes: Change, outcome: Outcome = Outcome.HELD) -> CaseReport:
    here = make_measurement()
    other = dataclasses.replace(here, environment=make_environment(tensorflow="2.20.0", keras="3.11.0"))
    return CaseReport(
        case=make_case(),
        measurement=here,
        overhead_ratio=Interval(estimate=1.02, lower=1.01, upper=1.03, confidence=0.95),
        position_ratio=None,
        timed_share=None,
        verdict=Verdict(outcome=outcome, reason="because"),
        other=other,
        changes=changes,
    )


def make_graph_report() -> CaseReport:
    def measure(nodes: dict[str, int], version: str) -> Measurement:
        arm = ArmReadings(seed=1, values={}, op_types={"optimised_graph_nodes": nodes}, read_ns=1)
        measured = make_read_measurement(case, [ReadBlock(control=arm, weighted=arm)])
        return dataclasses.replace(measured, environment=make_environment(tensorflow=version))

    case = make_case(question=Question.TRAINING_GRAPH)
    return dataclasses.replace(
        make_report(),
        case=case,
        measurement=measure({"MatMul": 3, "Mul": 2}, "2.21.0"),
        other=measure({"MatMul": 3}, "2.20.0"),
        changes=(),
    )


def find_section(heading: str, *reports: CaseReport) -> Section:
    """Return the one section with this heading; the run was against another target."""
    summary = summarise(reports, provenance=Provenance(against=_AGAINST))
    (section,) = [section for section in make_sections(summary) if section.heading == heading]
    return section


def find_only_table(heading: str, *reports: CaseReport) -> Table:
    (table,) = find_section(heading, *reports).tables
    return table


def list_changes(*reports: CaseReport) -> dict[str, tuple[str, ...]]:
    return {listing.text: listing.details for listing in find_section("The other target", *reports).listings}


def test_one_target_alone_says_nothing_of_another() -> None:
    summary = summarise([dataclasses.replace(make_report(), other=None)])
    assert [section.heading for section in make_sections(summary)] == ["Times"]


def test_both_targets_are_named_and_each_aspect_has_its_change() -> None:
    report = make_report(
        make_change(Aspect.OVERHEAD, 1.0, Outcome.HELD),
        make_change(Aspect.CONTROL, 1.2, Outcome.REGRESSED),
        make_change(Aspect.WEIGHTED, 0.8, Outcome.IMPROVED),
        outcome=Outcome.REGRESSED,
    )
    section = find_section("The other target", report)
    here, there, meaning = section.before
    assert here.startswith("This target:  TensorFlow 2.21.0, Keras 3.15.1")
    assert there.startswith("Other target: TensorFlow 2.20.0, Keras 3.11.0")
    assert there.endswith(f"({_AGAINST})")
    assert meaning.startswith("A change is this target ÷ the other one")
    (table,) = section.tables
    assert table.title == "Change of step time (mlp-depth4-batch256)"
    assert table.rows == (("loop_graph", "+0.0 % ± 1.0 %", "-", "+20.0 % ± 1.0 %", "-20.0 % ± 1.0 %", "REGRESSED"),)
    case_id = report.case.case_id
    assert list_changes(report) == {
        "Slower or larger here: 1": (f"{case_id} (control +20.0 %)",),
        "Faster or smaller here: 1": (f"{case_id} (weighted arm -20.0 %)",),
    }


def test_a_change_whose_null_case_was_off_is_not_listed() -> None:
    change = make_change(Aspect.OVERHEAD, 1.2, Outcome.REGRESSED)
    assert list_changes(make_report(change, outcome=Outcome.NOT_COMPARABLE))["Slower or larger here: nothing"] == ()


def test_bytes_are_listed_and_have_no_row_in_the_table_of_times() -> None:
    brief = "peak tensor bytes of a pass, control: 20.0 MiB → 30.0 MiB"
    change = Change(aspect=Aspect.CONTROL, outcome=Outcome.UNDECIDED, reason="because", brief=brief, rises=True)
    report = make_read(Question.PEAK_MEMORY, make_read_block("pass_peak_tensor_bytes", 20 * MIB, 30 * MIB))
    report = dataclasses.replace(report, other=report.measurement, changes=(change,))
    assert not find_section("The other target", report).tables
    assert list_changes(report)["Undecided: 1"] == (f"{report.case.case_id} ({brief})",)


def test_a_graph_that_changed_is_told_by_op_type() -> None:
    assert list_changes(make_graph_report())["Other graph: 2"] == (
        "training_graph[mlp-depth4-batch256-loop_graph], control: 3 → 5 nodes; +2 Mul",
        "training_graph[mlp-depth4-batch256-loop_graph], weighted: 3 → 5 nodes; +2 Mul",
    )


def test_nothing_slower_is_said_so() -> None:
    assert list_changes(make_report(make_change(Aspect.OVERHEAD, 1.0, Outcome.HELD))) == {
        "Slower or larger here: nothing": (),
        "Faster or smaller here: nothing": (),
    }


def test_bytes_have_a_row_for_each_quantity() -> None:
    blocks = [make_read_block("pass_peak_tensor_bytes", 20 * MIB, 21 * MIB + extra) for extra in (0, 1024, 2048)]
    table = find_only_table("Bytes", make_read(Question.PEAK_MEMORY, *blocks, outcome=Outcome.HELD))
    assert table.title == "Peak memory (mlp-depth4-batch256-size100000)"
    assert table.rows == (
        (
            *("loop_graph", "peak tensor bytes of a pass", "20.0 MiB", "21.0 MiB", "+1.00 MiB", "+5.0 %"),
            *("+1.00 MiB to +1.00 MiB", "HELD"),
        ),
    )


def test_a_case_is_named_once_and_what_is_retained_has_no_share() -> None:
    block = make_read_block("retained_bytes_per_epoch", 10, 20)
    table = find_only_table(
        "Bytes", *(make_read(Question.RETAINED_MEMORY, block, method=name) for name in ("loop_graph", "loop_jit"))
    )
    assert [row[0] for row in table.rows] == ["loop_graph", "loop_jit"]
    assert "in %" not in table.headers
    step = make_read_block("step_peak_resident_bytes", 10, 20)
    both = dataclasses.replace(
        block,
        control=block.control.merge(step.control),
        weighted=block.weighted.merge(step.weighted),
    )
    table = find_only_table("Bytes", make_read(Question.PEAK_MEMORY, both))
    assert [row[0] for row in table.rows] == ["loop_graph", ""]


def test_what_could_not_be_read_says_why() -> None:
    block = make_read_block("pass_peak_resident_bytes", MIB, MIB)
    why = {"pass_peak_tensor_bytes[CPU:0]": "CPU:0 keeps no allocator statistics"}
    block = dataclasses.replace(block, weighted=dataclasses.replace(block.weighted, missing=why))
    (listing,) = find_section("Bytes", make_read(Question.PEAK_MEMORY, block)).listings
    (entry,) = listing.details
    case_id = "peak_memory[mlp-depth4-batch256-size100000-loop_graph]"
    assert entry == f"{case_id}, peak tensor bytes of a pass: CPU:0 keeps no allocator statistics"


def test_counts_have_a_row_for_each_case_with_the_differences_by_op_type() -> None:
    methods = ("loop_graph", "loop_jit")
    section = find_section(
        "Counts", *(make_read(Question.TRAINING_GRAPH, make_graph(), method=method) for method in methods)
    )
    (table,) = section.tables
    assert table.rows == tuple((method, "2 → 2", "0 → 0", "9 → 11", "8 → 8", "") for method in methods)
    (listing,) = section.listings
    assert listing.details == ("loop_graph, loop_jit: +2 Mul; after optimisation: none",), "those alike are told once"


def test_a_graph_that_an_arm_does_not_have_says_why() -> None:
    values = {"first_pass_traces": 0.0, "steady_traces": 0.0}
    arm = ArmReadings(seed=1, values=values, missing={"graph_nodes": "the step runs eagerly"}, read_ns=1)
    section = find_section("Counts", make_read(Question.TRAINING_GRAPH, ReadBlock(control=arm, weighted=arm)))
    (table,) = section.tables
    assert table.rows == (("loop_graph", "0 → 0", "-", ""),)
    (listing,) = section.listings
    assert listing.details == ("loop_graph: the step runs eagerly",)
