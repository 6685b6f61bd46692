"""A whole session that reads bytes and counts: what it shows and stores, and when it turns red.

Over several dataset sizes it shows what a further sample costs, in bytes and at start-up.
"""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks.errors import BlockError
from benchmarks.records import Arm, ArmReadings, Question, ReadRequest, Stretch
from tests.examples import make_environment
from tests.plugin.conftest import GRAPH, LEAK, MEMORY, RunSuite, save_baseline
from tests.plugin.fakes import FakeLauncher

pytest_plugins = ["pytester"]


def test_bytes_are_in_the_summary_and_in_extra_info_and_seconds_are_seconds(
    run_suite: RunSuite, pytester: pytest.Pytester
) -> None:
    result = run_suite(*MEMORY, "--benchmark-json=run.json", launcher=FakeLauncher())
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "*[[]1/2[]] peak_memory[[]mlp-depth2-batch512-size100000-fit_dataset-null[]]  tensors *HELD*",
            "*[[]2/2[]] peak_memory[[]mlp-depth2-batch512-size100000-fit_dataset[]]  tensors +39* KiB*",
            "In bytes and counts:",
            "  +1.9 % peak tensor bytes of a pass at most*",
        ]
    )
    stored = json.loads((pytester.path / "run.json").read_text())["benchmarks"][1]
    assert stored["stats"]["median"] == pytest.approx(2.0), "the seconds that a process took"
    assert stored["group"] == "peak_memory: seconds are the readings' own, bytes and counts are in extra_info"
    extra = stored["extra_info"]["sample_weighting"]
    assert len(extra["readings"]) == 4
    assert extra["readings"][0]["weighted"]["values"]["pass_peak_tensor_bytes[CPU:0]"] > 20 * 2**20


def test_a_control_is_read_once_for_all_that_share_it(run_suite: RunSuite) -> None:
    launcher = FakeLauncher()
    run_suite("test_peak_memory.py", "--method", "fit_array,fit_class_weight", launcher=launcher)
    arms = [
        (request.case.method, request.case.null, request.arm.value)
        for request in launcher.read_requests
        if request.stretch is Stretch.PASS
    ]
    assert arms.count(("fit_array", True, "control")) == 4
    assert arms.count(("fit_array", True, "weighted")) == 4
    assert arms.count(("fit_class_weight", False, "weighted")) == 4
    assert len(arms) == 16


def test_a_step_is_read_once_for_all_dataset_sizes(run_suite: RunSuite) -> None:
    launcher = FakeLauncher()
    run_suite(*MEMORY, "--dataset-size", "1e4,1e5", launcher=launcher)
    stretches = [request.stretch for request in launcher.read_requests]
    assert stretches.count(Stretch.STEP) == 12, "4 blocks of control, null case and weighted arm"
    assert stretches.count(Stretch.PASS) == 24


@pytest.mark.parametrize("arguments", [MEMORY, LEAK, GRAPH])
def test_an_unchanged_run_is_held_whatever_is_read(run_suite: RunSuite, arguments: tuple[str, ...]) -> None:
    save_baseline(run_suite, *arguments)
    result = run_suite(*arguments, "--benchmark-compare", launcher=FakeLauncher(run_seed=2))
    assert result.ret == pytest.ExitCode.OK
    assert result.stdout.str().count("HELD") >= 2


def test_more_bytes_than_before_fail_and_say_how_many(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *MEMORY)
    result = run_suite(*MEMORY, "--benchmark-compare", launcher=FakeLauncher(extra_bytes=1_400_000))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "peak_memory[[]*fit_dataset[]]: weighting samples costs more than it should.",
            "  peak tensor bytes of a pass  +1.3* MiB * beside the control now, +39* KiB * before; a change of +9*",
            "  next  *pytest '*::test_peak_memory*' --method fit_dataset --benchmark-compare --blocks 20",
        ]
    )


def test_a_planted_tensor_fails(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *MEMORY)
    result = run_suite(*MEMORY, "--benchmark-compare", "--plant", "tensor=+5%", launcher=FakeLauncher())
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*PLANTED: weighted arms hold a tensor of +5.0% of their control's peak*"])


def test_the_floor_can_be_raised(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *MEMORY)
    arguments = ("--benchmark-compare", "--plant", "tensor=+5%", "--byte-floor", "2MiB")
    assert run_suite(*MEMORY, *arguments, launcher=FakeLauncher()).ret == pytest.ExitCode.OK


def test_a_node_more_fails_and_is_named(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *GRAPH)
    result = run_suite(*GRAPH, "--benchmark-compare", launcher=FakeLauncher(extra_nodes=8))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["  graph nodes of the step  +8 beside the control now, +7 before*by op type +1 Mul"])


class WithPartialTraces(FakeLauncher):
    """A target of which a count is read that the others do not have."""

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        readings = super().read_arm(request)
        if request.case.question is not Question.TRAINING_GRAPH:
            return readings
        return dataclasses.replace(readings, values={**readings.values, "partial_batch_traces": 1})


