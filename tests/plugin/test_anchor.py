"""An older run stays while baselines are recorded anew, and small rises that add up are seen against it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.records import Environment
from tests.examples import make_environment
from tests.plugin.conftest import GRAPH, LEAK, MEMORY, STEP, RunSuite, refuse
from tests.plugin.fakes import FakeLauncher

pytest_plugins = ["pytester"]

_STEP = (*STEP, "--blocks", "12", "--tolerance", "5%")

_RISE = 1.04
"""Within a tolerance of 5 % by twice what 12 blocks of 1 % scatter by; three of them are as far beyond twice 5 %."""


def record(run_suite: RunSuite, path: str, *arguments: str, launcher: FakeLauncher) -> None:
    assert run_suite(*arguments, f"--benchmark-json={path}", launcher=launcher).ret == pytest.ExitCode.OK


def rewrite(path: Path, change: Callable[[Any], None]) -> None:
    run = json.loads(path.read_text())
    change(run)
    path.write_text(json.dumps(run))


def test_rises_that_each_stay_within_the_tolerance_are_seen_against_the_anchor(run_suite: RunSuite) -> None:
    record(run_suite, "0.json", *_STEP, launcher=FakeLauncher(0.0, run_seed=10))
    for number in (1, 2, 3):
        launcher = FakeLauncher(_RISE**number - 1.0, run_seed=10 + number)
        compare = f"--benchmark-compare={number - 1}.json"
        result = run_suite(*_STEP, compare, f"--benchmark-json={number}.json", launcher=launcher)
        result.stdout.fnmatch_lines(["*loop_graph[]] *HELD*"])
    launcher = FakeLauncher(_RISE**3 - 1.0, run_seed=14)
    anchored = run_suite(*_STEP, "--benchmark-compare=2.json", "--anchor=0.json", launcher=launcher)
    anchored.assert_outcomes(passed=1, failed=1)
    anchored.stdout.fnmatch_lines(
        [
            "step_time[[]mlp-depth2-batch256-loop_graph[]]: weighting samples costs more than it did.",
            "  in the anchor  *",
            "  change  *+1*tolerated: +10.0 %",
            "  next *--benchmark-compare=2.json --anchor 0.json --blocks 20",
        ]
    )
    anchored.stdout.no_fnmatch_line("  in the baseline *")


def test_peaks_that_creep_are_seen_against_the_anchor(run_suite: RunSuite) -> None:
    """Tolerated are 262,144 bytes over the baseline and 524,288 over the anchor; 200,000 come with each baseline."""
    record(run_suite, "0.json", *MEMORY, launcher=FakeLauncher(extra_bytes=0))
    for number in (1, 2, 3):
        launcher = FakeLauncher(extra_bytes=200_000 * number)
        arguments = (*MEMORY, f"--benchmark-compare={number - 1}.json")
        result = run_suite(*arguments, f"--benchmark-json={number}.json", launcher=launcher)
        result.stdout.fnmatch_lines(["*fit_dataset[]] *HELD*"])
    result = run_suite(*MEMORY, "--benchmark-compare=2.json", "--anchor=0.json", launcher=launcher)
    result.assert_outcomes(passed=1, failed=1)
    (row,) = [line for line in result.outlines if line.startswith("  peak tensor bytes of a pass")]
    assert "in the anchor; a change of" in row
    assert row.endswith("512 KiB are tolerated")


def test_peaks_within_twice_the_limit_of_the_anchor_are_held(run_suite: RunSuite) -> None:
    record(run_suite, "0.json", *MEMORY, launcher=FakeLauncher(extra_bytes=0))
    record(run_suite, "1.json", *MEMORY, launcher=FakeLauncher(extra_bytes=250_000))
    launcher = FakeLauncher(extra_bytes=500_000)
    result = run_suite(*MEMORY, "--benchmark-compare=1.json", "--anchor=0.json", launcher=launcher)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*fit_dataset[]] *HELD*"])


def test_a_count_is_held_exactly_against_the_anchor(run_suite: RunSuite) -> None:
    record(run_suite, "0.json", *GRAPH, launcher=FakeLauncher(extra_nodes=7))
    record(run_suite, "1.json", *GRAPH, launcher=FakeLauncher(extra_nodes=8))
    arguments = (*GRAPH, "--benchmark-compare=1.json")
    assert run_suite(*arguments, launcher=FakeLauncher(extra_nodes=8)).ret == pytest.ExitCode.OK
    result = run_suite(*arguments, "--anchor=0.json", launcher=FakeLauncher(extra_nodes=8))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["  graph nodes of the step  +8 beside the control now, +7 in the anchor*+1 Mul"])


@pytest.mark.parametrize("arguments", [_STEP, GRAPH, MEMORY, LEAK])
def test_an_unchanged_run_is_held_against_both(run_suite: RunSuite, arguments: tuple[str, ...]) -> None:
    record(run_suite, "0.json", *arguments, launcher=FakeLauncher(run_seed=20))
    record(run_suite, "1.json", *arguments, launcher=FakeLauncher(run_seed=21))
    launcher = FakeLauncher(run_seed=22)
    result = run_suite(
        *arguments, "--benchmark-compare=1.json", "--anchor=0.json", "--strict-verdicts", launcher=launcher
    )
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("The anchor *")


def test_the_run_names_its_anchor_and_saves_its_path(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    record(run_suite, "0.json", *GRAPH, launcher=FakeLauncher())
    assert json.loads((pytester.path / "0.json").read_text())["sample_weighting_run"]["anchor"] is None
    result = run_suite(*GRAPH, "--benchmark-compare=0.json", "--anchor=./0.json", "--benchmark-json=run.json")
    result.stdout.fnmatch_lines(["sample weighting: sweep quick, target *, anchor 0.json"])
    assert json.loads((pytester.path / "run.json").read_text())["sample_weighting_run"]["anchor"] == "0.json"


@pytest.mark.parametrize(
    ("methods", "anchor", "judgements"),
    [
        # wall and processor time of a null case, and of the weighted case over the baseline
        ("loop_graph", (), 4),
        # and over the anchor
        ("loop_graph", ("--anchor=0.json",), 6),
        # a second method that the anchor lacks
        ("loop_graph,loop_jit", ("--anchor=0.json",), 10),
    ],
)
def test_the_error_level_is_shared_by_what_is_judged_against_the_anchor_too(
    run_suite: RunSuite, methods: str, anchor: tuple[str, ...], judgements: int
) -> None:
    record(run_suite, "0.json", *_STEP, launcher=FakeLauncher())
    record(run_suite, "1.json", *_STEP, "--method", methods, launcher=FakeLauncher())
    launcher = FakeLauncher(by_method={"loop_graph": 0.3})
    result = run_suite(*_STEP, "--method", methods, "--benchmark-compare=1.json", *anchor, launcher=launcher)
    result.stdout.fnmatch_lines([f"  false alarms *runs with {judgements} judgements raise one*"])


def test_what_the_anchor_lacks_is_judged_against_the_baseline_alone_and_told(
    run_suite: RunSuite, pytester: pytest.Pytester
) -> None:
    methods = "loop_graph,loop_jit,loop_eager,fit_array"
    record(run_suite, "1.json", *_STEP, "--method", methods, launcher=FakeLauncher())
    record(run_suite, "0.json", *_STEP, "--method", "loop_graph,loop_jit,fit_array", launcher=FakeLauncher())

    def damage(run: Any) -> None:
        stored = {each["name"]: each["extra_info"]["sample_weighting"] for each in run["benchmarks"]}
        stored["test_step_time[mlp-depth2-batch256-loop_jit]"]["schema_version"] = 0
        del stored["test_step_time[mlp-depth2-batch256-fit_array]"]["blocks"][1:]

    rewrite(pytester.path / "0.json", damage)
    arguments = (*_STEP, "--method", methods, "--benchmark-compare=1.json", "--anchor=0.json", "--strict-verdicts")
    result = run_suite(*arguments, launcher=FakeLauncher(run_seed=2))
    result.assert_outcomes(passed=8)
    (note,) = [line for line in result.outlines if line.startswith("The anchor ")]
    before, _, after = note.partition(": ")
    assert before == "The anchor lacks 3 of 4 cases, and what it lacks is judged against the baseline alone"
    assert set(after.split("; ")) == {
        "step_time[mlp-depth2-batch256-loop_eager] (not in it)",
        "step_time[mlp-depth2-batch256-loop_jit] (the stored run has schema version 0, this suite reads 2)",
        "step_time[mlp-depth2-batch256-fit_array] (1 blocks, where at least 2 are needed)",
    }


def test_an_anchor_of_another_tensorflow_has_no_bytes_and_counts_to_compare_with(run_suite: RunSuite) -> None:
    def make_launcher(nodes: int, environment: Environment) -> FakeLauncher:
        return FakeLauncher(extra_nodes=nodes, environment=environment)

    record(run_suite, "0.json", *GRAPH, launcher=make_launcher(7, make_environment(tensorflow="2.20.0")))
    record(run_suite, "1.json", *GRAPH, launcher=make_launcher(8, make_environment()))
    launcher = make_launcher(8, make_environment())
    result = run_suite(*GRAPH, "--benchmark-compare=1.json", "--anchor=0.json", launcher=launcher)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "The anchor was recorded elsewhere (tensorflow: 2.20.0 stored, 2.21.0 now)*",
            "The anchor lacks 1 of 1 cases, *loop_graph[]] (bytes and counts are compared for the same TensorFlow*)",
        ]
    )


def test_a_reading_that_the_anchor_lacks_is_told(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    record(run_suite, "1.json", *MEMORY, launcher=FakeLauncher())

    def remove_step(run: Any) -> None:
        for benchmark in run["benchmarks"]:
            for block in benchmark["extra_info"]["sample_weighting"]["readings"]:
                for arm in ("control", "weighted"):
                    del block[arm]["values"]["step_peak_resident_bytes"]

    (pytester.path / "0.json").write_text((pytester.path / "1.json").read_text())
    rewrite(pytester.path / "0.json", remove_step)
    result = run_suite(*MEMORY, "--benchmark-compare=1.json", "--anchor=0.json", "--strict-verdicts")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["The anchor lacks 1 of 1 cases, *(no peak resident bytes of a step)"])


def test_what_is_retained_has_a_limit_of_its_own_and_no_anchor(run_suite: RunSuite) -> None:
    record(run_suite, "graph.json", *GRAPH, launcher=FakeLauncher())
    record(run_suite, "1.json", *LEAK, launcher=FakeLauncher())
    result = run_suite(*LEAK, "--benchmark-compare=1.json", "--anchor=graph.json")
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("The anchor lacks *")


def test_an_anchor_without_a_baseline_is_refused(run_suite: RunSuite) -> None:
    assert refuse(run_suite, "--anchor=0.json").startswith(
        "--anchor: expected a run that is compared with a baseline, got none; write --benchmark-compare as well"
    )


def test_an_anchor_beside_another_target_is_refused(run_suite: RunSuite) -> None:
    assert refuse(run_suite, "--anchor=0.json", "--against=missing/python").startswith(
        "--anchor: expected a run that is compared with stored ones, got --against as well; leave one of the two out"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "anchor: expected the file of a stored run, got 'old.json' (No such file or directory); pass an existi"),
        ("{", "anchor: expected the JSON of a stored run, but 'old.json' is not JSON"),
        ("[]", "anchor: expected the JSON of a pytest-benchmark run, but 'old.json' has no list of benchmarks"),
        (
            '{"benchmarks": [], "machine_info": {}}',
            "anchor: 'old.json': expected a run recorded by this suite, got one with 0 benchmarks and none of them its",
        ),
    ],
    ids=["absent", "torn", "list", "empty"],
)
def test_an_anchor_that_cannot_be_read_is_refused(
    run_suite: RunSuite, pytester: pytest.Pytester, content: str | None, reason: str
) -> None:
    if content is not None:
        (pytester.path / "old.json").write_text(content)
    assert refuse(run_suite, "--benchmark-compare", "--anchor=old.json").startswith(reason)


def test_an_anchor_of_which_no_case_can_be_read_is_refused(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    record(run_suite, "0.json", *_STEP, launcher=FakeLauncher())

    def age(run: Any) -> None:
        for benchmark in run["benchmarks"]:
            benchmark["extra_info"]["sample_weighting"]["schema_version"] = 1

    rewrite(pytester.path / "0.json", age)
    assert refuse(run_suite, "--benchmark-compare", "--anchor=0.json").startswith(
        "anchor: expected a run whose cases can be read, got '0.json' with none: the stored run has schema version 1"
    )


def test_a_tolerance_that_leaves_the_anchor_nothing_to_find_is_refused(run_suite: RunSuite) -> None:
    assert refuse(run_suite, "--benchmark-compare", "--anchor=0.json", "--tolerance=50%") == (
        "--anchor: expected a --tolerance below 50 %, as the anchor's is 2 times that, got 50 %; choose a smaller one"
    )
