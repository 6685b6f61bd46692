"""A pair of two targets: what only one of them has is told beforehand, and of two blocks the one of use is kept."""

from __future__ import annotations

import pytest

from benchmarks.cases import null_case_of
from benchmarks.errors import BlockError, CaseError, RecordError, SuiteError, TargetError, UnsharedError
from benchmarks.measuring.cases import check_shared
from benchmarks.measuring.read import ReadSource
from benchmarks.measuring.session import MeasuringSettings
from benchmarks.measuring.timed import TimedSource
from benchmarks.records import ArmReadings, Block, BlockRequest, Meeting, Question, ReadRequest
from tests.examples import EXAMPLE_CASE, make_case
from tests.plugin.fakes import FakeLauncher, fail_block, make_introduction


def _make_source(launcher: FakeLauncher) -> TimedSource:
    return TimedSource(EXAMPLE_CASE, launcher, MeasuringSettings(seed=1))


def test_both_blocks_are_remembered() -> None:
    now, other = _make_source(FakeLauncher()), _make_source(FakeLauncher(run_seed=2))
    (pair,) = now.measure_pairs(other, 1, "seed")
    assert [pair.now] == now.blocks
    assert [pair.other] == other.blocks


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (FakeLauncher(traces_while_timed=2), "expected no tracing while slices are timed, got 2 traces"),
        (FakeLauncher(before_block=fail_block("loop_graph", at=0)), "SIGKILL"),
    ],
)
@pytest.mark.parametrize("broken_first", [True, False])
def test_a_block_beside_one_of_no_use_is_kept(broken: FakeLauncher, message: str, *, broken_first: bool) -> None:
    whole, faulty = _make_source(FakeLauncher()), _make_source(broken)
    broken.requests.clear()  # an instance serves both orders
    first, second = (faulty, whole) if broken_first else (whole, faulty)
    with pytest.raises(BlockError, match=message):
        first.measure_pairs(second, 1, "seed")
    assert len(whole.blocks) == 1
    assert not faulty.blocks


def test_a_case_that_both_have_is_shared() -> None:
    check_shared(EXAMPLE_CASE, make_introduction())


@pytest.mark.parametrize(
    ("lists", "missing"),
    [
        ({"methods": ("fit_array",)}, "method loop_graph"),
        ({"workloads": ("cnn",)}, "workload mlp"),
        ({"questions": ("epoch_time",)}, "question step_time"),
        ({"methods": (), "workloads": ()}, "workload mlp and method loop_graph"),
    ],
)
def test_what_the_other_target_lacks_is_told_from_its_own_list(lists: dict[str, object], missing: str) -> None:
    with pytest.raises(UnsharedError, match=f"the other target does not have this case: it lacks {missing}$"):
        check_shared(EXAMPLE_CASE, make_introduction(**lists))


def test_a_control_that_is_read_in_the_name_of_another_method_is_looked_for_too() -> None:
    """Readings of `fit_class_weight` have the null case of `fit_array`, whose path its control is."""
    case = make_case(method="fit_class_weight")
    assert null_case_of(case) == make_case(method="fit_array", null=True)
    there = make_introduction(methods=("fit_class_weight",))
    check_shared(case, there)
    with pytest.raises(UnsharedError, match="it lacks method fit_array"):
        check_shared(make_case(question=Question.TRAINING_GRAPH, method="fit_class_weight"), there)


class Failing(FakeLauncher):
    """A target that has the case and does not measure it."""

    def __init__(self, error: SuiteError) -> None:
        super().__init__()
        self._error = error

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        raise self._error

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        raise self._error


@pytest.mark.parametrize("kind", [BlockError, CaseError, RecordError, TargetError])
def test_any_error_of_the_other_target_is_an_error_as_it_is_here(kind: type[SuiteError]) -> None:
    now, other = _make_source(FakeLauncher()), _make_source(Failing(kind("expected this, got that")))
    with pytest.raises(kind, match=r"^in the other target: expected this, got that"):
        now.measure_pairs(other, 1, "seed")
    case = make_case(question=Question.TRAINING_GRAPH)
    here, there = (
        ReadSource(case, launcher, MeasuringSettings(seed=1), {})
        for launcher in (FakeLauncher(), Failing(kind("got that")))
    )
    with pytest.raises(kind, match=r"^in the other target: got that"):
        here.measure_pairs(there, 1, "seed")
