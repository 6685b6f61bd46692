"""Each quantity has a track for either arm and for what weighting adds, on the scale that it can have."""

from __future__ import annotations

import dataclasses
import math
import re

import pytest

from benchmarks.errors import RecordError
from benchmarks.records import ArmReadings, Aspect, HistoryEntry, Question, ReadBlock
from benchmarks.reports.history.tracks import ASPECTS, FAMILY_ALPHA, Row, estimate_history
from tests.examples import make_block_summary, make_case, make_environment
from tests.reports.history.example_histories import Planted, make_example_case, make_history

STEP = make_example_case(Question.STEP_TIME)


def find_row(entries: list[HistoryEntry], title: str) -> Row:
    (row,) = [row for row in estimate_history(entries).rows if row.title == title]
    return row


def test_rows_stand_by_question_then_by_quantity() -> None:
    cases = [make_example_case(question) for question in reversed(Question)]
    assert [row.title for row in estimate_history(make_history(cases)).rows] == [
        "step time",
        "epoch time",
        "evaluation time",
        "start-up time",
        "peak tensor bytes of a pass",
        "peak resident bytes of a pass",
        "resident bytes retained per epoch",
        "traces in the first pass",
        "traces after warm-up",
        "graph nodes of the step after optimisation",
    ]


def test_a_planted_change_is_marked_in_the_tracks_that_it_concerns() -> None:
    weighted = find_row(
        make_history([STEP], [Planted(question=Question.STEP_TIME, since="2.16", factor=1.1)]), "step time"
    )
    assert weighted.list_changed((Aspect.OVERHEAD,)) == weighted.list_changed((Aspect.WEIGHTED,)) == ("2.16",)
    assert weighted.list_changed((Aspect.CONTROL,)) == ()
    assert weighted.tracks[Aspect.OVERHEAD].changes["2.16"] == pytest.approx(1.1, rel=0.01)
    planted = Planted(question=Question.STEP_TIME, since="2.16", factor=1.4, both_arms=True)
    both = find_row(make_history([STEP], [planted]), "step time")
    assert both.list_changed((Aspect.OVERHEAD,)) == ()
    assert both.list_changed() == ("2.16",)


def test_noise_is_marked_in_few_of_many_histories() -> None:
    """The error level is that of all changes together: 5 % of 100 histories, and three binomial standard errors."""
    cases = [make_example_case(Question.STEP_TIME), make_example_case(Question.PEAK_MEMORY)]
    marked = 0
    for draw in range(100):
        history = estimate_history(make_history([dataclasses.replace(case, depth=draw + 1) for case in cases]))
        marked += any(row.list_changed() for row in history.rows)
    assert marked / 100 <= FAMILY_ALPHA + 3 * (FAMILY_ALPHA * (1 - FAMILY_ALPHA) / 100) ** 0.5


def test_retained_bytes_and_counts_are_held_against_each_other_by_their_difference() -> None:
    retained = make_example_case(Question.RETAINED_MEMORY)
    leak = Planted(question=Question.RETAINED_MEMORY, since="2.16", extra=65536.0)
    row = find_row(make_history([retained], [leak]), "resident bytes retained per epoch")
    assert row.tracks[Aspect.OVERHEAD].changes["2.16"] == pytest.approx(65536.0, abs=1500.0)
    assert row.list_changed((Aspect.CONTROL,)) == ()
    graph = make_example_case(Question.TRAINING_GRAPH)
    more = Planted(question=Question.TRAINING_GRAPH, since="2.16", extra=2.0)
    nodes = find_row(make_history([graph], [more]), "graph nodes of the step after optimisation")
    assert nodes.write_change(Aspect.OVERHEAD, "2.16") == "▲ +2"
    assert nodes.write_value(Aspect.OVERHEAD, "2.16") == "+5"
    assert nodes.write_value(Aspect.CONTROL, "2.16") == "6"
    assert nodes.estimate_share(Aspect.OVERHEAD, "2.16") == pytest.approx(2.0 / 9.0)


def test_a_spread_is_in_percent_of_the_value_and_of_an_overhead_in_points() -> None:
    """Both spread by about 1 %; ± beside an overhead of 200 % would be a third of that in percent of the ratio."""
    entries = [
        dataclasses.replace(entry, block=make_block_summary(math.log(3.0 + 0.03 * (-1) ** entry.number)))
        for entry in make_history([STEP], versions=["2.9"])
    ]
    row = find_row(entries, "step time")
    assert row.write_value(Aspect.OVERHEAD, "2.9") == "+200.0 %"
    assert re.fullmatch(r"\+200\.0 % ± 3\.\d %", row.write_point(Aspect.OVERHEAD, "2.9"))
    assert row.write_point(Aspect.CONTROL, "2.9") == row.write_value(Aspect.CONTROL, "2.9")


def test_a_peak_of_nothing_has_no_ratio_and_is_left_out() -> None:
    arm = ArmReadings(seed=1, values={"pass_peak_resident_bytes": 0.0}, read_ns=1)
    case = make_case(question=Question.PEAK_MEMORY, dataset_size=1000)
    entry = HistoryEntry(
        version="2.9",
        environment=make_environment(),
        case=case,
        number=0,
        readings=ReadBlock(control=arm, weighted=arm),
    )
    assert estimate_history([entry]).rows == ()


def test_a_method_that_is_asked_the_same_twice_is_named_with_all_of_its_case() -> None:
    deep = dataclasses.replace(STEP, depth=8)
    loop = make_example_case(Question.STEP_TIME, "loop_graph")
    labels = [row.label for row in estimate_history(make_history([STEP, deep, loop])).rows]
    assert labels == ["mlp-depth2-batch256-fit_dataset", "mlp-depth8-batch256-fit_dataset", "loop_graph"]


def test_one_version_has_values_and_no_change() -> None:
    (row,) = estimate_history(make_history([STEP], versions=["2.9"])).rows
    assert list(row.tracks[Aspect.CONTROL].points) == ["2.9"]
    assert row.find_step(Aspect.CONTROL, "2.9") is None
    assert row.write_change(Aspect.CONTROL, "2.9") == ""
    assert not {"▲", "▼"} & set(row.write_point(Aspect.CONTROL, "2.9"))


def test_each_row_has_a_track_for_each_aspect() -> None:
    (row,) = estimate_history(make_history([STEP])).rows
    assert tuple(row.tracks) == ASPECTS


def test_an_empty_history_is_refused() -> None:
    with pytest.raises(RecordError, match="expected something that was measured, got nothing; measure some rounds"):
        estimate_history([])


def test_a_line_survives_its_file() -> None:
    for entry in make_history([STEP, make_example_case(Question.TRAINING_GRAPH)], versions=["2.9"]):
        assert HistoryEntry.from_json(entry.to_json()) == entry
