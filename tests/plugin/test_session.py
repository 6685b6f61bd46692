"""A whole session: what it measures, what it says, what it stores and when it turns red."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.records import Block, BlockRequest, Meeting, Outcome, Question
from tests.examples import make_environment
from tests.plugin.conftest import STEP, RunSuite, save_baseline
from tests.plugin.fakes import ROUNDS, FakeLauncher, fail_block, interrupt_block

pytest_plugins = ["pytester"]

_STEP = "test_step_time.py"
_FIRST_BLOCKS = Question.STEP_TIME.row.first_blocks


def read_stored(folder: Path) -> dict[str, Any]:
    """Return the only run stored below `folder`."""
    (path,) = folder.rglob("*.json")
    stored: dict[str, Any] = json.loads(path.read_text())
    return stored


def test_without_a_baseline_the_suite_measures_and_answers(run_suite: RunSuite) -> None:
    result = run_suite(*STEP, launcher=FakeLauncher(overhead=0.08))
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "*[[]1/2[]] step_time[[]mlp-depth2-batch256-loop_graph-null[]]*HELD*",
            "*[[]2/2[]] step_time[[]mlp-depth2-batch256-loop_graph[]]  +*",
            "Does sample weighting slow TensorFlow training here, or cost it memory?",
            "Yes: step time rises by +* (at least +*) with loop_graph.",
        ]
    )


def test_the_stored_run_is_pytest_benchmarks_own_with_everything_in_extra_info(
    run_suite: RunSuite, pytester: pytest.Pytester
) -> None:
    save_baseline(run_suite, *STEP)
    stored = read_stored(pytester.path / ".benchmarks")
    weighted = next(each for each in stored["benchmarks"] if not each["name"].endswith("-null]"))
    assert weighted["stats"]["rounds"] == _FIRST_BLOCKS * ROUNDS
    assert weighted["stats"]["median"] == pytest.approx(0.00102, rel=0.02)
    assert weighted["params"]["method"] == "loop_graph"
    extra = weighted["extra_info"]["sample_weighting"]
    assert extra["schema_version"] == 2
    assert len(extra["blocks"]) == _FIRST_BLOCKS
    assert extra["environment"] == make_environment().to_json()
    assert stored["sample_weighting_run"]["profile"] == "quick"


def test_an_unchanged_overhead_is_held(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *STEP)
    result = run_suite(*STEP, "--benchmark-compare", launcher=FakeLauncher(0.02, run_seed=2))
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*loop_graph[]]  +*HELD*"])


def test_a_regression_fails_by_itself_and_says_what_to_do(run_suite: RunSuite) -> None:
    save_baseline(run_suite, _STEP, "--blocks", str(_FIRST_BLOCKS))
    launcher = FakeLauncher(0.02, by_method={"loop_graph": 0.13}, run_seed=2)
    result = run_suite(_STEP, "--benchmark-compare", launcher=launcher)
    result.assert_outcomes(passed=10, failed=1)
    result.stdout.fnmatch_lines(
        [
            "step_time[[]mlp-depth2-batch256-loop_graph[]]: weighting samples costs more than it did.",
            "  overhead now  *+1*, on 8 fresh blocks",
            f"  in the baseline  *+*, on {_FIRST_BLOCKS} blocks",
            "  change  *+1*; tolerated: +2.0 %",
            "  overhead in processor time now  +1*, on 8 fresh blocks",
            f"  in the baseline  *+*, on {_FIRST_BLOCKS} blocks",
            "  change  *+1*; tolerated: +5.0 %",
            "  false alarms  *at most 5 % of runs with 22 judgements *",
            "  next  *pytest '*loop_graph-null[]]' 'test_step_time.py::test_step_time[[]*loop_graph[]]'*",
        ]
    )


def test_a_planted_slowdown_is_caught_in_weighted_arms_and_leaves_nulls_alone(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *STEP)
    result = run_suite(*STEP, "--benchmark-compare", "--plant", "step=+10%", launcher=FakeLauncher(0.02, run_seed=3))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*PLANTED*", "*A fault was planted on purpose*"])


def test_a_case_that_is_not_in_the_baseline_is_not_comparable(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *STEP)
    arguments = (_STEP, "--method", "loop_graph,loop_jit", "--benchmark-compare", "-m", "not null")
    result = run_suite(*arguments, launcher=FakeLauncher(0.02, run_seed=2))
    result.stdout.fnmatch_lines(
        ["*loop_jit[]]*NOT COMPARABLE*", "*the stored run does not have this case*", "*1 not comparable*"]
    )
    assert result.ret == pytest.ExitCode.OK
    strict = run_suite(*arguments, "--strict-verdicts", launcher=FakeLauncher(0.02, run_seed=2))
    strict.assert_outcomes(passed=1, failed=1)


@pytest.mark.filterwarnings("ignore:Can't compare:pytest_benchmark.logger.PytestBenchmarkWarning")
def test_without_any_stored_run_nothing_passes_for_compared(run_suite: RunSuite) -> None:
    result = run_suite(*STEP, "--benchmark-compare")
    result.stdout.fnmatch_lines(["*loop_graph[]]*NOT COMPARABLE*", "*no stored run was found*"])
    assert run_suite(*STEP, "--benchmark-compare", "--strict-verdicts").ret == pytest.ExitCode.TESTS_FAILED


def test_cases_that_left_the_sweep_are_listed(run_suite: RunSuite) -> None:
    save_baseline(run_suite, _STEP, "--method", "loop_graph,loop_jit")
    result = run_suite(*STEP, "--benchmark-compare")
    result.stdout.fnmatch_lines(["*2 cases of the baseline are not in this run's sweep: *loop_jit*"])
    assert result.ret == pytest.ExitCode.OK
    assert run_suite(*STEP, "--benchmark-compare", "--strict-verdicts").ret == pytest.ExitCode.TESTS_FAILED


def test_a_deselected_case_is_not_gone(run_suite: RunSuite) -> None:
    save_baseline(run_suite, _STEP)
    result = run_suite(_STEP, "-k", "loop_graph", "--benchmark-compare", "--strict-verdicts")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*not in this run's sweep*")


def test_a_run_of_other_benchmarks_is_not_comparable(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_other="def test_other(benchmark): benchmark(lambda: None)")
    run_suite("test_other.py", "--benchmark-save=other").assert_outcomes(passed=1)
    result = run_suite(*STEP, "--benchmark-compare")
    result.stdout.fnmatch_lines(["*NOT COMPARABLE*", "*expected a run recorded by this suite*"])


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_an_unreadable_baseline_ends_the_run_before_it_measures(
    run_suite: RunSuite, pytester: pytest.Pytester, content: str | None
) -> None:
    path = pytester.path / "run.json"
    if content is not None:
        path.write_text(content)
    launcher = FakeLauncher()
    result = run_suite(*STEP, f"--benchmark-compare={path}", launcher=launcher)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: baseline: expected *"])
    assert not launcher.requests


def test_an_unlike_machine_is_told_of_and_ratios_are_judged_all_the_same(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *STEP)
    launcher = FakeLauncher(0.02, environment=make_environment(cores=64), run_seed=2)
    result = run_suite(*STEP, "--benchmark-compare", launcher=launcher)
    result.stdout.fnmatch_lines(["*loop_graph[]]*HELD*", "*recorded elsewhere (cores: 2 stored, 64 now)*"])


def test_a_block_that_dies_fails_its_case_and_no_other(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    launcher = FakeLauncher(before_block=fail_block("loop_graph", at=2))
    result = run_suite(_STEP, "--method", "loop_graph,loop_jit", "--benchmark-save=x", launcher=launcher)
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["the block was killed (SIGKILL)*"])
    stored = {each["name"]: each["extra_info"]["sample_weighting"] for each in read_stored(pytester.path)["benchmarks"]}
    assert len(stored) == 4
    failed_case = "step_time[mlp-depth2-batch256-loop_graph]"
    died = stored[f"test_{failed_case}"]
    asked = [request.seed for request in launcher.requests if request.case.case_id == failed_case]
    assert [block["seed"] for block in died["blocks"]] == [*asked[:2], asked[3]], "the one beside it is kept too"
    assert died["verdict"]["outcome"] == Outcome.FAILED.value
    failed = read_stored(pytester.path)["sample_weighting_run"]["failed_cases"]
    assert list(failed) == [failed_case]


def test_ctrl_c_keeps_what_was_measured(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    launcher = FakeLauncher(before_block=interrupt_block("loop_graph", at=2))
    result = run_suite(_STEP, "--method", "loop_graph,loop_jit", "--benchmark-save=x", launcher=launcher)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    stored = {each["name"]: each["extra_info"]["sample_weighting"] for each in read_stored(pytester.path)["benchmarks"]}
    assert len(stored) == 3
    assert len(stored["test_step_time[mlp-depth2-batch256-loop_graph]"]["blocks"]) == 2
    result.stdout.fnmatch_lines(["Does sample weighting slow TensorFlow training here, or cost it memory?"])
    assert launcher.closed


def test_tracing_while_timed_is_a_failure_to_measure(run_suite: RunSuite) -> None:
    result = run_suite(*STEP, launcher=FakeLauncher(traces_while_timed=2))
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["expected no tracing while slices are timed, got 2 traces*"])


def test_a_null_case_that_is_off_discredits_the_run_not_tensorflow(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *STEP)

    class Biased(FakeLauncher):
        """A target on which whatever runs as the weighted arm takes longer, weights or not."""

        def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
            weighted_case = dataclasses.replace(request.case, null=False)
            return super().run_block(dataclasses.replace(request, case=weighted_case))

    result = run_suite(*STEP, "--benchmark-compare", launcher=Biased(overhead=0.20))
    result.assert_outcomes(failed=1, passed=0)
    result.stdout.fnmatch_lines(["*WARNING: this run's own measurement is not to be trusted*", "*NOT COMPARABLE*"])


def test_values_that_make_no_sense_fail_alone(run_suite: RunSuite) -> None:
    result = run_suite(*STEP, "--batch-size", "0,abc,32", "--depth", "2,x")
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(["--batch-size: expected a whole number*got '0'*", "--batch-size:*got 'abc'*"])


def test_an_unknown_method_fails_alone(run_suite: RunSuite) -> None:
    result = run_suite(_STEP, "--method", "loop_graph,sideways")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["--method: expected one of fit_array*got 'sideways'*"])


def test_a_batch_larger_than_the_dataset_fails_alone(run_suite: RunSuite) -> None:
    arguments = ("test_epoch_time.py", "--method", "loop_graph", "--dataset-size", "100,1000")
    result = run_suite(*arguments)
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["batch size: expected at most the dataset size 100, got 256; choose a smaller*"])


def test_what_an_overhead_is_made_of_is_told_where_asked_for(run_suite: RunSuite) -> None:
    launcher = FakeLauncher()
    result = run_suite(*STEP, "--explain", launcher=launcher)
    result.stdout.fnmatch_lines(
        [
            "step_time[[]mlp-depth2-batch256-loop_graph[]]: what it is made of",
            "  op types (weighted - control): +7 Mul",
            "  Python functions by difference in own time per step*(weighted - control):",
            "    +40.0 us  weigh.py:7 scale",
        ]
    )
    assert [case.null for case in launcher.profiled] == [False], "a null case has nothing to explain"


def test_a_regression_is_explained_without_being_asked_for(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *STEP)
    result = run_suite(*STEP, "--benchmark-compare", launcher=FakeLauncher(0.15, run_seed=2))
    result.stdout.fnmatch_lines(
        ["*weighting samples costs more than it did.", "  op types (weighted - control): +7 Mul"]
    )


def test_the_summary_can_be_had_as_a_file(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    run_suite(*STEP, "--summary", "summary.md")
    text = (pytester.path / "summary.md").read_text()
    question = "Does sample weighting slow TensorFlow training here, or cost it memory?"
    assert text.startswith(f"# Sample weighting in TensorFlow\n\n## {question}\n\n- ")
    assert "\n### Step time (mlp-depth2-batch256)\n\n| case " in text
    assert "| repeat it " in text


def test_a_summary_that_could_not_be_written_is_refused_before_anything_is_measured(run_suite: RunSuite) -> None:
    result = run_suite("--collect-only", "--summary", "missing/summary.md")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --summary: expected a file in a folder that exists, got 'missing/summary.md'*"]
    )


def test_tolerances_come_from_the_command_line_by_question(run_suite: RunSuite) -> None:
    save_baseline(run_suite, *STEP)
    launcher = FakeLauncher(0.12, run_seed=2)
    result = run_suite(*STEP, "--benchmark-compare", "--tolerance", "step_time=20%,epoch_time=1%", launcher=launcher)
    assert result.ret == pytest.ExitCode.OK


def test_a_method_may_have_a_tolerance_of_its_own(run_suite: RunSuite) -> None:
    """Step time: 10 % for class weights that are looked up in a dataset, 2 % for all others (`questions.py`)."""
    assert Question.STEP_TIME.row.tolerance_by_method == {"fit_class_weight_dataset": 0.10}
    arguments = (_STEP, "-m", "not null", "--method", "fit_dataset,fit_class_weight_dataset")
    save_baseline(run_suite, *arguments)
    result = run_suite(*arguments, "--benchmark-compare", launcher=FakeLauncher(0.09, run_seed=2))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*-fit_dataset[]]*REGRESSED*", "*-fit_class_weight_dataset[]]*HELD*"])
    larger = run_suite(*arguments, "--benchmark-compare", launcher=FakeLauncher(0.25, run_seed=2))
    larger.assert_outcomes(failed=2)
    larger.stdout.fnmatch_lines(
        [
            "*-fit_dataset[]]: weighting samples costs more than it did.",
            "  change  *; tolerated: +2.0 %",
            "  change  *; tolerated: +5.0 %",
            "*-fit_class_weight_dataset[]]: weighting samples costs more than it did.",
            "  change  *; tolerated: +10.0 %",
            "  change  *; tolerated: +10.0 %",
        ]
    )


def test_disabled_benchmarks_measure_one_block_and_judge_nothing(run_suite: RunSuite) -> None:
    launcher = FakeLauncher()
    run_suite(*STEP, "--benchmark-disable", launcher=launcher).assert_outcomes(passed=2)
    assert len(launcher.requests) == 2


def test_the_plugins_own_views_work(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    result = run_suite(_STEP, "--benchmark-group-by=param:method", "--benchmark-json=out.json")
    result.stdout.fnmatch_lines(["*benchmark 'method=loop_graph': 1 tests*"])
    assert len(json.loads((pytester.path / "out.json").read_text())["benchmarks"]) == 11


def test_marks_select_cases(run_suite: RunSuite) -> None:
    run_suite(_STEP, "-m", "null").assert_outcomes(passed=5, deselected=6)


@pytest.mark.parametrize("verbosity", ["-v", "-q"])
def test_pytests_own_verbosity_takes_the_place_of_the_lines(run_suite: RunSuite, verbosity: str) -> None:
    result = run_suite(*STEP, verbosity)
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*[[]1/2[]]*")
    result.stdout.fnmatch_lines(["Does sample weighting slow TensorFlow training here, or cost it memory?"])


@pytest.mark.parametrize(
    ("question", "blocks", "planned"),
    [
        (Question.STEP_TIME, (), Question.STEP_TIME.row.first_blocks),
        (Question.EPOCH_TIME, (), Question.EPOCH_TIME.row.first_blocks),
        (Question.EPOCH_TIME, ("--blocks", "3"), 3),
        (Question.TRAINING_GRAPH, ("--blocks", "3"), 1),  # more would only count the same again
    ],
)
def test_the_live_line_says_about_how_many_blocks_the_question_takes(
    run_suite: RunSuite, pytester: pytest.Pytester, question: Question, blocks: tuple[str, ...], planned: int
) -> None:
    pytester.makeconftest(
        """
        def pytest_sessionstart(session):
            reporter = session.config.pluginmanager.get_plugin("terminalreporter")
            reporter.isatty = type(reporter.isatty)(True)
        """
    )
    result = run_suite(f"test_{question.value}.py", "--method", "loop_graph", *blocks)
    told = set(re.findall(r"block 1 of about (\d+)", result.stdout.str()))
    assert told == {str(planned)}
