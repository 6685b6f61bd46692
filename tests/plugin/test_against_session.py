"""A whole session with two targets: which blocks it measures, what it concludes, and what it refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.errors import CaseError, RecordError, TargetError
from benchmarks.launch.launcher import ServerLauncher
from benchmarks.launch.targets import Target
from benchmarks.protocols import Launcher
from benchmarks.records import ArmReadings, Block, BlockRequest, Meeting, ReadRequest
from benchmarks.target.supervise import Limits
from tests.examples import make_environment
from tests.plugin.conftest import AGAINST, GRAPH, STEP, RunSuite
from tests.plugin.fakes import FakeLauncher, fail_block, make_introduction

pytest_plugins = ["pytester"]


class RefusingLauncher(FakeLauncher):
    """A target that lists a method and refuses it."""

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        raise CaseError("a block request: expected no field `hurry`")

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        raise RecordError("a request to read: expected no field `hurry`")


def test_the_same_code_in_both_targets_is_held(run_against: RunSuite) -> None:
    result = run_against(*STEP)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "sample weighting: sweep quick, target *, against tensorflow-cpu==2.20.0",
            "Is anything slower or larger here than in tensorflow-cpu==2.20.0[?]",
            "Not shown in any of 2 cases.",
            "This target:  TensorFlow 2.21.0, Keras *",
            "Other target: TensorFlow 2.20.0, Keras * (tensorflow-cpu==2.20.0)",
            "Change of step time (mlp-depth2-batch256)",
            "loop_graph *HELD",
            "Slower or larger here: nothing",
        ]
    )


def test_a_larger_overhead_here_fails_and_is_told(run_against: RunSuite) -> None:
    result = run_against(*STEP, launcher=FakeLauncher(overhead=0.15))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "step_time[[]mlp-depth2-batch256-loop_graph[]]: slower here than in the other target.",
            "  overhead +1*% against the other target*, tolerated +2.0 %",
            "  overhead in processor time +1*% against the other target*, tolerated +5.0 %",
            "  weighted arm +1*% against the other target*, tolerated +5.0 %",
            "  next: pytest '*loop_graph[]]' --method loop_graph --against tensorflow-cpu==2.20.0 --blocks 20",
            "Slower or larger here: 3",
            "  step_time[[]mlp-depth2-batch256-loop_graph[]] (overhead +1*",
            "  step_time[[]mlp-depth2-batch256-loop_graph[]] (overhead in processor time +1*",
            "  step_time[[]mlp-depth2-batch256-loop_graph[]] (weighted arm +1*",
        ]
    )


def test_a_fault_is_planted_in_this_target_alone(run_against: RunSuite) -> None:
    result = run_against(*STEP, "--plant", "step=+15%")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["step_time[[]*-loop_graph[]]: slower here than in the other target."])


def test_the_command_that_looks_closer_names_what_the_case_depends_on(run_against: RunSuite) -> None:
    launcher = FakeLauncher(overhead=0.15)
    result = run_against(*STEP, "--depth", "4", "--sweep", "gate", launcher=launcher)
    result.stdout.fnmatch_lines(
        ["  next: pytest '*depth4*loop_graph[]]' --sweep gate --depth 4 --method loop_graph --against *==2.20.0 *"]
    )


@pytest.mark.parametrize("question", [STEP, GRAPH])
def test_a_case_that_the_other_target_does_not_list_is_measured_here_and_not_comparable(
    run_against: RunSuite, question: tuple[str, ...]
) -> None:
    """As when a pull request adds a method that its base does not have; such a case alone is a run without a result."""
    other = FakeLauncher(introduction=make_introduction(methods=("fit_array",)))
    result = run_against(*question, other=other)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "Not known: no weighted case was compared; 2 NOT COMPARABLE.",
            "loop_graph *NOT COMPARABLE",
            "NOT COMPARABLE *the other target does not have this case: it lacks method loop_graph",
            "*= 2 not comparable in *",
        ]
    )
    assert not other.requests
    assert not other.read_requests


@pytest.mark.parametrize("question", [STEP, GRAPH])
def test_a_case_that_the_other_target_lists_and_refuses_fails(run_against: RunSuite, question: tuple[str, ...]) -> None:
    """As when a field was added to the requests; each case was NOT COMPARABLE once, and the run was green."""
    result = run_against(*question, other=RefusingLauncher())
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["FAILED *in the other target: a *: expected no field `hurry`*"])


def test_a_checkout_of_before_the_handshake_ends_the_run_before_the_first_case(
    run_against: RunSuite, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.write_text(f"#!{sys.executable}\nimport time\nprint('{{\"result\": {{}}}}', flush=True)\ntime.sleep(60)\n")
    old.chmod(0o755)
    other = ServerLauncher(Target(interpreter=old), Limits(timeout_s=5.0, memory_bytes=2**40))
    now = FakeLauncher()
    result = run_against(*STEP, launcher=now, other=other)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --against: target *old: expected a server that speaks wire version 3, got one that does not *; up*"]
    )
    assert not now.requests


def test_an_error_says_in_which_target_it_was(run_against: RunSuite) -> None:
    other = FakeLauncher(before_block=fail_block("loop_graph", at=0))
    result = run_against(*STEP, other=other)
    result.stdout.fnmatch_lines(["FAILED *in the other target: the block was killed (SIGKILL)*"])


def test_both_targets_measure_as_many_blocks_in_turns(run_against: RunSuite) -> None:
    now, other = FakeLauncher(), FakeLauncher(run_seed=5)
    run_against(*STEP, launcher=now, other=other)
    assert [request.case for request in now.requests] == [request.case for request in other.requests]
    assert now.closed
    assert other.closed


def test_another_graph_is_told_and_more_weighting_nodes_fail(run_against: RunSuite) -> None:
    result = run_against(*GRAPH, launcher=FakeLauncher(extra_nodes=9))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["  graph nodes of the step * +9 beside the control now, +7 in the other target*by op type +2 Mul"]
    )


def test_both_targets_are_explained(run_against: RunSuite) -> None:
    other = FakeLauncher(run_seed=7, environment=make_environment(tensorflow="2.20.0"), extra_nodes=5)
    result = run_against(*STEP, "--explain", "-m", "not null", other=other)
    result.stdout.fnmatch_lines(
        [
            "  op types (weighted - control): +7 Mul",
            "  op types (weighted arm here - in the other target): +2 Mul",
            "  traces of both targets: 2 and 2 in the first pass, 0 and 0 after it",
            "  Python functions*(weighted arm here - in the other target)*",
        ]
    )


def test_both_arms_larger_here_fail_and_are_listed(run_against: RunSuite) -> None:
    launcher = FakeLauncher(base_bytes=30 * 2**20)
    result = run_against("test_peak_memory.py", "--method", "loop_graph", launcher=launcher)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "peak_memory[[]*-loop_graph[]]: more here than in the other target.",
            "  peak tensor bytes of a pass, control*20.0 MiB → 30.0 MiB, where a rise of * is tolerated",
            "Slower or larger here: 2",
            "  peak_memory[[]*-loop_graph[]] (peak tensor bytes of a pass, control: 20.0 MiB → 30.0 MiB)",
        ]
    )


def test_an_environment_that_cannot_be_built_ends_the_run_with_the_installers_words(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object) -> Launcher:
        raise TargetError("could not resolve tensorflow-cpu==99; uv says: there is no version of tensorflow-cpu==99")

    monkeypatch.setattr("benchmarks.plugin.run._make_other_launcher", fail)
    result = run_suite(*STEP, "--against", "tensorflow-cpu==99")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--against: could not resolve tensorflow-cpu==99; uv says:" in result.stderr.str() + result.stdout.str()


def test_collecting_builds_nothing(run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(settings: object) -> Launcher:
        raise AssertionError

    monkeypatch.setattr("benchmarks.plugin.run._make_other_launcher", fail)
    assert run_suite(*STEP, *AGAINST, "--collect-only").ret == pytest.ExitCode.OK


def test_a_stored_run_beside_it_is_refused(run_against: RunSuite) -> None:
    result = run_against(*STEP, "--benchmark-compare")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --against: expected one thing to compare with, got --benchmark-compare as well*"]
    )