def test_a_reading_that_one_side_lacks_turns_no_case_red(run_suite: RunSuite) -> None:
    """As a reading does that was added after the baseline was recorded, or one that there is no more."""
    both = ("test_training_graph.py", "test_peak_memory.py", "--method", "fit_dataset")
    for stored, now in ((FakeLauncher, WithPartialTraces), (WithPartialTraces, FakeLauncher)):
        run_suite(*both, "--benchmark-save=base", launcher=stored())
        result = run_suite(*both, "--benchmark-compare", launcher=now(run_seed=2))
        assert result.ret == pytest.ExitCode.OK
        result.assert_outcomes(passed=3)
        result.stdout.fnmatch_lines(
            ["NOT COMPARABLE *: traces with a smaller last batch: *stored*", "*= 3 passed, 1 not comparable *"]
        )


def test_a_reading_that_the_baseline_lacks_hides_no_rise_of_another(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *GRAPH)
    result = run_suite(*GRAPH, "--benchmark-compare", launcher=WithPartialTraces(extra_nodes=8))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["  graph nodes of the step  +8 beside the control now, +7 before*"])


def test_a_planted_retrace_fails_without_a_baseline_and_names_the_argument(run_suite: RunSuite) -> None:
    result = run_suite(*GRAPH, "--plant", "retrace", launcher=FakeLauncher())
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["  traces after warm-up  expected none, got 1: y went from int32[[]?[]] to int64[[]?[]]"]
    )


def test_a_planted_leak_fails_without_a_baseline(run_suite: RunSuite) -> None:
    result = run_suite(*LEAK, "--plant", "leak=64KiB", launcher=FakeLauncher())
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["  resident bytes retained per epoch  +64.* KiB beside the control*"])


def test_a_plant_that_no_case_can_show_is_told(run_suite: RunSuite) -> None:
    result = run_suite(*GRAPH, "--plant", "leak=64KiB", launcher=FakeLauncher())
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["A fault was planted on purpose (*which no case of this run can show)*"])


def test_counts_of_another_tensorflow_are_not_compared(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *GRAPH)
    launcher = FakeLauncher(extra_nodes=9, environment=make_environment(tensorflow="2.22.0"))
    result = run_suite(*GRAPH, "--benchmark-compare", launcher=launcher)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["NOT COMPARABLE*for the same TensorFlow and Keras only*2.21.0 stored, 2.22.0 now*"])


def test_bytes_are_compared_across_unlike_machines(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *MEMORY)
    launcher = FakeLauncher(extra_bytes=1_400_000, environment=make_environment(cores=64))
    run_suite(*MEMORY, "--benchmark-compare", launcher=launcher).assert_outcomes(passed=1, failed=1)


def test_a_process_that_is_killed_for_memory_is_one_failed_case(run_suite: RunSuite) -> None:
    class Killed(FakeLauncher):
        """A target in which the weighted arm of `fit_dataset` needs more memory than there is."""

        def read_arm(self, request: ReadRequest) -> ArmReadings:
            if request.arm is Arm.WEIGHTED and not request.case.null and request.case.method == "fit_dataset":
                raise BlockError("the block was killed (SIGKILL), as the system does when memory runs out; free memory")
            return super().read_arm(request)

    result = run_suite("test_peak_memory.py", "--method", "fit_dataset,loop_graph", launcher=Killed())
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["FAILED *fit_dataset[]]: the block was killed (SIGKILL)*"])


def test_costs_per_sample_are_shown_and_stored(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    arguments = (*MEMORY, "--dataset-size", "1e4,1e5", "--benchmark-json=run.json")
    result = run_suite(*arguments, launcher=FakeLauncher())
    title = "What one more sample costs, in bytes (mlp-depth2-batch512)"
    result.stdout.fnmatch_lines([title, "bytes per sample *", "fit_dataset *"])
    costs = json.loads((pytester.path / "run.json").read_text())["sample_weighting_run"]["sample_costs"]
    assert {cost["sizes"][1] for cost in costs} == {100_000}


def test_what_a_sample_costs_at_start_up_is_shown_and_saved(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    arguments = (
        "test_startup_time.py",
        "--method",
        "fit_array",
        "--dataset-size",
        "1e4,1e5",
        "--benchmark-json=run.json",
    )
    result = run_suite(*arguments, launcher=FakeLauncher(0.05))
    result.stdout.fnmatch_lines(
        ["ns per sample *time *at 1e9", "fit_array *start-up time *", "Lines through 10,000 and 100,000 samples*"]
    )
    result.stdout.no_fnmatch_line("bytes per sample *")
    (cost,) = json.loads((pytester.path / "run.json").read_text())["sample_weighting_run"]["sample_costs"]
    assert (cost["key"], cost["unit"], cost["sizes"]) == ("startup_time", "ns", [10_000, 100_000])
    assert cost["extra"]["slope"]["lower"] <= cost["extra"]["slope"]["estimate"] <= cost["extra"]["slope"]["upper"]


def test_one_size_has_no_cost_per_sample(run_suite: RunSuite) -> None:
    result = run_suite("test_startup_time.py", "--method", "fit_array", "--dataset-size", "1e4")
    result.stdout.no_fnmatch_line("ns per sample *")
