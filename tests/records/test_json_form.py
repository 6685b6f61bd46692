"""Every record survives the way through JSON, and what is not exactly one is refused in one line."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import RecordError
from benchmarks.records import (
    Arm,
    ArmReadings,
    Aspect,
    BlockRequest,
    CaseReport,
    Change,
    Comparison,
    HistoryEntry,
    Interval,
    Measurement,
    Meeting,
    Outcome,
    Plant,
    Profile,
    Question,
    ReadBlock,
    ReadRequest,
    Stretch,
    Verdict,
)
from benchmarks.records.convergence import TrainedBlock, TrainRequest
from benchmarks.records.json_form import JsonRecord
from tests.examples import EXAMPLE_CASE, make_block, make_case, make_environment, make_measurement
from tests.reports.convergence.example_trainings import SETTING, make_line, make_training

_ROOT = Path(__file__).parent.parent.parent

_BLOCK = make_block((1, 2), (3, 4))

_READINGS = ArmReadings(
    seed=1,
    values={"graph_nodes": 107, "pass_peak_tensor_bytes[CPU:0]": 0.5},
    read_ns=9,
    missing={"steady_traces": "no tracing here"},
    op_types={"graph_nodes": {"MatMul": 100, "Mul": 7}},
    trace_causes=("y went from int32[?] to int64[?]",),
    resident_by_epoch_bytes=(5, 6),
)

_READ_BLOCK = ReadBlock(control=_READINGS, weighted=_READINGS)

_UNLIMITED = Interval(estimate=1.01, lower=-math.inf, upper=math.inf, confidence=0.95)

_RECORDS = (
    EXAMPLE_CASE,
    Plant(step_fraction=0.1),
    BlockRequest(
        case=EXAMPLE_CASE, seed=1, timed_budget_ns=5, min_rounds=2, plant=Plant(step_fraction=0.1), inter_op_threads=2
    ),
    Meeting(number=1, given_path="a", told_path="b", turn_ns=5),
    _BLOCK,
    ReadRequest(
        case=make_case(question=Question.TRAINING_GRAPH), arm=Arm.WEIGHTED, seed=1, stretch=Stretch.STEP, layout=2
    ),
    _READ_BLOCK,
    Profile(control_own_ns_per_step={"a.py:1 f": 1.5}, weighted_own_ns_per_step={}),
    make_environment(intra_op_threads=2),
    make_measurement(),
    HistoryEntry(version="2.15", environment=make_environment(), case=EXAMPLE_CASE, number=0, failed="killed"),
    CaseReport(
        case=EXAMPLE_CASE,
        measurement=make_measurement(),
        overhead_ratio=_UNLIMITED,
        position_ratio=None,
        timed_share=0.5,
        verdict=Verdict(
            outcome=Outcome.UNDECIDED,
            reason="one block",
            comparison=Comparison(
                aspect=Aspect.CPU,
                source="anchor",
                outcome=Outcome.UNDECIDED,
                overhead_ratio=_UNLIMITED,
                expected_ratio=None,
                change_ratio=_UNLIMITED,
                tolerance=0.02,
                blocks=1,
                fresh=False,
                smallest_visible_change=math.inf,
            ),
        ),
        changes=(Change(aspect=Aspect.CONTROL, outcome=Outcome.HELD, reason="held", brief="", rises=False),),
    ),
    TrainRequest(setting=SETTING, method="fit_dataset", seed=1, epochs=2, batch_size=32, data_path="a", null=True),
    TrainedBlock(steps_per_epoch=3, control=make_training(2), weighted=make_training(11)),
    make_line(Arm.WEIGHTED, make_training(2)),
)


@pytest.mark.parametrize("record", _RECORDS, ids=lambda record: type(record).__name__)
def test_every_record_survives_json(record: JsonRecord) -> None:
    assert type(record).from_json(json.loads(json.dumps(record.to_json()))) == record


def test_every_record_is_one_of_those_above() -> None:
    def list_records(data: object) -> set[type]:
        if not isinstance(data, JsonRecord):
            return set().union(*map(list_records, data)) if isinstance(data, tuple) else set()
        fields = dataclasses.fields(data)  # type: ignore[arg-type]
        return {type(data)}.union(*(list_records(getattr(data, field.name)) for field in fields))

    assert {record.__name__ for record in list_records(_RECORDS)} == {
        record.__name__ for record in JsonRecord.__subclasses__() if record.__module__.startswith("benchmarks.records.")
    }


def test_a_count_stays_whole_where_a_number_is_asked_for() -> None:
    values = ArmReadings.from_json(json.loads(json.dumps(_READINGS.to_json()))).values
    assert {key: type(value) for key, value in values.items()} == {
        "graph_nodes": int,
        "pass_peak_tensor_bytes[CPU:0]": float,
    }


def test_what_was_recorded_is_read_and_written_alike() -> None:
    (recorded,) = (_ROOT / "benchmarks" / "baselines" / "recorded").glob("*/0001_gate.json")
    for benchmark in json.loads(recorded.read_text(encoding="utf-8"))["benchmarks"]:
        extra = benchmark["extra_info"]["sample_weighting"]
        stored = {name: extra[name] for name in ("case", "blocks", "readings", "environment")}
        stored["environment"] = {"jit_compile": "", **stored["environment"]}  # as runs that do not know it are read
        assert json.loads(json.dumps(Measurement.from_json(stored).to_json())) == stored


@pytest.mark.parametrize("record", [type(record) for record in _RECORDS])
@pytest.mark.parametrize("data", [{"surprise": 1}, [], None, "x", 3])
def test_foreign_data_are_refused_as_such(record: type[JsonRecord], data: Any) -> None:
    with pytest.raises(RecordError, match=f"^{record.json_name}: expected .*; {record.json_remedy}$"):
        record.from_json(data)


def put(record: JsonRecord, *path: Any, value: Any) -> Any:
    """Return the JSON form of a record with one value in it replaced, as it comes from a file."""
    changed = place = json.loads(json.dumps(record.to_json()))
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("record", "path", "value", "message"),
    [
        (
            make_measurement(),
            ("blocks", 2, "log_ratio"),
            "x",
            "a measurement, blocks[2].log_ratio: expected a finite number, got 'x'; record the run again",
        ),
        (make_measurement(), ("blocks", 0, "log_ratio"), True, "blocks[0].log_ratio: expected a finite number, got Tr"),
        (make_measurement(), ("blocks", 0, "log_ratio"), math.nan, "expected a finite number, got nan"),
        (make_measurement(), ("blocks", 0, "log_ratio"), math.inf, "expected a finite number, got inf"),
        (make_measurement(), ("blocks", 0, "log_ratio"), 1e308, "expected a number of at most 64 bits, got 1e+308"),
        (make_measurement(), ("blocks", 0, "log_ratio"), 10**400, "at most 64 bits, got a number of 1329 bits"),
        (make_measurement(), ("blocks", 0, "log_ratio"), 44.0, "expected log-ratios between -43.7 and 43.7, got 44.0"),
        (make_measurement(), ("blocks", 0, "control_median_ns"), 0, "expected medians above 0 ns, got 0 and"),
        (make_measurement(), ("blocks", 0, "weighted_median_ns"), -1.0, "medians above 0 ns, got 1000000.0 and -1.0"),
        (make_measurement(), ("blocks", 0, "seed"), True, "seed: expected a whole number, got True"),
        (make_measurement(), ("blocks", 0, "seed"), 1.0, "seed: expected a whole number, got 1.0"),
        (make_measurement(), ("blocks", 0, "seed"), -(2**63), "expected a whole number of at most 64 bits, got a"),
        (make_measurement(), ("blocks", 0, "surprise"), 1, "blocks[0]: expected no field 'surprise', got 1"),
        (make_measurement(), ("blocks",), {}, "blocks: expected a list, got an object of 0 fields"),
        (make_measurement(), ("blocks",), "ab", "blocks: expected a list, got 'ab'"),
        (make_measurement(), ("blocks",), [], "expected blocks alone, got 0 blocks and 0 readings"),
        (make_measurement(), ("environment", "cores"), [], "environment.cores: expected a whole number, got a list of"),
        (make_measurement(), ("environment", "keras"), None, "environment.keras: expected a text, got None"),
        (make_measurement(), ("environment",), None, "environment: expected an object, got None"),
        (make_measurement(), ("case", "null"), 1, "case.null: expected true or false, got 1"),
        (make_measurement(), ("case", "question"), "speed", "case.question: expected one of step_time, epoch_time, "),
        (make_measurement(), ("case", "question"), [], "case.question: expected one of step_time, epoch_time, "),
        (make_measurement(), ("case", "depth"), 0, "a measurement, case: depth: expected a whole number of at"),
        (_READ_BLOCK, ("weighted", "values"), [], "weighted.values: expected an object, got a list of 0"),
        (_READ_BLOCK, ("weighted", "values", "graph_nodes"), "1", "weighted.values['graph_nodes']: expected a finite"),
        (_READ_BLOCK, ("weighted", "values", "speed"), 1, "quantities.py lists, got 'speed'; record"),
        (_READ_BLOCK, ("control", "op_types", "graph_nodes"), 3, "control.op_types['graph_nodes']: expected an obj"),
        (_READ_BLOCK, ("control", "trace_causes"), [1], "control.trace_causes[0]: expected a text, got 1"),
        (_BLOCK, ("weighted_first",), [True, 1], "weighted_first[1]: expected true or false, got 1"),
        (_BLOCK, ("steps_per_slice",), 0, "expected at least one step per slice, got 0"),
        (_UNLIMITED, ("upper",), math.nan, "an interval, upper: expected a finite number, got nan"),
        (_UNLIMITED, ("upper",), 10**400, "an interval, upper: expected a number of at most 64 bits"),
    ],
)
def test_what_a_field_cannot_hold_is_refused_in_one_line(
    record: JsonRecord, path: tuple[Any, ...], value: object, message: str
) -> None:
    with pytest.raises(RecordError) as refused:
        type(record).from_json(put(record, *path, value=value))
    assert message in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("record", "name", "value", "message"),
    [
        (_BLOCK, "seed", 10**5000, "expected a whole number of at most 64 bits, got a number of 16610 bits"),
        (_BLOCK, "control_slice_ns", [1] * 1_000_001, "expected a list of at most 1000000, got a list of 1000001"),
        (EXAMPLE_CASE, "method", "x" * 100_001, "expected a text of at most 100000 characters, got 'xxx"),
        (_READINGS, "missing", dict.fromkeys(map(str, range(1_000_001)), ""), "an object of at most 1000000 fields"),
        (_READINGS, "missing", {"x" * 100_001: ""}, "expected a text of at most 100000 characters, got 'xxx"),
    ],
    ids=["number", "list", "text", "object", "key"],
)
def test_what_is_too_large_is_refused_in_one_line(record: JsonRecord, name: str, value: object, message: str) -> None:
    with pytest.raises(RecordError) as refused:
        type(record).from_json(record.to_json() | {name: value})
    assert message in str(refused.value)
    assert len(str(refused.value)) < 400


def test_a_field_that_is_missing_is_named() -> None:
    stored = make_measurement().to_json()
    del stored["blocks"][1]["seed"]
    with pytest.raises(RecordError, match=r"blocks\[1\]: expected a field 'seed', got an object of 14 fields"):
        Measurement.from_json(stored)


def test_a_record_with_a_field_that_json_cannot_hold_is_a_mistake_in_the_record() -> None:
    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Odd(JsonRecord):
        number: complex

    with pytest.raises(TypeError, match="a field of a record: expected a type that JSON can hold, got <class 'complex"):
        Odd.from_json({"number": 1})
