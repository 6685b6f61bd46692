"""A comparison that compared nothing is red and says why; one that left cases out says which and for what reason."""

from __future__ import annotations

import json

import pytest

from tests.examples import make_environment
from tests.plugin.conftest import GRAPH, STEP, RunSuite, save_baseline
from tests.plugin.fakes import FakeLauncher, fail_block, interrupt_block, make_introduction
from tests.plugin.test_collection import Biased

pytest_plugins = ["pytester"]

# pytest-benchmark says once more that there is no stored run, to the session of this test; the suite's own words are
# what is looked at here.
pytestmark = pytest.mark.filterwarnings("ignore:Can't compare:pytest_benchmark.logger.PytestBenchmarkWarning")

_STEP = "test_step_time.py"


def make_older_checkout() -> FakeLauncher:
    """Return a target that has `loop_graph` alone."""
    return FakeLauncher(run_seed=7, introduction=make_introduction(methods=("loop_graph",)))


def find_head(result: pytest.RunResult) -> str:
    """Return the line with which the summary begins; empty where it begins with its answer."""
    lines = [line for line in result.stdout.lines if line.startswith("Compared ")]
    assert len(lines) <= 1
    if lines:
        titles = [number for number, line in enumerate(result.stdout.lines) if " sample weighting ==" in line]
        assert result.stdout.lines[titles[0] + 1] == lines[0]
    return lines[0] if lines else ""


def expect_red(result: pytest.RunResult) -> str:
    """Return the head of a run that is red for having compared nothing."""
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["!*no weighted case was compared*!"])
    return find_head(result)


def test_without_any_stored_run_the_run_is_red(run_suite: RunSuite) -> None:
    assert expect_red(run_suite(*STEP, "--benchmark-compare")) == (
        "Compared 0 of 1 cases, and so this run fails; 1: no stored run was found that could be read; record one with "
        "--benchmark-save."
    )


def test_a_stored_run_that_cannot_be_read_is_red(run_suite: RunSuite) -> None:
    """A run named by its number is looked up in the storage by pytest-benchmark, which skips what it cannot read."""
    save_baseline(run_suite, *STEP)
    assert "1: no stored run was found" in expect_red(run_suite(*STEP, "--benchmark-compare=0007"))


def test_a_stored_run_of_other_benchmarks_is_red(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_other="def test_other(benchmark): benchmark(lambda: None)")
    run_suite("test_other.py", "--benchmark-save=other").assert_outcomes(passed=1)
    assert "1: expected a run recorded by this suite" in expect_red(run_suite(*STEP, "--benchmark-compare"))


@pytest.mark.parametrize("strict", [(), ("--strict-verdicts",)])
def test_skipped_benchmarks_are_red(run_suite: RunSuite, strict: tuple[str, ...]) -> None:
    save_baseline(run_suite, *STEP)
    head = expect_red(run_suite(*STEP, "--benchmark-compare", "--benchmark-skip", *strict))
    assert head.endswith("fails; 1: skipped, as --benchmark-skip asks; leave it out.")


def test_null_cases_alone_are_red(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *STEP)
    assert expect_red(run_suite(*STEP, "--benchmark-compare", "-m", "null")) == (
        "Compared 0 of 0 cases, and so this run fails; no weighted case was selected, and null cases are compared with "
        "nothing; select weighted cases too."
    )


def test_no_case_that_is_comparable_is_red(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *GRAPH)
    launcher = FakeLauncher(environment=make_environment(tensorflow="2.22.0"))
    head = expect_red(run_suite(*GRAPH, "--benchmark-compare", launcher=launcher))
    assert "1: bytes and counts are compared for the same TensorFlow and Keras only" in head


def test_nothing_but_doubted_cases_is_red(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *STEP)
    result = run_suite(*STEP, "--benchmark-compare", launcher=Biased(0.02))
    assert "1: a change was seen, but its null case was off too; " in find_head(result)


def test_a_run_without_a_comparison_is_as_before(run_suite: RunSuite) -> None:
    for arguments in ((), ("--benchmark-skip",), ("-m", "null")):
        result = run_suite(*STEP, *arguments)
        assert result.ret == pytest.ExitCode.OK
        assert not find_head(result)


def test_only_collecting_compares_nothing_and_is_not_red(run_suite: RunSuite) -> None:
    assert run_suite(*STEP, "--benchmark-compare", "--collect-only").ret == pytest.ExitCode.OK


