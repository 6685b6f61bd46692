"""Whatever becomes of a stored run, it is read, or refused in one line: no other error leaves the reading of it."""

from __future__ import annotations

import contextlib
import copy
import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.baselines.store import (
    EXTRA_INFO_KEY,
    check_run,
    explain_unlike_versions,
    load_run,
    read_baseline,
)
from benchmarks.commands.merge import merge_runs
from benchmarks.errors import BaselineError
from benchmarks.gate.readings import list_keys
from benchmarks.records import Json, Measurement, Question
from benchmarks.reports.sentences import list_run_remarks
from benchmarks.reports.summary import RunFacts
from benchmarks.stats.intervals import estimate_change
from tests.baselines.test_store import RECORDED
from tests.examples import make_case, make_case_report, make_measurement, make_read_block, make_read_measurement


def take_slice() -> Json:
    """Return three benchmarks of a recorded run with two blocks each, one of which holds readings instead."""
    run: Json = json.loads(RECORDED.read_text(encoding="utf-8"))
    run["machine_info"] = {"node": "vm"}
    run["benchmarks"] = run["benchmarks"][:3]
    for benchmark in run["benchmarks"]:
        del benchmark["extra_info"][EXTRA_INFO_KEY]["blocks"][2:]
    case = make_case(question=Question.TRAINING_GRAPH)
    read = make_read_measurement(case, [make_read_block("graph_nodes", 100, 107)])
    stored = run["benchmarks"][2]["extra_info"][EXTRA_INFO_KEY]
    stored |= {**json.loads(json.dumps(read.to_json())), "case_id": case.case_id}
    return run


_RUN = take_slice()


def list_places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to every value of a JSON document but the whole."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        yield (*path, step)
        yield from list_places(each, (*path, step))


_ODD_VALUES = st.one_of(
    st.sampled_from([None, True, 0, -1, 10**400, 2**63, 1e308, 5e-324, float("nan"), float("inf"), "", "x", [], {}]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=4,
    ),
)

_DAMAGES = st.lists(
    st.tuples(st.sampled_from(list(list_places(_RUN))), st.sampled_from(["put", "remove", "add"]), _ODD_VALUES),
    min_size=1,
    max_size=3,
)


def damage(run: Json, path: tuple[Any, ...], how: str, value: Any) -> None:
    """Replace, remove or add a value, where an earlier damage has left the path to it."""
    place: Any = run
    with contextlib.suppress(KeyError, IndexError, TypeError):
        for step in path[:-1]:
            place = place[step]
        if how == "remove":
            del place[path[-1]]
        elif how == "put" or isinstance(place, list):
            place[path[-1]] = value
        else:
            place[f"{path[-1]}?"] = value


def use(measurement: Measurement) -> None:
    """Compute what a comparison computes from a stored case, its words included."""
    here = make_measurement()
    assert len({measurement.environment, here.environment}) > 0
    list(list_run_remarks(RunFacts(places={"baseline": (measurement.environment,)}), [make_case_report(here)]))
    explain_unlike_versions(measurement.environment, here.environment)
    if measurement.blocks:
        log_ratios = [block.log_ratio for block in measurement.blocks]
        estimate_change([block.log_ratio for block in here.blocks], log_ratios).estimate_interval(0.95)
    for key in list_keys(measurement.readings) if measurement.readings else ():
        assert all(math.isfinite(block.find_extra(key)) for block in measurement.readings)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(damages=_DAMAGES)
def test_a_damaged_run_is_read_case_by_case_or_refused(damages: list[tuple[tuple[Any, ...], str, Any]]) -> None:
    run = copy.deepcopy(_RUN)
    for path, how, value in damages:
        damage(run, path, how, value)
    run = json.loads(json.dumps(run))
    for read in (lambda: check_run(run, "it"), lambda: merge_runs([run, run])):
        with contextlib.suppress(BaselineError):
            read()
    with contextlib.suppress(BaselineError):
        baseline = read_baseline(run)
        assert all(reason == " ".join(reason.split()) for reason in baseline.unreadable.values())
        for measurement in baseline.measurements.values():
            use(measurement)


_TEXT = json.dumps(_RUN, indent=1)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(begin=st.integers(0, len(_TEXT)), length=st.integers(0, 200), put=st.binary(max_size=20))
def test_a_torn_file_is_read_or_refused(begin: int, length: int, put: bytes) -> None:
    content = _TEXT.encode()
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(BaselineError):
        path = Path(folder) / "run.json"
        path.write_bytes(content[:begin] + put + content[begin + length :])
        load_run(path)
        read_baseline(json.loads(path.read_text(encoding="utf-8")))


def test_the_slice_is_sound_before_it_is_damaged() -> None:
    check_run(_RUN, "it")
    baseline = read_baseline(_RUN)
    assert (len(baseline.measurements), len(baseline.unreadable)) == (3, 0)
