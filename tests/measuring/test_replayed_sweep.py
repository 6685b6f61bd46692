"""A whole recorded sweep is judged as it was before: against itself, and with a rise planted in its steps.

The blocks are those of the recorded anchor. `python -m tests.measuring.test_replayed_sweep` writes what is concluded of
them to `replayed_sweep.json`, which is to change only where a rule is meant to, or where the anchor was recorded anew.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from pathlib import Path
from unittest import mock

import pytest

from benchmarks.baselines.store import load_run, read_baseline
from benchmarks.cases import null_case_of
from benchmarks.gate.plan import count_judgements
from benchmarks.measuring import cases
from benchmarks.measuring.read import ReadSource
from benchmarks.measuring.session import MeasuringSettings, OpenTarget, Session
from benchmarks.measuring.standards import Standards
from benchmarks.measuring.timed import TimedSource
from benchmarks.records import BlockSummary, Case, Measurement, Question, ReadBlock
from tests.plugin.fakes import FakeLauncher

FIXTURE = Path(__file__).parent / "replayed_sweep.json"

(_ANCHOR,) = (Path(cases.__file__).parents[1] / "baselines" / "recorded").glob("*/anchor.json")

RUN = load_run(_ANCHOR)
STORED = read_baseline(RUN)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replay:
    """By how much the steps of weighted arms are slower now, and in the baseline, than in the anchor; fractions.

    2 % over the baseline and 4 % over the anchor are tolerated of most steps, 10 % and 20 % of some methods. With
    `nulls` the second arms of null cases are slower as well, so that no rise beside them is to be believed.
    """

    now: float = 0.0
    baseline: float = 0.0
    nulls: bool = False


REPLAYS = {
    "against itself": Replay(),
    "+5 % in the steps": Replay(now=0.05),
    "+5 % in the steps and their null cases": Replay(now=0.05, nulls=True),
    "+5 % in the steps since the anchor": Replay(now=0.05, baseline=0.05),
    "+3 % in the steps since the anchor": Replay(now=0.03, baseline=0.03),
}


def plant(measurement: Measurement, rise: float, *, nulls: bool = False) -> Measurement:
    """Return the measurement of a step's time with the weighted arm of each block slower."""
    if measurement.case.question is not Question.STEP_TIME or (measurement.case.null and not nulls):
        return measurement
    blocks = tuple(
        dataclasses.replace(
            block,
            log_ratio=block.log_ratio + math.log1p(rise),
            cpu_log_ratio=block.cpu_log_ratio + math.log1p(rise),
            weighted_median_ns=block.weighted_median_ns * (1.0 + rise),
        )
        for block in measurement.blocks
    )
    return dataclasses.replace(measurement, blocks=blocks)


class ReplayedTimes(TimedSource):
    """Deals out the stored blocks of a case, from the beginning again when they are used up."""

    def __init__(self, measurement: Measurement, settings: MeasuringSettings) -> None:
        super().__init__(measurement.case, FakeLauncher(), settings)
        self.environment = measurement.environment
        self._stored = itertools.cycle(measurement.blocks)

    def measure_more(self, count: int) -> list[BlockSummary]:
        self.blocks += itertools.islice(self._stored, count)
        return self.blocks[-count:]


class ReplayedReadings(ReadSource):
    """The same of bytes and counts."""

    def __init__(self, measurement: Measurement, settings: MeasuringSettings) -> None:
        super().__init__(measurement.case, FakeLauncher(), settings, {})
        self.environment = measurement.environment
        self._stored = itertools.cycle(measurement.readings)

    def measure_more(self, count: int) -> list[ReadBlock]:
        self.blocks += itertools.islice(self._stored, count)
        return self.blocks[-count:]


def judge_sweep(replay: Replay) -> dict[str, str]:
    """Return the verdict on each case of the recorded sweep, and on how many blocks."""
    baseline = {name: plant(measurement, replay.baseline) for name, measurement in STORED.measurements.items()}
    swept = [measurement.case for measurement in STORED.measurements.values()]
    session = Session(
        settings=MeasuringSettings(seed=1),
        target=OpenTarget(FakeLauncher),
        standards=Standards(comparing=True, baseline=dataclasses.replace(STORED, measurements=baseline), anchor=STORED),
        judgements=sum(
            count_judgements(case.question, null=case.null, stored_runs=2, two_targets=False) for case in swept
        ),
    )

    def open_replayed(case: Case, *_: object) -> ReplayedTimes | ReplayedReadings:
        measurement = plant(STORED.measurements[case.case_id], replay.now, nulls=replay.nulls)
        return (ReplayedTimes if case.question.is_timed else ReplayedReadings)(measurement, session.settings)

    with mock.patch.object(cases, "open_source", open_replayed):
        for case in swept:
            cases.measure_case(
                case, session, next_step="look", on_block=lambda *_: None, publish=lambda report, samples_ns: None
            )
    found = {}
    for report in session.reports:
        assert report.verdict is not None
        assert report.measurement is not None
        count = len(report.measurement.blocks) + len(report.measurement.readings)
        found[report.case.case_id] = f"{report.verdict.outcome.value} on {count}"
    return found


def make_fixture() -> dict[str, object]:
    """Return what the file is to hold."""
    return {"recorded": RUN["datetime"]} | {name: judge_sweep(replay) for name, replay in REPLAYS.items()}


def read_fixture() -> dict[str, dict[str, str]]:
    expected: dict[str, dict[str, str]] = json.loads(FIXTURE.read_text(encoding="utf-8"))
    return expected


def test_the_verdicts_are_those_on_this_anchor() -> None:
    assert read_fixture()["recorded"] == RUN["datetime"], (
        "the anchor was recorded anew: `python -m tests.measuring.test_replayed_sweep` writes the verdicts on it"
    )


@pytest.mark.parametrize("name", REPLAYS)
def test_a_sweep_gets_the_verdicts_it_got_before(name: str) -> None:
    assert judge_sweep(REPLAYS[name]) == read_fixture()[name]


def test_a_sweep_against_itself_is_held_and_a_rise_in_its_steps_is_found_unless_its_null_case_is_off() -> None:
    itself, risen, doubted, added_up, within = (
        {case_id: verdict.partition(" on ")[0] for case_id, verdict in read_fixture()[name].items()} for name in REPLAYS
    )
    assert set(itself.values()) == {"HELD"}
    found = [STORED.measurements[case_id].case for case_id, verdict in risen.items() if verdict == "REGRESSED"]
    assert found
    assert all(case.question is Question.STEP_TIME and not case.null for case in found)
    off = {case: doubted[null_case_of(case).case_id] == "FAILED" for case in found}
    assert any(off.values())
    assert {doubted[case.case_id] for case in found if off[case]} == {"NOT COMPARABLE"}
    assert "REGRESSED" in added_up.values()
    assert "REGRESSED" not in within.values()


if __name__ == "__main__":
    FIXTURE.write_text(json.dumps(make_fixture(), indent=1) + "\n", encoding="utf-8")