def test_a_run_that_compared_all_its_weighted_cases_says_nothing_of_it(run_suite: RunSuite) -> None:
    save_baseline(run_suite, _STEP, "--method", "loop_graph,loop_jit", "-m", "not null")
    result = run_suite(_STEP, "--method", "loop_graph,loop_jit", "--benchmark-compare")
    assert result.ret == pytest.ExitCode.OK
    assert not find_head(result)


def test_the_answer_begins_with_how_many_were_compared_and_why_the_others_were_not(run_suite: RunSuite) -> None:
    save_baseline(run_suite, _STEP, "--method", "loop_graph,loop_eager")
    launcher = FakeLauncher(0.02, run_seed=2, before_block=fail_block("loop_eager", at=0))
    arguments = ("--method", "loop_graph,loop_eager,loop_jit,fit_packed,sideways", "--benchmark-compare")
    result = run_suite(_STEP, *arguments, launcher=launcher)
    assert find_head(result) == (
        "Compared 1 of 5 cases; 2: could not be measured; 2: the stored run does not have this case."
    )


def test_cases_that_an_interrupted_run_did_not_reach_are_counted(run_suite: RunSuite) -> None:
    save_baseline(run_suite, _STEP)
    launcher = FakeLauncher(0.02, run_seed=2, before_block=interrupt_block("loop_graph", at=2))
    result = run_suite(_STEP, "--method", "fit_packed,loop_graph,loop_jit", "--benchmark-compare", launcher=launcher)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert find_head(result) == (
        "Compared 1 of 3 cases; 1: its test was skipped or did not come to run; 1: not measured to its end."
    )


def test_a_leak_that_fails_without_a_stored_case_is_not_counted_as_compared(run_suite: RunSuite) -> None:
    arguments = ("test_retained_memory.py", "--method", "fit_array", "--plant", "leak=64KiB")
    result = run_suite(*arguments, "--benchmark-compare")
    result.assert_outcomes(passed=1, failed=1)
    assert find_head(result).startswith("Compared 0 of 1 cases, and so this run fails; 1: no stored run was found")


def test_the_head_is_in_the_file_too(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    run_suite(*STEP, "--benchmark-compare", "--benchmark-skip", "--summary=summary.md")
    assert (pytester.path / "summary.md").read_text().splitlines()[2].startswith("Compared 0 of 1 cases, ")


def test_against_a_target_that_lacks_all_cases_is_red(run_against: RunSuite) -> None:
    result = run_against(_STEP, "--method", "loop_jit", other=make_older_checkout())
    assert expect_red(result) == (
        "Compared 0 of 1 cases, and so this run fails; 1: the other target does not have this case; choose cases that "
        "both have."
    )
    result.stdout.fnmatch_lines(["Not known: no weighted case was compared; 2 NOT COMPARABLE."])


def test_against_a_target_that_lacks_some_cases_passes_and_counts_them(run_against: RunSuite) -> None:
    """As when a pull request adds a method that its base does not have."""
    result = run_against(_STEP, "--method", "loop_graph,loop_jit", other=make_older_checkout())
    assert result.ret == pytest.ExitCode.OK
    assert find_head(result) == "Compared 1 of 2 cases; 1: the other target does not have this case."


def test_against_another_target_a_shared_case_that_was_not_compared_fails(run_against: RunSuite) -> None:
    """The doubt of a null case is no excuse: both targets have the case, and the run is to say whether it changed."""
    result = run_against(*STEP, launcher=Biased(0.02))
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "step_time[[]*-loop_graph[]]: NOT COMPARABLE: would be REGRESSED*its null case was off*",
            "  expected a comparison, as both targets have this case; *measure it again",
        ]
    )


def test_against_with_null_cases_alone_is_red(run_against: RunSuite) -> None:
    assert expect_red(run_against(*STEP, "-m", "null")).startswith("Compared 0 of 0 cases")


def test_a_red_run_is_saved_all_the_same(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    """The first run of a machine: it compares with nothing, and records what the next one compares with."""
    expect_red(run_suite(*STEP, "--benchmark-compare", "--benchmark-json=run.json"))
    assert len(json.loads((pytester.path / "run.json").read_text())["benchmarks"]) == 2
